"""The two numbered streams between cloud and box, on disk (rules: ``bridge.cloud.envelope``)."""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from bridge.cloud.envelope import SKIP, Frame, JournalHead
from simulators.cloud.heads import both_known
from simulators.cloud.store import Store


@dataclass(frozen=True, slots=True)
class Command:
    """A numbered message to a box. ``parked`` is the receipt that it is about."""

    seq: int
    id: str
    type: str
    data: dict[str, Any]
    key: str | None = None
    exp: datetime | None = None
    parked: str | None = None


class Taken(Enum):
    """What became of a numbered frame of a box."""

    NEW = auto()
    REPEATED = auto()
    GAP = auto()
    CONFLICT = auto()


class Streams:
    """All boxes' streams. Callers hold a transaction where several changes belong together."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_box(self, box: str) -> None:
        """Make a box known; nothing happens if it is."""
        self._store.do("INSERT OR IGNORE INTO box (id) VALUES (?)", box)

    def box(self, box: str) -> sqlite3.Row | None:
        """Return what is known of a box: last_in, given, acked, journal, revoked, token_due."""
        return self._store.row("SELECT * FROM box WHERE id = ?", box)

    def boxes(self) -> list[sqlite3.Row]:
        """Return all boxes."""
        return self._store.rows("SELECT * FROM box ORDER BY id")

    def set_box(self, box: str, name: str, value: object) -> None:
        """Change one column of a box; ``name`` is a column of this program's own."""
        self._store.do(f"UPDATE box SET {name} = ? WHERE id = ?", value, box)  # noqa: S608 - a column's name, never input

    def give(
        self,
        box: str,
        message_type: str,
        data: dict[str, Any],
        *,
        key: str | None = None,
        exp: datetime | None = None,
        parked: str | None = None,
    ) -> Command:
        """Number a message for a box and keep it until the box has it."""
        with self._store.transaction():
            seq = self._store.number("SELECT given FROM box WHERE id = ?", box) + 1
            command = Command(seq, str(uuid.uuid4()), message_type, data, key, exp, parked)
            self._store.do(
                "INSERT INTO outbound (box, seq, id, type, key, exp, data, parked)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(box, seq, command.id, message_type, key, exp and exp.isoformat()),
                *(json.dumps(data), parked),
            )
            self.set_box(box, "given", seq)
        return command

    def waiting(self, box: str, after: int, limit: int) -> list[Command]:
        """Return what comes after a number, at most ``limit`` messages, without gap.

        What the box had acknowledged before it lost it again, is a ``skip`` by now.
        """
        known = self.box(box)
        if known is None or limit <= 0:
            return []
        rows = {
            row["seq"]: row
            for row in self._store.rows(
                "SELECT * FROM outbound WHERE box = ? AND seq > ? ORDER BY seq LIMIT ?",
                *(box, after, limit),
            )
        }
        last = min(known["given"], after + limit)
        return [
            _command(box, seq, rows.get(seq), done=seq <= known["acked"])
            for seq in range(after + 1, last + 1)
        ]

    def acknowledge(self, box: str, seq: int) -> bool:
        """The box has everything up to a number. ``False`` if no such number was given."""
        known = self.box(box)
        if known is None or seq > known["given"]:
            return False
        if seq > known["acked"]:
            self.set_box(box, "acked", seq)
        return True

    def resume(self, box: str, last_in: int, *, jump: bool) -> int:
        """Return the number after which to send, for a box that has everything up to ``last_in``.

        A box that has more than this cloud ever numbered shows that the cloud was restored from
        a backup: its numbers go on behind the box's, and what still waits gets new ones.
        """
        with self._store.transaction():
            known = self.box(box)
            given, acked = (0, 0) if known is None else (known["given"], known["acked"])
            if last_in <= given:
                self.set_box(box, "acked", max(acked, last_in))
                return last_in
            if not jump:
                return int(acked)
            rows = self._store.rows(
                "SELECT seq FROM outbound WHERE box = ? AND seq > ? ORDER BY seq", box, acked
            )
            for number, row in enumerate(rows, start=last_in + 1):
                self._store.do(
                    "UPDATE outbound SET seq = ? WHERE box = ? AND seq = ?",
                    *(number, box, row["seq"]),
                )
            self.set_box(box, "given", last_in + len(rows))
            self.set_box(box, "acked", last_in)
        return last_in

    def take(self, box: str, frame: Frame, parked: str | None) -> tuple[Taken, int]:
        """Keep a numbered frame if it comes next; return its row's number with that."""
        known = self.box(box)
        last_in = 0 if known is None else known["last_in"]
        seq = frame.seq or 0
        same_id = self._store.row(
            "SELECT n, seq FROM inbound WHERE box = ? AND id = ?", box, frame.id
        )
        if same_id is not None and same_id["seq"] == seq:
            return Taken.REPEATED, same_id["n"]
        if same_id is not None or seq <= last_in:
            return Taken.CONFLICT, 0
        if frame.prev is None or frame.prev > last_in:
            return Taken.GAP, 0
        cursor = self._store.do(
            "INSERT INTO inbound (box, seq, id, type, re, data, parked)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(box, seq, frame.id, frame.type, frame.re, json.dumps(frame.data), parked),
        )
        self.set_box(box, "last_in", seq)
        return Taken.NEW, cursor.lastrowid or 0

    def command(self, box: str, message_id: str | None) -> sqlite3.Row | None:
        """Return the message that a result answers."""
        return self._store.row(
            "SELECT * FROM outbound WHERE box = ? AND id = ?", box, message_id or ""
        )

    def learn_head(self, box: str, told: JournalHead | None) -> JournalHead | None:
        """Keep where the box's journal stands; return the furthest head that is known."""
        known = self.box(box)
        stored = None if known is None else known["journal"]
        sold = {
            row["register"]: row["number"]
            for row in self._store.rows(
                "SELECT register, MAX(number) AS number FROM document WHERE box = ?"
                " GROUP BY register",
                box,
            )
        }
        head = both_known(
            None if stored is None else JournalHead.model_validate_json(stored), told, sold
        )
        if head is not None:
            self.set_box(box, "journal", head.model_dump_json())
        return head


def _command(box: str, seq: int, row: sqlite3.Row | None, *, done: bool) -> Command:
    if row is None:
        return Command(seq, f"skip-{box}-{seq}", SKIP, {})
    if done:
        return Command(seq, row["id"], SKIP, {})
    return Command(
        seq,
        row["id"],
        row["type"],
        json.loads(row["data"]),
        row["key"],
        None if row["exp"] is None else datetime.fromisoformat(row["exp"]),
        row["parked"],
    )
