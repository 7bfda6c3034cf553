"""The 13-digit tax number that ELSTER uses, and whether it can be one.

``FFFF 0 BBB UUUU P`` (North Rhine-Westphalia ``FFFF 0 BBBB UUU P``): federal number of the tax
office, always 0, district, distinguishing number, check digit. Source: the check document of the
Bavarian tax office as two public programs have it; the numbers of all states are in the tests.

This only checks. Which office a paper number belongs to cannot be computed: paper numbers are not
unique over the states, so the vendor is asked (``fiscal_offices``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LENGTH = 13

_STANDARD = (0, 5, 4, 3, 0, 2, 7, 6, 5, 4, 3, 2)
_HANSE = (0, 0, 4, 3, 0, 2, 7, 6, 5, 4, 3, 2)
_LOWER_SAXONY = (0, 0, 2, 9, 0, 8, 7, 6, 5, 4, 3, 2)
_BERLIN_A = (0, 0, 0, 0, 0, 7, 6, 5, 8, 4, 3, 2)
_WESTPHALIA = (0, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1)
_PALATINATE = (0, 0, 1, 2, 0, 1, 2, 1, 2, 1, 2, 1)
_SUMMANDS = (0, 0, 9, 8, 0, 7, 6, 5, 4, 3, 2, 1)
_FACTORS = (0, 0, 512, 256, 0, 128, 64, 32, 16, 8, 4, 2)


def _weighted(digits: tuple[int, ...], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


def _eleven(weights: tuple[int, ...]) -> Callable[[tuple[int, ...]], int]:
    return lambda digits: (11 - _weighted(digits, weights) % 11) % 11


def _remainder(digits: tuple[int, ...]) -> int:
    return _weighted(digits, _WESTPHALIA) % 11


def _cross_sums(digits: tuple[int, ...]) -> int:
    # Sources differ for a sum that ends in 0: one says 0, one says never issued. 0 is taken.
    total = sum(
        sum(divmod(digit * weight, 10)) for digit, weight in zip(digits, _PALATINATE, strict=True)
    )
    return (10 - total % 10) % 10


def _doubling(digits: tuple[int, ...]) -> int:
    total = sum(
        _root((digit + summand) % 10 * factor)
        for digit, summand, factor in zip(digits, _SUMMANDS, _FACTORS, strict=True)
    )
    return (10 - total % 10) % 10


def _root(number: int) -> int:
    """Return the digit sum, taken again until one digit is left."""
    return number and (number - 1) % 9 + 1


@dataclass(frozen=True, slots=True)
class Land:
    """A federal state: how its numbers begin, and how their last digit is computed. Several ways:
    each is in use. ``from_hundred``: districts begin at 100."""

    code: str
    prefix: str
    ways: tuple[Callable[[tuple[int, ...]], int], ...]
    from_hundred: bool = False


LANDS: tuple[Land, ...] = (
    Land("BW", "28", (_doubling,)),
    Land("BY", "9", (_eleven(_STANDARD),), from_hundred=True),
    Land("BE", "11", (_eleven(_BERLIN_A), _eleven(_LOWER_SAXONY))),
    Land("BB", "30", (_eleven(_STANDARD),), from_hundred=True),
    Land("HB", "24", (_eleven(_HANSE),)),
    Land("HH", "22", (_eleven(_HANSE),)),
    Land("HE", "26", (_doubling,)),
    Land("MV", "40", (_eleven(_STANDARD),), from_hundred=True),
    Land("NI", "23", (_eleven(_LOWER_SAXONY),)),
    Land("NW", "5", (_remainder,)),
    Land("RP", "27", (_cross_sums,)),
    Land("SL", "10", (_eleven(_STANDARD),), from_hundred=True),
    Land("SN", "32", (_eleven(_STANDARD),), from_hundred=True),
    Land("ST", "31", (_eleven(_STANDARD),), from_hundred=True),
    Land("SH", "21", (_doubling,)),
    Land("TH", "41", (_eleven(_STANDARD),), from_hundred=True),
)


def land_of(number: str) -> Land | None:
    """Return the state whose tax offices have numbers that begin like this."""
    return next((land for land in LANDS if number.startswith(land.prefix)), None)


def problem(number: str) -> str | None:
    """Return in English why this cannot be a 13-digit tax number, ``None`` if it can."""
    if len(number) != LENGTH or not (number.isascii() and number.isdecimal()):
        return f"must be the {LENGTH}-digit ELSTER number: digits only"
    land = land_of(number)
    if land is None:
        return "begins like no federal state's numbers"
    if number[4] != "0":
        return "must have 0 as its fifth digit"
    if text := _district_problem(number, land):
        return text
    digits = tuple(int(digit) for digit in number)
    if digits[12] not in [way(digits[:12]) for way in land.ways]:
        return "has a wrong check digit: look for a mistyped digit"
    return None


def _district_problem(number: str, land: Land) -> str | None:
    westphalia = land.code == "NW"
    district = int(number[5:9] if westphalia else number[5:8])
    if district in (0, 998, 999) or (land.from_hundred and district < 100):
        return f"has a district that {land.code} does not have"
    if westphalia and int(number[9:]) <= 9:
        return "has an end that was never issued"
    return None
