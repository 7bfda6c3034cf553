"""Projections: small states derived from the events, kept beside them to start quickly.

A projection is a reducer over events with entries ``key → bytes``. The writer applies it lazily,
many events in one transaction, so it costs a receipt nothing; whoever reads it adds the events
after its cursor. Throwing all of it away and rebuilding gives the same entries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Protocol

from bridge.journal.event import Event
from bridge.journal.reader import Reader

MAX_LAG = 1000
"""Events a projection may lag behind before the writer applies it even when busy."""


class Entries(Protocol):
    """Entries of one projection while events are applied."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, body: bytes) -> None: ...

    def drop(self, key: str) -> None: ...


class Projection(Protocol):
    """A reducer. ``name`` is stored; ``apply`` must depend on its arguments only."""

    name: str

    def apply(self, event: Event, entries: Entries) -> None: ...


class MemoryEntries:
    """Entries over a base that is read once per key: for tails and rebuilds."""

    def __init__(self, reader: Reader | None = None, name: str = "") -> None:
        self._reader = reader
        self._name = name
        self.changed: dict[str, bytes | None] = {}

    def get(self, key: str) -> bytes | None:
        if key in self.changed:
            return self.changed[key]
        return None if self._reader is None else self._reader.state(self._name, key)

    def put(self, key: str, body: bytes) -> None:
        self.changed[key] = body

    def drop(self, key: str) -> None:
        self.changed[key] = None


class _TableEntries(MemoryEntries):
    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        super().__init__(None, name)
        self._connection = connection

    def get(self, key: str) -> bytes | None:
        if key in self.changed:
            return self.changed[key]
        row = self._connection.execute(
            "SELECT body FROM state WHERE name=? AND key=?", (self._name, key)
        ).fetchone()
        return None if row is None else row[0]

    def store(self) -> None:
        for key, body in self.changed.items():
            if body is None:
                self._connection.execute(
                    "DELETE FROM state WHERE name=? AND key=?", (self._name, key)
                )
            else:
                self._connection.execute(
                    "INSERT OR REPLACE INTO state VALUES(?,?,?)", (self._name, key, body)
                )


def advance(
    connection: sqlite3.Connection, projection: Projection, events: Sequence[Event]
) -> None:
    """Apply events that the projection lacks, inside the caller's transaction.

    Nothing is stored when it fails: raises what ``apply`` raises.
    """
    if not events:
        return
    entries = _TableEntries(connection, projection.name)
    for event in events:
        projection.apply(event, entries)
    entries.store()
    connection.execute(
        "INSERT OR REPLACE INTO cursor VALUES(?,?)", (projection.name, events[-1].seq)
    )


def load(reader: Reader, projection: Projection) -> dict[str, bytes]:
    """Return all entries of a small projection as of the last event."""
    with reader.snapshot():
        entries = reader.states(projection.name)
        tail = _tail(reader, projection)
    for key, body in tail.changed.items():
        if body is None:
            entries.pop(key, None)
        else:
            entries[key] = body
    return entries


def look_up(reader: Reader, projection: Projection, key: str) -> bytes | None:
    """Return one entry of a projection of any size as of the last event."""
    with reader.snapshot():
        return _tail(reader, projection).get(key)


def _tail(reader: Reader, projection: Projection) -> MemoryEntries:
    """Return what the events after the cursor change. Cursor, entries and events must be of one
    state of the journal: else the writer may move the cursor in between."""
    tail = MemoryEntries(reader, projection.name)
    for event in reader.events(reader.cursor(projection.name)):
        projection.apply(event, tail)
    return tail
