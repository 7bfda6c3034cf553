"""Commands that change an open receipt, one function each.

Each decides under the register's lock, raises a leaf of ``Refused`` or makes one event, and
returns the future of its becoming durable.
"""

from __future__ import annotations

from typing import Any

from bridge.journal.event import Key
from bridge.model import commands, events
from bridge.model.receipt import Discount, State
from bridge.till.amounts import MAX_LINES, add_up, make_line, make_lines, make_payment
from bridge.till.faults import (
    DiscountImpossible,
    LineLimit,
    LineUnknown,
    PaymentUnknown,
    ReceiptInUse,
    ReceiptUnknown,
)
from bridge.till.projections import where_is
from bridge.till.register import RegisterTill, Written, names_of, person, work_out


async def open_receipt(register: RegisterTill, command: commands.Open, key: Key | None) -> Written:
    """Open a receipt, with its first lines."""
    moment = register.moment()
    lines = make_lines(command.lines, register.regime.rates, moment.day)
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
    return register.begin(register.make_id(moment.utc_ms), body, moment, key)


async def add_line(register: RegisterTill, command: commands.AddLine, key: Key | None) -> Written:
    """Add a line."""
    receipt = register.receipt(command.receipt, command.rev)
    if len(receipt.lines) >= MAX_LINES:
        raise LineLimit(receipt.id)
    moment = register.moment()
    line = make_line(receipt.next_n, command.line, register.regime.rates, moment.day)
    return register.change(receipt, events.LINE_ADDED, {"line": line.as_body()}, moment, key)


async def change_line(
    register: RegisterTill, command: commands.ChangeLine, key: Key | None
) -> Written:
    """Replace the content of a line."""
    receipt = register.receipt(command.receipt, command.rev)
    if receipt.line(command.n) is None:
        raise LineUnknown(str(command.n))
    moment = register.moment()
    line = make_line(command.n, command.line, register.regime.rates, moment.day)
    return register.change(receipt, events.LINE_CHANGED, {"line": line.as_body()}, moment, key)


async def remove_line(
    register: RegisterTill, command: commands.RemoveLine, key: Key | None
) -> Written:
    """Remove a line."""
    receipt = register.receipt(command.receipt, command.rev)
    if receipt.line(command.n) is None:
        raise LineUnknown(str(command.n))
    return register.change(receipt, events.LINE_REMOVED, {"n": command.n}, register.moment(), key)


async def set_discount(
    register: RegisterTill, command: commands.SetDiscount, key: Key | None
) -> Written:
    """Set or remove the discount on the whole receipt."""
    receipt = register.receipt(command.receipt, command.rev)
    moment = register.moment()
    percent = 0 if command.percent is None else commands.parse_percent(command.percent)
    discount = Discount(percent, command.cents or 0)
    if percent and command.cents:
        message = "either percent or cents"
        raise DiscountImpossible(message)
    add_up(receipt.lines, discount, register.regime.rates, moment.day, receipt.next_n)
    body = {"discount": discount.as_body() if discount != Discount() else None}
    return register.change(receipt, events.DISCOUNT_SET, body, moment, key)


async def set_customer(
    register: RegisterTill, command: commands.SetCustomer, key: Key | None
) -> Written:
    """Set or remove the customer."""
    receipt = register.receipt(command.receipt, command.rev)
    body = {"customer": command.customer and person(command.customer).as_body()}
    return register.change(receipt, events.CUSTOMER_SET, body, register.moment(), key)


async def pay(register: RegisterTill, command: commands.Pay, key: Key | None) -> Written:
    """Record a payment."""
    receipt = register.receipt(command.receipt, command.rev)
    moment = register.moment()
    due = work_out(register, receipt, moment.day).total - receipt.paid
    payment = make_payment(receipt.next_n, command.payment, due)
    return register.change(receipt, events.PAID, {"payment": payment.as_body()}, moment, key)


async def remove_payment(
    register: RegisterTill, command: commands.RemovePayment, key: Key | None
) -> Written:
    """Give a payment back."""
    receipt = register.receipt(command.receipt, command.rev)
    if all(payment.n != command.n for payment in receipt.payments):
        raise PaymentUnknown(str(command.n))
    return register.change(
        receipt, events.PAYMENT_REMOVED, {"n": command.n}, register.moment(), key
    )


async def abort(register: RegisterTill, command: commands.Abort, key: Key | None) -> Written:
    """Give a receipt up."""
    receipt = register.receipt(command.receipt, command.rev)
    body = {"reason": command.reason, **names_of(receipt)}
    return register.change(receipt, events.ABORTED, body, register.moment(), key)


async def withdraw(register: RegisterTill, command: commands.Withdraw, key: Key | None) -> Written:
    """Take a parked receipt back, unless somebody works on it."""
    receipt = register.receipt(command.receipt, None)
    if receipt.touched or receipt.payments or receipt.state is not State.OPEN:
        raise ReceiptInUse(receipt.id)
    return register.change(receipt, events.WITHDRAWN, names_of(receipt), register.moment(), key)


async def reprint(register: RegisterTill, command: commands.Reprint, key: Key | None) -> Written:
    """Ask for a copy of a completed receipt."""
    where = where_is(register.reader, command.receipt)
    if where.state is not State.COMPLETED:
        raise ReceiptUnknown(command.receipt)
    return register.note(events.REPRINT_WANTED, command.receipt, {"completed": where.last_seq}, key)
