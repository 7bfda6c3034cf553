"""Reads that come too often: refused, then blocked for a while."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from drivers.contract.clock import Clock
from simulators.cloud.assumed import (
    POLL_BLOCK_S,
    POLL_INTERVAL_S,
    POLL_TOLERATED,
    STATUS_BLOCKED,
)
from simulators.cloud.refusal import Refusal

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class PollLimits:
    """Seconds between two reads of the same thing, early reads that are only refused, seconds of
    the block that the next one earns."""

    interval_s: float = POLL_INTERVAL_S
    tolerated: int = POLL_TOLERATED
    block_s: float = POLL_BLOCK_S


@dataclass(slots=True)
class _Reader:
    strikes: int = 0
    blocked_until: float = 0.0
    last: dict[str, float] = field(default_factory=dict)


class PollGuard:
    """Counts per user. Every reading call asks it first."""

    def __init__(self, limits: PollLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._readers: dict[str, _Reader] = {}

    def forget(self) -> None:
        """Forget all reads; nobody is blocked any more."""
        self._readers.clear()

    def check(self, user: str, what: str) -> None:
        """Let a read pass. Raises ``Refusal`` 429 with the seconds to wait."""
        now = self._clock.monotonic()
        reader = self._readers.setdefault(user, _Reader())
        if now < reader.blocked_until:
            raise _refusal("polling_blocked", reader.blocked_until - now)
        last = reader.last.get(what)
        if last is not None and now - last < self._limits.interval_s:
            reader.strikes += 1
            if reader.strikes > self._limits.tolerated:
                reader.strikes = 0
                reader.blocked_until = now + self._limits.block_s
                raise _refusal("polling_blocked", self._limits.block_s)
            raise _refusal("polling_too_often", self._limits.interval_s - (now - last))
        if len(reader.last) >= _REMEMBERED:
            reader.last.clear()
        reader.last[what] = now


def _refusal(code: str, wait_s: float) -> Refusal:
    seconds = max(1, math.ceil(wait_s))
    return Refusal(
        STATUS_BLOCKED,
        code,
        f"read again in {seconds} s; a webhook tells at once",
        headers={"retry-after": str(seconds)},
    )
