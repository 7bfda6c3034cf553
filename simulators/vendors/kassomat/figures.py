"""What the simulated vendor computes of four gross sums.

The vendor's only worked example has no income, so this is our choice: Kz81 and Kz86 are the net
bases cut to whole euros, Kz66 is rounded half up for each rate, Kz83 is the tax on the bases less
Kz66.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_EURO = Decimal(1)


def compute(sums: Mapping[str, int]) -> dict[str, str]:
    """Return the four figures as texts, from cents."""
    bases = {rate: _base(sums[f"in_{rate}"], rate) for rate in (7, 19)}
    taken = sum((_contained(sums[f"out_{rate}"], rate) for rate in (7, 19)), Decimal(0))
    tax = sum(
        ((base * rate / 100).quantize(_CENT, ROUND_HALF_UP) for rate, base in bases.items()),
        Decimal(0),
    )
    return {
        "kz66": _text(taken),
        "kz81": _text(bases[19]),
        "kz83": _text(tax - taken),
        "kz86": _text(bases[7]),
    }


def _base(cents: int, rate: int) -> Decimal:
    return (Decimal(cents) / (100 + rate)).quantize(_EURO, ROUND_DOWN)


def _contained(cents: int, rate: int) -> Decimal:
    return (Decimal(cents) * rate / (100 + rate) / 100).quantize(_CENT, ROUND_HALF_UP)


def _text(amount: Decimal) -> str:
    """Write euros as the vendor does: a dot, one decimal when two are not needed."""
    text = f"{amount.quantize(_CENT):f}"
    return text.removesuffix("0")
