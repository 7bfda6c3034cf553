"""What registers, journal and disk say on the health board."""

from __future__ import annotations

import asyncio
import shutil

from bridge.health import HealthBoard, Level
from bridge.journal.faults import DiskFull, JournalBehind, JournalDamaged, JournalMoved
from bridge.journal.store import Journal
from bridge.model import events
from bridge.till.faults import RegisterLatched, RegisterNotStarted
from bridge.till.register import RegisterTill
from bridge.till.till import Till
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side, Text

DISK_LOOK_S = 60.0
"""Seconds between looks at the free space."""

# assumed: at 12 kB a receipt the first is some weeks of a busy shop, the second the last moment.
DISK_LOW_BYTES, DISK_FULL_BYTES = 500_000_000, 20_000_000
"""Free bytes below which the disk of the journal is low, and below which it counts as full."""

_OF_REGISTERS = frozenset({events.COMPLETED, events.OUTAGE_BEGIN, events.OUTAGE_END})


class OutageRunning(Fault):
    """All signing units of a register are out; facts: ``since`` (local time), ``receipts``."""

    code = "outage_running"
    side = Side.OPERATOR
    retryable = True
    title = Text(
        "Belege werden ohne Signatur erstellt", "Receipts are being made without signature"
    )
    advice = Text(
        "Weiter kassieren ist erlaubt. Karte und Leser prüfen. Dauert der Ausfall länger als 48 "
        "Stunden, ihn binnen einer Woche bei FinanzOnline melden.",
        "Selling may go on. Check card and reader. If the outage lasts longer than 48 hours, "
        "report it to FinanzOnline within a week.",
    )


class DiskLow(Fault):
    """Little space is left for the journal; facts: ``free_bytes``."""

    code = "disk_low"
    side = Side.OPERATOR
    retryable = True
    title = Text("Der Speicherplatz wird knapp", "The disk is running low")
    advice = Text(
        "Speicherplatz freigeben, bevor keine Belege mehr erstellt werden können.",
        "Free some space before no more receipts can be made.",
    )


class Vitals:
    """Keeps ``register:<id>``, ``journal`` and ``disk`` on the board."""

    def __init__(self, till: Till, journal: Journal, board: HealthBoard, clock: Clock) -> None:
        self._till = till
        self._journal = journal
        self._board = board
        self._clock = clock

    async def run(self) -> None:
        """Report what is, and what changes, until cancelled."""
        report_registers(self._till, self._board)
        report_journal(self._journal, self._board)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._watch_disk())

    def checked(self, damage: str | None) -> None:
        """Say that the whole journal was checked: ``damage`` is what is wrong with it."""
        report_journal(self._journal, self._board, checked=True, damage=damage)
        report_registers(self._till, self._board)

    def unchecked(self, fault: Fault) -> None:
        """Say that the check of the whole journal broke off."""
        self._board.report("journal", Level.DEGRADED, "unchecked", fault)

    async def _follow(self) -> None:
        async for event in self._journal.follow(self._journal.last_seq):
            register = self._till.registers.get(event.register or "")
            if register is not None and event.kind in _OF_REGISTERS:
                _report_register(register, self._board)

    async def _watch_disk(self) -> None:
        while True:
            report_disk(self._journal, self._board)
            await self._clock.sleep(DISK_LOOK_S)


def report_registers(till: Till, board: HealthBoard) -> None:
    """Say of each register whether it may make receipts, and whether they get signed."""
    for register in till.registers.values():
        _report_register(register, board)


def report_journal(
    journal: Journal, board: HealthBoard, *, checked: bool = False, damage: str | None = None
) -> None:
    """Say whether the journal may be continued. ``checked``: its whole chain was looked at."""
    phase = "checked" if checked else "checking"
    facts = {"behind": sorted(journal.behind)} if journal.behind else {}
    level = Level.OK
    fault: Fault | None = None
    if damage is not None:
        level, fault = Level.FAILED, JournalDamaged(damage)
    elif journal.behind:
        level = Level.FAILED if "*" in journal.behind else Level.DEGRADED
        fault = JournalBehind("; ".join(f"{name}: {why}" for name, why in journal.behind.items()))
    elif journal.moved is not None:
        level, fault = Level.FAILED, JournalMoved(f"it was made on {journal.moved}")
    board.report("journal", level, phase, fault, **facts)


def report_disk(journal: Journal, board: HealthBoard) -> None:
    """Say how much space the journal has left."""
    try:
        free = shutil.disk_usage(journal.paths.database.parent).free
    except OSError as error:
        board.report("disk", Level.UNKNOWN, f"cannot be asked: {error.strerror}")
        return
    level = Level.OK
    fault: Fault | None = None
    if free < DISK_FULL_BYTES:
        level, fault = Level.FAILED, DiskFull(f"{free} bytes are left")
    elif free < DISK_LOW_BYTES:
        level, fault = Level.DEGRADED, DiskLow(f"{free} bytes are left", free_bytes=free)
    board.report("disk", level, "watched", fault)


def _report_register(register: RegisterTill, board: HealthBoard) -> None:
    head = register.head
    level, phase = Level.OK, "ready"
    fault: Fault | None = None
    facts: dict[str, object] = {"kassen_id": register.register.kassen_id}
    if register.latch is not None:
        level, phase, fault = Level.FAILED, "latched", RegisterLatched(register.latch)
    elif head.closed:
        level, phase = Level.OFF, "closed"
    elif not head.number:
        level, phase, fault = Level.DEGRADED, "not_started", RegisterNotStarted()
    elif head.outage is not None:
        since, count = head.outage.since.isoformat(), head.outage.count
        facts |= {"outage_since": since, "outage_receipts": count}
        level, phase = Level.DEGRADED, "outage"
        fault = OutageRunning(f"since {since}, {count} receipts")
    board.report(f"register:{register.register.id}", level, phase, fault, **facts)
