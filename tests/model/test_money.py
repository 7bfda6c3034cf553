"""Cents: rounding, lines, discounts, formats."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from bridge.model.money import (
    format_cents,
    format_quantity,
    line_cents,
    round_half_up,
    split_discount,
)
from bridge.model.receipt import Line
from tests.conftest import Scale

RATES = {"normal": 200, "reduced1": 100, "reduced2": 130, "zero": 0, "special": 190}


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 10, 0),
        (4, 10, 0),
        (5, 10, 1),
        (14, 10, 1),
        (15, 10, 2),
        (25, 10, 3),
        (-4, 10, 0),
        (-5, 10, -1),
        (-15, 10, -2),
        (-25, 10, -3),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (10**30 + 5 * 10**14, 10**15, 10**15 + 1),
    ],
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


def test_rounding_agrees_with_decimal_arithmetic(scale: Scale) -> None:
    seed = 7
    chance = random.Random(seed)
    for _ in range(scale.of(2_000, 200_000)):
        numerator = chance.randint(-(10**15), 10**15)
        denominator = chance.choice((1000, 10_000, 1200, 1049, chance.randint(1, 10**6)))
        exact = Decimal(numerator) / Decimal(denominator)
        # 28 digits of Decimal are exact enough for halves of these denominators.
        wanted = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        assert round_half_up(numerator, denominator) == wanted, f"seed {seed}"


@pytest.mark.parametrize(
    ("quantity", "unit_cents", "discount", "cents"),
    [
        (1000, 199, 0, 199),
        (3000, 49, 0, 147),
        (500, 99, 0, 50),
        (333, 100, 0, 33),
        (335, 100, 0, 34),
        (-500, 99, 0, -50),
        (500, -99, 0, -50),
        (-500, -99, 0, 50),
        (1500, 33, 0, 50),
        (1000, 999, 1000, 899),
        (1000, 5, 1000, 4),
        (1000, 100, 10_000, 0),
        (1000, 0, 0, 0),
        (1, 10**9, 0, 10**6),
    ],
)
def test_a_line_is_quantity_times_price_less_its_discount(
    quantity: int, unit_cents: int, discount: int, cents: int
) -> None:
    assert line_cents(quantity, unit_cents, discount) == cents


def test_a_cancelled_line_is_the_exact_negative_of_the_line(scale: Scale) -> None:
    seed = 11
    chance = random.Random(seed)
    for _ in range(scale.of(2_000, 100_000)):
        quantity = chance.randint(-5_000, 5_000)
        unit = chance.randint(-100_000, 100_000)
        discount = chance.choice((0, 0, chance.randint(0, 10_000)))
        assert line_cents(-quantity, unit, discount) == -line_cents(quantity, unit, discount), (
            f"seed {seed}: {quantity} x {unit} - {discount}"
        )


def test_parts_of_a_line_taken_back_one_after_another_add_up_to_the_line(scale: Scale) -> None:
    seed = 13
    chance = random.Random(seed)
    for _ in range(scale.of(500, 20_000)):
        whole = Line(1, "x", chance.randint(1, 5_000), chance.randint(-999, 999), "normal", 1_000)
        left, taken, back = whole.quantity, 0, 0
        while left:
            part = chance.randint(1, left)
            line = Line(
                1, "x", -part, whole.unit_cents, "normal", 1_000, cancels=1, taken_before=-taken
            )
            back += line.cents
            taken += part
            left -= part
        assert back == -whole.cents, f"seed {seed}: {whole}"


@pytest.mark.parametrize(
    ("gross", "cents", "shares"),
    [
        ({"normal": 1000, "reduced1": 1000}, 100, {"normal": 50, "reduced1": 50}),
        # 33.3 each: floored, the remaining cent goes to the higher rate of equal buckets.
        (
            {"reduced1": 1000, "normal": 1000, "zero": 1000},
            100,
            {"normal": 34, "reduced1": 33, "zero": 33},
        ),
        # The largest bucket takes the remaining cent, though its rate is the lowest.
        ({"normal": 100, "zero": 200}, 10, {"normal": 3, "zero": 7}),
        # A negative bucket takes no part.
        ({"normal": 1000, "reduced1": -400}, 100, {"normal": 100}),
        ({"normal": 0, "reduced1": 500}, 499, {"reduced1": 499}),
        # The whole amount.
        ({"normal": 77, "zero": 23}, 100, {"normal": 77, "zero": 23}),
        # One cent only: nothing is left for the others, and shares of nothing are not named.
        ({"normal": 300, "reduced1": 200}, 1, {"normal": 1}),
        # The largest bucket cannot hold all that remains: it must not become negative.
        ({"normal": 1, "reduced1": 1, "zero": 1}, 2, {"normal": 1, "reduced1": 1}),
        ({"normal": 500}, 0, {}),
        ({}, 0, {}),
    ],
)
def test_a_receipt_discount_is_split_in_proportion(
    gross: dict[str, int], cents: int, shares: dict[str, int]
) -> None:
    assert split_discount(gross, cents, RATES) == shares


@pytest.mark.parametrize(
    ("gross", "cents"),
    [
        ({"normal": 100}, 101),
        ({"normal": 100}, -1),
        ({}, 1),
        ({"normal": -100}, 1),
        ({"normal": 500, "zero": -450}, 501),
    ],
)
def test_a_discount_beyond_what_it_is_taken_from_is_refused(
    gross: dict[str, int], cents: int
) -> None:
    with pytest.raises(ValueError, match="cannot be taken"):
        split_discount(gross, cents, RATES)


def test_any_discount_is_split_exactly_fairly_and_never_below_zero(scale: Scale) -> None:
    seed = 20261121
    chance = random.Random(seed)
    for round_ in range(scale.of(3_000, 300_000)):
        names = chance.sample(sorted(RATES), chance.randint(1, 5))
        top = chance.choice((3, 50, 10_000, 10**12))
        gross = {name: chance.randint(-top // 4, top) for name in names}
        total = sum(cents for cents in gross.values() if cents > 0)
        if not total:
            continue
        cents = chance.choice((total, max(total - 1, 0), chance.randint(0, total)))
        shares = split_discount(gross, cents, RATES)
        case = f"seed {seed}, round {round_}: {gross} - {cents} = {shares}"
        assert sum(shares.values()) == cents, case
        for name, share in shares.items():
            assert 0 < share <= gross[name], case
            fair = Fraction(cents * gross[name], total)
            assert share >= int(fair), case
            assert share < int(fair) + len(gross) or share == gross[name], case


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (-5, "-0,05"),
        (-72, "-0,72"),
        (100, "1,00"),
        (123450, "1234,50"),
        (10**12, "10000000000,00"),
        (-(10**9), "-10000000,00"),
    ],
)
def test_amounts_have_a_decimal_comma_and_no_grouping(cents: int, text: str) -> None:
    assert format_cents(cents) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (1000, "1"),
        (-2000, "-2"),
        (750, "0,750"),
        (-1, "-0,001"),
        (1_000_000_000, "1000000"),
        (12_340, "12,340"),
    ],
)
def test_quantities_show_decimals_only_when_there_are_any(quantity: int, text: str) -> None:
    assert format_quantity(quantity) == text
