"""Watching a signing unit: on the health board, and looked for in the background while it is out.

Receipts never wait for a unit that is out (till-rules.md section 6); this finds it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bridge.health import HealthBoard
from bridge.supervisor import Supervisor, full_jitter
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault
from drivers.contract.signing import UnitRecord


class Unit(Protocol):
    """A signing unit shared by the registers of the box.

    ``fault`` says why it is out; ``record`` is what is known of it; ``until`` waits until it is
    usable, or until it is not. ``wake`` opens it or finds out whether it is back; it raises a
    fault when others hold the unit too long.
    """

    name: str
    fault: Fault | None
    record: UnitRecord | None

    @property
    def usable(self) -> bool: ...

    async def until(self, *, usable: bool) -> None: ...

    async def wake(self) -> bool: ...


class UnitWatch:
    """Watches one unit as ``unit:<name>``.

    A unit that is out is looked for every ``interval_s`` seconds, half of it more or less by
    chance; after a fault of one of the kinds in ``patient`` (a refused PIN: looking again cures
    nothing) at the slowest rate. ``on_return`` is awaited when the unit came back, however that
    was found.
    """

    def __init__(
        self,
        unit: Unit,
        board: HealthBoard,
        clock: Clock,
        chance: Callable[[], float],
        *,
        interval_s: float,
        on_return: Callable[[], Awaitable[object]],
        patient: tuple[type[Fault], ...] = (),
    ) -> None:
        self._unit = unit
        self._interval_s = interval_s
        self._on_return = on_return
        self._patient = patient
        self._was_out = False
        self._look_first = False
        self._supervisor = Supervisor(f"unit:{unit.name}", board, clock, chance, self._pace)

    async def run(self) -> None:
        """Watch until cancelled. The unit was woken once before, by whoever started it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervisor.run(self._life))
            group.create_task(self._notice())

    def wake(self) -> None:
        """Look for the unit now, if it is out."""
        self._supervisor.wake()

    async def _life(self, supervisor: Supervisor) -> None:
        unit = self._unit
        if self._look_first and not unit.usable:
            supervisor.phase("looking")
            try:
                await unit.wake()
            except Fault as fault:
                # Held by others: it is looked at the next time, and stays out as before.
                raise unit.fault or fault from None
        self._look_first = True
        record = unit.record
        if record is None or unit.fault is not None:
            self._was_out = True
            if unit.fault is not None:
                raise unit.fault
            return
        supervisor.ready(serial=record.serial, vda=record.vda)
        if self._was_out:
            self._was_out = False
            await self._on_return()
        await unit.until(usable=False)
        self._was_out = True
        if unit.fault is not None:
            raise unit.fault

    async def _notice(self) -> None:
        """End the pause when somebody else found the unit back."""
        while True:
            await self._unit.until(usable=True)
            self._supervisor.wake()
            await self._unit.until(usable=False)

    def _pace(self, tries: int, fault: Fault | None, chance: float) -> float:
        if isinstance(fault, self._patient):
            return full_jitter(tries, fault, chance)
        return self._interval_s * (0.5 + chance)
