"""The table of remainders: the box's own, and the simulator's, which is written separately."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from bridge.vendors.flexi.remainder import (
    REMAINDERS,
    TABLE,
    Cell,
    Reading,
    Sign,
    outcome,
    predicted,
    refusals,
)
from simulators.vendors.flexi import remainder as simulated

D = Decimal
ALL = tuple(REMAINDERS)


def test_there_are_six_values_and_three_signs() -> None:
    assert len(TABLE) == 6
    assert all(set(row) == set(Sign) for row in TABLE.values())


@pytest.mark.parametrize("name", ALL)
def test_an_exact_payment_is_paired_by_every_value(name: str) -> None:
    found = outcome(name, D("10"), [D("10")])  # type: ignore[arg-type]  # from the table's own list

    assert found.paid == (D("10"),)
    assert found.paired
    assert found.internal is None


def test_the_box_and_the_simulator_read_the_table_alike() -> None:
    seed = 20261121
    print(f"seed {seed}")
    chance = random.Random(seed)
    compared = 0
    for _ in range(600):
        name = chance.choice(REMAINDERS)
        claims = [D(chance.randint(1, 30)) for _ in range(chance.randint(1, 4))]
        amount = chance.choice([sum(claims, D(0)), D(chance.randint(1, 100))])
        ours = outcome(name, amount, claims)
        try:
            theirs = simulated.settle(name, amount, claims)
        except simulated.AmountsRefused:
            assert ours.cell.refuses, (name, amount, claims)
            continue
        assert (ours.paid, ours.paired, ours.internal) == (
            theirs.paid,
            theirs.paired,
            theirs.internal,
        ), (name, amount, claims)
        compared += 1
    assert compared > 300


@pytest.mark.parametrize(
    ("reading", "amount", "sign"),
    [
        (Reading.A, None, Sign.EQUAL),
        (Reading.A, "400", Sign.EQUAL),
        (Reading.A, "1000", Sign.EQUAL),
        (Reading.A, "1200", Sign.MORE),
        (Reading.B, None, Sign.EQUAL),
        (Reading.B, "400", Sign.LESS),
        (Reading.B, "1000", Sign.EQUAL),
        (Reading.B, "1200", Sign.MORE),
    ],
)
@pytest.mark.parametrize("name", ALL)
def test_a_planned_payment_is_predicted_by_both_readings(
    name: str, reading: Reading, amount: str | None, sign: Sign
) -> None:
    given = None if amount is None else D(amount)

    found = predicted(name, D("1000"), given, reading)  # type: ignore[arg-type]  # from the table's own list

    assert found.cell is TABLE[name][sign]  # type: ignore[index]  # from the table's own list
    if not found.cell.refuses:
        in_part = min(given or D("1000"), D("1000"))
        in_full_by_b = reading is Reading.B and found.cell is not Cell.IN_ORDER
        assert found.paid == ((D("1000"),) if in_full_by_b else (in_part,))


def test_castecna_uhrada_with_an_amount_is_right_in_both_readings() -> None:
    for amount in ("0.01", "400", "999.99", "1000"):
        by_a, by_b = (
            predicted("castecnaUhrada", D("1000"), D(amount), reading) for reading in Reading
        )
        assert by_a.paid == by_b.paid == (D(amount),)
        assert by_a.paired
        assert by_b.paired


def test_a_refusal_is_explained_by_the_value() -> None:
    assert refusals("ne") == ("the amount differs from what is to be paid",)
    assert refusals("castecnaUhrada") == ("the amount is greater than what is to be paid",)
    assert refusals("zauctovat") == ()


def test_a_prediction_is_shown_with_amounts_as_texts() -> None:
    posted = predicted("zauctovat", D("1000"), D("1200"), Reading.A).as_body()
    refused = predicted("ne", D("1000"), D("1200"), Reading.A).as_body()

    assert posted == {
        "paid": ["1000.00"],
        "paired": True,
        "remainder": "200.00",
        "internal_document": "200.00",
    }
    assert refused == {"refused": "amounts_do_not_match", "remainder": "200.00"}
