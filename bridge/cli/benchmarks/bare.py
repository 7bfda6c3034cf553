"""The reference of a receipt: sign, verify, and the same rows in one bare transaction, all on
one thread."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.journal.event import Event
from bridge.journal.schema import open_writer

CHECKPOINT_EVERY = 800
"""Rows between checkpoints, made outside the measured time: the rhythm of the journal's writer."""

_ES256 = ec.ECDSA(SHA256())
_INSERT_EVENT = "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)"
_INSERT_KEY = "INSERT INTO key VALUES(?,?,?)"
_FINGERPRINT = bytes(16)


class BareReceipts:
    """Tables, indexes and pragmas are the journal's own; its triggers are dropped."""

    def __init__(self, path: Path) -> None:
        self._connection: sqlite3.Connection = open_writer(path)
        triggers = self._connection.execute("SELECT name FROM sqlite_schema WHERE type='trigger'")
        for (name,) in triggers.fetchall():
            self._connection.execute(f"DROP TRIGGER {name}")
        self._cursor = self._connection.cursor()
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key()
        self._rows = 0

    def receipt(self, message: bytes, event: Event, key: str) -> None:
        """Do what a receipt costs at least: the measured part."""
        signature = self._private.sign(message, _ES256)
        self._public.verify(signature, message, _ES256)
        self.commit([event], key)

    def commit(self, events: list[Event], key: str) -> None:
        """Store the rows of one command in one transaction: the measured part."""
        execute = self._cursor.execute
        execute("BEGIN IMMEDIATE")
        for event in events:
            execute(_INSERT_EVENT, event)
        execute(_INSERT_KEY, (key, _FINGERPRINT, events[0].seq))
        execute("COMMIT")

    def copy(self, events: list[Event]) -> None:
        """Hold the other rows, too, so that both databases are alike: not measured."""
        self._cursor.execute("BEGIN IMMEDIATE")
        self._cursor.executemany(_INSERT_EVENT, events)
        self._cursor.execute("COMMIT")
        self._rows += len(events)

    def tidy(self) -> None:
        """Checkpoint in the writer's rhythm: not measured."""
        self._rows += 1
        if self._rows >= CHECKPOINT_EVERY:
            self._rows = 0
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
