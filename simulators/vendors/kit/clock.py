"""The simulator's clock, which tests and the control routes move."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta


class SimClock:
    """Goes with the machine's clock, plus what it was moved; or, with ``start``, stands still at
    that time until it is moved. ``now`` is aware UTC, ``monotonic`` counts seconds."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = None if start is None else start.astimezone(UTC)
        self._shift = timedelta(0)
        self._ahead = 0.0
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return (self._start or datetime.now(UTC)) + self._shift

    def monotonic(self) -> float:
        return (0.0 if self._start is not None else time.monotonic()) + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Sleep in this clock's time: moving it wakes whose time has come."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            moved = self._moved
            if self._start is not None:
                await moved.wait()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await moved.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ``ValueError`` if it would run backwards."""
        if seconds < 0:
            message = "time does not run backwards: use set"
            raise ValueError(message)
        self._shift += timedelta(seconds=seconds)
        self._ahead += seconds
        self._wake()

    def set(self, now: datetime) -> None:
        """Set the wall clock, forwards or backwards. Forwards is time that passes."""
        step = now.astimezone(UTC) - self.now()
        self._shift += step
        self._ahead += max(step.total_seconds(), 0.0)
        self._wake()

    def reset(self) -> None:
        """Go back to where the wall clock would be if it had never been moved."""
        self._shift = timedelta(0)

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
