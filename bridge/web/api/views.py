"""A receipt as the local API shows it, the same while it is open and after its end.

Amounts are integer gross cents, quantities thousandths, percentages hundredths; times are UTC
milliseconds, but ``time``, which is the local time on the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bridge.journal.event import Event
from bridge.model import events
from bridge.model.money import round_half_up
from bridge.model.rates import RateTable
from bridge.model.receipt import Line, Payment, Person, Receipt, State
from bridge.printing.paper_log import PaperRecord
from bridge.till.lifecycle import TRANSITIONS
from bridge.till.register import RegisterTill, work_out
from bridge.web.parts import WebParts
from drivers.contract.fault import Fault

ORIGIN_OF_A_PROGRAM = "api:"
"""Prefix of the origin of receipts that a program with a token opens. No cloud's name has a colon,
so none takes such a receipt for its own."""


def day_of(register: RegisterTill, parts: WebParts) -> date:
    """Return the day on which an open receipt would be completed now."""
    local = register.regime.local(parts.clock.now())
    last = register.head.time
    return (local if last is None else max(local, last)).date()


def open_view(receipt: Receipt, parts: WebParts, language: str) -> dict[str, Any]:
    """Return an open receipt. What it comes to is ``null`` with a ``fault`` that says why when it
    cannot be worked out (a discount larger than what is left of the lines)."""
    register = parts.till.registers[receipt.register]
    day = day_of(register, parts)
    view = _begun(receipt)
    discount = receipt.discount
    try:
        worked_out = work_out(register, receipt, day)
    except Fault as fault:
        view.update(totals={}, taxes=[], total=None, due=None)
        view["fault"] = fault.as_problem(language)
        off = None
    else:
        view.update(
            totals=worked_out.totals,
            taxes=_taxes(worked_out.totals, register.regime.rates, day),
            total=worked_out.total,
            due=worked_out.total - receipt.paid,
        )
        off = receipt.gross - worked_out.total
    if discount is not None:
        view["discount"] = {**discount.as_body(), "off_cents": off}
    return view


def ended_view(
    receipt: Receipt,
    end: Event,
    papers: list[PaperRecord],
    rates: RateTable,
    code_of: Callable[[str], str],
) -> dict[str, Any]:
    """Return a receipt that has ended. ``receipt`` is what it was until then; ``end`` decides
    where both say something. The lines of a completed one include those of its discount."""
    body = end.data()
    view = _begun(receipt)
    state = TRANSITIONS[State.OPEN, end.kind]
    view.update(rev=body["rev"], state=state, ended=end.time, reason=body.get("reason"))
    if receipt.discount is not None:
        view["discount"] = {**receipt.discount.as_body(), "off_cents": None}
    if end.kind != events.COMPLETED:
        view.update(totals={}, taxes=[], total=None, due=None)
        return view
    lines = [Line.from_body(line) for line in body["lines"]]
    payments = tuple(Payment.from_body(payment) for payment in body["payments"])
    total = body["total"]
    paid = sum(payment.cents for payment in payments)
    if receipt.discount is not None:
        view["discount"]["off_cents"] = receipt.gross - total
    view.update(
        kind=body["kind"],
        lines=[_line(line) for line in lines],
        payments=[_payment(payment) for payment in payments],
        operator=_person(Person.from_body(body["operator"])),
        totals=body["totals"],
        taxes=_taxes(body["totals"], rates, date.fromisoformat(body["time"][:10])),
        total=total,
        paid=paid,
        due=total - paid,
        number=end.number,
        belegnummer=body["belegnummer"],
        time=body["time"],
        signed=body["signed"],
        outage=body.get("outage"),
        ended_outage=body.get("ended_outage"),
        code=code_of(end.jws or ""),
        storno_of=body.get("storno_of"),
        papers=[paper.as_body() for paper in papers],
    )
    return view


def open_summary(receipt: Receipt, parts: WebParts) -> dict[str, Any]:
    """Return an open receipt as lists show it."""
    register = parts.till.registers[receipt.register]
    try:
        total: int | None = work_out(register, receipt, day_of(register, parts)).total
    except Fault:
        total = None
    return {
        **_named(receipt),
        "line_count": len(receipt.lines),
        "total": total,
        "paid": receipt.paid,
    }


def ended_summary(end: Event, opened: Event | None) -> dict[str, Any]:
    """Return an ended receipt as lists show it. ``opened`` is the event it began with, unless it
    was born completed."""
    body = end.data()
    first = body if opened is None else opened.data()
    completed = end.kind == events.COMPLETED
    return {
        "id": end.receipt,
        "rev": body["rev"],
        "state": TRANSITIONS[State.OPEN, end.kind],
        "kind": first["kind"],
        "register": end.register,
        "origin": first.get("origin", "operator"),
        "parked_id": first.get("parked_id"),
        "reference": first.get("reference"),
        "note": first.get("note"),
        "opened": end.time if opened is None else opened.time,
        "ended": end.time,
        "reason": body.get("reason"),
        "line_count": len(body["lines"]) if completed else None,
        "total": body.get("total"),
        "paid": body.get("total"),
        "number": end.number,
        "belegnummer": body.get("belegnummer"),
        "time": body.get("time"),
        "signed": body.get("signed"),
    }


def _named(receipt: Receipt) -> dict[str, Any]:
    """Return what lists and full views have in common, with nothing said of an end."""
    return {
        "id": receipt.id,
        "rev": receipt.rev,
        "state": receipt.state,
        "kind": receipt.kind,
        "register": receipt.register,
        "origin": receipt.origin,
        "parked_id": receipt.parked_id,
        "reference": receipt.reference,
        "note": receipt.note,
        "opened": receipt.opened,
        "ended": None,
        "reason": None,
        "number": None,
        "belegnummer": None,
        "time": None,
        "signed": None,
    }


def _begun(receipt: Receipt) -> dict[str, Any]:
    return {
        **_named(receipt),
        "expires": receipt.expires,
        "lines": [_line(line) for line in receipt.lines],
        "discount": None,
        "customer": None if receipt.customer is None else _person(receipt.customer),
        "operator": _person(receipt.operator),
        "payments": [_payment(payment) for payment in receipt.payments],
        "paid": receipt.paid,
        "outage": None,
        "ended_outage": None,
        "code": None,
        "storno_of": None,
        "papers": [],
        "fault": None,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "n": line.n,
        "text": line.text,
        "quantity": line.quantity,
        "unit_cents": line.unit_cents,
        "rate": line.rate,
        "cents": line.cents,
        "discount": line.discount,
        "article": line.article,
        "cancels": line.cancels,
        "settles": None if line.settles is None else line.settles.as_body(),
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "n": payment.n,
        "kind": payment.kind,
        "cents": payment.cents,
        "given_cents": payment.given_cents,
        "change_cents": payment.change_cents,
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "address": list(person.address),
        "uid": person.uid,
    }


def _taxes(totals: Mapping[str, int], table: RateTable, day: date) -> list[dict[str, Any]]:
    """Return gross, net and tax by rate, as the paper shows them."""
    taxes = []
    for name, gross in totals.items():
        rate = table.find(name, day)
        if rate is None:
            continue
        net = round_half_up(gross * 1000, 1000 + rate.permille)
        taxes.append(
            {
                "rate": name,
                "label": rate.label,
                "permille": rate.permille,
                "gross": gross,
                "net": net,
                "tax": gross - net,
            }
        )
    return taxes
