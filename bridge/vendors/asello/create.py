"""Cloud signature: asello signs and creates the receipt, this box prints what comes back.

Creating cannot be undone, so an answer that is missing is never answered by a second request:
the receipt is looked up by its reference, and what cannot be found is a person's decision.
"""

from __future__ import annotations

import logging
from typing import Any

from bridge.model.exchange import LocalCall
from bridge.vendors.asello.documents import Document, document, list_request
from bridge.vendors.asello.ledger import check_new, forced, reference_name, taken
from bridge.vendors.asello.names import CREATE, Names, entries_in, kept, of_run
from bridge.vendors.asello.receipt import handed
from bridge.vendors.engine.host import ForeignReceipt
from bridge.vendors.engine.spec import Accepted, Draft, Found, Run, Session, State, Verdict
from bridge.vendors.engine.wire import JSON, Answer, Request
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

CLOCKS_MS = 10 * 60 * 1000
"""How far the vendor's clock may be behind the box's when an answer is looked for."""


async def build(call: LocalCall, session: Session) -> Draft:
    """Check a receipt; it is sent as it is."""
    names = session.settings.names
    receipt = handed(call, names)
    warnings = await check_new("create", receipt.reference, call, session)
    return Draft(
        request=Request(method="POST", target=CREATE, content=receipt.content, content_type=JSON),
        order=f"reference/{receipt.reference}",
        facts={"names": kept(names), "forced": forced(call), **receipt.facts()},
        summary={"reference": receipt.reference, "cash_register": receipt.cash_register},
        warnings=(*receipt.warnings(), *warnings),
    )


def accept(answer: Answer, run: Run) -> Accepted:
    """Understand the answer: number, register, QR text and whatever else it holds."""
    return _accepted(document(answer.json(), of_run(run)), run)


def _accepted(found: Document, run: Run) -> Accepted:
    reference = run.draft.facts["reference"]
    warnings: tuple[dict[str, str], ...] = ()
    if not found.printable:
        missing = [
            name for name in ("id", "number", "register", "code") if getattr(found, name) is None
        ]
        text = f"created, but its answer has no {', '.join(missing)}: it is not printed as valid"
        warnings = ({"code": "not_printable", "text": text},)
    return Accepted(
        values={"reference": reference, **found.values()},
        remember={reference_name(reference): {"document": found.id}},
        warnings=warnings,
    )


async def reconcile(run: Run, session: Session) -> Verdict:
    """Look the receipt up by its reference."""
    names: Names = session.settings.names
    reference = run.draft.facts["reference"]
    answer = await session.read(list_request(reference, names))
    if not answer.ok:
        return Verdict(Found.UNCLEAR, text=f"the look-up was answered {answer.status}")
    others = await taken(run, session, "document")
    found = [
        each
        for each in (document(entry, names) for entry in entries_in(answer.json(), names))
        if each.id not in others and not _older(each, run)
    ]
    if len(found) == 1:
        return Verdict(Found.DONE, _accepted(found[0], run), f"document {found[0].id}")
    how_many = "no receipt" if not found else f"{len(found)} receipts"
    return Verdict(Found.UNCLEAR, text=f'asello has {how_many} with the reference "{reference}"')


def _older(found: Document, run: Run) -> bool:
    """Whether a document was there before the request."""
    begun = found.begun_ms()
    return begun is not None and begun < run.sent - CLOCKS_MS


async def after(run: Run, session: Session) -> None:
    """Print what was created: only now, only if it proves its validity, and once."""
    if run.state is not State.SUCCEEDED or not session.settings.print_receipts:
        return
    receipt = printed(run.draft.facts, run.result, session.settings.register_id)
    if receipt is None:
        return
    try:
        await session.host.print_foreign(receipt)
    except Fault as fault:
        if fault.retryable:
            raise
        logger.warning("asello: document %s is not printed: %s", run.result["document"], fault)


def paper_id(number: str) -> str:
    """Return the id under which the box knows a document's papers."""
    return f"asello-{number}"


def printed(facts: Any, result: Any, register_id: str | None) -> ForeignReceipt | None:
    """Return a created receipt as it goes on paper, ``None`` if it must not be printed. ``facts``
    are those of the draft, ``result`` the values of the answer."""
    if any(name not in result for name in ("document", "number", "register", "code")):
        return None
    return ForeignReceipt(
        id=paper_id(result["document"]),
        number=result["number"],
        register=result["register"],
        code=result["code"],
        time=result.get("time", ""),
        lines=tuple((text, cents) for text, cents in facts["lines"]),
        total=result.get("total_cents"),
        notes=tuple(facts["notes"]),
        register_id=register_id,
        reference=result.get("reference"),
    )
