"""What the journal's tests share: a clock, write-sets, a writer that can be held up."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bridge.journal.event import Event, Key, NewEvent, WriteSet
from bridge.journal.projections import Projection
from bridge.journal.store import Journal, JournalPaths
from bridge.journal.writer import Task

NOON = 1_772_366_400_000
"""2026-03-01 12:00 UTC in ms."""


class StandingClock:
    """A clock that never moves."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOON / 1000, UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def paths_in(directory: Path) -> JournalPaths:
    return JournalPaths(directory / "box" / "journal.db", directory / "mirror" / "journal.mirror")


@contextlib.asynccontextmanager
async def opened(
    paths: JournalPaths,
    projections: Sequence[Projection] = (),
    *,
    machine: str = "",
    uri_extra: str = "",
) -> AsyncIterator[Journal]:
    """Open a journal and close it however the block ends."""
    journal = Journal.open(
        paths, StandingClock(), projections, machine=machine, uri_extra=uri_extra
    )
    try:
        yield journal
    finally:
        await journal.close()


def receipt(register: str, number: int, size: int = 20) -> NewEvent:
    """Return a signed receipt as the journal sees it; ``size`` bytes of text in its body."""
    body = b'{"text":"' + b"x" * size + b'"}'
    signature = f"e30.{register}.{number}"
    return NewEvent(
        "receipt.completed", NOON + number, body, register, f"r{number}", number, signature
    )


def note(text: str = "") -> NewEvent:
    """Return an event that belongs to no register."""
    return NewEvent("note", NOON, b'{"text":"%s"}' % text.encode())


class Chain:
    """Hands the receipts of one register to the journal, as its till does."""

    def __init__(self, journal: Journal, register: str, number: int = 0) -> None:
        self.journal = journal
        self.register = register
        self.number = number
        self.version = journal.forgive(register)

    def next(self, size: int = 20, key: str | None = None) -> WriteSet:
        self.number += 1
        new = (receipt(self.register, self.number, size),)
        self.version += 1
        held = None if key is None else Key(key, b"fingerprint")
        return WriteSet(new, self.register, self.version - 1, held)

    async def sell(self, count: int = 1, size: int = 20) -> list[Event]:
        """Make receipts durable, one after the other."""
        made: list[Event] = []
        for _ in range(count):
            made += await self.journal.submit(self.next(size))
        return made

    def recover(self) -> None:
        """Go on from what is durable, after a failure."""
        last = self.journal.reader.last_numbered(self.register)
        self.number = 0 if last is None or last.number is None else last.number
        self.version = self.journal.forgive(self.register)


@contextlib.contextmanager
def writer_held(journal: Journal) -> Iterator[None]:
    """Hold the writer up, so that all that is submitted inside waits for one transaction."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_connection: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait()

    journal._writer.run(Task(wait))
    begun.wait()
    try:
        yield
    finally:
        go_on.set()


class Statements:
    """What the writer's connection executes."""

    def __init__(self, journal: Journal) -> None:
        self.seen: list[str] = []
        journal._writer._connection.set_trace_callback(self.seen.append)

    def count(self, beginning: str) -> int:
        return sum(each.startswith(beginning) for each in self.seen)


def change_behind_the_back(database: Path, *statements: str) -> None:
    """Change a closed journal with an own connection, its triggers dropped and put back."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type='trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def events_in(database: Path) -> list[Event]:
    """Return all events by a plain connection of its own."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return [Event(*row) for row in connection.execute("SELECT * FROM event ORDER BY seq")]
