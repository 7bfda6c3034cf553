"""Moves runs from state to state: durable first, then whoever waits is told."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.vendors.engine import rows
from bridge.vendors.engine.faults import NotDone, OutcomeUnknown, RunsUnwritable
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.records import Record, pack_fault, run_of
from bridge.vendors.engine.redact import redact_text, shown
from bridge.vendors.engine.spec import FINAL, Accepted, State
from bridge.vendors.engine.wire import Answer
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

MAX_SHOWN = 262_144
"""Bytes kept of a vendor's answer."""

_UNWRITABLE_S = (1.0, 60.0)
"""Pause before an outcome is stored again, growing to the second number."""

_AFTER_S = (5.0, 300.0)
"""The same for a hook after the end of a run."""


class Ledger:
    """All changes of one vendor's runs after they were taken.

    ``on_end`` hears of each run that ended, ``on_change`` that something changed.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self.open: dict[str, State] = {}
        self._counts: Counter[State] = Counter()
        self.trouble: Fault | None = None
        self.on_end: list[Callable[[Record], None]] = []
        self.on_change: Callable[[], None] = lambda: None
        self._waiting: dict[str, asyncio.Event] = {}

    def settled(self, run: str) -> asyncio.Event:
        """Return what is set once a caller need not wait for a run any longer."""
        return self._waiting.setdefault(run, asyncio.Event())

    def unwatch(self, run: str) -> None:
        """Nobody waits for a run any more."""
        self._waiting.pop(run, None)

    def watched(self, run: str) -> bool:
        """Whether somebody waits for a run."""
        return run in self._waiting

    def signal(self, run: str) -> None:
        """Tell who waits for a run that it need not wait any longer."""
        if (event := self._waiting.get(run)) is not None:
            event.set()

    def signal_all(self) -> None:
        """Tell all who wait that they need not wait any longer."""
        for event in self._waiting.values():
            event.set()

    def count(self, *states: State) -> int:
        """Return how many runs are in these states."""
        return sum(self._counts[state] for state in states)

    def note(self, record: Record) -> None:
        """Keep in mind in which state a run is."""
        before = self.open.pop(record.id, None)
        if before is not None:
            self._counts[before] -= 1
        if record.state not in FINAL:
            self.open[record.id] = record.state
            self._counts[record.state] += 1
        self.on_change()

    async def move(
        self, record: Record, was: State, remember: Mapping[str, Any] | None = None
    ) -> bool:
        """Store a change that comes before an act. Returns whether the run still was in its state.
        Raises ``RunsUnwritable``."""
        try:
            ended = await self._office.store.change(record, was, remember)
        except RunsUnwritable as fault:
            self.trouble = fault
            self.on_change()
            raise
        self.trouble = None
        if ended is None:
            return False
        self.note(record)
        for each in ended:
            self.over(each)
        return True

    async def try_again(self) -> None:
        """See whether the store can be written again."""
        if self.trouble is None:
            return
        try:
            now = self._office.now()
            await self._office.store.write(rows.remember, "", {"written": now})
        except RunsUnwritable as fault:
            self.trouble = fault
        else:
            self.trouble = None

    async def keep(
        self, record: Record, was: State, remember: Mapping[str, Any] | None = None
    ) -> bool:
        """Store what has happened, however long it takes until the store can be written."""
        pause, longest = _UNWRITABLE_S
        while True:
            try:
                return await self.move(record, was, remember)
            except RunsUnwritable:
                logger.exception("%s: run %s cannot be stored", record.vendor, record.id)
            await self._office.rest(pause)
            pause = min(pause * 2, longest)

    def accepted(self, record: Record, accepted: Accepted, answer: Answer | None) -> Record:
        """Return the record with what a vendor accepted."""
        seen = {}
        if answer is not None:
            names = self._office.vendor.redact
            seen = {
                "status": answer.status,
                "answer": shown(answer.content, names, limit=MAX_SHOWN),
                "local": accepted.status,
            }
        return replace(
            record,
            result={**record.result, **accepted.values},
            warnings=_joined(record.warnings, accepted.warnings),
            fault=None,
            **seen,
        )

    async def end(
        self,
        record: Record,
        state: State,
        fault: Fault | None = None,
        remember: Mapping[str, Any] | None = None,
        *,
        free: bool = True,
        **changes: Any,
    ) -> bool:
        """End a run (or leave it to a person: ``UNKNOWN``). A failed one of which nothing can have
        been carried out frees its key, if ``free``. Returns whether it still was in its state."""
        if fault is not None:
            fault.facts.setdefault("run", record.id)
            changes["fault"] = pack_fault(fault)
        operation = self._office.operation(record.operation)
        ended = record.moved(
            state,
            self._office.now(),
            after=state in FINAL and operation is not None and operation.after is not None,
            freed=free and state is State.FAILED and not record.sent and not record.own,
            **changes,
        )
        if not await self.keep(ended, record.state, remember):
            return False
        _tell(ended, fault)
        self.over(ended)
        return True

    async def leave_open(self, record: Record, text: str, fault: Fault | None = None) -> bool:
        """End a run whose outcome nobody knows."""
        facts = {} if fault is None else {"cause": fault.code, **_seen(fault)}
        return await self.end(record, State.UNKNOWN, OutcomeUnknown(text, **facts))

    async def resolve(self, record: Record, *, done: bool, note: str, by: str) -> bool:
        """End an unknown run by a person's word. Raises ``RunsUnwritable``."""
        now = self._office.now()
        word = {"outcome": "done" if done else "not_done", "note": note, "by": by, "time": now}
        operation = self._office.operation(record.operation)
        fault = None if done else NotDone(f"decided by {by}", run=record.id)
        ended = record.moved(
            State.SUCCEEDED if done else State.FAILED,
            now,
            resolved=word,
            fault=None if fault is None else pack_fault(fault),
            after=operation is not None and operation.after is not None,
        )
        if not await self.move(ended, State.UNKNOWN):
            return False
        logger.info("%s: run %s was closed as %s", record.vendor, record.id, word["outcome"])
        self.over(ended)
        return True

    def over(self, record: Record) -> None:
        """Say that a stored run is over, or left to a person."""
        self.note(record)
        for listener in self.on_end:
            listener(record)
        if record.after:
            self._office.spawn(self.finish(record))
        else:
            self.signal(record.id)

    async def finish(self, record: Record) -> None:
        """Run a run's ``after`` hook until it works, then note that it has run."""
        pause, longest = _AFTER_S
        while not await self._finished(record):
            self.signal(record.id)
            await self._office.rest(pause)
            pause = min(pause * 2, longest)
        self.signal(record.id)

    async def _finished(self, record: Record) -> bool:
        operation = self._office.operation(record.operation)
        try:
            found = await self._office.store.read(rows.with_draft, record.id)
            if found is None or not found[0].after:
                return True
            if operation is not None and operation.after is not None:
                await operation.after(run_of(*found), self._office.session)
            fresh = await self._office.store.read(rows.one, record.id)
            if fresh is not None:
                await self.move(replace(fresh, after=False), fresh.state)
        except Fault as fault:
            logger.warning("%s: after run %s: %s", record.vendor, record.id, fault)
            return False
        except Exception:
            logger.exception("%s: after run %s", record.vendor, record.id)
            return False
        return True


def _joined(
    one: tuple[Mapping[str, Any], ...], other: tuple[Mapping[str, Any], ...]
) -> tuple[Mapping[str, Any], ...]:
    return (*one, *(each for each in other if each not in one))


def _seen(fault: Fault) -> dict[str, Any]:
    names = ("vendor_status", "vendor_body")
    return {name: fault.facts[name] for name in names if name in fault.facts}


def _tell(record: Record, fault: Fault | None) -> None:
    level = logging.INFO if record.state is State.SUCCEEDED else logging.WARNING
    told = "" if fault is None else f": {redact_text(str(fault))}"
    logger.log(
        level, "%s: %s %s %s%s", record.vendor, record.operation, record.id, record.state, told
    )
