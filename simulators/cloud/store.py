"""The cloud's memory: one SQLite file. What a transaction has committed survives a power cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS box (
  id TEXT PRIMARY KEY,
  last_in INTEGER NOT NULL DEFAULT 0,
  given INTEGER NOT NULL DEFAULT 0,
  acked INTEGER NOT NULL DEFAULT 0,
  journal TEXT,
  revoked INTEGER NOT NULL DEFAULT 0,
  token_due INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS token (
  hash TEXT PRIMARY KEY,
  box TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbound (
  box TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  key TEXT,
  exp TEXT,
  data TEXT NOT NULL,
  parked TEXT,
  PRIMARY KEY (box, seq),
  UNIQUE (box, id)
) STRICT;
CREATE INDEX IF NOT EXISTS outbound_parked ON outbound (parked) WHERE parked IS NOT NULL;
CREATE TABLE IF NOT EXISTS inbound (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  box TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  re TEXT,
  data TEXT NOT NULL,
  parked TEXT,
  UNIQUE (box, seq),
  UNIQUE (box, id)
) STRICT;
CREATE INDEX IF NOT EXISTS inbound_parked ON inbound (parked, n) WHERE parked IS NOT NULL;
CREATE TABLE IF NOT EXISTS parked (
  id TEXT PRIMARY KEY,
  reference TEXT,
  cash_register INTEGER NOT NULL,
  body TEXT NOT NULL,
  box TEXT,
  opens INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'parked',
  reason TEXT,
  error TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS parked_reference ON parked (reference);
CREATE TABLE IF NOT EXISTS document (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  box TEXT NOT NULL,
  receipt TEXT NOT NULL,
  register TEXT NOT NULL,
  number INTEGER NOT NULL,
  reference TEXT,
  parked TEXT,
  frame INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (box, receipt)
) STRICT;
CREATE INDEX IF NOT EXISTS document_reference ON document (reference);
CREATE INDEX IF NOT EXISTS document_parked ON document (parked) WHERE parked IS NOT NULL;
CREATE INDEX IF NOT EXISTS document_number ON document (box, register, number);
CREATE TABLE IF NOT EXISTS chain (
  cash_register INTEGER NOT NULL,
  number INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  time TEXT NOT NULL,
  jws TEXT NOT NULL,
  PRIMARY KEY (cash_register, number)
) STRICT;
CREATE TABLE IF NOT EXISTS subscription (
  id TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  uri TEXT NOT NULL,
  secret TEXT NOT NULL,
  events TEXT NOT NULL,
  paused INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS delivery (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  subscription TEXT NOT NULL,
  notifications TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (n) WHERE NOT done;
"""


class Store:
    """One connection that holds the file for itself; a second simulator is refused."""

    def __init__(self, path: Path | None) -> None:
        """Open or create; without a path it is in memory only. Raises ``OSError``, or
        ``sqlite3.Error`` if it is damaged or in use."""
        if path is not None:
            path.touch(mode=0o600)  # it holds the secrets of webhooks
        place = ":memory:" if path is None else path
        self._connection = sqlite3.connect(place, timeout=1.0, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def forget(self, next_document: int = 1) -> None:
        """Forget receipts, documents, chains and webhooks, but not what is agreed with boxes. The
        next document gets that number."""
        with self.transaction():
            for table in ("parked", "document", "chain", "subscription", "delivery"):
                self.do(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            self.do("DELETE FROM sqlite_sequence WHERE name = 'document'")
            self.do("INSERT INTO sqlite_sequence VALUES ('document', ?)", next_document - 1)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block has ended. Inside another one: part of it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def do(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(statement, values)

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row, if there is one."""
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows."""
        return self._connection.execute(statement, values).fetchall()

    def number(self, statement: str, *values: Any) -> int:
        """Return the first column of the first row, 0 if there is none."""
        found = self._connection.execute(statement, values).fetchone()
        return 0 if found is None or found[0] is None else int(found[0])
