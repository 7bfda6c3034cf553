"""The life of a receipt as one table, and what each event makes of it.

A receipt is *open* while lines and payments come and go, *paying* while money is under way that
cannot simply be forgotten, and ends in one of four ways: *completed* (numbered and sealed),
*aborted* by the operator, *withdrawn* by whoever parked it, or *expired*. Ends are final: a
completed receipt is corrected by another receipt, never changed.

Everything about transitions is in ``TRANSITIONS``: an event that has no row for the present state
cannot happen, neither live nor when the journal is read back. ``apply`` is used for both, so
what the till holds in memory is by construction what the journal says. What the table cannot
say: which commands an *open* receipt takes depends on its ``rev``, its payments and the
register; those questions are asked before an event is made.

The receipts of the register itself (Nullbeleg, Startbeleg …) and stornos are born completed:
their only event is ``receipt.completed``.

Germany's second table (the seal: none → starting → started → finishing → sealed | outage,
till-rules.md section 4) will stand beside this one; an Austrian receipt is sealed within its
completion and needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.journal.faults import JournalDamaged
from bridge.model import events
from bridge.model.receipt import (
    DEFAULT_OPERATOR,
    Discount,
    Kind,
    Line,
    Payment,
    Person,
    Receipt,
    Reference,
    State,
)

_EDITS = (
    events.LINE_ADDED,
    events.LINE_CHANGED,
    events.LINE_REMOVED,
    events.DISCOUNT_SET,
    events.CUSTOMER_SET,
)

TRANSITIONS: dict[tuple[State | None, str], State] = {
    (None, events.OPENED): State.OPEN,
    (None, events.COMPLETED): State.COMPLETED,
    **{(State.OPEN, edit): State.OPEN for edit in _EDITS},
    **{(State.PAYING, edit): State.PAYING for edit in _EDITS},
    (State.OPEN, events.PAID): State.PAYING,
    (State.PAYING, events.PAID): State.PAYING,
    (State.PAYING, events.PAYMENT_REMOVED): State.PAYING,
    (State.OPEN, events.COMPLETED): State.COMPLETED,
    (State.PAYING, events.COMPLETED): State.COMPLETED,
    (State.OPEN, events.ABORTED): State.ABORTED,
    (State.PAYING, events.ABORTED): State.ABORTED,
    (State.OPEN, events.WITHDRAWN): State.WITHDRAWN,
    (State.OPEN, events.EXPIRED): State.EXPIRED,
}

RECEIPT_EVENTS = frozenset(kind for _, kind in TRANSITIONS)
"""Events that belong to a receipt's life."""

FINAL = frozenset({State.COMPLETED, State.ABORTED, State.WITHDRAWN, State.EXPIRED})
"""States a receipt never leaves."""


def opened(receipt_id: str, register: str, time: int, body: dict[str, Any]) -> Receipt:
    """Return the receipt that ``receipt.opened`` describes."""
    lines = tuple(Line.from_body(line) for line in body.get("lines", ()))
    return Receipt(
        id=receipt_id,
        register=register,
        opened=time,
        kind=Kind(body["kind"]),
        rev=body["rev"],
        lines=lines,
        operator=_person(body, "operator") or DEFAULT_OPERATOR,
        customer=_person(body, "customer"),
        origin=body.get("origin", "operator"),
        parked_id=body.get("parked_id"),
        reference=body.get("reference"),
        note=body.get("note"),
        expires=body.get("expires"),
        next_n=max((line.n for line in lines), default=0) + 1,
    )


def apply(
    receipt: Receipt | None,
    kind: str,
    body: dict[str, Any],
    *,
    receipt_id: str,
    register: str,
    time: int,
) -> Receipt:
    """Return the receipt after an event. ``time`` is UTC ms.

    Raises ``JournalDamaged`` for an event that the table does not allow.
    """
    before = None if receipt is None else receipt.state
    after = TRANSITIONS.get((before, kind))
    if after is None:
        message = f"receipt {receipt_id}: {kind} cannot happen in state {before}"
        raise JournalDamaged(message)
    if receipt is None:
        if kind == events.OPENED:
            return opened(receipt_id, register, time, body)
        reference = body.get("storno_of")
        receipt = Receipt(
            id=receipt_id,
            register=register,
            opened=time,
            kind=Kind(body["kind"]),
            storno_of=None if reference is None else Reference(**reference),
            lines=tuple(Line.from_body(line) for line in body["lines"]),
            payments=tuple(Payment.from_body(payment) for payment in body["payments"]),
        )
        return receipt.changed(state=after, rev=body["rev"])
    effect = _EFFECTS.get(kind)
    changes = {} if effect is None else effect(receipt, body)
    return receipt.changed(state=after, rev=body["rev"], **changes)


def _person(body: dict[str, Any], name: str) -> Person | None:
    found = body.get(name)
    return None if found is None else Person.from_body(found)


def _line_added(receipt: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    line = Line.from_body(body["line"])
    return {"lines": (*receipt.lines, line), "next_n": line.n + 1, "touched": True}


def _line_changed(receipt: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    new = Line.from_body(body["line"])
    lines = tuple(new if line.n == new.n else line for line in receipt.lines)
    return {"lines": lines, "touched": True}


def _line_removed(receipt: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "lines": tuple(line for line in receipt.lines if line.n != body["n"]),
        "touched": True,
    }


def _discount_set(_: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    found = body["discount"]
    return {"discount": None if found is None else Discount(**found), "touched": True}


def _customer_set(_: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    return {"customer": _person(body, "customer"), "touched": True}


def _paid(receipt: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    payment = Payment.from_body(body["payment"])
    return {
        "payments": (*receipt.payments, payment),
        "next_n": payment.n + 1,
        "touched": True,
    }


def _payment_removed(receipt: Receipt, body: dict[str, Any]) -> dict[str, Any]:
    return {"payments": tuple(each for each in receipt.payments if each.n != body["n"])}


_EFFECTS: dict[str, Callable[[Receipt, dict[str, Any]], dict[str, Any]]] = {
    events.LINE_ADDED: _line_added,
    events.LINE_CHANGED: _line_changed,
    events.LINE_REMOVED: _line_removed,
    events.DISCOUNT_SET: _discount_set,
    events.CUSTOMER_SET: _customer_set,
    events.PAID: _paid,
    events.PAYMENT_REMOVED: _payment_removed,
}
