"""Leaves a vendor alone that fails again and again (vendors.md section 4)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from bridge.vendors.engine.spec import Kind
from drivers.contract.clock import Clock

FAILURES = 5
"""Failures in a row that open the circuit."""

OPEN_S = 60.0

READS = frozenset({Kind.READ})


class Circuit:
    """Closed: everything passes. After ``failures`` in a row it is open: nothing passes for
    ``open_s``; then one request of a class in ``probes`` passes as a trial, whose outcome closes
    or opens it again. A trial that never reports makes way for another after ``open_s``.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        failures: int = FAILURES,
        open_s: float = OPEN_S,
        probes: AbstractSet[Kind] = READS,
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._open_s = open_s
        self._probes = probes
        self._in_a_row = 0
        self._opens_at: float | None = None

    @property
    def closed(self) -> bool:
        """Whether everything passes."""
        return self._opens_at is None

    @property
    def opens_at(self) -> float | None:
        """Monotonic time from which the next trial passes, ``None`` when closed."""
        return self._opens_at

    def allows(self, kind: Kind) -> bool:
        """Whether a request may be sent now; a trial that passes is thereby taken."""
        if self._opens_at is None:
            return True
        now = self._clock.monotonic()
        if kind not in self._probes or now < self._opens_at:
            return False
        self._opens_at = now + self._open_s
        return True

    def failed(self) -> None:
        """Count a failure: unreachable, no answer, 5xx, nonsense. Refusals (4xx) are none."""
        self._in_a_row += 1
        if self._in_a_row >= self._failures:
            self._opens_at = self._clock.monotonic() + self._open_s

    def worked(self) -> None:
        """The vendor has answered."""
        self._in_a_row = 0
        self._opens_at = None
