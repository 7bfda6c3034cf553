"""Sends a vendor's runs: in order, durable before each byte, and never twice what counts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from dataclasses import replace

from bridge.supervisor import sleep_or
from bridge.vendors.engine import rows
from bridge.vendors.engine.attempt import Attempt, Overtaken
from bridge.vendors.engine.endings import BehindUnknown, Replaced
from bridge.vendors.engine.faults import (
    AnswerLost,
    CallInvalid,
    Offline,
    QueueFull,
    RunsUnwritable,
    SessionEnded,
    VendorAuthFailed,
    VendorBusy,
    VendorFailing,
    VendorUnreachable,
)
from bridge.vendors.engine.judging import LOST
from bridge.vendors.engine.lanes import Item, Lanes
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.lost import Lost
from bridge.vendors.engine.merging import Merging
from bridge.vendors.engine.office import SYNC_S, Office
from bridge.vendors.engine.policy import Case, case_of, pause, tries_allowed
from bridge.vendors.engine.polling import Polling
from bridge.vendors.engine.records import Record, pack_fault
from bridge.vendors.engine.spec import Accepted, Draft, Kind, Operation, State
from bridge.vendors.engine.spec import Offline as Rule
from bridge.vendors.engine.wire import Answer
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

LEAST_S = 1.0
"""A queued run is not tried again sooner, however the dice fall."""

SLOW_S = 300.0
"""Pause after a refused log-in."""

_BEFORE_ACTING = (
    VendorUnreachable,
    VendorBusy,
    VendorAuthFailed,
    SessionEnded,
    CallInvalid,
    RunsUnwritable,
)
"""Faults of a try after which it is sure that nothing was carried out."""

_PATIENT = (VendorUnreachable, VendorBusy, VendorFailing, AnswerLost, RunsUnwritable)
"""Faults before sending that waiting may cure."""


class Runner:
    """All runs of one vendor that are not over."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        self._office = office
        self.ledger = ledger
        self.lanes = Lanes()
        self.polling = Polling(office, ledger)
        self.lost = Lost(office, ledger, self)
        self._merging = Merging(office, ledger, self.lanes)
        self._driving: set[str] = set()
        self._wake = asyncio.Event()
        self._until: dict[str, float] = {}
        self._failures: defaultdict[str, Counter[Case]] = defaultdict(Counter)
        ledger.on_end.append(self._forget)

    # Taking

    async def take(self, record: Record, draft: Draft) -> None:
        """Store a new run and send it in its turn. Raises ``QueueFull``, ``RunsUnwritable``."""
        if len(self.lanes) >= self._office.vendor.max_queued:
            raise QueueFull(f"{len(self.lanes)} wait already")

        def taken_back(old: Record) -> Record:
            fault = Replaced("a newer one has come", by=record.id, run=old.id)
            return old.moved(State.FAILED, record.created, fault=pack_fault(fault))

        try:
            replaced = await self._office.store.add(record, draft, taken_back)
        except RunsUnwritable as fault:
            self.ledger.trouble = fault
            self.ledger.on_change()
            raise
        for old in replaced:
            self.lanes.remove(old.order, old.id)
            self.ledger.over(old)
        if record.state is not State.QUEUED:
            self.ledger.over(record)
            return
        self._until[record.id] = self._office.clock.monotonic() + SYNC_S
        self.lanes.add(Item(record.id, record.operation, record.order))
        self.ledger.note(record)
        self.dispatch()
        await self._settle_in(record)

    async def _settle_in(self, record: Record) -> None:
        """See to a run that is not sent at once."""
        if record.id in self._driving or record.id not in self.ledger.open:
            return
        if not self.lanes.ahead(record.order, record.id, self._office.clock.monotonic()):
            if record.offline is Rule.REFUSE:
                self._office.spawn(self._refuse_late(record))
            return
        if record.offline is Rule.QUEUE:
            self.ledger.signal(record.id)
            return
        blocker = self.lanes.blocker(record.order)
        fault: Fault = (
            Offline("an earlier command waits to be sent")
            if blocker is None
            else BehindUnknown("its outcome is unknown", blocking=blocker)
        )
        await self._drop(record, fault)

    async def _refuse_late(self, record: Record) -> None:
        await self._office.rest(SYNC_S)
        if self.lanes.has(record.order, record.id):
            await self._drop(record, Offline("its turn did not come in time"))

    async def _drop(self, record: Record, fault: Fault) -> None:
        self.lanes.remove(record.order, record.id)
        await self.ledger.end(record, State.FAILED, fault)

    def _forget(self, record: Record) -> None:
        self._until.pop(record.id, None)
        self._failures.pop(record.id, None)
        if record.state is State.UNKNOWN:
            self.hold_up(record)
        else:
            self.lanes.unblock(record.order, record.id)
        self._wake.set()

    def hold_up(self, record: Record) -> None:
        """Let what comes after a run with unknown outcome wait, unless that does not matter: the
        next request of an ``UPSERT`` sets the state anyway."""
        if record.kind is not Kind.UPSERT:
            self.lanes.block(record.order, record.id)

    # Sending in turn

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._wake.clear()
            self.dispatch()
            due = self.lanes.next_due()
            if due is None or self._full():
                await self._wake.wait()
            else:
                await sleep_or(
                    self._office.clock, max(due - self._office.clock.monotonic(), 0), self._wake
                )

    def hasten(self) -> None:
        """The vendor is there again: let all queued runs go."""
        if self._office.channel.wait_s <= 0:
            self.lanes.hasten()
            self._wake.set()

    def dispatch(self) -> None:
        """Start what may be sent now."""
        while not self._full():
            item = self.lanes.take(self._office.clock.monotonic())
            if item is None:
                return
            self._driving.add(item.id)
            self._office.spawn(self._drive(item))

    def stand_aside(self, item: Item) -> None:
        """A run does not send anything for a while: let others."""
        self._driving.discard(item.id)
        self._wake.set()

    def _full(self) -> bool:
        return len(self._driving) >= self._office.channel.way.slots.width

    async def _drive(self, item: Item) -> None:
        try:
            found = await self._office.store.read(rows.with_draft, item.id)
            if found is not None and found[0].state is State.QUEUED:
                await self._attempt(item, *found)
            else:
                self.lanes.release(item)
        except RunsUnwritable as fault:
            # Nothing was sent: the run is still queued in the store.
            self.ledger.trouble = fault
            self._requeue(item, SLOW_S / 10)
            self.ledger.signal(item.id)
        except Exception:
            # The lane stays closed: only the next start, which asks what became of it, is safe.
            logger.exception("%s: run %s", self._office.name, item.id)
            self.ledger.signal(item.id)
        finally:
            self.stand_aside(item)

    def _requeue(self, item: Item, seconds: float) -> None:
        item.due = self._office.clock.monotonic() + seconds
        self.lanes.add(item, first=True)
        self.lanes.release(item)
        self._wake.set()

    async def _attempt(self, item: Item, record: Record, draft: Draft) -> None:
        operation = self._office.operation(record.operation)
        assert operation is not None, "runs of unknown operations are never queued"
        if operation.merge is not None and self._is_late(record):
            try:
                return await self._merging.merge(item, operation)
            except Fault as fault:
                return await self._not_done(item, record, fault)
        attempt = Attempt(self._office, self.ledger, operation, record, draft)
        try:
            accepted = await attempt.make()
        except Overtaken:
            self.lanes.release(item)
        except Fault as fault:
            await self._failed(item, operation, attempt, fault)
        else:
            await self.accepted(item, attempt.record, accepted, attempt.answer)
        return None

    def _is_late(self, record: Record) -> bool:
        until = self._until.get(record.id, 0.0)
        passed = self._office.clock.monotonic() >= until
        return passed or record.tries > 0 or record.fault is not None

    async def accepted(
        self, item: Item, record: Record, accepted: Accepted, answer: Answer | None
    ) -> None:
        """Note what a vendor accepted: the run is over, or is watched from now on."""
        record = self.ledger.accepted(record, accepted, answer)
        operation = self._office.operation(record.operation)
        if operation is None or operation.poll is None:
            await self.ledger.end(record, State.SUCCEEDED, None, accepted.remember)
        else:
            waiting = record.moved(State.WAITING, self._office.now())
            await self.ledger.keep(waiting, record.state, accepted.remember)
            self.ledger.signal(record.id)
            self.polling.watch(waiting, operation.poll)
        self.lanes.release(item)
        self._wake.set()

    # When it did not work

    async def _failed(
        self, item: Item, operation: Operation, attempt: Attempt, fault: Fault
    ) -> None:
        record = attempt.record
        if record.state is State.QUEUED:
            await self._not_done(item, record, fault)
        elif isinstance(fault, _BEFORE_ACTING):
            await self._not_done(item, replace(record, sent=attempt.sent_before), fault)
        elif not isinstance(fault, LOST):
            await self.end(item, record, State.FAILED, fault)
        elif record.kind is Kind.UPSERT:
            await self.again(item, record, fault)
        else:
            self.stand_aside(item)
            await self.lost.find_out(item, operation, record, attempt.draft, fault)

    async def _not_done(self, item: Item, record: Record, fault: Fault) -> None:
        """Nothing was carried out by this try."""
        case = Case.BUSY if isinstance(fault, VendorBusy) else Case.NOT_SENT
        if record.offline is Rule.QUEUE and isinstance(fault, _PATIENT):
            await self._defer(item, record, fault, self._rest(record, case, fault))
        elif record.offline is Rule.QUEUE and isinstance(fault, VendorAuthFailed):
            await self._defer(item, record, fault, SLOW_S)
        elif record.sent or isinstance(fault, VendorBusy) or not isinstance(fault, _PATIENT):
            await self.end(item, record, State.FAILED, fault)
        else:
            told = Offline(fault.detail, cause=fault.code)
            await self.end(item, record, State.FAILED, told)

    async def again(self, item: Item, record: Record, fault: Fault) -> None:
        """Repeat a run that may be repeated, or give up when that is the rule."""
        case = case_of(fault)
        operation = self._office.operation(record.operation)
        tries_500 = 3 if operation is None else operation.tries_500
        allowed = tries_allowed(case, Kind.UPSERT, tries_500)
        rest = self._rest(record, case, fault)
        now = self._office.clock.monotonic()
        queues = record.offline is Rule.QUEUE
        if allowed is not None and self._failures[record.id][case] > allowed:
            if queues and case in (Case.GATEWAY, Case.LOST):
                await self._defer(item, record, fault, rest)
            else:
                await self.end(item, record, State.FAILED, fault)
        elif now + rest < self._until.get(record.id, 0.0):
            await self._defer(item, record, fault, rest, told=False)
        elif queues:
            await self._defer(item, record, fault, rest)
        else:
            await self.end(item, record, State.FAILED, fault)

    async def end(self, item: Item, record: Record, state: State, fault: Fault) -> None:
        """End a run that was taken for sending."""
        await self.ledger.end(record, state, fault)
        self.lanes.release(item)
        self._wake.set()

    def _rest(self, record: Record, case: Case, fault: Fault) -> float:
        self._failures[record.id][case] += 1
        tries = self._failures[record.id][case]
        asked = fault.facts.get("retry_after")
        return pause(case, tries, asked, self._office.chance())

    async def _defer(
        self, item: Item, record: Record, fault: Fault, seconds: float, *, told: bool = True
    ) -> None:
        if told:
            seconds = max(seconds, LEAST_S, self._office.channel.wait_s)
        now = self._office.now()
        queued = replace(
            record.moved(State.QUEUED, now, fault=pack_fault(fault)),
            due=now + int(seconds * 1000),
        )
        await self.ledger.keep(queued, record.state)
        self._requeue(item, seconds)
        if told:
            self._until.pop(record.id, None)
            self.ledger.signal(record.id)
