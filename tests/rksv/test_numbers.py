"""Unique Belegnummern in flat memory."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bridge.fiscal.rksv.verify import numbers
from bridge.fiscal.rksv.verify.numbers import Run, UniqueNumbers, runs_of, split
from tests.conftest import Scale


@pytest.mark.parametrize(
    ("number", "prefix", "value"),
    [
        ("1", "", 1),
        ("0", "", 0),
        ("00", "0", 0),
        ("007", "00", 7),
        ("A-010", "A-0", 10),
        ("A", "A", None),
        ("7B", "7B", None),
        ("Ａ１", "Ａ１", None),
    ],
)
def test_a_number_is_split_before_its_decimal(number: str, prefix: str, value: int | None) -> None:
    assert split(number) == (prefix, value)


def test_consecutive_numbers_are_one_run() -> None:
    assert runs_of([b"K-%d" % value for value in range(98, 103)]) == (Run("K-", 98, 5),)
    assert runs_of([b"08", b"09", b"10", b"x"]) == (
        Run("0", 8, 2),
        Run("", 10, 1),
        Run("x", None, 1),
    )


def brute_force(given: list[str]) -> set[tuple[int, int]]:
    """Return the places, from 1, of the first receipt and of each later one with its number."""
    first: dict[str, int] = {}
    return {
        (first[number], place)
        for place, number in enumerate(given, start=1)
        if first.setdefault(number, place) != place
    }


@pytest.mark.parametrize("most_runs", [3, 10_000])
def test_every_duplicate_is_found_in_memory_and_spilled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scale: Scale, most_runs: int
) -> None:
    monkeypatch.setattr(numbers, "MOST_RUNS", most_runs)
    seed = 5150
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(scale.of(150, 3000)):
        given: list[str] = []
        for _ in range(chance.randrange(1, 8)):
            prefix = chance.choice(("", "", "A", "0", "A-00"))
            first = chance.randrange(30)
            if chance.random() < 0.2:
                given.append(prefix)
            given += [f"{prefix}{first + offset}" for offset in range(chance.randrange(1, 12))]
        unique = UniqueNumbers(tmp_path)
        place = 1
        while place <= len(given):
            length = chance.randrange(1, 6)
            piece = given[place - 1 : place - 1 + length]
            at = place
            for run in runs_of([number.encode() for number in piece]):
                unique.add(at, run)
                at += run.count
            place += length
        found = [*unique.duplicates()]
        unique.close()
        assert {(each.earlier, each.later) for each in found} == brute_force(given)
        assert {each.number for each in found} <= {None, *given}


def test_consecutive_numbers_stay_one_run_from_block_to_block() -> None:
    unique = UniqueNumbers()
    for place in range(1, 50_001, 100):
        unique.add(place, Run("", place, 100))
    assert unique._runs == [(1, Run("", 1, 50_000))]
    assert not [*unique.duplicates()]


def test_a_gap_between_consecutive_numbers_does_not_move_the_later_ones() -> None:
    unique = UniqueNumbers()
    for place, run in ((1, Run("", 1, 2)), (5, Run("", 3, 2)), (9, Run("", 3, 1))):
        unique.add(place, run)
    assert [(each.earlier, each.later, each.number) for each in unique.duplicates()] == [
        (5, 9, "3")
    ]


def test_ten_thousand_arbitrary_numbers_go_to_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numbers, "MOST_RUNS", 500)
    chance = random.Random(1)
    unique = UniqueNumbers(tmp_path)
    given = [f"{chance.getrandbits(64):016x}" for _ in range(10_000)]
    given[9_876] = given[123]
    for place, number in enumerate(given, start=1):
        unique.add(place, runs_of([number.encode()])[0])
        assert len(unique._runs) <= 500
    found = [*unique.duplicates()]
    unique.close()
    assert [(each.earlier, each.later) for each in found] == [(124, 9_877)]
