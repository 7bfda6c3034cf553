"""The journal as the event loop sees it: submit write-sets, follow what became durable."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bridge.journal.event import Event, WriteSet
from bridge.journal.faults import JournalClosed, JournalMissing
from bridge.journal.lock import JournalLock
from bridge.journal.mirror import Mirror
from bridge.journal.projections import Projection
from bridge.journal.reader import Reader
from bridge.journal.schema import open_writer
from bridge.journal.writer import Job, Task, Writer, load_heads
from bridge.model.ids import new_id
from drivers.contract.clock import Clock

RECENT = 4096
"""Events kept in memory for followers that keep up."""

VERIFIED_AT_START = 100
"""Events whose chain is checked at start; the whole chain is verified apart from the daemon."""

FOLLOW_CHUNK = 500
"""Events a follower that lags reads at once."""


@dataclass(frozen=True, slots=True)
class JournalPaths:
    """Where a journal lives. The mirror belongs into another directory than the database."""

    database: Path
    mirror: Path

    @property
    def lock(self) -> Path:
        """The lock file beside the database."""
        return self.database.with_suffix(".lock")


class Journal:
    """The only writer of a journal. All methods belong to the event loop that opened it.

    ``behind`` names the registers (or ``*`` for all) of which the mirror knows more than the
    journal, with what it knows; ``moved`` is the machine the journal was bound to, if another.
    """

    def __init__(
        self, paths: JournalPaths, lock: JournalLock, reader: Reader, mirror: Mirror
    ) -> None:
        self.paths = paths
        self.reader = reader
        self.behind: dict[str, str] = {}
        self.moved: str | None = None
        self.last_seq = 0
        self._lock = lock
        self._mirror = mirror
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._waiting: list[asyncio.Future[None]] = []
        self._loop = asyncio.get_running_loop()
        self._writer: Writer
        self._closed = False

    @staticmethod
    def open(
        paths: JournalPaths,
        clock: Clock,
        projections: Sequence[Projection] = (),
        *,
        machine: str = "",
        uri_extra: str = "",
    ) -> Journal:
        """Open a journal, creating it when neither it nor its mirror exist.

        ``machine`` identifies the board the journal is bound to at creation.
        Raises ``JournalLocked``, ``JournalMissing``, ``JournalForeign``, ``JournalDamaged``.
        """
        paths.database.parent.mkdir(parents=True, exist_ok=True)
        is_new = not paths.database.exists()
        if is_new and paths.mirror.exists() and paths.mirror.stat().st_size:
            message = f"{paths.database} is gone, but {paths.mirror} remembers it"
            raise JournalMissing(message)
        lock = JournalLock(paths.lock)
        try:
            connection = open_writer(paths.database, uri_extra)
        except BaseException:
            lock.release()
            raise
        reader = None
        try:
            if connection.execute("SELECT 1 FROM meta WHERE name='journal_id'").fetchone() is None:
                created = int(clock.now().timestamp() * 1000)
                rows = [("journal_id", new_id(created)), ("created", created)]
                connection.executemany(
                    "INSERT INTO meta VALUES(?,?)", [*rows, ("machine", machine)]
                )
            if is_new:
                _sync_directory(paths.database.parent)
            reader = Reader(paths.database, uri_extra)
            mirror = Mirror(paths.mirror, str(reader.meta("journal_id")))
            journal = Journal(paths, lock, reader, mirror)
            writer = Writer(connection, paths.database, mirror, projections, journal._finished)
            writer.heads = load_heads(connection, VERIFIED_AT_START)
            journal._compare_with_mirror(writer)
            bound = str(reader.meta("machine") or "")
            if bound and machine and bound != machine:
                journal.moved = bound
            journal.last_seq = writer.heads.seq
            journal._writer = writer
            writer.start()
        except BaseException:
            if reader is not None:
                reader.close()
            connection.close()
            lock.release()
            raise
        return journal

    def submit(self, write: WriteSet) -> asyncio.Future[list[Event]]:
        """Queue a write-set; the future holds its events once they are durable.

        The future fails with ``DiskFull``, ``JournalUnwritable``, ``HeadMoved`` or ``KeyTaken``;
        nothing of the write-set was written then, nor of any later one of its stream until
        ``forgive``.
        """
        future: asyncio.Future[list[Event]] = self._loop.create_future()
        if self._closed:
            future.set_exception(JournalClosed())
        else:
            self._writer.put(Job(write, future))
        return future

    def forgive(self, stream: str) -> int:
        """Accept a stream's write-sets again after a failure; return the version to expect.

        Only when none of the stream's write-sets is on its way.
        """
        return self._writer.forgive(stream)

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Walk all events after a sequence number, for ever, as they become durable."""
        while True:
            if after >= self.last_seq:
                waiting = self._loop.create_future()
                self._waiting.append(waiting)
                await waiting
                continue
            oldest = self._recent[0].seq if self._recent else self.last_seq + 1
            if after + 1 >= oldest:
                events = list(islice(self._recent, after + 1 - oldest, None))
            else:
                events = await asyncio.to_thread(self._read_chunk, after, self.last_seq)
            for event in events:
                yield event
                after = event.seq

    async def settle(self) -> None:
        """Wait until all that was submitted so far is durable and projected."""
        await self._in_writer(lambda _connection: None)

    async def _in_writer(self, work: Callable[[sqlite3.Connection], None]) -> None:
        task = Task(work)
        self._writer.run(task)
        await asyncio.to_thread(task.done.wait)
        if task.fault is not None:
            raise task.fault

    async def rebuild(self) -> None:
        """Throw all projections away and derive them anew from the events."""
        await self._in_writer(self._writer.forget_projections)
        await self.settle()

    async def close(self) -> None:
        """Commit what is queued, project, checkpoint, and give the lock back."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._writer.stop)
        await asyncio.sleep(0)
        self.reader.close()
        self._writer.close()
        self._mirror.close()
        self._lock.release()

    def _finished(self, jobs: list[Job]) -> None:
        self._loop.call_soon_threadsafe(self._resolve, jobs)

    def _resolve(self, jobs: list[Job]) -> None:
        for job in jobs:
            future = job.token
            if job.events:
                self._recent.extend(job.events)
                self.last_seq = job.events[-1].seq
            if not isinstance(future, asyncio.Future) or future.done():
                continue
            if job.fault is None:
                future.set_result(job.events)
            else:
                future.set_exception(job.fault)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def _read_chunk(self, after: int, upto: int) -> list[Event]:
        with Reader(self.paths.database) as reader:
            return list(islice(reader.events(after, upto), FOLLOW_CHUNK))

    def _compare_with_mirror(self, writer: Writer) -> None:
        remembered = self._mirror.read()
        if remembered is None:
            return
        if remembered.journal_id != self.reader.meta("journal_id"):
            self.behind["*"] = f"the mirror belongs to journal {remembered.journal_id}"
            return
        heads = writer.heads
        for register, mark in remembered.registers.items():
            own = heads.registers.get(register)
            if own is None or own.number < mark.number:
                self.behind[register] = (
                    f"the mirror knows receipt {mark.number}, the journal ends with "
                    f"{0 if own is None else own.number}"
                )
            else:
                event = self.reader.by_number(register, mark.number)
                if event is None or event.hash != mark.hash:
                    self.behind[register] = f"receipt {mark.number} differs from the mirror's"
        if remembered.seq > heads.seq and not self.behind:
            self.behind["*"] = f"the mirror knows event {remembered.seq}, not only {heads.seq}"


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
