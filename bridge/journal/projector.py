"""The projector: brings stored projections up to date in the writer's thread, chunk by chunk."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence

from bridge.journal.event import Event
from bridge.journal.projections import MAX_LAG, Projection, advance

_REDUCER_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a projection may raise at an event it does not understand; it must not stop receipts."""


class Projector:
    """Applies events to projections on the writer's connection.

    ``broken`` names the projections that failed, with the error; they are left where they were,
    the others go on.
    """

    def __init__(self, connection: sqlite3.Connection, projections: Sequence[Projection]) -> None:
        self.broken: dict[str, str] = {}
        self._connection = connection
        self._projections = projections
        self._done = min((self._cursor(each.name) for each in projections), default=0)

    def lag(self, last_seq: int) -> int:
        """Return how many events up to the last one are not projected yet."""
        if len(self._projections) == len(self.broken):
            return 0
        return last_seq - self._done

    def advance(self) -> None:
        """Apply the next ``MAX_LAG`` events in one transaction, so short that a receipt can wait.

        Raises ``sqlite3.Error``; nothing was applied then.
        """
        connection = self._connection
        live = [each for each in self._projections if each.name not in self.broken]
        try:
            connection.execute("BEGIN IMMEDIATE")
            cursors = [self._cursor(each.name) for each in live]
            after = min(cursors)
            rows = connection.execute(
                "SELECT * FROM event WHERE seq>? ORDER BY seq LIMIT ?", (after, MAX_LAG)
            ).fetchall()
            events = [Event(*row) for row in rows]
            for projection, behind in zip(live, cursors, strict=True):
                try:
                    advance(connection, projection, events[behind - after :])
                except _REDUCER_ERRORS as error:
                    self.broken[projection.name] = f"{type(error).__name__}: {error}"
            connection.execute("COMMIT")
        finally:
            roll_back(connection)
        self._done = events[-1].seq if events else max(cursors)

    def forget(self) -> None:
        """Empty what the projections derived.

        Raises ``sqlite3.Error``; nothing was changed then.
        """
        names = [(projection.name,) for projection in self._projections]
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM state WHERE name=?", names)
            connection.executemany("DELETE FROM cursor WHERE name=?", names)
            connection.execute("COMMIT")
        finally:
            roll_back(connection)
        self._done = 0
        self.broken.clear()

    def _cursor(self, name: str) -> int:
        row = self._connection.execute("SELECT seq FROM cursor WHERE name=?", (name,)).fetchone()
        return 0 if row is None else row[0]


def roll_back(connection: sqlite3.Connection) -> None:
    """Leave no transaction open. SQLite rolls back by itself after some errors, e.g. when the disk
    is full."""
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
