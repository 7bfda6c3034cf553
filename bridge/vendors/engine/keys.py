"""Idempotency keys, and what makes two calls the same call."""

from __future__ import annotations

import hashlib
import re

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import RunKeyInvalid, RunKeyMissing
from bridge.vendors.engine.spec import Kind, Operation

HEADER = "idempotency-key"

_SHAPE = re.compile(r"[A-Za-z0-9._-]{1,64}")

_TELLING = ("x-confirm", "x-allow-duplicate")
"""Headers that change what a call means."""

DEMANDED = frozenset({Kind.KEYED, Kind.ONCE})
OFFERED = DEMANDED | {Kind.UPSERT}


def key_of(call: LocalCall, operation: Operation) -> str:
    """Return a call's idempotency key, empty if it needs and has none.

    Raises ``RunKeyMissing``, ``RunKeyInvalid``.
    """
    key = call.headers.get(HEADER)
    if operation.kind not in OFFERED:
        return ""
    if key is None:
        if operation.kind in DEMANDED:
            raise RunKeyMissing(f"{operation.name} acts anew at each call")
        return ""
    if not _SHAPE.fullmatch(key):
        raise RunKeyInvalid("the header Idempotency-Key is not 1 to 64 of A-Z a-z 0-9 . _ -")
    return key


def fingerprint(call: LocalCall, operation: Operation) -> str:
    """Return the SHA-256 of all that makes up what a call means, in hex."""
    parts = [call.method.upper(), operation.name]
    parts += [part for pair in sorted(call.path.items()) for part in pair]
    parts.append("?")
    parts += [part for pair in call.query for part in pair]
    parts.append("#")
    parts += [f"{name}:{call.headers.get(name, '')}" for name in _TELLING]
    digest = hashlib.sha256()
    for part in (*(each.encode() for each in parts), call.body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()
