"""Identifiers that start with the time, so that fresh ones stay near each other in an index."""

from __future__ import annotations

import os
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


def new_id(unix_ms: int, random_bytes: RandomBytes = os.urandom) -> str:
    """Return a UUID version 7 (RFC 9562 section 5.7) as text.

    ``unix_ms`` is the UTC time in milliseconds. Ids of the same millisecond are unordered.
    """
    raw = bytearray(unix_ms.to_bytes(6, "big") + random_bytes(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
