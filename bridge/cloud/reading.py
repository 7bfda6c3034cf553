"""Frames as they arrive: read, or turned into something that can be answered.

A numbered frame that cannot be read is not thrown away: a number nobody takes would block the
stream for ever. It becomes a message that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bridge.cloud.envelope import Frame, FrameInvalid, Id, Name, Seq, parse_frame
from drivers.contract.fault import Fault

_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_ID: TypeAdapter[str] = TypeAdapter(Id)
_SEQ: TypeAdapter[int] = TypeAdapter(Seq)
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class Message:
    """A numbered message. ``frame`` is ``None`` when it could not be read, ``fault`` says why.

    ``expires`` is its expiry in the time of the box's clock.
    """

    seq: int
    id: str
    type: str
    frame: Frame | None = None
    fault: Fault | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Illegible:
    """A frame that cannot be read and has no number. ``id`` is its id if that is legible."""

    fault: Fault
    id: str | None = None


def read(raw: str | bytes) -> Frame | Message | Illegible:
    """Read a frame: a message is a numbered one that could not be read."""
    if isinstance(raw, bytes):
        return Illegible(FrameInvalid("a binary frame"))
    try:
        return parse_frame(raw)
    except FrameInvalid as fault:
        return _salvaged(raw, fault)


def _salvaged(raw: str, fault: Fault) -> Message | Illegible:
    try:
        fields = _OBJECT.validate_json(raw)
    except ValidationError:
        return Illegible(fault)
    seq = _valid(_SEQ, fields.get("seq"))
    message_id = _valid(_ID, fields.get("id"))
    if seq is None or message_id is None:
        return Illegible(fault, message_id)
    return Message(seq, message_id, _valid(_NAME, fields.get("type")) or "unknown", fault=fault)


def _valid(adapter: TypeAdapter[Any], value: object) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None
