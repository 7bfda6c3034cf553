"""The tables of ``vendors.db`` and how its only connection is opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from bridge.vendors.engine.faults import RunsUnwritable

APPLICATION_ID = 0x626F6E76
"""``bonv``: marks the file as bonbridge's store of runs."""

VERSION = 1

_SCRIPT = """
CREATE TABLE run(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  vendor TEXT NOT NULL,
  operation TEXT NOT NULL,
  state TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  freed INTEGER NOT NULL,
  line TEXT NOT NULL,
  replaces TEXT NOT NULL,
  merged TEXT NOT NULL,
  place INTEGER NOT NULL,
  after INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  summary TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX run_key ON run(vendor, key) WHERE key <> '' AND freed = 0;
CREATE INDEX run_state ON run(state, vendor);
CREATE INDEX run_operation ON run(vendor, operation);
CREATE INDEX run_merged ON run(merged) WHERE merged <> '';
CREATE INDEX run_after ON run(vendor) WHERE after = 1;
CREATE TABLE draft(run TEXT PRIMARY KEY, body TEXT NOT NULL, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE change(
  seq INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  time INTEGER NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX change_run ON change(run);
CREATE TRIGGER change_no_update BEFORE UPDATE ON change
  BEGIN SELECT RAISE(ABORT, 'changes of runs are never changed'); END;
CREATE TRIGGER change_no_delete BEFORE DELETE ON change
  WHEN EXISTS (SELECT 1 FROM run WHERE id = OLD.run)
  BEGIN SELECT RAISE(ABORT, 'changes of runs are never removed'); END;
CREATE TABLE delivery(
  vendor TEXT NOT NULL,
  id TEXT NOT NULL,
  received INTEGER NOT NULL,
  handled INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(vendor, id)
) WITHOUT ROWID;
CREATE TABLE value(
  vendor TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(vendor, name)
) WITHOUT ROWID;
CREATE TABLE blob(
  seq INTEGER PRIMARY KEY,
  vendor TEXT NOT NULL,
  name TEXT NOT NULL,
  content BLOB NOT NULL,
  UNIQUE(vendor, name)
);
"""

_REQUIRED = {"journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1}
"""Pragmas read back: 2 is FULL."""


def open_store(path: Path) -> sqlite3.Connection:
    """Open the file, making it when it is absent. Pragmas are set and read back.

    Raises ``RunsUnwritable`` when it is damaged, another program's, or of a newer schema.
    """
    new = not path.exists()
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise unwritable(error, path) from error
    try:
        connection.row_factory = sqlite3.Row
        _check_owner(connection, path)
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise unwritable(error, path) from error
    except RunsUnwritable:
        connection.close()
        raise
    if new:
        _sync_directory(path)
    return connection


def unwritable(error: Exception, path: Path) -> RunsUnwritable:
    """Turn what SQLite or the system says into the one diagnosis."""
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    return RunsUnwritable(f"{path}: {name}: {error}")


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):
        raise RunsUnwritable(f"{path} is a database of another program")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        message = f"{path} has schema version {version}, this software writes {VERSION}"
        raise RunsUnwritable(message)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA recursive_triggers=1")
    for name, wanted in _REQUIRED.items():
        got = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if got != wanted:
            message = f"{path}: PRAGMA {name} is {got!r}, not {wanted!r}: runs would not be safe"
            raise RunsUnwritable(message)
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE;{_SCRIPT}"
            f"PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={VERSION};COMMIT;"
        )


def _sync_directory(path: Path) -> None:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
