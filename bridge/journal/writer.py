"""The writer: one thread, one connection, group commit.

It takes one write-set, then all that already wait, and commits them in one transaction, each as
a savepoint so that a broken one fails alone. One hand-over each way per receipt. When
its queue has been empty for a moment it brings projections up to date and checkpoints; the only
read-write connection does all checkpoints.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.journal.event import Event, NewEvent, WriteSet, event_hash
from bridge.journal.faults import (
    HeadMoved,
    JournalClosed,
    JournalEnded,
    KeyTaken,
    ProjectionBroken,
    WriteRefused,
)
from bridge.journal.handover import Inlet
from bridge.journal.heads import Heads
from bridge.journal.mirror import Mirror, RegisterMark
from bridge.journal.projections import MAX_LAG, Projection
from bridge.journal.projector import Projector, roll_back
from bridge.journal.schema import diagnose_write
from drivers.contract.fault import Fault

MAX_BATCH = 512
"""Write-sets in one transaction."""

IDLE_S = 1.0
"""Seconds the queue must be empty before projections and checkpoints run."""

PROJECT_IDLE = 100
"""Events since the last projection that make one worth it when idle."""

CHECKPOINT_IDLE = 150
"""Write-sets since the last checkpoint that make one worth it when idle."""

CHECKPOINT_BUSY = 800
"""Write-sets (about 8 MB of log) after which a checkpoint runs even when busy."""

_MALFORMED = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What a write-set raises that no journal can hold: its own fault, not the disk's."""

_INSERT_EVENT = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)"
_INSERT_KEY = "INSERT INTO key VALUES(?,?,?)"


@dataclass(slots=True)
class Job:
    """One write-set on its way, with what became of it.

    ``token`` is whatever the owner waits with, ``settled`` is called by the owner with the fault
    or ``None``.
    """

    write: WriteSet
    token: object
    settled: Callable[[Fault | None], None] | None = None
    events: list[Event] = field(default_factory=list)
    fault: Fault | None = None


class Task:
    """Work for the writer thread between transactions; all is projected after it and ``done`` is
    set, with ``fault`` if that failed."""

    def __init__(self, work: Callable[[sqlite3.Connection], object]) -> None:
        self.work = work
        self.done = threading.Event()
        self.fault: BaseException | None = None


class Writer:
    """Owns the read-write connection. ``finished`` is called in the writer's thread with the jobs
    of each transaction, after the commit returned."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        mirror: Mirror | None,
        projections: Sequence[Projection],
        finished: Callable[[list[Job]], None],
    ) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._path = path
        self._mirror = mirror
        self._projector = Projector(connection, projections)
        self._finished = finished
        self._queue: Inlet[Job | Task | None] = Inlet()
        self._failed: dict[str, Fault] = {}
        self._current: list[Job] = []
        self._since_checkpoint = 0
        self._ended: Fault | None = None
        self.heads = Heads()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Start the thread. ``heads`` must be loaded."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Hand a write-set over."""
        self._queue.put(job)
        if self._ended is not None:
            self._refuse_rest(self._ended)

    def run(self, task: Task) -> None:
        """Hand work over that needs the connection."""
        self._queue.put(task)
        if self._ended is not None:
            self._refuse_rest(self._ended)

    def forgive(self, stream: str) -> int:
        """Accept write-sets of a stream again after a failure; return its version.

        Only to be called when none of the stream's write-sets is on its way.
        """
        self._failed.pop(stream, None)
        return self.heads.versions.get(stream, 0)

    def stop(self) -> None:
        """Finish what is queued, bring projections up to date, checkpoint, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def close(self) -> None:
        """Close the connection; only after ``stop``."""
        self._connection.close()
        self._queue.close()

    def forget_projections(self, _connection: sqlite3.Connection) -> None:
        """Empty what the projections derived; runs in the writer's thread."""
        self._projector.forget()

    def _run(self) -> None:
        ended: Fault = JournalClosed()
        try:
            self._serve()
        except BaseException as error:
            ended = JournalEnded(f"the writer ended: {error!r}")
            raise
        finally:
            # Nobody may wait for ever for a thread that is gone.
            self._ended = ended
            self._refuse_rest(ended)

    def _refuse_rest(self, fault: Fault) -> None:
        jobs, self._current = self._current, []
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, Job):
                    jobs.append(item)
                elif item is not None:
                    item.fault = fault
                    item.done.set()
        for job in jobs:
            job.events.clear()
            job.fault = job.fault or fault
        self._finished(jobs)

    def _serve(self) -> None:
        busy = True
        while True:
            try:
                item = self._queue.get(IDLE_S) if busy else self._queue.get()
            except queue.Empty:
                busy = False
                self._tidy(PROJECT_IDLE, CHECKPOINT_IDLE)
                continue
            busy = True
            if item is None:
                self._tidy(1, 0)
                return
            if isinstance(item, Task):
                self._run_task(item)
            else:
                self._commit(self._gather(item))

    def _gather(self, first: Job) -> list[Job | Task | None]:
        batch: list[Job | Task | None] = [first]
        while len(batch) < MAX_BATCH:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            batch.append(item)
            if not isinstance(item, Job):
                break
        return batch

    def _commit(self, batch: list[Job | Task | None]) -> None:
        last = batch[-1]
        jobs = [item for item in batch if isinstance(item, Job)]
        self._current = jobs
        self._transact(jobs)
        self._current = []
        self._finished(jobs)
        heads = self.heads
        if self._mirror is not None:
            self._mirror.write(heads.seq, heads.hash, heads.registers)
        self._since_checkpoint += len(jobs)
        lag = self._projector.lag(heads.seq)
        if self._since_checkpoint >= CHECKPOINT_BUSY or lag >= MAX_LAG:
            self._tidy(MAX_LAG, CHECKPOINT_BUSY)
        if isinstance(last, Task):
            self._run_task(last)
        elif last is None:
            self._queue.put(None)

    def _transact(self, jobs: list[Job]) -> None:
        cursor = self._cursor
        before = self.heads
        try:
            cursor.execute("BEGIN IMMEDIATE")
            if not self._insert_together(jobs):
                # Something is wrong with one of them: find out which, and let it fail alone.
                cursor.execute("ROLLBACK")
                cursor.execute("BEGIN IMMEDIATE")
                self.heads = before.copy()
                for job in jobs:
                    self._insert_alone(job)
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self.heads = before
            fault = diagnose_write(error, self._path)
            for job in jobs:
                job.fault = job.fault or fault
                self._remember(job)
            roll_back(self._connection)

    def _insert_together(self, jobs: list[Job]) -> bool:
        """Write all rows of all jobs, if nothing is wrong with any of them.

        Each call into SQLite gives the interpreter lock away and waits for it again; one call for
        all rows is what makes many tasks at once fast (docs/benchmarks.md, M2).
        """
        before = self.heads
        self.heads = before.copy()
        with contextlib.suppress(*_MALFORMED):
            if all(self._place(job) is None for job in jobs):
                rows = [event for job in jobs for event in job.events]
                keys = [
                    (*job.write.key, job.events[0].seq) for job in jobs if job.write.key is not None
                ]
                self._cursor.executemany(_INSERT_EVENT, rows)
                if keys:
                    self._cursor.executemany(_INSERT_KEY, keys)
                return True
        self.heads = before
        for job in jobs:
            job.events.clear()
        return False

    def _insert_alone(self, job: Job) -> None:
        """Write one job's rows in a savepoint; one that breaks a rule gets its fault.

        Trouble of the disk is raised: it concerns the whole transaction.
        """
        cursor = self._cursor
        before = self.heads
        self.heads = before.copy()
        cursor.execute("SAVEPOINT one")
        try:
            job.fault = self._place(job)
            if job.fault is None:
                cursor.executemany(_INSERT_EVENT, job.events)
                self._insert_key(job)
        except _MALFORMED as error:
            job.fault = WriteRefused(f"{type(error).__name__}: {error}")
        if job.fault is not None:
            self.heads = before
            self._remember(job)
            cursor.execute("ROLLBACK TO one")
        cursor.execute("RELEASE one")

    def _insert_key(self, job: Job) -> None:
        if job.write.key is None:
            return
        try:
            self._cursor.execute(_INSERT_KEY, (*job.write.key, job.events[0].seq))
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname != "SQLITE_CONSTRAINT_PRIMARYKEY":
                raise
            job.fault = KeyTaken(job.write.key.key)

    def _place(self, job: Job) -> Fault | None:
        """Give a job's events their places behind the heads; return why that cannot be."""
        write = job.write
        if not write.events:
            raise ValueError("a write-set without events")
        heads = self.heads
        stream = write.stream
        if stream is not None:
            if stream in self._failed:
                return self._failed[stream]
            version = heads.versions.get(stream, 0)
            if version != write.expected:
                return HeadMoved(f"{stream}: expected {write.expected}, found {version}")
            heads.versions[stream] = version + 1
        for new in write.events:
            if new.number is not None and not self._follows(new):
                return HeadMoved(f"{new.register}: {new.number} does not follow")
            heads.seq += 1
            digest = event_hash(heads.seq, new, heads.hash)
            job.events.append(Event(heads.seq, *new, heads.hash, digest))
            heads.hash = digest
            if new.number is not None and new.register is not None:
                heads.registers[new.register] = RegisterMark(new.number, digest)
        return None

    def _follows(self, new: NewEvent) -> bool:
        if new.register is None:
            raise ValueError("a number without a register")
        mark = self.heads.registers.get(new.register)
        return new.number == (1 if mark is None else mark.number + 1)

    def _remember(self, job: Job) -> None:
        """Fail all that was built on a failed write-set with the same error."""
        job.events.clear()
        if job.write.stream is not None and job.fault is not None:
            self._failed.setdefault(job.write.stream, job.fault)

    def _run_task(self, task: Task) -> None:
        try:
            task.work(self._connection)
            while self._projector.lag(self.heads.seq):
                self._project()
                if self._since_checkpoint >= CHECKPOINT_BUSY:
                    self._checkpoint()
            for name, error in self._projector.broken.items():
                task.fault = ProjectionBroken(f"{name}: {error}")
        except sqlite3.Error as trouble:
            task.fault = diagnose_write(trouble, self._path)
        except Fault as fault:
            task.fault = fault
        finally:
            task.done.set()

    def _tidy(self, project_from: int, checkpoint_from: int) -> None:
        """Project while nobody waits, at least one chunk, and checkpoint.

        A full disk must not end the writer: the next commit reports it.
        """
        with contextlib.suppress(sqlite3.Error):
            while self._projector.lag(self.heads.seq) >= project_from:
                self._project()
                if not self._queue.empty():
                    break
        with contextlib.suppress(sqlite3.Error):
            if self._since_checkpoint >= checkpoint_from:
                self._checkpoint()

    def _checkpoint(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._since_checkpoint = 0

    def _project(self) -> None:
        self._projector.advance()
        self._since_checkpoint += PROJECT_IDLE
