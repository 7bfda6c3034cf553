"""A point in monotonic time after which a request is not worth going on with."""

from __future__ import annotations

from drivers.contract.clock import Clock
from drivers.signing.faults import SigningTimeout


class Deadline:
    """Ends ``seconds`` after its creation by ``clock.monotonic``."""

    __slots__ = ("_clock", "_end")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - self._clock.monotonic())

    def check(self) -> None:
        """Raise ``SigningTimeout`` once the time is over: nobody waits for the answer any more."""
        if self.remaining() <= 0.0:
            raise SigningTimeout("the request's time was over before the next command")
