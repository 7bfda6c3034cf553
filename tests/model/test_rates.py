"""The dated table of Austrian tax rates, identifiers and numbers."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from bridge.model.ids import new_id
from bridge.model.rates import AUSTRIA_TABLE, Rate, RateTable
from bridge.model.register import Register

BEFORE, FIRST = date(2026, 6, 30), date(2026, 7, 1)


@pytest.mark.parametrize(
    ("name", "permille", "bucket", "label"),
    [
        ("normal", 200, 0, "20 %"),
        ("reduced1", 100, 1, "10 %"),
        ("reduced2", 130, 2, "13 %"),
        ("zero", 0, 3, "0 %"),
        ("special", 190, 4, "19 %"),
        ("special49", 49, 4, "4,9 %"),
    ],
)
def test_each_rate_has_its_percentage_and_its_bucket(
    name: str, permille: int, bucket: int, label: str
) -> None:
    rate = AUSTRIA_TABLE.find(name, FIRST)
    assert rate is not None
    assert (rate.permille, rate.bucket, rate.label) == (permille, bucket, label)


def test_the_rate_of_4_9_percent_begins_on_the_first_of_july_2026() -> None:
    assert AUSTRIA_TABLE.find("special49", BEFORE) is None
    assert AUSTRIA_TABLE.find("special49", FIRST) is not None
    assert "special49" not in AUSTRIA_TABLE.names(BEFORE)
    assert set(AUSTRIA_TABLE.names(FIRST)) - set(AUSTRIA_TABLE.names(BEFORE)) == {"special49"}
    assert AUSTRIA_TABLE.known("special49")
    assert not AUSTRIA_TABLE.known("Normal")


def test_a_rate_ends_before_the_day_its_successor_begins() -> None:
    turn = date(2030, 1, 1)
    table = RateTable((Rate("normal", 200, 0, end=turn), Rate("normal", 210, 0, first=turn)))
    old, new = table.find("normal", date(2029, 12, 31)), table.find("normal", turn)
    assert old is not None
    assert new is not None
    assert (old.permille, new.permille) == (200, 210)


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_time() -> None:
    found = uuid.UUID(new_id(1_790_000_000_123, lambda count: b"\xff" * count))
    assert found.version == 7
    assert found.variant == uuid.RFC_4122
    assert found.int >> 80 == 1_790_000_000_123
    assert new_id(1) != new_id(1)


@pytest.mark.parametrize(
    ("prefix", "first", "number", "belegnummer"),
    [("", 1, 1, "1"), ("", 1, 1000, "1000"), ("R", 7, 1, "R7"), ("2026-", 100, 2, "2026-101")],
)
def test_the_belegnummer_is_prefix_and_decimal_without_leading_zeros(
    prefix: str, first: int, number: int, belegnummer: str
) -> None:
    register = Register("K", "KASSE", number_prefix=prefix, first_number=first)
    assert register.belegnummer(number) == belegnummer
