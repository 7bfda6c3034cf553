"""The whole journal checked and counted: for the command line and the background check."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.journal.event import Event
from bridge.journal.faults import JournalDamaged
from bridge.journal.heads import check_link
from bridge.journal.reader import Reader


@dataclass(slots=True)
class Verified:
    """What a check found: events, and the last number of each register."""

    events: int = 0
    hash: str = ""
    registers: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)


def verify(reader: Reader) -> Verified:
    """Check every event's place, predecessor and hash, and that numbers have no gap.

    Raises ``JournalDamaged`` naming the first event that is wrong or cannot be read.
    """
    walk = _Walk()
    try:
        last = reader.last_seq()
    except sqlite3.DatabaseError as error:
        message = f"the last event cannot be read: {error}"
        raise JournalDamaged(message) from error
    try:
        walk.check(reader.events(0, last))
    except sqlite3.DatabaseError:
        # Somewhere in this chunk: one by one names the first event.
        try:
            walk.check(_one_by_one(reader, walk.found.events, last))
        except sqlite3.DatabaseError as error:
            message = f"event {walk.found.events + 1} cannot be read: {error}"
            raise JournalDamaged(message) from error
    found = walk.found
    if found.events < last:
        message = f"event {found.events + 1} is missing, the last one is {last}"
        raise JournalDamaged(message)
    if walk.previous is not None:
        found.hash = walk.previous.hash.hex()
    return found


def _one_by_one(reader: Reader, after: int, last: int) -> Iterator[Event]:
    for seq in range(after + 1, last + 1):
        event = reader.event(seq)
        if event is None:
            return
        yield event


class _Walk:
    """A check on its way: it can go on where reading failed."""

    def __init__(self) -> None:
        self.found = Verified()
        self.previous: Event | None = None

    def check(self, events: Iterator[Event]) -> None:
        found = self.found
        for event in events:
            check_link(self.previous, event)
            if event.number is not None:
                register = event.register or ""
                wanted = found.registers.get(register, 0) + 1
                if event.number != wanted:
                    message = f"event {event.seq}: {register} goes to {event.number}, not {wanted}"
                    raise JournalDamaged(message)
                found.registers[register] = event.number
            found.kinds[event.kind] += 1
            self.previous = event
            found.events = event.seq
