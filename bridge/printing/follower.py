"""The printing follower: brings due papers to their printers, in order, and notes the outcome.

It has no influence on the till: receipts are signed first and printed after. Each printer has a
worker of its own. Before the first byte a *sending* event is durable; after it the outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pydantic_core import to_json

from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.projections import load
from bridge.journal.store import Journal
from bridge.model import events
from bridge.printing.papers import DuePaper, Papers, PaperState, due_paper
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault
from drivers.contract.page import Page
from drivers.contract.printer import Outcome, Printer, PrintResult

READY_POLL_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between looks at a printer that cannot print; the last one repeats."""

_OUTCOME_EVENTS = {
    Outcome.PRINTED: events.PAPER_PRINTED,
    Outcome.NOT_PRINTED: events.PAPER_NOT_PRINTED,
    Outcome.UNKNOWN: events.PAPER_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A printer and what to do when nobody knows whether it printed: ``ask`` a person, or print
    a paper marked as copy."""

    printer: Printer
    unknown_policy: Literal["ask", "copy"] = "ask"


Layout = Callable[[Event, int, bool], Page]
"""Receipt event, columns, copy → page."""


class PrintFollower:
    """Prints for all registers. ``faults`` says which printer cannot print, and why."""

    def __init__(
        self, journal: Journal, desks: Mapping[str, Desk], layout: Layout, clock: Clock
    ) -> None:
        """``desks`` maps a register's id to its printer; registers without one print nothing."""
        self.faults: dict[str, Fault] = {}
        self._journal = journal
        self._layout = layout
        self._clock = clock
        self._workers = {
            name: _Worker(self, desk)
            for name, desk in {desk.printer.name: desk for desk in desks.values()}.items()
        }
        self._worker_of = {
            register: self._workers[desk.printer.name] for register, desk in desks.items()
        }

    async def run(self) -> None:
        """Print until cancelled: first what a crash left, then what comes."""
        reader = self._journal.reader
        with reader.snapshot():
            after = reader.last_seq()
            left = load(reader, Papers())
        papers = [DuePaper.unpack(packed) for packed in left.values()]
        for paper in sorted(papers, key=lambda each: (each.completed, each.paper)):
            self._hand_out(paper)
        async with asyncio.TaskGroup() as group:
            for worker in self._workers.values():
                group.create_task(worker.run())
            async for event in self._journal.follow(after):
                due = due_paper(event)
                if due is not None:
                    self._hand_out(due)

    async def idle(self) -> None:
        """Wait until no paper is due: for orderly ends."""
        for worker in self._workers.values():
            await worker.queue.join()

    def _hand_out(self, paper: DuePaper) -> None:
        worker = self._worker_of.get(paper.register)
        if worker is not None:
            worker.queue.put_nowait(paper)

    def page(self, paper: DuePaper, columns: int) -> Page:
        """Lay a paper out."""
        event = self._journal.reader.event(paper.completed)
        assert event is not None
        return self._layout(event, columns, paper.copy)

    async def note(self, kind: str, paper: DuePaper, **facts: object) -> None:
        """Make an event about a paper durable."""
        now = int(self._clock.now().timestamp() * 1000)
        body = to_json({"paper": paper.paper, **facts})
        receipt = paper.paper.partition("/")[0]
        await self._journal.submit(WriteSet((NewEvent(kind, now, body, paper.register, receipt),)))

    async def sleep(self, attempt: int) -> None:
        """Wait before the next look at a printer."""
        await self._clock.sleep(READY_POLL_S[min(attempt, len(READY_POLL_S) - 1)])


class _Worker:
    def __init__(self, follower: PrintFollower, desk: Desk) -> None:
        self.queue: asyncio.Queue[DuePaper] = asyncio.Queue()
        self._follower = follower
        self._desk = desk

    async def run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                paper = await self.queue.get()
                try:
                    await self._bring(paper)
                finally:
                    self.queue.task_done()

    async def _bring(self, paper: DuePaper) -> None:
        """Try until the paper is printed or a person has to decide."""
        if paper.state is PaperState.UNKNOWN:
            return
        if paper.state is PaperState.SENDING:
            result = PrintResult(Outcome.UNKNOWN)
        else:
            result = await self._print(paper)
        while result.outcome is not Outcome.PRINTED:
            again = self._desk.unknown_policy == "copy"
            await self._note_outcome(paper, result, again)
            if result.outcome is Outcome.UNKNOWN:
                if not again:
                    return
                paper = replace(paper, copy=True)
            result = await self._print(paper)
        await self._follower.note(
            events.PAPER_PRINTED, paper, printer=self._desk.printer.name, copy=paper.copy
        )

    async def _note_outcome(self, paper: DuePaper, result: PrintResult, again: bool) -> None:
        fault = result.fault
        facts: dict[str, object] = {"printer": self._desk.printer.name}
        if fault is not None:
            facts["fault"] = fault.code
        if result.outcome is Outcome.UNKNOWN:
            facts["again"] = again
        await self._follower.note(_OUTCOME_EVENTS[result.outcome], paper, **facts)

    async def _print(self, paper: DuePaper) -> PrintResult:
        printer = self._desk.printer
        await self._until_ready(printer)
        page = self._follower.page(paper, printer.columns)
        await self._follower.note(events.PAPER_SENDING, paper, printer=printer.name)
        return await printer.print(page)

    async def _until_ready(self, printer: Printer) -> None:
        attempt = 0
        while (fault := (await printer.status()).fault) is not None:
            self._follower.faults[printer.name] = fault
            await self._follower.sleep(attempt)
            attempt += 1
        self._follower.faults.pop(printer.name, None)
