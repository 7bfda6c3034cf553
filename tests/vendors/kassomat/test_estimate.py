"""The box's own estimate, and the figures of the simulated vendor."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from bridge.vendors.kassomat.estimate import estimate, euros
from bridge.vendors.kassomat.period import Figures, Period
from simulators.vendors.kassomat.figures import compute


def sums(in_7: int = 0, in_19: int = 0, out_7: int = 0, out_19: int = 0) -> dict[str, int]:
    return {"in_7": in_7, "in_19": in_19, "out_7": out_7, "out_19": out_19}


@pytest.mark.parametrize("compute", [estimate, compute])
@pytest.mark.covers("K-34")
def test_figures_come_from_gross_cents_at_both_rates(compute: type) -> None:
    assert compute(sums(1234, 3456, 2345, 4567)) == {
        "kz66": "8.82",
        "kz81": "29.0",
        "kz83": "-2.54",
        "kz86": "11.0",
    }
    # The one worked example of the vendor's that can be computed: 1842.23 euros at 19 %.
    assert compute(sums(out_19=184223)) == {
        "kz66": "294.14",
        "kz81": "0.0",
        "kz83": "-294.14",
        "kz86": "0.0",
    }


def test_the_estimate_agrees_with_an_independent_computation() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(3000):
        given = sums(*(chance.randrange(10 ** chance.randrange(1, 12)) for _ in range(4)))
        assert estimate(given) == compute(given), given


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.0"),
        (29414, "294.14"),
        (-29414, "-294.14"),
        (-250, "-2.5"),
        (5, "0.05"),
        (-5, "-0.05"),
    ],
)
def test_euros_are_written_as_the_vendor_writes_them(cents: int, text: str) -> None:
    assert euros(cents) == text
    assert Decimal(text) * 100 == cents


def test_a_confirmation_fits_one_period_and_four_sums_only() -> None:
    seen = set()
    for period in (Period(2013, 8), Period(2014, 8), Period(2013, 9), Period(2013, quarter=3)):
        seen.add(Figures(period, sums(1, 2, 3, 4)).confirmation())
    for swapped in ((2, 1, 3, 4), (1, 2, 4, 3), (1, 2, 3, 5), (3, 2, 1, 4)):
        seen.add(Figures(Period(2013, 8), sums(*swapped)).confirmation())
    assert len(seen) == 8
    again = Figures(Period(2013, 8), dict(reversed(sums(1, 2, 3, 4).items())))
    assert again.confirmation() in seen
    assert all(len(each) == 64 for each in seen)


def test_a_quarter_covers_its_three_months() -> None:
    assert [Period(2026, quarter=n).months for n in range(1, 5)] == [
        (1, 2, 3),
        (4, 5, 6),
        (7, 8, 9),
        (10, 11, 12),
    ]
