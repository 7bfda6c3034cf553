"""Reads single records of Flexi, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.judging import plain_fault
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import Answer, Request
from bridge.vendors.flexi.names import CASH, OPEN, ROOT, record_path


def record_request(session: Session, evidence: str, ident: str) -> Request:
    """Return the request that reads one record."""
    return Request(
        method="GET", target=record_path(session.settings.company, evidence, ident, "json")
    )


async def find(session: Session, evidence: str, ident: str) -> Mapping[str, Any] | None:
    """Return a record's fields, ``None`` if Flexi knows no such record. Raises what
    ``Session.read`` raises, ``VendorSetup``, ``VendorRejected``, ``VendorBroken``."""
    answer = await session.read(record_request(session, evidence, ident))
    if answer.status == 404:
        return None
    fault = plain_fault(answer, session.clock.now())
    if fault is not None:
        fault.facts.setdefault("vendor_status", answer.status)
        raise fault
    return record_in(answer, evidence)


async def find_cash_document(session: Session, ident: str) -> Mapping[str, Any] | None:
    """Return a cash document, as ``find`` does."""
    return await find(session, CASH, ident)


def record_in(answer: Answer, evidence: str) -> Mapping[str, Any]:
    """Return the one record of a good JSON answer. Raises ``VendorBroken``."""
    body = answer.json()
    inner = body.get(ROOT) if isinstance(body, dict) else None
    found = inner.get(evidence) if isinstance(inner, dict) else None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise VendorBroken(f"status {answer.status} without one record of {evidence}")
    return found


def open_amount(invoice: Mapping[str, Any]) -> Decimal:
    """Return what is still to be paid. Raises ``VendorBroken``."""
    try:
        amount = Decimal(str(invoice.get(OPEN)))
    except InvalidOperation:
        raise VendorBroken(f"an invoice without {OPEN}") from None
    if not amount.is_finite():
        raise VendorBroken(f"an invoice whose {OPEN} is no number")
    return amount


def is_true(value: Any) -> bool:
    """Whether a boolean of Flexi's JSON (a text there) is true."""
    return value is True or value == "true"
