"""Command APDUs of short length (ISO/IEC 7816-4, cases 1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``le`` is the wanted answer length, 256 for byte 00, ``None`` if absent."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None


def parse(apdu: bytes) -> Command | None:
    """Return the command, ``None`` if the lengths do not fit (extended length included)."""
    if len(apdu) < 4:
        return None
    cla, ins, p1, p2 = apdu[:4]
    rest = apdu[4:]
    if len(rest) <= 1:
        le = (rest[0] or 256) if rest else None
        return Command(cla, ins, p1, p2, b"", le)
    length, data = rest[0], rest[1:]
    if length == 0 or len(data) not in {length, length + 1}:
        return None
    le = (data[length] or 256) if len(data) > length else None
    return Command(cla, ins, p1, p2, data[:length], le)
