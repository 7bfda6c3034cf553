"""How many requests to one vendor are under way at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

WIDE = 4
"""Requests under way at once; one after the vendor has complained (429), until it works again."""


class Slots:
    """First come, first served. Belongs to the event loop."""

    def __init__(self, wide: int = WIDE) -> None:
        self._wide = wide
        self._open = wide
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def width(self) -> int:
        """How many may be under way now."""
        return self._open

    @property
    def taken(self) -> int:
        """How many are under way."""
        return self._taken

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place, waiting for it."""
        while self._taken >= self._open:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                self._call()
                raise
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._call()

    def narrow(self) -> None:
        """Let one at a time pass."""
        self._open = 1

    def widen(self) -> None:
        """Let all pass again."""
        self._open = self._wide
        self._call()

    def _call(self) -> None:
        for _ in range(max(self._open - self._taken, 0)):
            while self._waiting and self._waiting[0].done():
                self._waiting.popleft()
            if not self._waiting:
                return
            self._waiting.popleft().set_result(None)
