"""Looks after one vendor: a harmless look now and then, and what the health board says of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bridge.health import HealthBoard, Level
from bridge.vendors.engine import rows
from bridge.vendors.engine.endings import Replaced, Withdrawn
from bridge.vendors.engine.faults import (
    NotDone,
    OutcomeUnknown,
    VendorAuthFailed,
    VendorBroken,
    VendorFault,
    VendorPaused,
)
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import SYNC_S, Office
from bridge.vendors.engine.records import Record, unpack_fault
from bridge.vendors.engine.redact import redact_json, redact_text
from bridge.vendors.engine.runner import Runner
from bridge.vendors.engine.spec import Session, State
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

EVERY_S = 300.0
FIRST_S = 30.0
"""The first look comes within these seconds, at a random moment."""

SHOWN_MS = 86_400_000
"""A run that failed when nobody waited for it is shown for a day."""

_BY_PERSONS = (Withdrawn.code, Replaced.code, NotDone.code)


class Watching:
    """Reports ``vendor:<name>``."""

    def __init__(self, office: Office, ledger: Ledger, runner: Runner, board: HealthBoard) -> None:
        self._office = office
        self._ledger = ledger
        self._runner = runner
        self._board = board
        self._found: Fault | None = None
        self._checked = False
        self._failed: deque[tuple[int, Fault]] = deque(maxlen=100)
        self._facts: dict[str, Any] = {}
        self._asking = False
        self._stale = False
        ledger.on_change = self.report
        ledger.on_end.append(self._ended)

    async def remember(self) -> None:
        """Take up what failed before the last stop. Raises ``RunsUnwritable``."""
        since = self._office.now() - SHOWN_MS
        patience = int(SYNC_S * 1000)
        for record in await self._office.store.read(
            rows.failed_late, self._office.name, since, patience
        ):
            self._note_failed(record)
        await self._ask_facts()
        self.report()

    async def run(self) -> None:
        """Look now and then, for ever."""
        await self._office.rest(self._office.chance() * FIRST_S)
        while True:
            await self.look()
            await self._office.rest(EVERY_S)

    async def look(self) -> None:
        """Look once."""
        await self._ledger.try_again()
        check = self._office.vendor.check
        if check is not None:
            was_well = self._found is None or _is_amber(self._found)
            try:
                await check(self._office.session)
                self._found = None
            except Fault as fault:
                self._found = fault
            except Exception as error:
                logger.exception("%s: the check failed", self._office.name)
                self._found = VendorBroken(f"check: {type(error).__name__}")
            if not was_well and (self._found is None or _is_amber(self._found)):
                self._runner.hasten()
        self._checked = True
        await self._ask_facts()
        self.report()

    def report(self) -> None:
        """Say how the vendor is."""
        level, phase, fault = self._state()
        self._board.report(f"vendor:{self._office.name}", level, phase, fault, **self._told())

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "queued": self._ledger.count(State.QUEUED, State.SENDING, State.WAITING),
            "unknown": self._ledger.count(State.UNKNOWN),
            "failed": len(self._failed),
        }
        if self._failed:
            told["last_error"] = redact_text(str(self._failed[-1][1]))
        elif self._found is not None:
            told["last_error"] = redact_text(str(self._found))
        return {**self._facts, **told}

    def _state(self) -> tuple[Level, str, Fault | None]:
        while self._failed and self._failed[0][0] < self._office.now() - SHOWN_MS:
            self._failed.popleft()
        if self._ledger.trouble is not None:
            return Level.FAILED, "storing", self._ledger.trouble
        if self._office.channel.keeper.stopped:
            return Level.FAILED, "refused", self._refused()
        if self._found is not None and not _is_amber(self._found):
            return Level.FAILED, "checking", self._found
        if not self._office.channel.circuit.closed:
            return Level.FAILED, "paused", VendorPaused("it failed five times in a row")
        if unknown := self._ledger.count(State.UNKNOWN):
            return Level.DEGRADED, "ready", OutcomeUnknown(f"{unknown} to be decided")
        if self._found is not None:
            return Level.DEGRADED, "ready", self._found
        if self._failed:
            return Level.DEGRADED, "ready", self._failed[-1][1]
        if self._office.vendor.check is not None and not self._checked:
            return Level.UNKNOWN, "starting", None
        return Level.OK, "ready", None

    def _refused(self) -> Fault:
        if isinstance(self._found, VendorAuthFailed):
            return self._found
        return VendorAuthFailed("the log-in was refused again and again; it is not tried any more")

    def _ended(self, record: Record) -> None:
        if record.state is State.FAILED and not self._ledger.watched(record.id):
            self._note_failed(record)
        self._office.spawn(self._freshen())

    def _note_failed(self, record: Record) -> None:
        if record.fault is not None and record.fault["code"] not in _BY_PERSONS:
            fault = unpack_fault(record.fault)
            # On the board: what, not the whole answer.
            told = type(fault)(redact_text(fault.detail), run=record.id)
            self._failed.append((record.changed, told))

    async def _freshen(self) -> None:
        await self._ask_facts()
        self.report()

    async def _ask_facts(self) -> None:
        facts = self._office.vendor.facts
        self._stale = True
        if facts is None or self._asking:
            return
        self._asking = True
        try:
            while self._stale:
                self._stale = False
                await self._ask(facts)
        finally:
            self._asking = False

    async def _ask(self, facts: Callable[[Session], Awaitable[Mapping[str, Any]]]) -> None:
        try:
            found = await facts(self._office.session)
            self._facts = redact_json(dict(found), self._office.vendor.redact)
        except Fault as fault:
            logger.debug("%s: facts: %s", self._office.name, fault)
        except Exception:
            logger.exception("%s: its facts cannot be told", self._office.name)


def _is_amber(fault: Fault) -> bool:
    return isinstance(fault, VendorFault) and fault.amber
