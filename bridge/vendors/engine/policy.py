"""How often and when to try again (vendors.md section 4, the table as data)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from bridge.vendors.engine.faults import (
    AnswerLost,
    VendorBroken,
    VendorBusy,
    VendorFailing,
    VendorUnreachable,
)
from bridge.vendors.engine.spec import Kind
from drivers.contract.fault import Fault

HOUR_S = 3600.0
"""A vendor may ask for no longer pause than this."""

ALWAYS = None
"""Tries without end, as long as the order is queued."""


class Case(StrEnum):
    """What a try ended with, as far as it matters for the next one."""

    NOT_SENT = "not_sent"
    BUSY = "busy"
    GATEWAY = "gateway"
    FAILING = "failing"
    LOST = "lost"
    BROKEN = "broken"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Row:
    """Pauses grow from ``base_s`` to ``cap_s``; ``tries`` counts repetitions."""

    base_s: float
    cap_s: float
    tries: int | None


TABLE: Mapping[Case, Row] = {
    Case.NOT_SENT: Row(1.0, 60.0, ALWAYS),
    Case.BUSY: Row(30.0, 600.0, 8),
    Case.GATEWAY: Row(2.0, 300.0, 5),
    Case.FAILING: Row(5.0, 300.0, 3),
    Case.LOST: Row(2.0, 300.0, 5),
    Case.BROKEN: Row(5.0, 300.0, 3),
    Case.FINAL: Row(0.0, 0.0, 0),
}
"""``LOST`` (time-out, broken connection) and ``BROKEN`` (an answer that is none) are not in the
facts' table: a lost answer is like a gateway's time-out, a broken one like a failing service."""

_NOT_EXECUTED = frozenset({Case.NOT_SENT, Case.BUSY})
_REPEATABLE = frozenset({Kind.READ, Kind.UPSERT, Kind.KEYED})
_GATEWAY = frozenset({502, 503, 504})


def case_of(fault: Fault) -> Case:
    """Return which row a fault belongs to."""
    match fault:
        case VendorUnreachable():
            return Case.NOT_SENT
        case VendorBusy():
            return Case.BUSY
        case VendorFailing() if fault.facts.get("vendor_status") in _GATEWAY:
            return Case.GATEWAY
        case VendorFailing():
            return Case.FAILING
        case AnswerLost():
            return Case.LOST
        case VendorBroken():
            return Case.BROKEN
        case _:
            return Case.FINAL


def tries_allowed(case: Case, kind: Kind, tries_500: int = 3) -> int | None:
    """Return how often a request may be repeated after this, ``None`` = without end.

    Where perhaps something was done (``GATEWAY``, ``FAILING``, ``LOST``, ``BROKEN``) nothing of
    class ``once`` is repeated: that needs proof from ``reconcile``. ``tries_500`` is the
    operation's own number for status 500.
    """
    if case not in _NOT_EXECUTED and kind not in _REPEATABLE:
        return 0
    if case is Case.FAILING:
        return tries_500
    return TABLE[case].tries


def pause(case: Case, tries: int, retry_after: float | None, chance: float) -> float:
    """Return the seconds before the next try.

    ``tries`` counts those made so far (the first pause has 1), ``retry_after`` is what the vendor
    asked for, ``chance`` a random number of [0, 1).
    """
    if retry_after is not None:
        return min(max(retry_after, 0.0), HOUR_S)
    row = TABLE[case]
    return chance * min(row.cap_s, row.base_s * 2.0 ** min(max(tries - 1, 0), 32))


def retry_after_s(headers: Mapping[str, str], now: datetime | None) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 section 10.2.3), an hour at most;
    ``None`` when it is missing or says nothing.

    A date is compared with the answer's own ``Date``, which is right even if the box's clock is
    not; without one with ``now``. Header names are in small letters.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), HOUR_S)
    then = _date(value)
    there = _date(headers.get("date", "")) or now
    if then is None or there is None:
        return None
    return min(max((then - there).total_seconds(), 0.0), HOUR_S)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
