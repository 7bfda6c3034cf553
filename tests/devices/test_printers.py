"""Printers on the health board: looked at while idle, never in a job, often while a paper waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.devices.faults import PrinterPaperLow
from bridge.devices.printers import IDLE_LOOK_S, READY_POLL_S, PrinterWatch
from bridge.health import HealthBoard, Level, Part
from drivers.contract.fault import Fault
from drivers.contract.page import Page, TextLine
from drivers.contract.printer import Outcome, Paper, Printer, PrinterStatus
from drivers.printers.faults import PrinterCoverOpen, PrinterPaperOut, PrinterUnreachable
from tests.devices.simulated import PrinterProcess, eventually
from tests.printing.harness import FakePrinter, PageImpossible, PaperOut
from tests.till.harness import FakeClock, until

PAGE = Page("page", 48, (TextLine("page"),))


class LookedAt(FakePrinter):
    """A fake printer that counts looks, and holds them while ``looking`` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.paper = Paper.OK
        self.busy = False
        self.looking = asyncio.Event()
        self.looking.set()

    async def status(self) -> PrinterStatus:
        assert not self.gate_closed(), "looked at in the middle of a job"
        self.looks += 1
        await self.looking.wait()
        return PrinterStatus(self.trouble is None, self.paper, fault=self.trouble)

    def gate_closed(self) -> bool:
        """Return whether a job is under way."""
        return self.begun > 0 and not self.gate.is_set()


class Watched:
    """A printer, and a watch over it that tests run."""

    def __init__(self, printer: Printer, chance: float = 0.5) -> None:
        self.clock = FakeClock()
        self.board = HealthBoard(self.clock)
        self.watch = PrinterWatch(printer, self.board, self.clock, lambda: chance)
        self.name = f"printer:{printer.name}"

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        running = asyncio.ensure_future(self.watch.run())
        await until(lambda: self.board.part(self.name) is not None)
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    @property
    def part(self) -> Part:
        part = self.board.part(self.name)
        assert part is not None
        return part

    def said(self) -> tuple[Level, type[Fault] | None]:
        """Return level and diagnosis."""
        return self.part.level, None if self.part.fault is None else type(self.part.fault)

    def resting(self) -> bool:
        """Return whether the next look is awaited."""
        return len(self.clock.sleeping) == 1 and self.part.phase in {"ready", "waiting"}


async def test_an_idle_printer_is_looked_at_every_half_minute_and_no_more_often() -> None:
    printer = LookedAt()
    watched = Watched(printer)
    async with watched.run():
        for look in range(1, 20):
            await until(lambda look=look: printer.looks == look and watched.resting())  # type: ignore[misc]  # a loop variable
            assert watched.clock.sleeping == [IDLE_LOOK_S]
            watched.clock.advance(IDLE_LOOK_S - 1)
            for _ in range(10):
                await asyncio.sleep(0)
            assert printer.looks == look
            watched.clock.advance(1)


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 15.0), (1.0, 45.0)])
async def test_looks_are_spread_by_half_of_the_interval(chance: float, pause: float) -> None:
    watched = Watched(LookedAt(), chance)
    async with watched.run():
        await until(lambda: watched.clock.sleeping == [pause])


async def test_paper_that_runs_low_is_a_limitation_and_no_failure() -> None:
    printer = LookedAt()
    printer.paper = Paper.LOW
    watched = Watched(printer)
    async with watched.run():
        await until(watched.resting)
        assert watched.said() == (Level.DEGRADED, PrinterPaperLow)
        assert watched.part.facts["paper"] == "low"
        printer.paper = Paper.OK
        watched.clock.advance(IDLE_LOOK_S)
        await until(lambda: watched.said() == (Level.OK, None))


async def test_an_idle_printer_that_fails_is_looked_at_once_again_soon_then_at_the_idle_rate() -> (
    None
):
    printer = LookedAt()
    printer.trouble = PaperOut("empty")
    watched = Watched(printer)
    async with watched.run():
        for tries, pause in enumerate((READY_POLL_S[0], IDLE_LOOK_S, IDLE_LOOK_S), start=1):
            await until(lambda tries=tries: watched.part.facts.get("tries") == tries)  # type: ignore[misc]  # a loop variable
            await until(watched.resting)
            assert watched.clock.sleeping == [pause]
            watched.clock.advance(pause)


async def test_a_due_paper_ends_the_idle_pause_and_quickens_the_looks() -> None:
    printer = LookedAt()
    printer.trouble = PaperOut("empty")
    watched = Watched(printer)
    async with watched.run():
        for _ in range(3):
            await until(watched.resting)
            watched.clock.advance(watched.clock.sleeping[0])
            await until(lambda: not watched.clock.sleeping or watched.resting())
        with watched.watch.wanted():
            ready = asyncio.ensure_future(watched.watch.until_ready())
            for pause in (*READY_POLL_S, READY_POLL_S[-1]):
                await until(lambda pause=pause: watched.clock.sleeping == [pause])  # type: ignore[misc]  # a loop variable
                assert not ready.done()
                watched.clock.advance(pause)
            await until(watched.resting)
            printer.trouble = None
            watched.clock.advance(watched.clock.sleeping[0])
            await ready
        await until(watched.resting)
        assert watched.clock.sleeping == [IDLE_LOOK_S]


async def test_only_a_look_that_begins_after_the_question_answers_it() -> None:
    printer = LookedAt()
    printer.looking.clear()
    watched = Watched(printer)
    async with watched.run():
        await until(lambda: printer.looks == 1)
        ready = asyncio.ensure_future(watched.watch.until_ready())
        await asyncio.sleep(0)
        printer.looking.set()
        await ready
        assert printer.looks == 2
        await until(watched.resting)
        ready = asyncio.ensure_future(watched.watch.until_ready())
        await ready
        await until(watched.resting)
        assert printer.looks == 3, "one look for one question"


async def test_who_stops_waiting_is_forgotten() -> None:
    printer = LookedAt()
    printer.trouble = PaperOut("empty")
    watched = Watched(printer)
    async with watched.run():
        ready = asyncio.ensure_future(watched.watch.until_ready())
        await until(watched.resting)
        ready.cancel()
        await asyncio.gather(ready, return_exceptions=True)
        printer.trouble = None
        watched.clock.advance(IDLE_LOOK_S)
        await until(lambda: watched.said() == (Level.OK, None))


async def test_a_printer_is_never_looked_at_in_the_middle_of_a_job() -> None:
    printer = LookedAt()
    watched = Watched(printer)
    async with watched.run():
        await until(watched.resting)
        printer.gate.clear()
        job = asyncio.ensure_future(watched.watch.print(PAGE))
        await until(lambda: printer.begun == 1)
        watched.clock.advance(IDLE_LOOK_S * 10)
        status = asyncio.ensure_future(watched.watch.status())
        for _ in range(50):
            await asyncio.sleep(0)
        assert printer.looks == 1
        printer.gate.set()
        assert (await job).outcome is Outcome.PRINTED
        assert (await status).online
        await until(lambda: printer.looks >= 2)


async def test_a_job_that_did_not_begin_puts_its_reason_on_the_board() -> None:
    printer = LookedAt()
    printer.outcomes = [Outcome.NOT_PRINTED]
    watched = Watched(printer)
    async with watched.run():
        await until(watched.resting)
        await watched.watch.print(PAGE)
        await until(lambda: watched.said() == (Level.FAILED, PaperOut))
        await until(watched.resting)
        watched.clock.advance(watched.clock.sleeping[0])
        await until(lambda: watched.said() == (Level.OK, None))


async def test_a_paper_of_which_nobody_knows_is_shown_until_the_next_one_is_printed() -> None:
    printer = LookedAt()
    printer.outcomes = [Outcome.UNKNOWN]
    watched = Watched(printer)
    async with watched.run():
        await until(watched.resting)
        await watched.watch.print(PAGE)
        await until(lambda: watched.said() == (Level.DEGRADED, PaperOut))
        await watched.watch.print(PAGE)
        await until(lambda: watched.said() == (Level.OK, None))


async def test_a_page_that_can_never_be_printed_is_not_the_printers_failure() -> None:
    printer = LookedAt()
    printer.outcomes, printer.reason = [Outcome.NOT_PRINTED], PageImpossible("too long")
    watched = Watched(printer)
    async with watched.run():
        await until(watched.resting)
        await watched.watch.print(PAGE)
        await until(lambda: printer.looks == 2)
        await until(watched.resting)
        assert watched.said() == (Level.OK, None)
        watched.watch.put_aside("r1", printer.reason)
        await until(lambda: watched.said() == (Level.DEGRADED, PageImpossible))
        watched.watch.take_back("r1")
        await until(lambda: watched.said() == (Level.OK, None))


async def test_a_real_printer_says_on_the_board_what_is_wrong_with_it_while_nothing_prints() -> (
    None
):
    with PrinterProcess() as simulator:
        watched = Watched(simulator.driver())
        async with watched.run():
            await eventually(lambda: watched.said() == (Level.OK, None))
            for switches, level, fault in (
                ({"paper": "low"}, Level.DEGRADED, PrinterPaperLow),
                ({"paper": "out"}, Level.FAILED, PrinterPaperOut),
                ({"paper": "ok", "cover_open": True}, Level.FAILED, PrinterCoverOpen),
                ({"cover_open": False}, Level.OK, None),
            ):
                await eventually(watched.resting)
                simulator.set(**switches)
                watched.clock.advance(watched.clock.sleeping[0])
                await eventually(
                    lambda level=level, fault=fault: watched.said() == (level, fault)  # type: ignore[misc]  # loop variables
                )
            assert watched.part.facts["cover_open"] is False


async def test_a_printer_switched_off_and_on_is_found_back_without_restart() -> None:
    simulator = PrinterProcess()
    watched = Watched(simulator.driver())
    try:
        async with watched.run():
            await eventually(lambda: watched.said() == (Level.OK, None))
            await eventually(watched.resting)
            simulator.kill()
            watched.clock.advance(IDLE_LOOK_S)
            await eventually(lambda: watched.said() == (Level.FAILED, PrinterUnreachable))
            await eventually(watched.resting)
            with PrinterProcess(simulator.port):
                with watched.watch.wanted():
                    await asyncio.wait_for(watched.watch.until_ready(), 60)
                assert watched.said() == (Level.OK, None)
                assert (await watched.watch.print(PAGE)).outcome is Outcome.PRINTED
    finally:
        simulator.kill()


async def test_an_idle_network_printer_is_connected_to_once_per_look() -> None:
    with PrinterProcess() as simulator:
        watched = Watched(simulator.driver())
        async with watched.run():
            for look in range(1, 6):
                await eventually(
                    lambda look=look: (  # type: ignore[misc]  # a loop variable
                        watched.resting() and simulator.state()["connections"] == look
                    )
                )
                watched.clock.advance(IDLE_LOOK_S)
            await watched.watch.until_ready()
            assert simulator.state()["connections"] == 6
