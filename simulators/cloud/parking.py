"""Parked receipts and the documents that come of them, on disk.

States: parked, opening (a command is on its way), open, completed, aborted, withdrawn, expired.
Only the box's reports end a receipt that was sent to it; silence decides nothing.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from bridge.cloud.envelope import (
    RECEIPT_ABORTED,
    RECEIPT_COMPLETED,
    RECEIPT_EXPIRED,
    RECEIPT_OPEN,
    RECEIPT_OPENED,
    RECEIPT_WITHDRAW,
    RECEIPT_WITHDRAWN,
    REFUSED,
    RESULT,
    Frame,
    Result,
)
from simulators.cloud.reports import MODELS, CompletedReport, ReceiptReport
from simulators.cloud.store import Store
from simulators.cloud.streams import Streams

PARKED = "parked"
OPENING = "opening"
OPEN = "open"
COMPLETED = "completed"
ABORTED = "aborted"
WITHDRAWN = "withdrawn"
EXPIRED = "expired"

_ENDED = frozenset({COMPLETED, ABORTED, WITHDRAWN})
_WITH_NOBODY = frozenset({PARKED, EXPIRED})
_ENDING = {
    RECEIPT_COMPLETED: COMPLETED,
    RECEIPT_ABORTED: ABORTED,
    RECEIPT_WITHDRAWN: WITHDRAWN,
    RECEIPT_EXPIRED: EXPIRED,
}
_EXPIRED_CODE = "command_expired"
"""Code of the box's refusal of a command that came too late."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a parked receipt is: its state, the reason it ended, the last refusal by the box."""

    state: str
    reason: str | None = None
    error: dict[str, Any] | None = None

    def reported(self, message_type: str, report: ReceiptReport) -> Progress:
        """Return the progress after a report. A completed receipt overrides every other end:
        money was taken and it was signed."""
        if message_type == RECEIPT_OPENED:
            at_box = self.state in _WITH_NOBODY or self.state == OPENING
            return Progress(OPEN) if at_box else self
        ended = _ENDING[message_type]
        if ended == COMPLETED or self.state not in _ENDED:
            return Progress(ended, report.reason)
        return self

    def answered(self, command_type: str, result: Result) -> Progress:
        """Return the progress after the box's result of a command."""
        if result.state != REFUSED:
            return self
        error = {"code": result.code, "detail": result.detail, "retryable": result.retryable}
        if command_type == RECEIPT_OPEN and self.state == OPENING:
            return Progress(EXPIRED if result.code == _EXPIRED_CODE else PARKED, None, error)
        if command_type == RECEIPT_WITHDRAW and self.state in _WITH_NOBODY:
            return Progress(WITHDRAWN)
        return replace(self, error=error)


@dataclass(frozen=True, slots=True)
class End:
    """A receipt that ended just now. ``id`` is the document's number, or the parked receipt's."""

    created: bool
    id: int | str
    reference: str | None


class Parking:
    """All parked receipts and documents. Callers hold the transaction."""

    def __init__(self, store: Store, streams: Streams) -> None:
        self._store = store
        self._streams = streams

    def park(
        self,
        cash_register: int,
        reference: str | None,
        body: dict[str, Any],
        parked: str | None = None,
    ) -> str:
        """Keep a receipt; nothing is opened and nothing signed. Return its id: a new one unless
        it is given."""
        parked = parked or str(uuid.uuid4())
        self._store.do(
            "INSERT INTO parked (id, reference, cash_register, body) VALUES (?, ?, ?, ?)",
            *(parked, reference, cash_register, json.dumps(body)),
        )
        return parked

    def find(self, parked: str) -> sqlite3.Row | None:
        """Return a parked receipt with its newest ``document``."""
        return self._store.row(f"{_PARKED} WHERE parked.id = ?", parked)

    def newest(self, state: str | None, reference: str | None, limit: int) -> list[sqlite3.Row]:
        """Return parked receipts, newest first: all, or those in a state, with a reference."""
        return self._store.rows(
            f"{_PARKED} WHERE (?1 IS NULL OR parked.state = ?1)"
            " AND (?2 IS NULL OR parked.reference = ?2) ORDER BY parked.rowid DESC LIMIT ?3",
            *(state, reference, limit),
        )

    def counts(self) -> dict[str, int]:
        """Return how many parked receipts are in each state."""
        rows = self._store.rows("SELECT state, COUNT(*) AS n FROM parked GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def document(self, number: int) -> sqlite3.Row | None:
        """Return a document."""
        return self._store.row("SELECT * FROM document WHERE id = ?", number)

    def documents(self, reference: str) -> list[sqlite3.Row]:
        """Return the documents with a reference, oldest first."""
        return self._store.rows("SELECT * FROM document WHERE reference = ? ORDER BY id", reference)

    def withdrawing(self, parked: str) -> bool:
        """Whether the box was asked to give a receipt back and has not answered yet."""
        return bool(
            self._store.number(
                "SELECT COUNT(*) FROM outbound WHERE parked = ? AND type = ? AND NOT EXISTS"
                " (SELECT 1 FROM inbound WHERE inbound.parked = outbound.parked"
                " AND re = outbound.id)",
                *(parked, RECEIPT_WITHDRAW),
            )
        )

    def opening(self, parked: str, box: str) -> int:
        """A command to open goes out; return which one it is, from 1."""
        self._store.do(
            "UPDATE parked SET state = ?, box = ?, opens = opens + 1, reason = NULL, error = NULL"
            " WHERE id = ?",
            *(OPENING, box, parked),
        )
        return self._store.number("SELECT opens FROM parked WHERE id = ?", parked)

    def move(self, parked: str, to: Progress) -> None:
        """Put a parked receipt into a state."""
        error = None if to.error is None else json.dumps(to.error)
        self._store.do(
            "UPDATE parked SET state = ?, reason = ?, error = ? WHERE id = ?",
            *(to.state, to.reason, error, parked),
        )

    def parked_of(self, box: str, frame: Frame) -> str | None:
        """Return the parked receipt that a frame is about, if it was sent to that box."""
        if frame.type == RESULT:
            command = self._streams.command(box, frame.re)
            return None if command is None else command["parked"]
        value = frame.data.get("parked_id")
        row = self.find(value) if isinstance(value, str) else None
        return row["id"] if row is not None and row["box"] == box else None

    def apply(
        self, box: str, frame: Frame, data: BaseModel, parked: str | None, row_number: int
    ) -> End | None:
        """Let a new frame have its effect; return the receipt that ended by it."""
        before = self._progress(parked)
        after = None if before is None else self._after(before, box, frame, data)
        if parked is not None and after is not None and after != before:
            self.move(parked, after)
        if isinstance(data, CompletedReport):
            return self._create(box, data, frame.data, parked, row_number)
        if parked and after and before and after.state == ABORTED != before.state:
            row = self.find(parked)
            return End(False, parked, row["reference"] if row else None)
        return None

    def forget(self, frames: int, commands: int) -> None:
        """Lose the newest frames and commands of all boxes, as after restoring a backup."""
        lost = self._store.rows("SELECT n, parked FROM inbound ORDER BY n DESC LIMIT ?", frames)
        given = self._store.rows(
            "SELECT rowid, parked FROM outbound ORDER BY rowid DESC LIMIT ?", commands
        )
        for row in lost:
            self._store.do("DELETE FROM document WHERE frame = ?", row["n"])
            self._store.do("DELETE FROM inbound WHERE n = ?", row["n"])
        for row in given:
            self._store.do("DELETE FROM outbound WHERE rowid = ?", row["rowid"])
        for box in self._streams.boxes():
            last_in = self._store.number("SELECT MAX(seq) FROM inbound WHERE box = ?", box["id"])
            number = self._store.number("SELECT MAX(seq) FROM outbound WHERE box = ?", box["id"])
            number = number if commands else box["given"]
            self._streams.set_box(box["id"], "last_in", last_in)
            self._streams.set_box(box["id"], "given", number)
            self._streams.set_box(box["id"], "acked", min(box["acked"], number))
            self._streams.set_box(box["id"], "journal", None)
        for parked in sorted({row["parked"] for row in (*lost, *given) if row["parked"]}):
            self._recompute(parked)

    def _progress(self, parked: str | None) -> Progress | None:
        row = None if parked is None else self.find(parked)
        if row is None:
            return None
        error = None if row["error"] is None else json.loads(row["error"])
        return Progress(row["state"], row["reason"], error)

    def _after(self, before: Progress, box: str, frame: Frame, data: BaseModel) -> Progress:
        if isinstance(data, ReceiptReport):
            return before.reported(frame.type, data)
        if isinstance(data, Result) and (command := self._streams.command(box, frame.re)):
            return before.answered(command["type"], data)
        return before

    def _create(
        self, box: str, report: CompletedReport, raw: dict[str, Any], parked: str | None, n: int
    ) -> End | None:
        known = None if parked is None else self.find(parked)
        reference = report.reference if known is None else known["reference"]
        cursor = self._store.do(
            "INSERT OR IGNORE INTO document"
            " (box, receipt, register, number, reference, parked, frame, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(box, report.receipt_id, report.register_id, report.number),
            *(reference, parked, n, json.dumps(raw)),
        )
        if not cursor.rowcount or cursor.lastrowid is None:
            return None
        return End(True, cursor.lastrowid, reference)

    def _recompute(self, parked: str) -> None:
        row = self.find(parked)
        if row is None:
            return
        opens = self._store.number(
            "SELECT COUNT(*) FROM outbound WHERE parked = ? AND type = ?", parked, RECEIPT_OPEN
        )
        self._store.do("UPDATE parked SET opens = ? WHERE id = ?", opens, parked)
        progress = Progress(OPENING if opens else PARKED)
        for each in self._store.rows("SELECT * FROM inbound WHERE parked = ? ORDER BY n", parked):
            frame = Frame(
                v=1, id=each["id"], type=each["type"], re=each["re"], data=json.loads(each["data"])
            )
            data = MODELS[frame.type].model_validate(frame.data)
            progress = self._after(progress, each["box"], frame, data)
        self.move(parked, progress)


_PARKED = (
    "SELECT parked.*, (SELECT MAX(document.id) FROM document WHERE document.parked = parked.id)"
    " AS document FROM parked"
)
