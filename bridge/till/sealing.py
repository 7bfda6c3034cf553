"""Commands that end in a numbered, sealed receipt, one function each.

Each decides in the register's own task, raises a leaf of ``Refused`` or of sealing, or submits
the completion.
"""

from __future__ import annotations

from typing import Any

from bridge.journal.projections import look_up
from bridge.model import commands
from bridge.model.receipt import Kind, Line, Payment, Receipt, Reference, State
from bridge.till.amounts import NO_SETTLING, Sum, add_up, make_lines, settle
from bridge.till.faults import (
    NoOutage,
    OpenReceiptsLeft,
    ReceiptEmpty,
    RegisterStarted,
    StornoImpossible,
    TotalMismatch,
)
from bridge.till.projections import Cancelled, where_is
from bridge.till.register import OWN, Order, RegisterTill, person, work_out
from bridge.till.storno import counter_lines
from drivers.contract.fault import Fault

NOTHING = Sum((), {}, (0, 0, 0, 0, 0), 0)
"""What a Nullbeleg comes to."""


async def complete(register: RegisterTill, command: commands.Complete, order: Order) -> None:
    """Number, seal and finish a receipt."""
    receipt = register.receipt(command.receipt, command.rev)
    register.check_may_seal()
    if not receipt.lines:
        raise ReceiptEmpty(receipt.id)
    moment = register.moment()
    worked_out = work_out(register, receipt, moment.day)
    if command.total_cents not in (None, worked_out.total):
        message = f"{command.total_cents} cents were named, the receipt has {worked_out.total}"
        raise TotalMismatch(message, total_cents=worked_out.total)
    payments = settle(receipt, command.payments, worked_out.total)
    if register.head.outage is not None:
        await collective(register)
        moment = register.moment()
    await register.complete(receipt, worked_out, _payments(payments), moment, order)


async def storno(register: RegisterTill, command: commands.Storno, order: Order) -> None:
    """Cancel a receipt of this journal, in full or by lines."""
    register.check_may_seal()
    if command.receipt in register.open:
        message = f"{command.receipt} is still open: abort it"
        raise StornoImpossible(message)
    # What is left of the original is read from the journal: it must hold everything.
    await register.drained()
    await register.refresh()
    where = where_is(register.reader, command.receipt)
    if where.state is not State.COMPLETED:
        message = f"{command.receipt} is {where.state}"
        raise StornoImpossible(message)
    completed = register.reader.event(where.last_seq)
    assert completed is not None
    original = completed.data()
    packed = look_up(register.reader, Cancelled(), command.receipt)
    lines = counter_lines(original, Cancelled.unpack(packed), command.lines)
    reference = Reference(original["belegnummer"], command.receipt)
    await _seal_storno(register, lines, reference, command.operator, order)


async def storno_foreign(
    register: RegisterTill, command: commands.StornoForeign, order: Order
) -> None:
    """Cancel a receipt known by its printed number only."""
    register.check_may_seal()
    # No vendor heard of that receipt from this box: none is named by its storno.
    lines = make_lines(command.lines, register.regime.rates, register.moment().day, NO_SETTLING)
    await _seal_storno(register, lines, Reference(command.number), command.operator, order)


async def _seal_storno(
    register: RegisterTill,
    lines: tuple[Line, ...],
    reference: Reference,
    operator: commands.PersonData | None,
    order: Order,
) -> None:
    await collective(register)
    moment = register.moment()
    receipt = Receipt(
        id=register.make_id(moment.utc_ms),
        register=register.register.id,
        opened=moment.utc_ms,
        kind=Kind.STORNO,
        lines=lines,
        storno_of=reference,
        next_n=len(lines) + 1,
    )
    if operator is not None:
        receipt = receipt.changed(operator=person(operator, default_id="1"))
    worked_out = add_up(lines, None, register.regime.rates, moment.day, receipt.next_n)
    refund = Payment(receipt.next_n, "cash", worked_out.total)
    await register.complete(receipt, worked_out, _payments((refund,)), moment, order)


async def register_receipt(
    register: RegisterTill, command: commands.RegisterReceipt, order: Order
) -> None:
    """Make a receipt of the register's own."""
    kind = Kind(command.kind)
    starting = kind is Kind.START
    register.check_may_seal(starting=starting)
    if starting and register.head.number:
        raise RegisterStarted(register.register.id)
    if kind is Kind.CLOSING and register.open:
        raise OpenReceiptsLeft(str(len(register.open)))
    if kind is Kind.COLLECTIVE:
        if register.head.outage is None:
            raise NoOutage(register.register.id)
    else:
        await collective(register)
    await _null(register, kind, order)


async def collective(register: RegisterTill) -> None:
    """Make the Sammelbeleg if an outage can be ended now; when all units fail it goes on.

    Raises what sealing raises while a unit is usable: a receipt signed in the Sammelbeleg's place
    could put that too far behind the outage (rksv.md section 4).
    """
    if not _outage_can_end(register):
        return
    try:
        await _null(register, Kind.COLLECTIVE, OWN)
    except Fault:
        if register.regime.can_sign():
            raise


async def end_outage(register: RegisterTill, _: None, order: Order) -> None:
    """Make the Sammelbeleg if an outage can be ended now, on the register's own account."""
    if not _outage_can_end(register) or register.latch is not None or register.head.closed:
        order.nothing()
        return
    try:
        await _null(register, Kind.COLLECTIVE, order)
    except Fault:
        order.nothing()


def _outage_can_end(register: RegisterTill) -> bool:
    return (
        register.collective_by_itself
        and register.head.outage is not None
        and register.regime.can_sign()
    )


async def _null(register: RegisterTill, kind: Kind, order: Order) -> None:
    moment = register.moment()
    receipt = Receipt(
        id=register.make_id(moment.utc_ms),
        register=register.register.id,
        opened=moment.utc_ms,
        kind=kind,
    )
    extra: dict[str, Any] = {"payments": []}
    outage = register.head.outage
    if kind is Kind.COLLECTIVE and outage is not None:
        extra["ended_outage"] = {
            **outage.as_body(),
            "first": register.register.belegnummer(outage.first_number),
            "last": register.register.belegnummer(outage.last_number),
        }
    await register.complete(receipt, NOTHING, extra, moment, order)


def _payments(payments: tuple[Payment, ...]) -> dict[str, Any]:
    return {"payments": [payment.as_body() for payment in payments]}
