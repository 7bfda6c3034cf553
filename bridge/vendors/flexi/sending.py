"""What is asked around the sending of a payment: is it still right, and was it done?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bridge.vendors.engine.faults import NeedsDecision, VendorBroken, VendorFailing
from bridge.vendors.engine.spec import Accepted, Found, Run, Session, Verdict
from bridge.vendors.flexi.drafts import unknown_invoice
from bridge.vendors.flexi.faults import PaymentExists
from bridge.vendors.flexi.lookups import find, find_cash_document, is_true, open_amount
from bridge.vendors.flexi.names import CANCELLED, CASH

_CALLER_WAITS_MS = 10_000
"""An older run is sent later: the invoice may have been paid by somebody else meanwhile."""

_EXACT = ("ne", "castecnaUhrada")
"""Values of ``zbytek`` that allow no amount above the open one."""


async def before_payment(run: Run, session: Session) -> None:
    """Look at invoice and cash document before a payment is sent.

    Raises ``VendorRejected`` for an unknown invoice (the import would create it),
    ``PaymentExists`` when the document with the key's id is there before anything was sent, and
    ``NeedsDecision`` when a payment that waited does not fit any more.
    """
    earlier = await session.memory.get(_noted(run))
    existed = await _note_documents(run, session)
    if run.draft.facts["own"] and any(existed.values()):
        raise await _exists(run, session)
    waited = session.clock.now().timestamp() * 1000 - run.created > _CALLER_WAITS_MS
    for payment in run.draft.facts["payments"]:
        invoice = await _asked(session, payment["evidence"], payment["invoice"])
        if invoice is None:
            raise unknown_invoice(payment["evidence"], payment["invoice"])
        paying = payment["paying"]
        if not waited or existed.get(paying, False):
            continue
        if earlier is not None and paying and await _asked(session, CASH, paying) is not None:
            # An earlier try has come through after all: repeating it changes nothing.
            continue
        _check_still_open(payment, invoice, run.draft.facts.get("remainder", ""))


async def before_raw(run: Run, session: Session) -> None:
    """Note which cash documents are there before a raw import."""
    await _note_documents(run, session)


async def after(run: Run, session: Session) -> None:
    """Forget what was noted."""
    if await session.memory.get(_noted(run)) is not None:
        await session.memory.put(_noted(run), None)


async def reconcile(run: Run, session: Session) -> Verdict:
    """Find out what became of an import whose answer is missing.

    A cash document that was not there before is proof. Documents that were there before prove
    nothing; but a payment by such a one may be repeated: Flexi then pays what is available on it.
    """
    noted = await session.memory.get(_noted(run))
    documents = documents_of(run)
    if not documents or not all(each["paying"] for each in run.draft.facts["payments"]):
        return Verdict(Found.UNCLEAR, text="a payment without an id of its own cannot be found")
    if noted is None and not run.draft.facts["own"]:
        return Verdict(Found.UNCLEAR, text="nobody knows which cash documents were there before")
    existed = noted or {}
    new = [each for each in documents if not existed.get(each, False)]
    if not new:
        if run.draft.facts["repeatable"]:
            return Verdict(Found.NOT_DONE, text="the cash document was there before")
        return Verdict(Found.UNCLEAR, text="the cash documents were there before")
    found = {each: await _asked(session, CASH, each) for each in new}
    if all(each is None for each in found.values()):
        return Verdict(Found.NOT_DONE, text=f"Flexi has no cash document {' '.join(new)}")
    if any(each is None for each in found.values()):
        return Verdict(Found.UNCLEAR, text="Flexi has only some of the cash documents")
    values = {
        "success": True,
        "paying_document": " ".join(documents),
        "documents": [dict(each) for each in found.values() if each is not None],
    }
    return Verdict(Found.DONE, Accepted(values=values), f"Flexi has {' '.join(new)}")


async def _note_documents(run: Run, session: Session) -> Mapping[str, bool]:
    """Return which cash documents were there before the run's first try, and remember it."""
    noted = await session.memory.get(_noted(run))
    if noted is not None:
        return dict(noted)
    existed = {each: await _asked(session, CASH, each) is not None for each in documents_of(run)}
    if existed:
        await session.memory.put(_noted(run), existed)
    return existed


def _check_still_open(
    payment: Mapping[str, str], invoice: Mapping[str, Any], remainder: str
) -> None:
    name = payment["invoice"]
    still_open = open_amount(invoice)
    facts = {"open": f"{still_open:.2f}", "amount": payment["amount"], "invoice": name}
    if is_true(invoice.get(CANCELLED)):
        raise NeedsDecision(f"{name} was cancelled meanwhile", **facts)
    if still_open <= 0:
        raise NeedsDecision(f"{name} was paid meanwhile by somebody else", **facts)
    if payment["amount"] and remainder in _EXACT and Decimal(payment["amount"]) > still_open:
        raise NeedsDecision(f"{name} was paid in part meanwhile: {still_open:.2f} is open", **facts)


async def _exists(run: Run, session: Session) -> PaymentExists:
    document = documents_of(run)[0]
    found = await find_cash_document(session, document)
    return PaymentExists(f"Flexi has {document}", document=dict(found or {}))


async def _asked(session: Session, evidence: str, ident: str) -> Mapping[str, Any] | None:
    """``find``, where an answer that makes no sense is asked for again later."""
    try:
        return await find(session, evidence, ident)
    except VendorBroken as fault:
        raise VendorFailing(fault.detail) from None


def documents_of(run: Run) -> list[str]:
    """Return the ids of the cash documents that a run makes or uses, each once."""
    found = (each["paying"] for each in run.draft.facts["payments"])
    return list(dict.fromkeys(filter(None, found)))


def _noted(run: Run) -> str:
    return f"existed/{run.id}"
