"""The journal as the event loop sees it: submit write-sets, follow what became durable."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.journal.event import Event, WriteSet
from bridge.journal.faults import JournalClosed, JournalMissing, JournalUnwritable
from bridge.journal.handover import Outlet
from bridge.journal.heads import load_heads
from bridge.journal.lock import JournalLock
from bridge.journal.mirror import Mirror, MirrorHead
from bridge.journal.projections import Projection
from bridge.journal.reader import Reader
from bridge.journal.schema import diagnose_open, open_writer
from bridge.journal.writer import Job, Task, Writer
from bridge.model.ids import new_id
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

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

    @property
    def log(self) -> Path:
        """SQLite's write-ahead log beside the database."""
        return self.database.with_name(f"{self.database.name}-wal")


class Journal:
    """The only writer of a journal. All methods belong to the event loop that opened it.

    ``behind`` names the registers (or ``*`` for all) of which the mirror knows more than the
    journal, with what it knows; ``moved`` is the machine the journal was bound to, if another.
    """

    def __init__(
        self, paths: JournalPaths, lock: JournalLock, reader: Reader, mirror: Mirror, uri_extra: str
    ) -> None:
        self.paths = paths
        self.reader = reader
        self.behind: dict[str, str] = {}
        self.moved: str | None = None
        self.last_seq = 0
        self._uri_extra = uri_extra
        self._lock = lock
        self._mirror = mirror
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._outlet = Outlet(self._loop, self._resolve)
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
        """Open a journal, creating it when nothing remembers one.

        ``machine`` identifies the board the journal is bound to at creation.
        Raises ``JournalLocked``, ``JournalMissing``, ``JournalForeign``, ``JournalDamaged``,
        ``JournalUnwritable`` and ``DiskFull``.
        """
        database = paths.database
        try:
            with contextlib.ExitStack() as undo:
                _make_directory(database.parent)
                lock = JournalLock(paths.lock)
                undo.callback(lock.release)
                _check_not_lost(paths)
                connection = open_writer(database, uri_extra)
                undo.callback(connection.close)
                _describe(connection, clock, machine)
                # A crash may have come between the last start's creation and this.
                _sync_directory(database.parent)
                reader = Reader(database, uri_extra)
                undo.callback(reader.close)
                mirror = Mirror(paths.mirror, str(reader.meta("journal_id")))
                undo.callback(mirror.close)
                journal = Journal(paths, lock, reader, mirror, uri_extra)
                undo.callback(journal._outlet.close)
                journal._begin(connection, projections, machine)
                undo.pop_all()
        except sqlite3.DatabaseError as error:
            raise diagnose_open(error, database) from error
        except OSError as error:
            message = f"{error.filename or database}: {error.strerror}"
            raise JournalUnwritable(message) from error
        return journal

    def _begin(
        self, connection: sqlite3.Connection, projections: Sequence[Projection], machine: str
    ) -> None:
        heads = load_heads(connection, VERIFIED_AT_START)
        database = self.paths.database
        writer = Writer(connection, database, self._mirror, projections, self._outlet.put)
        writer.heads = heads
        self._compare_with_mirror(writer)
        bound = str(self.reader.meta("machine") or "")
        if bound and machine and bound != machine:
            self.moved = bound
        self.last_seq = writer.heads.seq
        self._writer = writer
        writer.start()

    def submit(
        self,
        write: WriteSet,
        answer: asyncio.Future[list[Event]] | None = None,
        settled: Callable[[Fault | None], None] | None = None,
    ) -> asyncio.Future[list[Event]]:
        """Queue a write-set; the future (``answer`` if given) holds its events once they are
        durable. ``settled`` is called on the loop first, whatever became of the future.

        The future fails with ``DiskFull``, ``JournalUnwritable``, ``HeadMoved``, ``KeyTaken`` or
        ``WriteRefused``; nothing of the write-set was written then, nor of any later one of its
        stream until ``forgive``. Cancelling the future does not take the write-set back.
        """
        future = self._loop.create_future() if answer is None else answer
        job = Job(write, future, settled)
        if self._closed:
            job.fault = JournalClosed()
            self._resolve([job])
        else:
            self._writer.put(job)
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
                self._waiting.add(waiting)
                try:
                    await waiting
                finally:
                    self._waiting.discard(waiting)
                continue
            behind = self.last_seq - after
            if behind <= len(self._recent):
                # From the right: walking a long deque from the left would cost each follower.
                events = [self._recent[-n] for n in range(behind, 0, -1)]
            else:
                events = await asyncio.to_thread(self._read_chunk, after, self.last_seq)
            for event in events:
                yield event
                after = event.seq

    async def settle(self) -> None:
        """Wait until all that was submitted so far is durable and projected.

        Raises ``ProjectionBroken``, ``DiskFull``, ``JournalUnwritable`` and ``JournalClosed``.
        """
        await self._in_writer(lambda _connection: None)

    async def _in_writer(self, work: Callable[[sqlite3.Connection], object]) -> None:
        task = Task(work)
        self._writer.run(task)
        await asyncio.to_thread(task.done.wait)
        if task.fault is not None:
            raise task.fault

    async def keep_cursor(self, name: str, seq: int) -> None:
        """Remember how far a follower got; ``reader.cursor(name)`` returns it.

        For followers that can go further back without harm: it costs a commit, so not for each
        event. Raises what ``settle`` raises.
        """
        await self._in_writer(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO cursor VALUES(?,?)", (name, seq)
            )
        )

    async def rebuild(self) -> None:
        """Throw all projections away and derive them anew from the events.

        Raises what ``settle`` raises.
        """
        await self._in_writer(self._writer.forget_projections)

    async def close(self) -> None:
        """Commit what is queued, project, checkpoint, and give the lock back."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._writer.stop)
        self._outlet.close()
        self.reader.close()
        self._writer.close()
        self._mirror.close()
        self._lock.release()

    def _resolve(self, jobs: list[Job]) -> None:
        for job in jobs:
            future = job.token
            if job.events:
                self._recent.extend(job.events)
                self.last_seq = job.events[-1].seq
            if job.settled is not None:
                job.settled(job.fault)
            if not isinstance(future, asyncio.Future) or future.done():
                continue
            if job.fault is None:
                future.set_result(job.events)
            else:
                future.set_exception(job.fault)
        for each in self._waiting:
            if not each.done():
                each.set_result(None)

    def _read_chunk(self, after: int, upto: int) -> list[Event]:
        with Reader(self.paths.database, self._uri_extra) as reader:
            return list(reader.events(after, min(upto, after + FOLLOW_CHUNK)))

    def _compare_with_mirror(self, writer: Writer) -> None:
        remembered = self._mirror.read()
        if remembered is None:
            return
        self._find_behind(writer, remembered)
        # What was found must be found at the next start too, whatever is written until then.
        if "*" in self.behind:
            self._mirror.hold()
        else:
            self._mirror.keep({name: remembered.registers[name] for name in self.behind})

    def _find_behind(self, writer: Writer, remembered: MirrorHead) -> None:
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
        if self.behind:
            return
        if remembered.seq > heads.seq:
            self.behind["*"] = f"the mirror knows event {remembered.seq}, not only {heads.seq}"
        elif remembered.seq:
            event = self.reader.event(remembered.seq)
            if event is None or event.hash != remembered.hash:
                self.behind["*"] = f"event {remembered.seq} differs from the mirror's"


def _check_not_lost(paths: JournalPaths) -> None:
    """Refuse to begin anew where something remembers a journal. Raises ``JournalMissing``."""
    if _size(paths.database):
        return
    for witness in (paths.mirror, paths.log):
        if _size(witness):
            message = f"{paths.database} is gone, but {witness} remembers it"
            raise JournalMissing(message)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _describe(connection: sqlite3.Connection, clock: Clock, machine: str) -> None:
    """Give a new journal its identity."""
    if connection.execute("SELECT 1 FROM meta WHERE name='journal_id'").fetchone() is None:
        created = int(clock.now().timestamp() * 1000)
        connection.execute(
            "INSERT INTO meta VALUES('journal_id',?),('created',?),('machine',?)",
            (new_id(created), created, machine),
        )


def _make_directory(path: Path) -> None:
    """Make a directory with its parents, so that it outlives a power cut."""
    made = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in made:
        _sync_directory(each.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
