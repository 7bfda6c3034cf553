"""Commands that end in a numbered, sealed receipt, one function each.

Each decides under the register's lock, raises a leaf of ``Refused`` or of sealing, or queues the
completion and returns the future of its becoming durable.
"""

from __future__ import annotations

from typing import Any

from bridge.journal.event import Key
from bridge.journal.projections import look_up
from bridge.model import commands
from bridge.model.receipt import Kind, Line, Payment, Receipt, Reference, State
from bridge.till.amounts import Sum, add_up, make_lines, settle
from bridge.till.faults import (
    NoOutage,
    OpenReceiptsLeft,
    ReceiptEmpty,
    ReceiptNotOpen,
    RegisterStarted,
    StornoImpossible,
    TotalMismatch,
)
from bridge.till.projections import Cancelled, where_is
from bridge.till.register import RegisterTill, Written, person, work_out
from bridge.till.storno import counter_lines
from drivers.contract.fault import Fault

NOTHING = Sum((), {}, (0, 0, 0, 0, 0), 0)
"""What a Nullbeleg comes to."""


async def complete(register: RegisterTill, command: commands.Complete, key: Key | None) -> Written:
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
    await collective(register)
    return await register.complete(receipt, worked_out, _payments(payments), register.moment(), key)


async def storno(register: RegisterTill, command: commands.Storno, key: Key | None) -> Written:
    """Cancel a receipt of this journal, in full or by lines."""
    register.check_may_seal()
    if command.receipt in register.open:
        message = f"{command.receipt} is still open: abort it"
        raise StornoImpossible(message)
    # What is left of the original is read from the journal: it must hold everything.
    await register.drained()
    await register.ready()
    where = where_is(register.reader, command.receipt)
    if where.state is not State.COMPLETED:
        raise ReceiptNotOpen(command.receipt)
    completed = register.reader.event(where.last_seq)
    assert completed is not None
    original = completed.data()
    packed = look_up(register.reader, Cancelled(), command.receipt)
    lines = counter_lines(original, Cancelled.unpack(packed), command.lines)
    reference = Reference(original["belegnummer"], command.receipt)
    return await _seal_storno(register, lines, reference, command.operator, key)


async def storno_foreign(
    register: RegisterTill, command: commands.StornoForeign, key: Key | None
) -> Written:
    """Cancel a receipt known by its printed number only."""
    register.check_may_seal()
    lines = make_lines(command.lines, register.regime.rates, register.moment().day)
    return await _seal_storno(register, lines, Reference(command.number), command.operator, key)


async def _seal_storno(
    register: RegisterTill,
    lines: tuple[Line, ...],
    reference: Reference,
    operator: commands.PersonData | None,
    key: Key | None,
) -> Written:
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
    return await register.complete(receipt, worked_out, _payments((refund,)), moment, key)


async def register_receipt(
    register: RegisterTill, command: commands.RegisterReceipt, key: Key | None
) -> Written:
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
    return await _null(register, kind, key)


async def collective(register: RegisterTill) -> Written | None:
    """Make the Sammelbeleg if an outage can be ended now; a failure leaves the outage."""
    if (
        not register.collective_by_itself
        or register.head.outage is None
        or not register.regime.can_sign()
    ):
        return None
    try:
        return await _null(register, Kind.COLLECTIVE, None)
    except Fault:
        return None


async def _null(register: RegisterTill, kind: Kind, key: Key | None) -> Written:
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
        extra["ended_outage"] = outage.as_body()
    return await register.complete(receipt, NOTHING, extra, moment, key)


def _payments(payments: tuple[Payment, ...]) -> dict[str, Any]:
    return {"payments": [payment.as_body() for payment in payments]}
