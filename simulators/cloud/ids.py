"""Ids that the cloud makes up: random, unless the next ones are given."""

from __future__ import annotations

import uuid
from collections import defaultdict, deque

DELIVERY = "delivery"
ECHO = "echo"
REQUEST = "request"


class Ids:
    """For each kind the ids that come next, then 32 random hexadecimal digits."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[str]] = defaultdict(deque)

    def give(self, kind: str, *ids: str) -> None:
        """Let these be the next ones of a kind."""
        self._next[kind].extend(ids)

    def take(self, kind: str, otherwise: str | None = None) -> str:
        """Return the next id of a kind."""
        waiting = self._next[kind]
        if waiting:
            return waiting.popleft()
        return uuid.uuid4().hex if otherwise is None else otherwise

    def forget(self) -> None:
        """Forget those that were given."""
        self._next.clear()
