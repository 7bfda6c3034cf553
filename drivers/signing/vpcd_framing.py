"""Framing of the vpcd protocol (virtual smart-card reader): pure, used by both ends.

Each message is a 2-byte big-endian length and that many bytes. From the reader a message of one
byte is a control byte, a longer one a command APDU. Length 0 means "card gone".
"""

from __future__ import annotations

from enum import IntEnum

from drivers.signing.faults import CardCommunication

MAX_BODY_BYTES = 0xFFFF
DEFAULT_PORT = 35963
"""Port of slot 0 of the vpcd reader as packaged by Debian (0x8C7B)."""


class Control(IntEnum):
    """Control bytes of the reader; only ``ATR`` is answered."""

    POWER_OFF = 0
    POWER_ON = 1
    RESET = 2
    ATR = 4


def encode(body: bytes) -> bytes:
    """Return length and body as one piece. Raises ``ValueError`` for 0 or over 65535 bytes."""
    if not 0 < len(body) <= MAX_BODY_BYTES:
        raise ValueError(f"a vpcd message has 1 to {MAX_BODY_BYTES} bytes, not {len(body)}")
    return len(body).to_bytes(2, "big") + body


class FrameReader:
    """Cuts a byte stream into messages, however the bytes arrive."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Bytes waiting that were not handed out as a message yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def next(self) -> bytes | None:
        """Return the next whole message, ``None`` if more bytes are needed.

        Raises ``CardCommunication`` for an empty message: the other side is gone.
        """
        if len(self._buffer) < 2:
            return None
        length = int.from_bytes(self._buffer[:2], "big")
        if length == 0:
            raise CardCommunication("the peer sent an empty message: card gone")
        if len(self._buffer) < 2 + length:
            return None
        body = bytes(self._buffer[2 : 2 + length])
        del self._buffer[: 2 + length]
        return body
