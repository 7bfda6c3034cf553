"""The whole journal checked and counted: for the command line and the background check."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader
from bridge.journal.writer import check_link


@dataclass(slots=True)
class Verified:
    """What a check found: events, and the last number of each register."""

    events: int = 0
    hash: str = ""
    registers: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)


def verify(reader: Reader) -> Verified:
    """Check every event's place, predecessor and hash, and that numbers have no gap.

    Raises ``JournalDamaged`` naming the first event that is wrong.
    """
    found = Verified()
    previous = None
    for event in reader.events():
        check_link(previous, event)
        if event.number is not None:
            register = event.register or ""
            wanted = found.registers.get(register, 0) + 1
            if event.number != wanted:
                message = f"event {event.seq}: {register} goes to {event.number}, not {wanted}"
                raise JournalDamaged(message)
            found.registers[register] = event.number
        found.kinds[event.kind] += 1
        previous = event
    if previous is not None:
        found.events, found.hash = previous.seq, previous.hash.hex()
    return found
