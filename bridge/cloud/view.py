"""Entries of a projection as of now, for whoever looks up many."""

from __future__ import annotations

from bridge.journal.projections import MemoryEntries, Projection
from bridge.journal.reader import Reader


class View:
    """A projection with the events that it lags behind.

    They are applied once here, not for each look-up: there may be a thousand of them.
    """

    def __init__(self, reader: Reader, projection: Projection) -> None:
        self._reader = reader
        self._projection = projection
        self._stored = -1
        self._applied = 0
        self._entries = MemoryEntries(reader, projection.name)

    def get(self, key: str) -> bytes | None:
        """Return an entry as of the last durable event."""
        reader = self._reader
        with reader.snapshot():
            stored = reader.cursor(self._projection.name)
            if stored != self._stored:
                self._entries = MemoryEntries(reader, self._projection.name)
                self._stored = self._applied = stored
            for event in reader.events(self._applied):
                self._projection.apply(event, self._entries)
                self._applied = event.seq
            return self._entries.get(key)
