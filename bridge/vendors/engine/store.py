"""The durable memory of all vendors' runs: one file, one connection, one thread of its own.

Whatever is stored is on the disk when the call returns.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bridge.vendors.engine import rows
from bridge.vendors.engine.records import Record
from bridge.vendors.engine.schema import open_store, unwritable
from bridge.vendors.engine.spec import Draft, State

KEPT_MS = 90 * 86_400_000
"""Ended runs and their keys are kept that long (vendors.md section 2)."""

T = TypeVar("T")


class Store:
    """``vendors.db``. Every call raises ``RunsUnwritable`` when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vendors")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._under_way = 0

    @property
    def busy(self) -> bool:
        """Whether something is being stored or looked up."""
        return self._under_way > 0

    async def open(self) -> None:
        """Open the file, making it when it is absent."""
        self._connection = await self._in_thread(partial(open_store, self.path))
        self._file = _identity(self.path)

    async def close(self) -> None:
        """Close the file; what was handed over before is finished."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._in_thread(connection.close)
        self._thread.shutdown(wait=False)

    async def read(self, question: Callable[..., T], *facts: Any) -> T:
        """Return what a function of ``rows`` finds."""
        return await self._in_thread(partial(self._read, question, facts))

    async def write(self, change: Callable[..., T], *facts: Any) -> T:
        """Run a function of ``rows`` in a transaction of its own."""
        return await self._in_thread(partial(self._write, change, facts))

    async def add(
        self, record: Record, draft: Draft, taken_back: Callable[[Record], Record]
    ) -> list[Record]:
        """Store a new run, and take back the queued ones whose place it takes: ``taken_back``
        says how such a run ends. Returns those."""
        return await self.write(_add, record, draft, taken_back)

    async def change(
        self, record: Record, was: State, remember: Mapping[str, Any] | None = None
    ) -> list[Record] | None:
        """Store a changed run, and what its vendor remembers, in one step. Returns the runs that
        ended with it (their request was carried by it); ``None``, and nothing was stored, if it is
        not in the state ``was`` any more."""
        return await self.write(_change, record, was, remember or {})

    async def merge(self, carrier: Record, draft: Draft, carried: Sequence[Record]) -> bool:
        """Store a run that carries the requests of others, which wait for it from now on."""
        return await self.write(_merge, carrier, draft, carried)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._under_way -= 1

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise unwritable(OSError("not open"), self.path)
        return self._connection

    def _read(self, question: Callable[..., T], facts: Sequence[Any]) -> T:
        try:
            return question(self._open_connection(), *facts)
        except sqlite3.Error as error:
            raise unwritable(error, self.path) from error

    def _write(self, change: Callable[..., T], facts: Sequence[Any]) -> T:
        connection = self._open_connection()
        if _identity(self.path) != self._file:
            # What is written now would be gone with the next start.
            raise unwritable(OSError("the file was deleted or replaced"), self.path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = change(connection, *facts)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise unwritable(error, self.path) from error
        return result


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another of the same name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _add(
    connection: sqlite3.Connection,
    record: Record,
    draft: Draft,
    taken_back: Callable[[Record], Record],
) -> list[Record]:
    rows.insert(connection, record, draft)
    if not record.replaces:
        return []
    ended = [
        taken_back(each)
        for each in rows.to_replace(connection, record.vendor, record.replaces, record.id)
    ]
    for each in ended:
        rows.update(connection, each, State.QUEUED)
    return ended


def _change(
    connection: sqlite3.Connection, record: Record, was: State, remember: Mapping[str, Any]
) -> list[Record] | None:
    if not rows.update(connection, record, was):
        return None
    rows.remember(connection, record.vendor, remember)
    return rows.end_merged(connection, record)


def _merge(
    connection: sqlite3.Connection, carrier: Record, draft: Draft, carried: Sequence[Record]
) -> bool:
    if not all(rows.update(connection, each, State.QUEUED) for each in carried):
        raise Overtaken
    rows.insert(connection, carrier, draft)
    return True


class Overtaken(Exception):
    """A run was taken back while it was to be merged: nothing was stored."""
