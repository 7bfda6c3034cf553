"""Watches work that a vendor does asynchronously, by the times its program file gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bridge.vendors.engine import rows
from bridge.vendors.engine.faults import VendorRejected
from bridge.vendors.engine.judging import plain_fault
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.records import Record, run_of
from bridge.vendors.engine.spec import Draft, Look, Poll, Progress, State
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

_LEAST_S, _EVERY_S = 1.0, 60.0
"""Seconds between looks: at least, and where a program file says nothing."""


class Polling:
    """All runs of one vendor that are ``waiting`` for it."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        self._office = office
        self._ledger = ledger
        self._due: dict[str, int] = {}
        self._asked: dict[str, float] = {}

    def due(self, run: str) -> int | None:
        """Return when a run is looked at next, UTC ms."""
        return self._due.get(run)

    def watch(self, record: Record, poll: Poll) -> None:
        """Look at a run from time to time until it is over, or the time is up."""
        self._office.spawn(self._watch(record, poll))

    async def ask_again(self, run: str) -> None:
        """Look once at a run that is not watched any more, because somebody asks; not more often
        than it would be watched."""
        record = await self._office.store.read(rows.one, run)
        if record is None or record.state is not State.WAITING or run in self._due:
            return
        operation = self._office.operation(record.operation)
        if operation is None or operation.poll is None or record.merged:
            return
        now = self._office.clock.monotonic()
        if now - self._asked.get(run, float("-inf")) < _last(operation.poll.pauses):
            return
        self._asked[run] = now
        await self._look(run, operation.poll)

    async def _watch(self, record: Record, poll: Poll) -> None:
        clock = self._office.clock
        passed = max(self._office.now() - record.since, 0) / 1000
        began = clock.monotonic() - passed
        over = passed >= poll.give_up_s
        try:
            for moment in moments(poll.pauses, passed):
                if over:
                    break
                until = min(moment, poll.give_up_s)
                rest = began + until - clock.monotonic()
                self._due[record.id] = self._office.now() + int(max(rest, 0.0) * 1000)
                await self._office.rest(rest)
                if await self._look(record.id, poll):
                    return
                over = clock.monotonic() - began >= poll.give_up_s
        finally:
            self._due.pop(record.id, None)
        if passed < poll.give_up_s or poll.at_last is State.UNKNOWN:
            await self._give_up(record.id, poll)

    async def _look(self, run: str, poll: Poll) -> bool:
        """Look once; return whether the run is not ``waiting`` any more."""
        try:
            found = await self._office.store.read(rows.with_draft, run)
            if found is None or found[0].state is not State.WAITING:
                return True
            record, draft = found
            try:
                look = await self._seen(record, draft, poll)
            except VendorRejected as fault:
                await self._ledger.end(record, State.FAILED, fault)
                return True
            return await self._noted(record, look)
        except Fault as fault:
            logger.debug("%s: looking at run %s: %s", self._office.name, run, fault)
        except Exception:
            logger.exception("%s: looking at run %s", self._office.name, run)
        return False

    async def _seen(self, record: Record, draft: Draft, poll: Poll) -> Look:
        run = run_of(record, draft)
        answer = await self._office.session.read(poll.request(run))
        fault = plain_fault(answer, self._office.clock.now())
        if fault is not None:
            # Passing trouble, whatever the status: only the vendor's own word ends the watch.
            return Look(Progress.RUNNING)
        return poll.read(answer, run)

    async def _noted(self, record: Record, look: Look) -> bool:
        accepted = self._ledger.accepted(record, look.accepted, None)
        remember = look.accepted.remember
        match look.progress:
            case Progress.SUCCEEDED:
                await self._ledger.end(accepted, State.SUCCEEDED, None, remember)
                return True
            case Progress.FAILED:
                fault = VendorRejected(look.text or "the vendor says that it failed")
                await self._ledger.end(accepted, State.FAILED, fault, remember)
                return True
            case Progress.RUNNING:
                if accepted != record or remember:
                    changed = replace(accepted, changed=self._office.now())
                    return not await self._ledger.keep(changed, State.WAITING, remember)
                return False

    async def _give_up(self, run: str, poll: Poll) -> None:
        record = await self._office.store.read(rows.one, run)
        if record is None or record.state is not State.WAITING:
            return
        if poll.at_last is State.UNKNOWN:
            minutes = int(poll.give_up_s // 60)
            await self._ledger.leave_open(record, f"no word from the vendor for {minutes} minutes")
            return
        operation = self._office.operation(record.operation)
        if operation is not None and operation.after is not None:
            await self._ledger.keep(replace(record, after=True), record.state)
            await self._ledger.finish(record)


def moments(pauses: Sequence[float], passed: float) -> Iterator[float]:
    """Yield the seconds after the beginning at which to look, those after ``passed``; the last
    pause repeats. A look that fell due before is made at once: the box may have been down then."""
    if pauses and passed > pauses[0]:
        yield passed
    moment = 0.0
    for pause in pauses:
        moment += pause
        if moment > passed:
            yield moment
    while True:
        moment += _last(pauses)
        if moment > passed:
            yield moment


def _last(pauses: Sequence[float]) -> float:
    return max(pauses[-1], _LEAST_S) if pauses else _EVERY_S
