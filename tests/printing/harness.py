"""A fake printer that does what it is told, and a shop that prints on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from bridge.devices.printers import PrinterWatch
from bridge.health import Part
from bridge.journal.event import Event
from bridge.journal.projections import load
from bridge.printing.follower import Desk, PrintFollower
from bridge.printing.papers import DuePaper, Papers
from drivers.contract.fault import Fault, Side, Text
from drivers.contract.page import Page, TextLine
from drivers.contract.printer import Outcome, Paper, PrinterStatus, PrintResult
from tests.till.harness import Shop, until


class PaperOut(Fault):
    """The fake printer's trouble."""

    code = "fake_paper_out"
    side = Side.OPERATOR
    retryable = True
    title = Text("Papier ist aus", "Out of paper")
    advice = Text("Papier einlegen.", "Load paper.")


class PageImpossible(Fault):
    """A page that this printer can never print."""

    code = "fake_page_impossible"
    side = Side.BOX
    title = Text("Diese Seite geht nicht", "This page is impossible")
    advice = Text("Techniker rufen.", "Call the technician.")


class FakePrinter:
    """Prints into ``papers``. ``outcomes`` says what becomes of the next papers, then all are
    printed; ``trouble`` is what the status says; ``gate`` holds a paper half-way."""

    columns = 48

    def __init__(self, name: str = "counter") -> None:
        self.name = name
        self.papers: list[str] = []
        self.outcomes: list[Outcome] = []
        self.trouble: Fault | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = 0
        self.reason: Fault = PaperOut("fake")

    async def status(self) -> PrinterStatus:
        return PrinterStatus(online=self.trouble is None, paper=Paper.OK, fault=self.trouble)

    async def print(self, page: Page) -> PrintResult:
        self.begun += 1
        await self.gate.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.PRINTED
        if outcome is not Outcome.NOT_PRINTED:
            self.papers.append(page.title)
        return PrintResult(outcome, None if outcome is Outcome.PRINTED else self.reason)

    async def open_drawer(self) -> None:
        """No drawer."""

    async def close(self) -> None:
        """Nothing to close."""


def title(event: Event, columns: int, copy: bool) -> Page:
    """Lay a receipt out as its number only."""
    body = event.data()
    kind = body.get("kind", "foreign")
    text = f"{event.register} {body['belegnummer']} {kind}{' KOPIE' if copy else ''}"
    return Page(text, columns, (TextLine(text),))


@asynccontextmanager
async def printing(
    shop: Shop,
    printer: FakePrinter,
    policy: Literal["ask", "copy"] = "ask",
    registers: Sequence[str] = ("K1",),
) -> AsyncIterator[PrintFollower]:
    """Let a follower print; at the end it is cancelled, as when the box stops."""
    watch = PrinterWatch(printer, shop.board, shop.clock, lambda: 0.5)
    desk = Desk(watch, policy)
    follower = PrintFollower(
        shop.journal, dict.fromkeys(registers, desk), title, shop.clock, lambda: 0.5
    )
    running = [asyncio.ensure_future(each.run()) for each in (watch, follower)]
    await until(lambda: shop.board.part("printer:counter") is not None)
    try:
        yield follower
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def left(shop: Shop) -> list[DuePaper]:
    """Return the papers without final outcome, as a start would find them."""
    entries = load(shop.journal.reader, Papers())
    return sorted(
        (DuePaper.unpack(each) for each in entries.values()), key=lambda each: each.wanted
    )


def paper_events(shop: Shop) -> list[str]:
    """Return what happened to papers, in order."""
    return [event.kind for event in shop.events() if event.kind.startswith("paper.")]


def state(shop: Shop) -> Part:
    """Return what the board says of the printer."""
    part = shop.board.part("printer:counter")
    assert part is not None
    return part


async def pausing(shop: Shop) -> float:
    """Wait until the printer cannot print and its next look is awaited; return in how long."""
    await until(lambda: state(shop).phase == "waiting" and bool(shop.clock.sleeping))
    return min(shop.clock.sleeping)


async def asleep(shop: Shop, seconds: float) -> None:
    """Wait until somebody sleeps that long."""
    await until(lambda: seconds in shop.clock.sleeping)


async def looks(shop: Shop, count: int) -> None:
    """Wait until the printer was looked at that often since it last could print."""
    await until(lambda: state(shop).facts.get("tries") == count)


async def noted(shop: Shop, kind: str, count: int) -> None:
    """Wait until that many events of a kind are durable."""
    await until(lambda: paper_events(shop).count(kind) == count)
