"""Reading the journal: never writes, never holds a read transaction for long.

Any number of readers may exist, in any process, with or without a running daemon. Long walks go
in chunks below a fixed upper sequence, so that the writer's log can be reused meanwhile.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from bridge.journal.event import Event
from bridge.journal.faults import JournalDamaged
from bridge.journal.schema import open_reader

CHUNK = 1000
"""Largest number of events read in one transaction."""


class Reader:
    """A read-only view. Methods raise ``sqlite3.DatabaseError`` only when the file is damaged."""

    def __init__(self, path: Path, extra: str = "") -> None:
        self._connection: sqlite3.Connection = open_reader(path, extra)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the journal in all reads inside; for short reads only. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def meta(self, name: str) -> str | int | None:
        """Return an entry of the journal's own description, e.g. ``journal_id``."""
        row = self._connection.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return None if row is None else row[0]

    def copy_to(self, path: Path) -> None:
        """Write a copy of the journal as of now into one file, replacing it."""
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(part)) as target:
            self._connection.backup(target)
            # A copy is one file: without this it would keep the write-ahead mode of its origin.
            target.execute("PRAGMA journal_mode=DELETE")
        part.replace(path)

    def last_seq(self) -> int:
        """Return the sequence number of the last durable event, 0 if there is none."""
        found = self._connection.execute("SELECT max(seq) FROM event").fetchone()[0]
        return found or 0

    def event(self, seq: int) -> Event | None:
        """Return one event."""
        row = self._connection.execute("SELECT * FROM event WHERE seq=?", (seq,)).fetchone()
        return None if row is None else Event(*row)

    def events(self, after: int = 0, upto: int | None = None) -> Iterator[Event]:
        """Walk the events ``after < seq <= upto`` in order (``upto``: the last one now).

        Raises ``JournalDamaged`` when the walk ends before the last one: a damaged index page can
        hide events without any word of SQLite.
        """
        last = self.last_seq() if upto is None else upto
        while after < last:
            rows = self._connection.execute(
                "SELECT * FROM event WHERE seq>? AND seq<=? ORDER BY seq LIMIT ?",
                (after, last, CHUNK),
            ).fetchall()
            if not rows:
                if upto is not None:
                    return
                message = f"event {after + 1} is missing, the last one is {last}"
                raise JournalDamaged(message)
            for row in rows:
                yield Event(*row)
            after = rows[-1][0]

    def numbered(self, register: str, after: int = 0) -> Iterator[Event]:
        """Walk a register's signed receipts in the order of their numbers (its DEP)."""
        while True:
            rows = self._connection.execute(
                "SELECT * FROM event WHERE register=? AND number>? "
                "AND number IS NOT NULL ORDER BY number LIMIT ?",
                (register, after, CHUNK),
            ).fetchall()
            for row in rows:
                yield Event(*row)
            if len(rows) < CHUNK:
                return
            after = rows[-1][6]

    def last_numbered(self, register: str) -> Event | None:
        """Return the end of a register's chain."""
        row = self._connection.execute(
            "SELECT * FROM event WHERE register=? AND number IS NOT NULL "
            "ORDER BY number DESC LIMIT 1",
            (register,),
        ).fetchone()
        return None if row is None else Event(*row)

    def by_number(self, register: str, number: int) -> Event | None:
        """Return the receipt with that number."""
        row = self._connection.execute(
            "SELECT * FROM event WHERE register=? AND number=?", (register, number)
        ).fetchone()
        return None if row is None else Event(*row)

    def registers(self) -> list[str]:
        """Return the ids of all registers that have a chain, by one index probe each."""
        found: list[str] = []
        last = ""
        while True:
            row = self._connection.execute(
                "SELECT register FROM event WHERE number IS NOT NULL AND register>? "
                "ORDER BY register LIMIT 1",
                (last,),
            ).fetchone()
            if row is None:
                return found
            last = row[0]
            found.append(last)

    def key(self, key: str) -> tuple[bytes, int] | None:
        """Return fingerprint and event of a used idempotency key."""
        row: tuple[bytes, int] | None = self._connection.execute(
            "SELECT fingerprint, seq FROM key WHERE key=?", (key,)
        ).fetchone()
        return row

    def cursor(self, name: str) -> int:
        """Return how far a projection or follower got, 0 if it has not begun."""
        row = self._connection.execute("SELECT seq FROM cursor WHERE name=?", (name,)).fetchone()
        return 0 if row is None else row[0]

    def state(self, name: str, key: str) -> bytes | None:
        """Return one entry of a projection as of its cursor."""
        row = self._connection.execute(
            "SELECT body FROM state WHERE name=? AND key=?", (name, key)
        ).fetchone()
        return None if row is None else row[0]

    def states(self, name: str) -> dict[str, bytes]:
        """Return all entries of a (small) projection as of its cursor."""
        return dict(
            self._connection.execute("SELECT key, body FROM state WHERE name=?", (name,)).fetchall()
        )
