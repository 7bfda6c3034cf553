"""Watching a printer: one looks at it for everybody, and never in the middle of a job.

While nothing is due it is looked at now and then, so that the health board knows before the next
receipt does; while a paper is due it is looked at right before, and as often as waiting shall be
short.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from bridge.devices.faults import PrinterPaperLow
from bridge.health import HealthBoard
from bridge.supervisor import Supervisor, sleep_or
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side
from drivers.contract.page import Page
from drivers.contract.printer import Outcome, Paper, Printer, PrinterStatus, PrintResult

IDLE_LOOK_S = 30.0
"""Seconds between looks while no paper is due, half of it more or less by chance."""

READY_POLL_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between looks while a paper waits for a printer that cannot print; the last repeats."""


class PrinterWatch:
    """Watches one printer as ``printer:<name>``, and is the way to it for everybody."""

    def __init__(
        self, printer: Printer, board: HealthBoard, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self.name = printer.name
        self.columns = printer.columns
        self._printer = printer
        self._clock = clock
        self._chance = chance
        self._supervisor = Supervisor(f"printer:{printer.name}", board, clock, chance, self._pace)
        self._one_job = asyncio.Lock()
        self._wanted = 0
        self._polls = 0
        self._asked: list[asyncio.Future[None]] = []
        self._look_now = asyncio.Event()
        self._trouble: Fault | None = None
        self._doubt: Fault | None = None
        self._aside: dict[str, Fault] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        self._supervisor.phase("looking")
        await self._supervisor.run(self._life)

    @contextlib.contextmanager
    def wanted(self) -> Iterator[None]:
        """Look often while a paper is due; the first look is now."""
        self._wanted += 1
        self._polls = 0
        self._supervisor.wake()
        try:
            yield
        finally:
            self._wanted -= 1

    async def until_ready(self) -> None:
        """Wait until a look that begins after this call finds that the printer can print."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._look_now.set()
        try:
            await asked
        finally:
            self._asked.remove(asked)

    async def print(self, page: Page) -> PrintResult:
        """Print a page, see ``Printer``. How it went shows on the board."""
        async with self._one_job:
            result = await self._printer.print(page)
            doubt = self._doubt
            if result.outcome is not Outcome.NOT_PRINTED:
                # A printed paper has no fault: there is no doubt about the printer any more.
                self._doubt = result.fault
            elif refusal_for_good(result) is None:
                self._trouble = result.fault
        if result.outcome is not Outcome.PRINTED or doubt is not None:
            self._look_now.set()
        return result

    def put_aside(self, paper: str, fault: Fault) -> None:
        """Show that a paper cannot be printed on this printer, and why."""
        self._aside[paper] = fault
        self._look_now.set()

    def take_back(self, paper: str) -> None:
        """A paper that was put aside is tried again."""
        self._aside.pop(paper, None)
        self._look_now.set()

    async def open_drawer(self) -> None:
        """Open the cash drawer. Raises printer faults."""
        try:
            async with self._one_job:
                await self._printer.open_drawer()
        except Fault:
            self._look_now.set()
            raise

    async def status(self) -> PrinterStatus:
        """Ask the printer now, for a person; the board's own look follows at once."""
        async with self._one_job:
            status = await self._printer.status()
        self._supervisor.wake()
        self._look_now.set()
        return status

    async def _life(self, supervisor: Supervisor) -> None:
        while True:
            await self._look(supervisor)
            await sleep_or(self._clock, _idle(self._chance()), self._look_now)

    async def _look(self, supervisor: Supervisor) -> None:
        """Raises why the printer cannot print, or why its last job did not begin."""
        async with self._one_job:
            self._look_now.clear()
            trouble, self._trouble = self._trouble, None
            if trouble is not None:
                raise trouble
            asked = tuple(self._asked)
            status = await self._printer.status()
        if status.fault is not None:
            raise status.fault
        supervisor.ready(self._limitation(status), **status_facts(status))
        for each in asked:
            if not each.done():
                each.set_result(None)

    def _limitation(self, status: PrinterStatus) -> Fault | None:
        for fault in self._aside.values():
            return fault
        if self._doubt is not None:
            return self._doubt
        return PrinterPaperLow(self.name) if status.paper is Paper.LOW else None

    def _pace(self, tries: int, _fault: Fault | None, chance: float) -> float:
        if tries and not self._wanted:
            return _idle(chance)
        pause = READY_POLL_S[min(self._polls, len(READY_POLL_S) - 1)]
        self._polls += 1
        return pause


def _idle(chance: float) -> float:
    return IDLE_LOOK_S * (0.5 + chance)


def refusal_for_good(result: PrintResult) -> Fault | None:
    """Return why this page can never be printed, while nothing is wrong with the printer."""
    fault = result.fault
    if result.outcome is Outcome.NOT_PRINTED and fault is not None:
        return fault if fault.side is Side.BOX and not fault.retryable else None
    return None


def status_facts(status: PrinterStatus) -> dict[str, object]:
    """Return what a printer says of itself as plain values."""
    return {
        "online": status.online,
        "paper": str(status.paper),
        "cover_open": status.cover_open,
        "drawer_pin_high": status.drawer_pin_high,
    }
