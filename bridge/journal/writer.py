"""The writer: one thread, one connection, group commit.

It takes one write-set, then all that already wait, and commits them in one transaction, each as
a savepoint so that a broken one fails alone (facts: one hand-over each way per receipt). When
its queue has been empty for a moment it brings projections up to date and checkpoints; the only
read-write connection does all checkpoints.
"""

from __future__ import annotations

import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.journal.event import GENESIS, Event, NewEvent, WriteSet, event_hash
from bridge.journal.faults import HeadMoved, JournalDamaged, KeyTaken
from bridge.journal.mirror import Mirror, RegisterMark
from bridge.journal.projections import MAX_LAG, Projection, advance
from bridge.journal.schema import diagnose_write
from drivers.contract.fault import Fault

MAX_BATCH = 512
"""Write-sets in one transaction."""

IDLE_S = 1.0
"""Seconds the queue must be empty before projections and checkpoints run."""

PROJECT_IDLE = 100
"""Write-sets since the last projection that make one worth it when idle."""

CHECKPOINT_IDLE = 150
"""Write-sets since the last checkpoint that make one worth it when idle."""

CHECKPOINT_BUSY = 800
"""Write-sets (about 8 MB of log) after which a checkpoint runs even when busy."""

_INSERT_EVENT = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)"
_INSERT_KEY = "INSERT INTO key VALUES(?,?,?)"


@dataclass(slots=True)
class Heads:
    """What the next events build on. Copied before each transaction, taken over by its commit."""

    seq: int = 0
    hash: bytes = GENESIS
    registers: dict[str, RegisterMark] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Heads:
        return Heads(self.seq, self.hash, dict(self.registers), dict(self.versions))


@dataclass(slots=True)
class Job:
    """One write-set on its way, with what became of it."""

    write: WriteSet
    token: object
    events: list[Event] = field(default_factory=list)
    fault: Fault | None = None


class Task:
    """Work for the writer thread between transactions; ``done`` is set when it ran."""

    def __init__(self, work: Callable[[sqlite3.Connection], None]) -> None:
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
        self._projections = projections
        self._finished = finished
        self._queue: queue.SimpleQueue[Job | Task | None] = queue.SimpleQueue()
        self._failed: dict[str, Fault] = {}
        self._since_checkpoint = 0
        self._unprojected = 0
        self.heads = Heads()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Start the thread. ``heads`` must be loaded."""
        cursors = [_cursor_of(self._connection, each.name) for each in self._projections]
        self._unprojected = self.heads.seq - min(cursors, default=self.heads.seq)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Hand a write-set over."""
        self._queue.put(job)

    def run(self, task: Task) -> None:
        """Hand work over that needs the connection."""
        self._queue.put(task)

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

    def _run(self) -> None:
        busy = True
        while True:
            try:
                item = self._queue.get(timeout=IDLE_S) if busy else self._queue.get()
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
        self._transact(jobs)
        self._finished(jobs)
        heads = self.heads
        if self._mirror is not None:
            self._mirror.write(heads.seq, heads.hash, heads.registers)
        self._since_checkpoint += len(jobs)
        self._unprojected += len(jobs)
        if self._since_checkpoint >= CHECKPOINT_BUSY or self._unprojected >= MAX_LAG:
            self._tidy(MAX_LAG, CHECKPOINT_BUSY)
        if isinstance(last, Task):
            self._run_task(last)
        elif last is None:
            self._queue.put(None)

    def _transact(self, jobs: list[Job]) -> None:
        cursor = self._cursor
        before = self.heads
        alone = len(jobs) == 1
        try:
            cursor.execute("BEGIN IMMEDIATE")
            self.heads = before.copy()
            for job in jobs:
                if alone:
                    self._insert(job)
                else:
                    self._insert_in_savepoint(job)
            if alone and jobs[0].fault is not None:
                self.heads = before
                cursor.execute("ROLLBACK")
            else:
                cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self.heads = before
            fault = diagnose_write(error, self._path)
            for job in jobs:
                job.fault = job.fault or fault
                self._remember(job)
            if self._connection.in_transaction:
                try:
                    cursor.execute("ROLLBACK")
                except sqlite3.Error:
                    # SQLite rolled back by itself (examples.md 12, fact 5).
                    return

    def _insert_in_savepoint(self, job: Job) -> None:
        cursor = self._cursor
        before = self.heads
        self.heads = before.copy()
        cursor.execute("SAVEPOINT one")
        self._insert(job)
        if job.fault is not None:
            self.heads = before
            cursor.execute("ROLLBACK TO one")
        cursor.execute("RELEASE one")

    def _insert(self, job: Job) -> None:
        """Write one job's rows; a job that breaks a rule gets its fault and leaves the rest alone.

        Trouble of the disk is raised: it concerns the whole transaction.
        """
        write = job.write
        heads = self.heads
        stream = write.stream
        if stream is not None:
            if stream in self._failed:
                job.fault = self._failed[stream]
                return
            version = heads.versions.get(stream, 0)
            if version != write.expected:
                job.fault = HeadMoved(f"{stream}: expected {write.expected}, found {version}")
                self._remember(job)
                return
            heads.versions[stream] = version + 1
        for new in write.events:
            if new.number is not None and not self._follows(new):
                job.fault = HeadMoved(f"{new.register}: {new.number} does not follow")
                self._remember(job)
                return
            heads.seq += 1
            digest = event_hash(heads.seq, new, heads.hash)
            event = Event(heads.seq, *new, heads.hash, digest)
            self._cursor.execute(_INSERT_EVENT, event)
            heads.hash = digest
            if new.number is not None and new.register is not None:
                heads.registers[new.register] = RegisterMark(new.number, digest)
            job.events.append(event)
        if write.key is not None:
            try:
                self._cursor.execute(_INSERT_KEY, (*write.key, job.events[0].seq))
            except sqlite3.IntegrityError:
                job.fault = KeyTaken(write.key.key)
                self._remember(job)

    def _follows(self, new: NewEvent) -> bool:
        mark = self.heads.registers.get(new.register or "")
        return new.number == (1 if mark is None else mark.number + 1)

    def _remember(self, job: Job) -> None:
        """Fail all that was built on a failed write-set with the same error."""
        job.events.clear()
        if job.write.stream is not None and job.fault is not None:
            self._failed.setdefault(job.write.stream, job.fault)

    def forget_projections(self, connection: sqlite3.Connection) -> None:
        """Empty all derived state; runs in the writer's thread."""
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM state")
        connection.execute("DELETE FROM cursor")
        connection.execute("COMMIT")
        self._unprojected = self.heads.seq

    def _run_task(self, task: Task) -> None:
        try:
            self._project()
            task.work(self._connection)
        except (sqlite3.Error, Fault) as error:
            task.fault = error
        finally:
            task.done.set()

    def _tidy(self, project_from: int, checkpoint_from: int) -> None:
        try:
            if self._unprojected >= project_from:
                self._project()
            if self._since_checkpoint >= checkpoint_from:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._since_checkpoint = 0
        except sqlite3.Error:
            # A full disk must not end the writer: the next commit reports it.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _project(self) -> None:
        if not self._projections or not self._unprojected:
            return
        self._unprojected = 0
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        after = min(_cursor_of(connection, projection.name) for projection in self._projections)
        while True:
            rows = connection.execute(
                "SELECT * FROM event WHERE seq>? ORDER BY seq LIMIT ?", (after, MAX_LAG)
            ).fetchall()
            for projection in self._projections:
                behind = _cursor_of(connection, projection.name)
                advance(connection, [projection], (Event(*row) for row in rows if row[0] > behind))
            if len(rows) < MAX_LAG:
                break
            after = rows[-1][0]
        connection.execute("COMMIT")


def _cursor_of(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT seq FROM cursor WHERE name=?", (name,)).fetchone()
    return 0 if row is None else row[0]


def load_heads(connection: sqlite3.Connection, verify_last: int) -> Heads:
    """Read the heads and check the chain of the last events: O(1) in the journal's length.

    Raises ``JournalDamaged``.
    """
    rows = connection.execute(
        "SELECT * FROM event ORDER BY seq DESC LIMIT ?", (verify_last + 1,)
    ).fetchall()
    events = [Event(*row) for row in reversed(rows)]
    for previous, event in itertools.pairwise(events):
        check_link(previous, event)
    heads = Heads()
    if events:
        if events[0].seq == 1:
            check_link(None, events[0])
        heads.seq, heads.hash = events[-1].seq, events[-1].hash
    last = ""
    while True:
        row = connection.execute(
            "SELECT register FROM event WHERE number IS NOT NULL AND register>? "
            "ORDER BY register LIMIT 1",
            (last,),
        ).fetchone()
        if row is None:
            return heads
        last = row[0]
        number, digest = connection.execute(
            "SELECT number, hash FROM event WHERE register=? AND number IS NOT NULL "
            "ORDER BY number DESC LIMIT 1",
            (last,),
        ).fetchone()
        heads.registers[last] = RegisterMark(number, digest)


def check_link(previous: Event | None, event: Event) -> None:
    """Check that an event follows its predecessor and that its own hash is right.

    Raises ``JournalDamaged``.
    """
    seq, digest = (0, GENESIS) if previous is None else (previous.seq, previous.hash)
    if event.seq != seq + 1:
        message = f"event {event.seq} follows event {seq}: events are missing"
        raise JournalDamaged(message)
    if event.prev != digest:
        message = f"event {event.seq} does not build on event {seq}"
        raise JournalDamaged(message)
    new = NewEvent(*event[1:8])
    if event_hash(event.seq, new, event.prev) != event.hash:
        message = f"event {event.seq} was changed after it was written"
        raise JournalDamaged(message)
