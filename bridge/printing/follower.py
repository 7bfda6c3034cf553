"""The printing follower: brings due papers to their printers, in order, and notes the outcome.

It has no influence on the till: receipts are signed first and printed after. Each printer has a
worker of its own. Before the first byte a *sending* event is durable; after it the outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

from pydantic_core import to_json

from bridge.devices.printers import PrinterWatch, refusal_for_good
from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.faults import DiskFull, JournalUnwritable
from bridge.journal.projections import load
from bridge.journal.store import Journal
from bridge.model import events
from bridge.printing.papers import DuePaper, Papers, PaperState, due_paper
from bridge.supervisor import full_jitter
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault
from drivers.contract.page import Page
from drivers.contract.printer import Outcome, PrintResult

logger = logging.getLogger(__name__)

DISK_POLL_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before an event that the disk refused is written again; the last one repeats."""

# assumed: enough for a line that breaks now and then; a printer that can never confirm would
# otherwise print copies without end.
MAX_COPIES = 3
"""Copies printed by themselves of one paper of which nobody knows; then a person decides."""

_OUTCOME_EVENTS = {
    Outcome.PRINTED: events.PAPER_PRINTED,
    Outcome.NOT_PRINTED: events.PAPER_NOT_PRINTED,
    Outcome.UNKNOWN: events.PAPER_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A printer and what to do when nobody knows whether it printed: ``ask`` a person, or print
    a paper marked as copy."""

    printer: PrinterWatch
    unknown_policy: Literal["ask", "copy"] = "ask"


Layout = Callable[[Event, int, bool], Page]
"""Receipt event, columns, copy → page."""


class PrintFollower:
    """Prints for all registers. ``stopping`` says that papers under way are the last ones."""

    def __init__(
        self,
        journal: Journal,
        desks: Mapping[str, Desk],
        layout: Layout,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        """``desks`` maps a register's id to its printer; registers without one print nothing.
        ``chance`` returns a random number from 0 to 1."""
        self.stopping = False
        self.chance = chance
        self._seen = 0
        self._progress = asyncio.Condition()
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
        for paper in sorted(papers, key=lambda each: each.wanted):
            self._hand_out(paper)
        async with asyncio.TaskGroup() as group:
            for worker in self._workers.values():
                group.create_task(worker.run(group))
            await self._progressed(after)
            async for event in self._journal.follow(after):
                due = due_paper(event)
                if due is not None:
                    self._hand_out(due)
                await self._progressed(event.seq)

    async def idle(self) -> None:
        """Wait until every paper that is due by now has its outcome: for orderly ends."""
        upto = self._journal.last_seq
        async with self._progress:
            await self._progress.wait_for(lambda: self._seen >= upto)
        for worker in self._workers.values():
            await worker.queue.join()

    async def _progressed(self, seq: int) -> None:
        async with self._progress:
            self._seen = seq
            self._progress.notify_all()

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
        """Make an event about a paper durable, however long the disk refuses.

        Raises ``JournalClosed`` and other faults that waiting does not cure; while the box stops
        also those that it does.
        """
        now = int(self._clock.now().timestamp() * 1000)
        body = to_json({"paper": paper.paper, **facts})
        receipt = paper.paper.partition("/")[0]
        write = WriteSet((NewEvent(kind, now, body, paper.register, receipt),))
        for attempt in count():
            try:
                await self._journal.submit(write)
            except (DiskFull, JournalUnwritable):
                if self.stopping:
                    raise
                await self.sleep(DISK_POLL_S[min(attempt, len(DISK_POLL_S) - 1)])
            else:
                return

    async def sleep(self, seconds: float) -> None:
        """Wait by the follower's clock."""
        await self._clock.sleep(seconds)


class _Worker:
    def __init__(self, follower: PrintFollower, desk: Desk) -> None:
        self.queue: asyncio.Queue[DuePaper] = asyncio.Queue()
        self._follower = follower
        self._desk = desk

    async def run(self, group: asyncio.TaskGroup) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                paper = await self.queue.get()
                try:
                    if paper.state is not PaperState.UNKNOWN:
                        with self._desk.printer.wanted():
                            await self._bring(paper, group)
                except Fault as fault:
                    # The journal refuses for good (it was closed): nothing can be noted any more.
                    logger.warning("paper %s waits for the next start: %s", paper.paper, fault)
                except Exception:
                    # One receipt that cannot be laid out must not keep the others from paper.
                    logger.exception("paper %s cannot be printed", paper.paper)
                finally:
                    self.queue.task_done()

    async def _put_aside(self, paper: DuePaper, refusal: Fault) -> None:
        """Let the others pass; try it again at the slowest rate, it stays due."""
        logger.warning("paper %s is put aside: %s", paper.paper, refusal)
        printer = self._desk.printer
        printer.put_aside(paper.paper, refusal)
        await self._follower.sleep(full_jitter(0, refusal, self._follower.chance()))
        printer.take_back(paper.paper)
        self.queue.put_nowait(paper)

    async def _bring(self, paper: DuePaper, group: asyncio.TaskGroup) -> None:
        """Try until the paper is printed, put aside, or a person has to decide."""
        copies = MAX_COPIES if self._desk.unknown_policy == "copy" else 0
        if paper.state is PaperState.SENDING:
            result = PrintResult(Outcome.UNKNOWN)
            await self._note_outcome(paper, result, again=copies > 0)
        else:
            result = await self._print(paper, again=copies > 0)
        while result.outcome is not Outcome.PRINTED:
            if result.outcome is Outcome.UNKNOWN:
                if not copies:
                    return
                copies -= 1
                paper = replace(paper, copy=True)
            elif (refusal := refusal_for_good(result)) is not None:
                due = replace(paper, state=PaperState.DUE)
                group.create_task(self._put_aside(due, refusal))
                return
            result = await self._print(paper, again=copies > 0)

    async def _print(self, paper: DuePaper, *, again: bool) -> PrintResult:
        """Print once the printer can. A paper under way ends with its outcome, even when the box
        stops meanwhile: else it would be unknown."""
        printer = self._desk.printer
        await printer.until_ready()
        page = self._follower.page(paper, printer.columns)
        attempt = asyncio.create_task(self._attempt(paper, page, again))
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            self._follower.stopping = True
            await asyncio.gather(attempt, return_exceptions=True)
            raise

    async def _attempt(self, paper: DuePaper, page: Page, again: bool) -> PrintResult:
        printer = self._desk.printer
        await self._follower.note(events.PAPER_SENDING, paper, printer=printer.name)
        result = await printer.print(page)
        await self._note_outcome(paper, result, again=again)
        return result

    async def _note_outcome(self, paper: DuePaper, result: PrintResult, *, again: bool) -> None:
        facts: dict[str, object] = {"printer": self._desk.printer.name}
        if result.fault is not None:
            facts["fault"] = result.fault.code
        if result.outcome is Outcome.UNKNOWN:
            facts["again"] = again
        if result.outcome is Outcome.PRINTED:
            facts["copy"] = paper.copy
        await self._follower.note(_OUTCOME_EVENTS[result.outcome], paper, **facts)
