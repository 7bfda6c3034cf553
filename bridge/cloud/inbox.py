"""What the box has taken of each cloud's numbered stream, and the order in which it takes.

Every numbered message ends in one ``cloud.taken`` event, in the commit of its effect. From these
events everything else follows: what may be acknowledged, and the answer to a repetition.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bridge.cloud.view import View
from bridge.journal.event import Event
from bridge.journal.projections import Entries
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.till.parked import note_opened, parked_key

KEPT = 10_000
"""Messages of a peer whose answers are kept; an older repetition is acknowledged only."""

T = TypeVar("T")


@dataclass(slots=True)
class Taken:
    """How far a peer's stream is taken: everything up to ``upto``, and ``beyond`` a hole.

    ``joined`` is the number of the event with which the peer began: it is told of later ones only.
    """

    joined: int = 0
    upto: int = 0
    beyond: set[int] = field(default_factory=set)

    def has(self, seq: int) -> bool:
        """Whether a number is taken."""
        return seq <= self.upto or seq in self.beyond

    def add(self, seq: int) -> None:
        """Take a number."""
        if seq > self.upto:
            self.beyond.add(seq)
        while self.upto + 1 in self.beyond:
            self.upto += 1
            self.beyond.remove(self.upto)


class CloudInbox:
    """Projection: by peer what is taken; by peer and number the event that says so; by origin and
    parked id the receipt that was opened last."""

    name = "cloud_inbox"

    def apply(self, event: Event, entries: Entries) -> None:
        """Note what a cloud's message or a parked receipt became."""
        if event.kind == events.CLOUD_TAKEN:
            self._taken(event, entries)
        elif event.kind == events.CLOUD_JOINED:
            peer = event.data()["peer"]
            if entries.get(peer) is None:
                entries.put(peer, _pack(Taken(joined=event.seq)))
        else:
            note_opened(event, entries)

    def _taken(self, event: Event, entries: Entries) -> None:
        body = event.data()
        peer, seq = body["peer"], body["seq"]
        taken = _unpack(entries.get(peer)) or Taken(joined=event.seq)
        taken.add(seq)
        entries.put(peer, _pack(taken))
        # The first answer is the one that was given.
        if entries.get(f"{peer}/{seq}") is None:
            entries.put(f"{peer}/{seq}", b"%d" % event.seq)
            entries.drop(f"{peer}/{seq - KEPT}")


INBOX = CloudInbox()
"""The one for the journal's projections."""


class Answers:
    """Looks up what became of a peer's messages, as of the last durable event."""

    def __init__(self, reader: Reader, peer: str) -> None:
        self._reader = reader
        self._peer = peer
        self._view = View(reader, INBOX)

    def taken(self) -> Taken | None:
        """Return what is taken of the peer's stream; ``None``: it was never seen."""
        return _unpack(self._view.get(self._peer))

    def to(self, seq: int) -> Event | None:
        """Return the ``cloud.taken`` event of a number, if it is among those kept."""
        found = self._view.get(f"{self._peer}/{seq}")
        return None if found is None else self._reader.event(int(found))

    def last_opened(self, parked_id: str) -> str | None:
        """Return the receipt that was opened last for one of the peer's parked receipts."""
        found = self._view.get(parked_key(self._peer, parked_id))
        return None if found is None else found.decode()


class Waiting(Generic[T]):
    """Numbered messages that wait for an earlier one, or for room: at most ``limit``."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._messages: dict[int, T] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, seq: int) -> bool:
        return seq in self._messages

    def put(self, seq: int, message: T) -> bool:
        """Keep a message; return whether there was room. A repetition takes none."""
        if seq not in self._messages and len(self._messages) >= self.limit:
            return False
        self._messages.setdefault(seq, message)
        return True

    def pop(self, seq: int) -> T | None:
        """Take the message with that number out."""
        return self._messages.pop(seq, None)


def _pack(taken: Taken) -> bytes:
    return json.dumps([taken.joined, taken.upto, sorted(taken.beyond)]).encode()


def _unpack(packed: bytes | None) -> Taken | None:
    if packed is None:
        return None
    joined, upto, beyond = json.loads(packed)
    return Taken(joined, upto, set(beyond))
