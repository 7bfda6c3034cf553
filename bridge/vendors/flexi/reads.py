"""Calls that only look: an invoice, a payment with its cash document, the vendor's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.faults import CallInvalid, RecordUnknown, VendorFault, VendorSetup
from bridge.vendors.engine.judging import plain_fault
from bridge.vendors.engine.spec import Accepted, Draft, Run, Session, State
from bridge.vendors.engine.wire import Answer, Request, json_body, target
from bridge.vendors.flexi.lookups import find_cash_document, record_in, record_request
from bridge.vendors.flexi.names import (
    EVIDENCES,
    INVOICE_FIELDS,
    ISSUED,
    evidence_path,
    reference,
    settled_invoice,
)
from bridge.vendors.flexi.sending import documents_of
from bridge.vendors.flexi.shown import neutral

PAY = "pay"
"""The operation whose runs ``payment_state`` knows."""

_NOT_SENT = (State.QUEUED, State.FAILED)


async def draft_invoice(call: LocalCall, session: Session) -> Draft:
    """Draft ``GET /invoices/{id}?kind=issued|received&by=id|number``."""
    kind = call.parameter("kind") or "issued"
    if kind not in EVIDENCES:
        raise CallInvalid.at("/kind", "must be issued or received")
    by = call.parameter("by") or "id"
    if by not in ("id", "number"):
        raise CallInvalid.at("/by", "must be id or number")
    ident = call.path["id"]
    ident = _reference(settled_invoice(ident) if by == "number" else ident)
    request = record_request(session, EVIDENCES[kind], ident)
    return Draft(request=request, facts={"evidence": EVIDENCES[kind], "kind": kind})


def accept_invoice(answer: Answer, run: Run) -> Accepted:
    """Show what the counter needs of an invoice, in Flexi's names and in neutral ones."""
    invoice = record_in(answer, run.draft.facts["evidence"])
    values = {name: invoice[name] for name in INVOICE_FIELDS if name in invoice}
    return Accepted(values={"kind": run.draft.facts["kind"], **neutral(invoice), **values})


async def payment_state(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer ``GET /cash-payments/{id}`` (a run, or a cash document): the run's state and the cash
    documents that Flexi has now. ``in_flexi`` is ``null`` when nobody can say."""
    ident = call.path["id"]
    run = await _run_named(ident, session)
    names = [_reference(ident)] if run is None else documents_of(run)
    body: dict[str, Any] = {"in_flexi": None, "documents": []}
    if run is not None:
        body = {"run": run.id, "state": str(run.state), **run.draft.summary, **body}
    try:
        found = [await find_cash_document(session, name) for name in names]
    except VendorFault as fault:
        if run is None:
            raise
        body["problem"] = fault.as_problem(call.language)
        if run.state is State.QUEUED:
            body["in_flexi"] = False
        return LocalAnswer(body=json_body(body))
    there = [dict(each) for each in found if each is not None]
    if run is None and not there:
        raise RecordUnknown(f"neither a run nor a cash document {names[0]}")
    body["in_flexi"] = _in_flexi(run, names, there)
    body["documents"] = there
    return LocalAnswer(body=json_body(body))


async def check(session: Session) -> None:
    """Look at one invoice's head: address, log-in and company are right. Raises what is wrong."""
    path = evidence_path(session.settings.company, ISSUED, "json")
    answer = await session.read(Request(method="GET", target=target(path, {"limit": "1"})))
    if answer.status == 404:
        raise VendorSetup(
            f"Flexi has no company {session.settings.company!r}, or its API is not licensed",
            vendor_status=404,
        )
    if (fault := plain_fault(answer, session.clock.now())) is not None:
        raise fault


def _in_flexi(
    run: Run | None, names: Sequence[str], there: Sequence[Mapping[str, Any]]
) -> bool | None:
    if names and len(there) == len(names):
        return True
    return False if run is None or run.state in _NOT_SENT else None


async def _run_named(ident: str, session: Session) -> Run | None:
    """Return the newest run with that id or that paying document."""
    by_document = ident if ":" in ident else ""
    if by_document:
        return next(iter(await session.runs(PAY, paying_document=_reference(ident))), None)
    return next((run for run in await session.runs(PAY) if run.id == ident), None)


def _reference(text: str) -> str:
    try:
        return reference(text)
    except ValueError as error:
        raise CallInvalid.at("/id", str(error)) from None
