"""Verifies a whole DEP in flat memory, on one core or on all.

The file is read once, as a stream. Blocks of receipts go to workers, each with the JWS before it;
what comes back is merged in order. A block that is not plainly right, or does not follow on the
ones before it, is walked through here receipt by receipt, from the exact state before it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from collections.abc import Sequence as Row
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bridge.fiscal.rksv.dep_reader import GroupBegin, GroupEnd, Receipts, Remark, read_dep
from bridge.fiscal.rksv.faults import DepUnreadable, VerifierBroken
from bridge.fiscal.rksv.finding import Findings, Report
from bridge.fiscal.rksv.keys import KeyContainer
from bridge.fiscal.rksv.verify.block import Block, Summary, merge, summarise
from bridge.fiscal.rksv.verify.groups import Groups, OpenGroup
from bridge.fiscal.rksv.verify.numbers import Run, UniqueNumbers, split
from bridge.fiscal.rksv.verify.sequence import Sequence, State
from bridge.fiscal.rksv.verify.tools import Settings, settings_for, tools_for

BLOCK_BYTES = 512 * 1024
"""Characters of JWS in one block: 2,000 receipts. Smaller ones cost too many hand-overs."""

_ENTRY_BYTES = 256
"""A typical JWS; what an entry counts that is none."""

_IN_FLIGHT = 3
"""Blocks on their way per worker: enough to keep it busy, few enough to keep memory flat."""


def verify_dep(
    source: Path | BinaryIO,
    keys: KeyContainer,
    *,
    workers: int | None = None,
    allow_future: bool = False,
    now: datetime,
    block_bytes: int = BLOCK_BYTES,
    pool: Executor | None = None,
    scratch: Path | None = None,
) -> Report:
    """Verify a DEP 7 export strictly and return what was found.

    ``workers``: processes to use, as many as there are cores by default; 1 stays in this process;
    0 walks through every receipt in this process by the reference checks only. ``pool``: an
    executor to use instead of own processes (``worker_pool``), kept open. ``now``: aware, or
    naive Austrian local time; receipts after it are errors unless ``allow_future``.
    ``scratch``: directory for the temporary file that many arbitrary Belegnummern need.

    Own processes are started only for files of more than one block, by spawning: a program that
    calls this needs the usual guard of its main module.

    Raises ``DepUnreadable`` and ``VerifierBroken``.
    """
    settings = settings_for(keys, allow_future=allow_future, now=now)
    with ExitStack() as resources:
        if isinstance(source, Path):
            try:
                stream: BinaryIO = resources.enter_context(source.open("rb"))
            except OSError as error:
                raise DepUnreadable(f"{source}: {error.strerror}") from error
        else:
            stream = source
        count = _cores() if workers is None else workers
        dispatcher = _Dispatcher(settings, count, pool, resources)
        numbers = resources.enter_context(closing(UniqueNumbers(scratch)))
        verification = _Verification(settings, dispatcher, numbers, block_bytes)
        try:
            return verification.run(stream)
        except BrokenProcessPool as error:
            raise VerifierBroken(str(error)) from error


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """Return processes for ``verify_dep``, for callers that verify several files."""
    return ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )


def _start_worker() -> None:
    # Ctrl-C is for the program that reads the file; it ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(slots=True)
class _Batch:
    """A block as it is on its way: its entries, the groups they belong to, the answer."""

    place: int
    """Of the first entry, from 1."""
    entries: list[str | None] = field(default_factory=list)
    segments: list[tuple[OpenGroup, int]] = field(default_factory=list)
    answer: Future[Summary | None] | None = None
    """``None``: not given to a worker."""


class _Dispatcher:
    """Gives blocks to workers, or does them at once."""

    def __init__(
        self, settings: Settings, workers: int, pool: Executor | None, resources: ExitStack
    ) -> None:
        self._settings = settings
        self._workers = workers
        self._pool = pool
        self._resources = resources
        self._blocks = 0
        self.in_flight = max(1, workers) * _IN_FLIGHT

    def submit(self, previous: str, entries: Row[str | None]) -> Future[Summary | None] | None:
        """Have a block checked; ``None`` if it can only be walked through."""
        lines = [entry for entry in entries if entry is not None]
        text = "\n".join(lines)
        clean = len(lines) == len(entries) and text.isascii() and previous.isascii()
        if not self._workers or not clean or text.count("\n") != len(lines) - 1:
            return None
        block = Block(previous.encode(), text.encode())
        self._blocks += 1
        if self._pool is None and self._workers > 1 and self._blocks > 1:
            self._pool = self._resources.enter_context(worker_pool(self._workers))
        if self._pool is not None:
            return self._pool.submit(summarise, self._settings, block)
        done: Future[Summary | None] = Future()
        done.set_result(summarise(self._settings, block))
        return done


class _Verification:
    def __init__(
        self,
        settings: Settings,
        dispatcher: _Dispatcher,
        numbers: UniqueNumbers,
        block_bytes: int,
    ) -> None:
        self._tools = tools_for(settings)
        self._dispatcher = dispatcher
        self._numbers = numbers
        self._block_bytes = block_bytes
        self._findings = Findings()
        self._groups = Groups(self._tools, self._findings)
        self._state = State()
        self._pending: deque[_Batch] = deque()
        self._batch = _Batch(1)
        self._size = 0
        self._before: str | None = None
        """The JWS before the open batch; ``None`` until the first receipt."""

    def run(self, stream: BinaryIO) -> Report:
        """Verify the whole file."""
        group: OpenGroup | None = None
        for item in read_dep(stream):
            match item:
                case Receipts(entries) if group is not None:
                    self._take(group, entries)
                case GroupBegin(index):
                    group = self._groups.begin(index)
                case GroupEnd(_, certificate, _) if group is not None:
                    self._groups.close(group, certificate)
                    group = None
                case Remark(severity, text):
                    sentence = text[0].upper() + text[1:]
                    self._findings.note("DEP_JSON_FORMAT", sentence, severity=severity)
        self._dispatch()
        while self._pending:
            self._merge(self._pending.popleft())
        self._groups.end(closed_system=self._state.closed_system)
        if not self._state.receipts:
            self._findings.note("DEP_RECEIPT_LIST", "The DEP holds no receipt")
        for each in self._numbers.duplicates():
            named = "its Belegnummer" if each.number is None else f"the Belegnummer {each.number}"
            self._findings.note(
                "DEP_UNIQUE_RECEIPT_ID",
                f"receipt {each.earlier} bears {named} already",
                receipt=each.later,
                number=each.number,
            )
        return self._findings.report(self._state.receipts)

    def _take(self, group: OpenGroup, entries: list[str | None]) -> None:
        """Add entries to the open batch; give it away when it is full."""
        group.receipts += len(entries)
        group.waiting += len(entries)
        for part in self._cut(entries):
            self._batch.entries += part
            self._batch.segments.append((group, len(part)))
            self._size += sum([len(entry) if entry else _ENTRY_BYTES for entry in part])
            # The first receipt has rules of its own and goes alone.
            if self._size >= self._block_bytes or self._before is None:
                self._dispatch()

    def _cut(self, entries: list[str | None]) -> Iterator[list[str | None]]:
        """Cut what one read brought (64 KiB) to the block size; normally it is far smaller."""
        if self._before is None:
            yield entries[:1]
            entries = entries[1:]
        step = max(1, self._block_bytes // (4 * _ENTRY_BYTES))
        for start in range(0, len(entries), step):
            yield entries[start : start + step]

    def _dispatch(self) -> None:
        batch = self._batch
        if not batch.entries:
            return
        if self._before is not None:
            batch.answer = self._dispatcher.submit(self._before, batch.entries)
        self._before = next(
            (entry for entry in reversed(batch.entries) if entry is not None), self._before
        )
        self._pending.append(batch)
        self._batch = _Batch(batch.place + len(batch.entries))
        self._size = 0
        while len(self._pending) > self._dispatcher.in_flight:
            self._merge(self._pending.popleft())

    def _merge(self, batch: _Batch) -> None:
        summary = None if batch.answer is None else batch.answer.result()
        after = None if summary is None else merge(self._state, summary)
        if summary is None or after is None:
            serials = self._walk(batch)
        else:
            self._state = after
            serials = list(summary.serials)
            place = batch.place
            for run in summary.numbers:
                self._numbers.add(place, run)
                place += run.count
        self._sort_into_groups(batch, serials)

    def _walk(self, batch: _Batch) -> list[tuple[str, int]]:
        """Go through a block receipt by receipt; return fields 11."""
        sequence = Sequence(self._tools, self._state, self._findings)
        serials = []
        for place, entry in enumerate(batch.entries, start=batch.place):
            seen = sequence.take(entry)
            serials.append((seen.serial, 1))
            if seen.number:
                prefix, first = split(seen.number)
                self._numbers.add(place, Run(prefix, first, 1))
        self._state = sequence.state
        return serials

    def _sort_into_groups(self, batch: _Batch, serials: list[tuple[str, int]]) -> None:
        runs = deque(serials)
        place = batch.place
        for group, count in batch.segments:
            left = count
            mine = []
            while left:
                serial, length = runs.popleft()
                used = min(length, left)
                if used < length:
                    runs.appendleft((serial, length - used))
                mine.append((serial, used))
                left -= used
            self._groups.came_back(group, place, mine)
            place += count
