"""Dated tables of tax rates: which names a receipt may use on which day.

The names are the contract's (contracts.md section 1); the buckets are the five amounts of the
RKSV code in their order: Normal, Ermaessigt-1, Ermaessigt-2, Null, Besonders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax rate. ``permille`` is the rate in tenths of a percent, ``bucket`` its index in the
    five amounts; valid on days ``first <= day < end``."""

    name: str
    permille: int
    bucket: int
    first: date = date.min
    end: date = date.max

    @property
    def label(self) -> str:
        """``20 %`` or ``4,9 %``."""
        whole, tenth = divmod(self.permille, 10)
        return f"{whole},{tenth} %" if tenth else f"{whole} %"


BUCKETS_AT = 5

# UStG § 10; special (19 %): Jungholz and Mittelberg, § 10 Abs. 4; special49: BGBl. II 134/2026,
# its gross counts in Betrag-Satz-Besonders together with 19 % (rksv.md section 2).
AUSTRIA: tuple[Rate, ...] = (
    Rate("normal", 200, 0),
    Rate("reduced1", 100, 1),
    Rate("reduced2", 130, 2),
    Rate("zero", 0, 3),
    Rate("special", 190, 4),
    Rate("special49", 49, 4, first=date(2026, 7, 1)),
)


class RateTable:
    """The rates of one country."""

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self._rates: dict[str, list[Rate]] = {}
        for rate in rates:
            self._rates.setdefault(rate.name, []).append(rate)

    def names(self, day: date) -> tuple[str, ...]:
        """Return the names valid on ``day``."""
        return tuple(name for name in self._rates if self.find(name, day))

    def known(self, name: str) -> bool:
        """Whether the name exists on any day."""
        return name in self._rates

    def find(self, name: str, day: date) -> Rate | None:
        """Return the rate of that name on ``day``, or ``None``."""
        for rate in self._rates.get(name, ()):
            if rate.first <= day < rate.end:
                return rate
        return None


AUSTRIA_TABLE = RateTable(AUSTRIA)
