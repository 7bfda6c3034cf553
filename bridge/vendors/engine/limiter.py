"""Holds single calls back before the vendor does (``spec.Limit``)."""

from __future__ import annotations

import math
from collections import deque

from bridge.vendors.engine.faults import TooMany
from bridge.vendors.engine.spec import Limit
from drivers.contract.clock import Clock

MINUTE_S = 60.0


class Limiter:
    """A token bucket of ``burst`` that fills evenly, and never more than ``per_minute`` within any
    60 seconds."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._filled = clock.monotonic()
        self._taken: deque[float] = deque(maxlen=limit.per_minute)

    def take(self) -> None:
        """Let one call pass. Raises ``TooMany`` with the whole seconds to wait."""
        now = self._clock.monotonic()
        rate = self._limit.per_minute / MINUTE_S
        self._tokens = min(float(self._limit.burst), self._tokens + (now - self._filled) * rate)
        self._filled = now
        waits = [(1.0 - self._tokens) / rate]
        if len(self._taken) == self._limit.per_minute:
            waits.append(self._taken[0] + MINUTE_S - now)
        wait = max(waits)
        # A billionth of a second is the arithmetic's own error.
        if wait > 1e-9:
            raise TooMany(
                f"at most {self._limit.per_minute} single calls a minute, "
                f"{self._limit.burst} at once",
                retry_after=math.ceil(wait),
            )
        self._tokens -= 1.0
        self._taken.append(now)
