"""The pattern of a fiscal middleware: several tables, each write committed by itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.journal.event import Event

WRITES = 8
"""Autocommitted writes per receipt."""

_ES256 = ec.ECDSA(SHA256())

_TABLES = """
CREATE TABLE queue(id TEXT PRIMARY KEY, numerator INTEGER, receipt_hash TEXT, chain TEXT);
CREATE TABLE queue_item(id TEXT PRIMARY KEY, row INTEGER, moment INTEGER, request BLOB,
  response BLOB, done INTEGER);
CREATE TABLE receipt_journal(id TEXT PRIMARY KEY, number INTEGER, item TEXT, hash BLOB);
CREATE TABLE signature_journal(id TEXT PRIMARY KEY, number INTEGER, jws TEXT);
CREATE TABLE action_journal(id TEXT PRIMARY KEY, item TEXT, message TEXT);
INSERT INTO queue VALUES('q', 0, '', '');
"""


class PeerReceipts:
    """Stores receipts as the peers do: request first, then each result in its own commit.

    ``log`` is the default rollback journal (``DELETE``) or ``WAL``; syncs are SQLite's default.
    """

    def __init__(self, path: Path, log: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute(f"PRAGMA journal_mode={log}").fetchone()
        self._connection.executescript(_TABLES)
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key()
        self._number = 0

    def receipt(self, request: bytes, event: Event, key: str) -> None:
        """Store one receipt: the given request, and results of an event's size."""
        self._number += 1
        number = self._number
        execute = self._connection.execute
        jws = event.jws or ""
        execute("INSERT INTO queue_item VALUES(?,?,?,?,NULL,0)", (key, number, event.time, request))
        execute("UPDATE queue SET numerator=? WHERE id='q'", (number,))
        message = jws.rpartition(".")[0].encode()
        signature = self._private.sign(message, _ES256)
        self._public.verify(signature, message, _ES256)
        execute("INSERT INTO signature_journal VALUES(?,?,?)", (key, number, jws))
        execute("UPDATE queue SET chain=? WHERE id='q'", (jws[-16:],))
        execute("UPDATE queue_item SET response=?, done=1 WHERE id=?", (event.body, key))
        execute("INSERT INTO receipt_journal VALUES(?,?,?,?)", (key, number, key, event.hash))
        execute("UPDATE queue SET receipt_hash=? WHERE id='q'", (event.hash.hex(),))
        execute("INSERT INTO action_journal VALUES(?,?,?)", (key, key, event.kind))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
