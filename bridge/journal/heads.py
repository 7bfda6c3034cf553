"""Heads: what the next events build on, and the check of the chain behind them."""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import dataclass, field

from bridge.journal.event import GENESIS, Event, NewEvent, event_hash
from bridge.journal.faults import JournalDamaged
from bridge.journal.mirror import RegisterMark


@dataclass(slots=True)
class Heads:
    """What the next events build on. Copied before each transaction, taken over by its commit."""

    seq: int = 0
    hash: bytes = GENESIS
    registers: dict[str, RegisterMark] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Heads:
        return Heads(self.seq, self.hash, dict(self.registers), dict(self.versions))


def load_heads(connection: sqlite3.Connection, verify_last: int) -> Heads:
    """Read the heads and check the chain of the last events: O(1) in the journal's length.

    Raises ``JournalDamaged``.
    """
    rows = connection.execute(
        "SELECT * FROM event ORDER BY seq DESC LIMIT ?", (verify_last + 1,)
    ).fetchall()
    events = [Event(*row) for row in reversed(rows)]
    for previous, event in itertools.pairwise(events):
        check_link(previous, event)
    heads = Heads()
    if events:
        if events[0].seq == 1:
            check_link(None, events[0])
        heads.seq, heads.hash = events[-1].seq, events[-1].hash
    last = ""
    while True:
        row = connection.execute(
            "SELECT register FROM event WHERE number IS NOT NULL AND register>? "
            "ORDER BY register LIMIT 1",
            (last,),
        ).fetchone()
        if row is None:
            return heads
        last = row[0]
        number, digest = connection.execute(
            "SELECT number, hash FROM event WHERE register=? AND number IS NOT NULL "
            "ORDER BY number DESC LIMIT 1",
            (last,),
        ).fetchone()
        heads.registers[last] = RegisterMark(number, digest)


def check_link(previous: Event | None, event: Event) -> None:
    """Check that an event follows its predecessor and that its own hash is right.

    Raises ``JournalDamaged``.
    """
    seq, digest = (0, GENESIS) if previous is None else (previous.seq, previous.hash)
    if event.seq != seq + 1:
        message = f"event {event.seq} follows event {seq}: events are missing"
        raise JournalDamaged(message)
    if event.prev != digest:
        message = f"event {event.seq} does not build on event {seq}"
        raise JournalDamaged(message)
    new = NewEvent(*event[1:8])
    # SQLite gives another type back when the row's own description was changed.
    if type(event.body) is not bytes or event_hash(event.seq, new, event.prev) != event.hash:
        message = f"event {event.seq} was changed after it was written"
        raise JournalDamaged(message)
