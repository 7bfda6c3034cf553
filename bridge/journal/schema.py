"""The journal's tables, its migrations and how a connection to it is opened.

The event table is the only truth. Its unique index (register, number) is the DEP. Everything
else is derived (``state``, ``cursor``) or guards against doing a command twice (``key``).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from bridge.journal.faults import (
    DiskFull,
    JournalDamaged,
    JournalForeign,
    JournalMissing,
    JournalUnwritable,
)
from drivers.contract.fault import Fault

APPLICATION_ID = 0x626F6E62
"""``bonb``: marks the file as a bonbridge journal."""

VERSION = 1
"""Schema version this software writes."""

PAGE_SIZE = 2048
"""Bytes. A receipt touches three B-tree leaves; half-size pages halve what its commit writes
(docs/benchmarks.md, M1b)."""

_SMALLEST = 512
"""Bytes of the smallest database. SQLite takes a shorter file for empty and overwrites it."""

MIGRATIONS: tuple[tuple[int, str], ...] = (
    (
        1,
        """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE event(
          seq INTEGER PRIMARY KEY,
          kind TEXT NOT NULL,
          time INTEGER NOT NULL,
          body BLOB NOT NULL,
          register TEXT,
          receipt TEXT,
          number INTEGER,
          jws TEXT,
          prev BLOB NOT NULL,
          hash BLOB NOT NULL
        );
        CREATE UNIQUE INDEX dep ON event(register, number) WHERE number IS NOT NULL;
        CREATE TABLE key(
          key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, seq INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE state(
          name TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(name, key)
        ) WITHOUT ROWID;
        CREATE TABLE cursor(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TRIGGER event_no_update BEFORE UPDATE ON event
          BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER event_no_delete BEFORE DELETE ON event
          BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER key_no_update BEFORE UPDATE ON key
          BEGIN SELECT RAISE(ABORT, 'keys are never changed'); END;
        CREATE TRIGGER key_no_delete BEFORE DELETE ON key
          BEGIN SELECT RAISE(ABORT, 'keys are never removed'); END;
        """,
    ),
)
"""Forward only. The first number of each entry is the schema version it leads to; readers of
that version and later can read the result."""

MINIMUM_READER = 1
"""Oldest schema version whose software can still read a journal written by this one."""

_REQUIRED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "wal_autocheckpoint": 0,
    "recursive_triggers": 1,
}
"""Pragmas read back. Without recursive triggers a REPLACE removes rows past the triggers."""


def database_uri(path: Path, mode: str, extra: str = "") -> str:
    """Return the SQLite URI of a journal file; ``extra`` adds parameters such as ``&vfs=name``."""
    escaped = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{escaped}?mode={mode}{extra}"


def open_writer(path: Path, extra: str = "") -> sqlite3.Connection:
    """Open the only read-write connection, creating the file with its tables when it is absent.

    The caller holds the lock. Pragmas are set and read back.
    Raises ``JournalForeign`` and ``JournalDamaged``.
    """
    if path.exists() and _check_size(path):
        _look_first(path, extra)

    def prepare(connection: sqlite3.Connection) -> None:
        # Before the first read: an old file keeps the page size it was made with.
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        _check_owner(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA recursive_triggers=1")
        for name, wanted in _REQUIRED.items():
            got = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if got != wanted:
                message = (
                    f"{path}: PRAGMA {name} is {got!r}, not {wanted!r}: receipts would not be safe"
                )
                raise JournalDamaged(message)
        _migrate(connection)

    return _connect(path, "rwc", extra, prepare)


def open_reader(path: Path, extra: str = "") -> sqlite3.Connection:
    """Open a connection that can never write. Raises ``JournalMissing``, ``JournalForeign`` and
    ``JournalDamaged``."""
    if not path.exists():
        raise JournalMissing(str(path))
    _check_size(path)

    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only=1")
        if not _check_owner(connection, path):
            message = f"{path} is empty"
            raise JournalMissing(message)

    return _connect(path, "ro", extra, prepare)


def _connect(
    path: Path, mode: str, extra: str, prepare: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            database_uri(path, mode, extra),
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
        )
    except sqlite3.DatabaseError as error:
        raise diagnose_open(error, path) from error
    with contextlib.ExitStack() as undo:
        undo.callback(connection.close)
        try:
            prepare(connection)
        except sqlite3.DatabaseError as error:
            raise diagnose_open(error, path) from error
        undo.pop_all()
    return connection


def _check_size(path: Path) -> int:
    size = path.stat().st_size
    if 0 < size < _SMALLEST:
        message = f"{path} is not a database"
        raise JournalForeign(message)
    return size


def _look_first(path: Path, extra: str) -> None:
    """Refuse a file that is not ours by a connection that cannot change it: closing one that can
    write would already put a foreign program's log into its database."""

    def prepare(connection: sqlite3.Connection) -> None:
        try:
            _check_owner(connection, path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK":
                # Left by a crash while the file was made. Only a writer can play it back.
                return
            raise
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            message = (
                f"{path} was written by schema version {version}, this software writes {VERSION}"
            )
            raise JournalForeign(message)

    _connect(path, "ro", extra, prepare).close()


def diagnose_open(error: sqlite3.DatabaseError, path: Path) -> Fault:
    """Turn what SQLite says while opening into a diagnosis."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_NOTADB":
        return JournalForeign(f"{path} is not a database")
    if name == "SQLITE_ERROR":
        return JournalForeign(f"{path} lacks a journal's tables: {error}")
    if name.startswith("SQLITE_CORRUPT") or not name:
        # Without a name: Python could not read what SQLite handed over.
        return JournalDamaged(f"{path}: {error}")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM")):
        return JournalMissing(f"{path} cannot be opened: {error}")
    return diagnose_write(error, path)


def diagnose_write(error: sqlite3.Error, path: Path) -> Fault:
    """Turn what SQLite says while writing into a diagnosis."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return DiskFull(f"{path}: {error}")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return JournalDamaged(f"{path}: {error}")
    return JournalUnwritable(f"{path}: {name or type(error).__name__}: {error}")


def _check_owner(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether it is a journal; an empty file is none yet. Raises ``JournalForeign``."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id == APPLICATION_ID:
        minimum = connection.execute(
            "SELECT value FROM meta WHERE name='minimum_reader'"
        ).fetchone()
        if minimum is not None and minimum[0] > VERSION:
            message = f"{path} needs schema version {minimum[0]}, this software knows {VERSION}"
            raise JournalForeign(message)
    elif application_id or tables:
        message = f"{path} is a database of another program"
        raise JournalForeign(message)
    return bool(application_id)


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for target, script in MIGRATIONS:
        if target <= version:
            continue
        connection.executescript(
            f"BEGIN IMMEDIATE;{script}"
            f"INSERT OR REPLACE INTO meta VALUES('minimum_reader', {MINIMUM_READER});"
            f"PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={target};COMMIT;"
        )
