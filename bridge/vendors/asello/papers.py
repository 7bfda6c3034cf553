"""The papers of receipts that asello's cloud has signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.asello.create import paper_id, printed
from bridge.vendors.asello.documents import document, one_request
from bridge.vendors.engine.faults import CallInvalid, RecordUnknown
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import json_body


async def state(call: LocalCall, session: Session) -> LocalAnswer:
    """Say what became of a receipt's papers."""
    number = call.path["id"]
    found = await session.host.foreign_paper(paper_id(number))
    if found is None:
        message = f"this box has printed nothing of document {number}"
        raise RecordUnknown(message)
    return _answer(200, number, found)


async def reprint(call: LocalCall, session: Session) -> LocalAnswer:
    """Print a copy; what this box had created but never printed is printed for the first time.

    Receipts made at a till are none of these: their papers are the till's.
    """
    number = call.path["id"]
    if await session.host.foreign_paper(paper_id(number)) is None:
        await _print_first(number, session)
    else:
        await session.host.reprint_foreign(paper_id(number))
    found = await session.host.foreign_paper(paper_id(number))
    return _answer(202, number, found or {})


async def _print_first(number: str, session: Session) -> None:
    settings = session.settings
    answer = await session.read(one_request(number, settings.names))
    found = document(answer.json(), settings.names) if answer.ok else None
    runs = await session.runs("create", reference=found.reference) if found else ()
    if found is None or not runs:
        message = f"this box did not have document {number} created"
        raise RecordUnknown(message)
    receipt = printed(runs[0].draft.facts, found.values(), settings.register_id)
    if receipt is None:
        message = f"document {number} has no number, register or code: it cannot be valid"
        raise CallInvalid(message)
    await session.host.print_foreign(receipt)


def _answer(status: int, number: str, papers: Mapping[str, Any]) -> LocalAnswer:
    return LocalAnswer(status=status, body=json_body({"document": number, **papers}))
