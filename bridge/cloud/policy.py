"""How long to wait before the next try, by what ended the last one.

All boxes of a city come back in the same second after a power cut, and all boxes of a vendor
after a restart of its cloud: so nearly every pause is random over its whole length.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from bridge.cloud import faults
from bridge.supervisor import SLOW_S
from drivers.contract.fault import Fault

FIRST_S, NEXT_S = 30.0, 60.0
"""The first try after a lost link comes within 30 s, later ones within 60 s: a restarted cloud
then sees at most twice the uniform rate (design section 10, M15)."""

SPACING_S = 5.0
"""Least time between two tries, whoever is waiting."""

BUSY_S = 30.0
"""Least pause when the cloud asks to come later without saying when."""

BUSY_CAP_S = 600.0
"""Longest range of the random part then."""

HOUR_S = 3600.0
CLONED_S = 60.0

LONGEST_WISH_S = HOUR_S
"""A cloud may ask for no longer pause than this (``Retry-After``)."""

_NO_HURRY = (
    faults.CloudBusy,
    faults.CloudRevoked,
    faults.CloudIdentityCloned,
    faults.CloudFrameRefused,
    faults.CloudStreamBroken,
)
"""Faults after which coming back at once would do harm, whoever is waiting."""


class CloudPolicy:
    """Pauses of one link. ``someone_waits`` says whether a person at the counter is waiting."""

    def __init__(self, someone_waits: Callable[[], bool]) -> None:
        self._someone_waits = someone_waits
        self._refreshed = False

    def first(self, chance: float) -> float:
        """Return the seconds before the very first try after the start of the box."""
        return 0.0 if self._someone_waits() else chance * FIRST_S

    def __call__(self, tries: int, fault: Fault | None, chance: float) -> float:
        """Return the seconds before the next try; see ``bridge.supervisor.Policy``."""
        if isinstance(fault, faults.CloudTokenExpired):
            if tries == 0 or not self._refreshed:
                self._refreshed = True
                return 0.0
            return _between(SLOW_S, chance)
        if isinstance(fault, faults.CloudBusy):
            wish = fault.facts.get("retry_after_s")
            if wish is not None:
                return float(wish) + chance * FIRST_S
            return BUSY_S + chance * min(BUSY_CAP_S, BUSY_S * 2.0 ** min(tries, 16))
        if isinstance(fault, faults.CloudRevoked):
            return HOUR_S + chance * FIRST_S
        if isinstance(fault, faults.CloudIdentityCloned):
            return CLONED_S + chance * CLONED_S * min(tries + 1, 10)
        if fault is not None and not fault.retryable:
            return _between(SLOW_S, chance)
        if not isinstance(fault, _NO_HURRY) and self._someone_waits():
            return 0.0
        return chance * (FIRST_S if tries == 0 else NEXT_S)


def wish_of(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110 section 10.2.3), at most
    an hour; ``None`` when there is none or it says nothing.

    ``now`` is the cloud's time where that is known: the header may be a date.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), LONGEST_WISH_S)
    try:
        wish = (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wish, 0.0), LONGEST_WISH_S)


def _between(bounds: tuple[float, float], chance: float) -> float:
    low, high = bounds
    return low + chance * (high - low)
