"""Takes a vendor's runs up again where the last stop, or crash, left them."""

from __future__ import annotations

from dataclasses import replace

from bridge.vendors.engine import rows
from bridge.vendors.engine.faults import AnswerLost, Offline, VendorBusy
from bridge.vendors.engine.lanes import Item
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.records import Record, unpack_fault
from bridge.vendors.engine.runner import Runner
from bridge.vendors.engine.spec import FINAL, Kind, State
from bridge.vendors.engine.spec import Offline as Rule

OPEN = (State.QUEUED, State.SENDING, State.WAITING, State.UNKNOWN)

MAX_DUE_S = 3600.0
"""Seconds after which a queued run is tried in any case: the clock may have been wrong."""


async def recover(office: Office, ledger: Ledger, runner: Runner) -> None:
    """See to all runs that are not over. Raises ``RunsUnwritable``."""
    for record in await office.store.read(rows.in_states, office.name, OPEN):
        ledger.note(record)
        match record.state:
            case State.QUEUED:
                await _queued(office, ledger, runner, record)
            case State.SENDING:
                await _sending(office, ledger, runner, record)
            case State.WAITING:
                await _waiting(office, ledger, runner, record)
            case _:
                runner.hold_up(record)
    for record in await office.store.read(rows.with_after, office.name):
        office.spawn(ledger.finish(record))


async def _queued(office: Office, ledger: Ledger, runner: Runner, record: Record) -> None:
    if record.offline is Rule.REFUSE:
        lost = record.sent and record.kind is Kind.UPSERT
        fault = AnswerLost if lost else Offline
        await ledger.end(record, State.FAILED, fault("the box stopped before it could be sent"))
    elif office.operation(record.operation) is not None:
        due = office.clock.monotonic() + _rest_s(office, record)
        runner.lanes.add(Item(record.id, record.operation, record.order, due))


def _rest_s(office: Office, record: Record) -> float:
    """Return the seconds before a queued run is tried: none after a start, which may be what cured
    its trouble, except where the vendor asked for a pause."""
    asked = record.fault is not None and isinstance(unpack_fault(record.fault), VendorBusy)
    if record.due is None or not asked:
        return 0.0
    return min(max((record.due - office.now()) / 1000, 0.0), MAX_DUE_S)


async def _sending(office: Office, ledger: Ledger, runner: Runner, record: Record) -> None:
    fault = AnswerLost("the box stopped while it was being sent")
    found = await office.store.read(rows.with_draft, record.id)
    operation = office.operation(record.operation)
    if found is None or operation is None:
        await ledger.leave_open(record, f"{fault.detail}; its operation is unknown now", fault)
        return
    item = Item(record.id, record.operation, record.order)
    if record.kind is Kind.UPSERT:
        # Nobody waits any more, and only a repetition brings certainty.
        queued = replace(record.moved(State.QUEUED, office.now()), offline=Rule.QUEUE)
        await ledger.move(queued, State.SENDING)
        runner.lanes.add(item, first=True)
        return
    runner.lanes.occupy(record.order, record.id)
    office.spawn(runner.lost.find_out(item, operation, record, found[1], fault))


async def _waiting(office: Office, ledger: Ledger, runner: Runner, record: Record) -> None:
    if record.merged:
        carrier = await office.store.read(rows.one, record.merged)
        if carrier is not None and carrier.state in FINAL:
            fault = None if carrier.fault is None else unpack_fault(carrier.fault)
            await ledger.end(record, carrier.state, fault, free=False)
        return
    operation = office.operation(record.operation)
    if operation is not None and operation.poll is not None:
        runner.polling.watch(record, operation.poll)
