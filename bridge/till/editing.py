"""Commands that change an open receipt, one function each.

Each decides in the register's own task, and raises a leaf of ``Refused`` or submits one event.
"""

from __future__ import annotations

from typing import Any

from bridge.model import commands, events
from bridge.model.receipt import Discount, State
from bridge.till.amounts import MAX_LINES, add_up, make_line, make_lines, make_payment
from bridge.till.faults import (
    LineLimit,
    LineUnknown,
    PaymentUnknown,
    ReceiptInUse,
    ReceiptNotCompleted,
    SettlementLineFixed,
)
from bridge.till.projections import where_is
from bridge.till.register import Order, RegisterTill, names_of, person, work_out


async def open_receipt(register: RegisterTill, command: commands.Open, order: Order) -> None:
    """Open a receipt, with its first lines."""
    moment = register.moment()
    lines = make_lines(command.lines, register.regime.rates, moment.day, register.settling)
    body: dict[str, Any] = {"kind": command.kind, "origin": command.origin}
    if lines:
        body["lines"] = [line.as_body() for line in lines]
    if command.operator is not None:
        body["operator"] = person(command.operator, default_id="1").as_body()
    if command.customer is not None:
        body["customer"] = person(command.customer).as_body()
    for name in ("parked_id", "reference", "note"):
        if (value := getattr(command, name)) is not None:
            body[name] = value
    if command.receipt_expires is not None:
        body["expires"] = int(command.receipt_expires.timestamp() * 1000)
    register.begin(register.make_id(moment.utc_ms), body, moment, order)


async def add_line(register: RegisterTill, command: commands.AddLine, order: Order) -> None:
    """Add a line."""
    receipt = register.receipt(command.receipt, command.rev)
    if len(receipt.lines) >= MAX_LINES:
        raise LineLimit(receipt.id)
    moment = register.moment()
    rates = register.regime.rates
    line = make_line(receipt.next_n, command.line, rates, moment.day, register.settling)
    register.change(receipt, events.LINE_ADDED, {"line": line.as_body()}, moment, order)


async def change_line(register: RegisterTill, command: commands.ChangeLine, order: Order) -> None:
    """Replace the content of a line."""
    receipt = register.receipt(command.receipt, command.rev)
    before = receipt.line(command.n)
    if before is None:
        raise LineUnknown(str(command.n))
    if (before.settles is None) != (command.line.settles is None):
        raise SettlementLineFixed(str(command.n))
    moment = register.moment()
    rates = register.regime.rates
    line = make_line(command.n, command.line, rates, moment.day, register.settling)
    register.change(receipt, events.LINE_CHANGED, {"line": line.as_body()}, moment, order)


async def remove_line(register: RegisterTill, command: commands.RemoveLine, order: Order) -> None:
    """Remove a line."""
    receipt = register.receipt(command.receipt, command.rev)
    if receipt.line(command.n) is None:
        raise LineUnknown(str(command.n))
    register.change(receipt, events.LINE_REMOVED, {"n": command.n}, register.moment(), order)


async def set_discount(register: RegisterTill, command: commands.SetDiscount, order: Order) -> None:
    """Set or remove the discount on the whole receipt."""
    receipt = register.receipt(command.receipt, command.rev)
    moment = register.moment()
    percent = 0 if command.percent is None else commands.parse_percent(command.percent)
    discount = Discount(percent, command.cents or 0)
    add_up(receipt.lines, discount, register.regime.rates, moment.day, receipt.next_n)
    body = {"discount": discount.as_body() if discount != Discount() else None}
    register.change(receipt, events.DISCOUNT_SET, body, moment, order)


async def set_customer(register: RegisterTill, command: commands.SetCustomer, order: Order) -> None:
    """Set or remove the customer."""
    receipt = register.receipt(command.receipt, command.rev)
    body = {"customer": command.customer and person(command.customer).as_body()}
    register.change(receipt, events.CUSTOMER_SET, body, register.moment(), order)


async def pay(register: RegisterTill, command: commands.Pay, order: Order) -> None:
    """Record a payment."""
    receipt = register.receipt(command.receipt, command.rev)
    moment = register.moment()
    due = work_out(register, receipt, moment.day).total - receipt.paid
    payment = make_payment(receipt.next_n, command.payment, due)
    register.change(receipt, events.PAID, {"payment": payment.as_body()}, moment, order)


async def remove_payment(
    register: RegisterTill, command: commands.RemovePayment, order: Order
) -> None:
    """Give a payment back."""
    receipt = register.receipt(command.receipt, command.rev)
    if all(payment.n != command.n for payment in receipt.payments):
        raise PaymentUnknown(str(command.n))
    register.change(receipt, events.PAYMENT_REMOVED, {"n": command.n}, register.moment(), order)


async def abort(register: RegisterTill, command: commands.Abort, order: Order) -> None:
    """Give a receipt up."""
    receipt = register.receipt(command.receipt, command.rev)
    body = {"reason": command.reason, **names_of(receipt)}
    register.change(receipt, events.ABORTED, body, register.moment(), order)


async def withdraw(register: RegisterTill, command: commands.Withdraw, order: Order) -> None:
    """Take a parked receipt back, unless somebody works on it."""
    receipt = register.receipt(command.receipt, None)
    if receipt.touched or receipt.payments or receipt.state is not State.OPEN:
        raise ReceiptInUse(receipt.id)
    register.change(receipt, events.WITHDRAWN, names_of(receipt), register.moment(), order)


async def reprint(register: RegisterTill, command: commands.Reprint, order: Order) -> None:
    """Ask for a copy of a completed receipt."""
    where = where_is(register.reader, command.receipt)
    if where.state is not State.COMPLETED:
        raise ReceiptNotCompleted(command.receipt)
    register.note(events.REPRINT_WANTED, command.receipt, {"completed": where.last_seq}, order)


async def expire(register: RegisterTill, receipt_id: str, order: Order) -> None:
    """End a parked receipt whose time is over, unless somebody works on it."""
    receipt = register.open.get(receipt_id)
    moment = register.moment()
    if (
        receipt is None
        or receipt.touched
        or receipt.expires is None
        or receipt.expires > moment.utc_ms
    ):
        order.nothing()
        return
    register.change(receipt, events.EXPIRED, names_of(receipt), moment, order)
