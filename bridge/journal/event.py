"""Events: what the journal holds, and write-sets: what is handed to its writer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

GENESIS = bytes(32)
"""The predecessor hash of the first event."""


class NewEvent(NamedTuple):
    """An event before it has a place. ``time`` is UTC ms, ``body`` compact JSON (UTF-8).

    ``number`` and ``jws`` are filled for signed receipts only; with ``register`` they are the
    register's DEP.
    """

    kind: str
    time: int
    body: bytes
    register: str | None = None
    receipt: str | None = None
    number: int | None = None
    jws: str | None = None


class Event(NamedTuple):
    """An event in the journal. ``seq`` counts from 1 without gap; ``hash`` covers all other
    fields and the predecessor's hash ``prev`` (SHA-256)."""

    seq: int
    kind: str
    time: int
    body: bytes
    register: str | None
    receipt: str | None
    number: int | None
    jws: str | None
    prev: bytes
    hash: bytes

    def data(self) -> dict[str, Any]:
        """Return the parsed body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


def event_hash(seq: int, new: NewEvent, prev: bytes) -> bytes:
    """Return the chained hash of an event.

    Fields are joined by the unit separator U+001F, an absent field is U+001E. Ids and signatures
    hold no control characters, and the body comes last, so the encoding is unambiguous.
    """
    kind, time, body, *optional = new
    rest = "\x1f".join(["\x1e" if value is None else str(value) for value in optional])
    head = f"{seq}\x1f{kind}\x1f{time}\x1f{rest}\x1f"
    return hashlib.sha256(prev + head.encode() + body).digest()


class Key(NamedTuple):
    """An idempotency key with the fingerprint of the content it was first used for."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class WriteSet:
    """Events that become durable together or not at all; the first one is the decisive one, to
    which the key leads back.

    ``stream`` names the register (or other owner of state) whose version the writer compares with
    ``expected``: the number of write-sets of this stream accepted since the start. ``None``
    means that nothing is expected.
    """

    events: tuple[NewEvent, ...]
    stream: str | None = None
    expected: int = 0
    key: Key | None = field(default=None)
