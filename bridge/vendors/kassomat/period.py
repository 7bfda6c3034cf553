"""What a return says: its period, its four sums, whether it counts, and its confirmation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bridge.vendors.engine.wire import json_body
from bridge.vendors.kassomat import assumed
from bridge.vendors.kassomat.words import warning

SUMS = ("in_7", "out_7", "in_19", "out_19")
"""Gross income and expenses at 7 % and 19 %, in cents, in the order of the vendor's example."""

_MONTHS_PER_QUARTER = 3
_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month, or a quarter (then ``month`` is ``None``)."""

    year: int
    month: int | None = None
    quarter: int | None = None

    def __str__(self) -> str:
        if self.month is None:
            return f"{self.year}-Q{self.quarter}"
        return f"{self.year}-{self.month:02d}"

    @property
    def months(self) -> tuple[int, ...]:
        """The calendar months of the year that it covers."""
        if self.month is not None:
            return (self.month,)
        last = (self.quarter or 0) * _MONTHS_PER_QUARTER
        return tuple(range(last - _MONTHS_PER_QUARTER + 1, last + 1))

    def warnings(self, now: datetime, language: str) -> tuple[dict[str, str], ...]:
        """Warn of a period that is not over, or over for long. No period is ever refused."""
        today = now.astimezone(assumed.GERMAN_TIME).date()
        after = _index(today) - (self.year * _MONTHS_PER_YEAR + self.months[-1])
        if after <= 0:
            return (warning("period_running", language, period=self),)
        if after > assumed.OLD_MONTHS:
            return (warning("period_old", language, period=self),)
        return ()


def _index(day: date) -> int:
    return day.year * _MONTHS_PER_YEAR + day.month


@dataclass(frozen=True, slots=True)
class Figures:
    """A period and its sums by name, in cents."""

    period: Period
    sums: Mapping[str, int]

    def confirmation(self) -> str:
        """Return what confirms a real return of exactly these figures."""
        period = self.period
        sums = [self.sums[name] for name in sorted(SUMS)]
        told = ["kassomat", period.year, period.month, period.quarter, *sums, "real"]
        return hashlib.sha256(json_body(told)).hexdigest()

    def assessment(self, *, preview: bool, test: bool) -> dict[str, Any]:
        """Return the vendor's body; both flags are always in it (its defaults differ)."""
        period = self.period
        named = {"quarter": period.quarter} if period.month is None else {"month": period.month}
        sums = {name: self.sums[name] for name in SUMS}
        inner = {"year": period.year, **named, "preview": preview, "test": test, "data": sums}
        return {"assessment": inner}

    def facts(self) -> dict[str, Any]:
        """Return plain values for the run."""
        period = self.period
        return {
            "year": period.year,
            "month": period.month,
            "quarter": period.quarter,
            **{name: self.sums[name] for name in SUMS},
        }
