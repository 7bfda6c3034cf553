"""What goes to Flexi: drafts of the operations that import a document."""

from __future__ import annotations

import codecs
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import CallInvalid, RunKeyMissing, VendorRejected
from bridge.vendors.engine.spec import Draft, Kind, Offline, Session
from bridge.vendors.engine.wire import Request, target
from bridge.vendors.flexi.given import Given, inspect, refuse_duplicates
from bridge.vendors.flexi.lookups import find, find_cash_document, open_amount
from bridge.vendors.flexi.names import derived_document, evidence_path
from bridge.vendors.flexi.payment import CashPayment, Ordered, ordered
from bridge.vendors.flexi.remainder import Reading, predicted

XML = "application/xml"
KEY = "idempotency-key"
ALLOW_DUPLICATE = "x-allow-duplicate"
DRY_RUN = "dry-run"
_SWITCHES = (DRY_RUN, "fail-on-warning")
"""Query parameters of Flexi that a raw import may set."""

_IN_FLEXI = "not yet in Flexi, unless this run has succeeded"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


async def draft_payment(call: LocalCall, session: Session) -> Draft:
    """Draft ``POST /cash-payments``, short form or Flexi's own XML. Reads nothing: what a customer
    has paid is written down before anybody is asked."""
    if _is_xml(call.body):
        return _draft_of_xml(call, session)
    key = call.headers.get(KEY, "")
    if not key:
        raise RunKeyMissing("the id of the cash document is made from it")
    order = ordered(call, session, _document(session, key))
    payment = order.payment
    return Draft(
        request=_import(session, order.evidence, order.content),
        order=_line_of(order.evidence, payment.invoice),
        facts=_facts_of(order),
        summary={
            "invoice": payment.invoice,
            "kind": payment.kind,
            "amount": payment.amount or "whole open amount",
            "remainder": payment.remainder,
            "paying_document": order.document,
            "in_flexi": _IN_FLEXI,
        },
        warnings=_warnings_of(payment, session),
    )


async def draft_check(call: LocalCall, session: Session) -> Draft:
    """Draft ``POST /cash-payments/check``: the same document as a dry run, beside what the table of
    remainders says of it."""
    if _is_xml(call.body):
        given = _given_payments(call)
        evidence = given.records[0]
        return Draft(
            request=_import(session, evidence, call.body, {DRY_RUN: "true"}),
            facts={"payments": list(given.payments)},
        )
    key = call.headers.get(KEY, "") or uuid.uuid5(uuid.NAMESPACE_OID, call.body.hex()).hex
    order = ordered(call, session, _document(session, key))
    payment = order.payment
    invoice = await find(session, order.evidence, payment.invoice)
    if invoice is None:
        raise unknown_invoice(order.evidence, payment.invoice)
    exists = await find_cash_document(session, order.document) is not None
    would = _would(payment, open_amount(invoice), session)
    return Draft(
        request=_import(session, order.evidence, order.content, {DRY_RUN: "true"}),
        facts={**_facts_of(order), "would": {**would, "existing_document": exists}},
        warnings=_warnings_of(payment, session),
    )


async def draft_raw(call: LocalCall, session: Session) -> Draft:
    """Draft ``POST /xml/{evidence}``: the very bytes go to Flexi.

    Payments with ids of their own are repeatable (``KEYED``); a dry run changes nothing
    (``READ``); anything else acts each time.
    """
    evidence = call.path["evidence"]
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", evidence):
        raise CallInvalid.at("/evidence", "small letters, digits and hyphens, like faktura-vydana")
    switches = _switches(call)
    given = inspect(call.body)
    if switches.get(DRY_RUN) == "true":
        draft = _draft_of_given(replace(given, payments=()), session, evidence, call.body, switches)
        return replace(draft, kind=Kind.READ)
    refuse_duplicates(given, allowed=call.headers.get(ALLOW_DUPLICATE) == "1")
    draft = _draft_of_given(given, session, evidence, call.body, switches)
    return replace(draft, kind=Kind.KEYED if given.repeatable else Kind.ONCE)


def unknown_invoice(evidence: str, invoice: str) -> VendorRejected:
    """Return the fault of an invoice that is not there; an import would create it."""
    return VendorRejected(
        f"Flexi has no {evidence} {invoice} (it says the same of everything when its API is not "
        "licensed)",
        vendor_status=404,
    )


def _given_payments(call: LocalCall) -> Given:
    given = inspect(call.body)
    if not given.plain or len(given.records) != 1:
        raise CallInvalid.at(
            "",
            "the records must be invoices of one kind, each with one id, hotovostni-uhrada and "
            "nothing else; other documents go to /xml/{evidence}",
        )
    return given


def _draft_of_xml(call: LocalCall, session: Session) -> Draft:
    given = _given_payments(call)
    refuse_duplicates(given, allowed=call.headers.get(ALLOW_DUPLICATE) == "1")
    draft = _draft_of_given(given, session, given.records[0], call.body)
    if given.repeatable:
        return draft
    return replace(draft, kind=Kind.ONCE, offline=Offline.REFUSE)


def _draft_of_given(
    given: Given,
    session: Session,
    evidence: str,
    content: bytes,
    switches: Mapping[str, str] | None = None,
) -> Draft:
    invoices = [each["invoice"] for each in given.payments]
    summary: dict[str, Any] = {"evidence": evidence}
    if invoices:
        summary["invoice"] = " ".join(invoices)
        summary["paying_document"] = " ".join(given.documents)
        summary["in_flexi"] = _IN_FLEXI
    return Draft(
        request=_import(session, evidence, content, switches),
        order=_line_of(evidence, invoices[0] if invoices else ""),
        facts={"payments": list(given.payments), "own": False, "repeatable": given.repeatable},
        summary=summary,
    )


def _facts_of(order: Ordered) -> dict[str, Any]:
    payment = {
        "evidence": order.evidence,
        "invoice": order.payment.invoice,
        "amount": order.payment.amount or "",
        "paying": order.document,
    }
    return {
        "payments": [payment],
        "own": order.own,
        "repeatable": True,
        "remainder": order.payment.remainder,
    }


def _document(session: Session, key: str) -> str:
    return derived_document(session.settings.company, session.settings.box, key)


def _import(
    session: Session, evidence: str, content: bytes, switches: Mapping[str, str] | None = None
) -> Request:
    return Request(
        method="PUT",
        target=target(evidence_path(session.settings.company, evidence, "xml"), switches),
        content=content,
        content_type=XML,
        accept=XML,
    )


def _line_of(evidence: str, invoice: str) -> str:
    """Return what payments wait in line for: their invoice."""
    return f"{evidence}/{invoice}"


def _is_xml(body: bytes) -> bool:
    start = body.removeprefix(codecs.BOM_UTF8).lstrip()
    return start.startswith(b"<") or start.startswith(_UTF16)


def _switches(call: LocalCall) -> dict[str, str]:
    problems = [
        f"/{name}: only {' and '.join(_SWITCHES)} may be given, as true or false"
        for name, value in call.query
        if name not in _SWITCHES or value not in ("true", "false")
    ]
    if problems:
        raise CallInvalid.listing(problems)
    return dict(call.query)


def _would(payment: CashPayment, still_open: Decimal, session: Session) -> dict[str, Any]:
    amount = None if payment.amount is None else Decimal(payment.amount)
    by_reading = {
        str(reading): predicted(payment.remainder, still_open, amount, reading).as_body()
        for reading in Reading
    }
    taken = Reading.B if session.strict else Reading.A
    return {"open": f"{still_open:.2f}", "reading": str(taken), **by_reading}


def _warnings_of(payment: CashPayment, session: Session) -> tuple[dict[str, str], ...]:
    if payment.amount is None or payment.remainder != "ne" or session.strict:
        return ()
    return (
        {
            "code": "amount_read_in_two_ways",
            "pointer": "/amount",
            "text": "If this is less than the open amount Flexi may refuse it. For a part payment "
            'send "remainder": "castecnaUhrada", which is right in both readings.',
        },
    )
