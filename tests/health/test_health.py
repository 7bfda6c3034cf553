"""The health board: what parts say, who hears of it, and how short the log stays."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from bridge.health import REMIND_S, HealthBoard, Level, Part
from drivers.contract.fault import Fault, Side, Text
from tests.till.harness import FakeClock, until


class Unplugged(Fault):
    """A fault of these tests."""

    code = "health_test_unplugged"
    side = Side.OPERATOR
    retryable = True
    title = Text("Kabel ab", "Unplugged")
    advice = Text("Kabel anstecken.", "Plug the cable in.")


class PaperLow(Unplugged):
    """Another one."""

    code = "health_test_paper_low"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def board(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> HealthBoard:
    caplog.set_level(logging.INFO, "bridge.health")
    return HealthBoard(clock)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return level and text of what was logged, and forget it."""
    found = [(record.levelname, record.getMessage()) for record in caplog.records]
    caplog.clear()
    return found


def test_a_part_keeps_since_when_its_level_holds(clock: FakeClock, board: HealthBoard) -> None:
    begun = int(clock.now().timestamp() * 1000)
    board.report("printer:bar", Level.FAILED, "waiting", Unplugged("a"))
    clock.advance(60)
    board.report("printer:bar", Level.FAILED, "looking", Unplugged("b"), tries=2)
    part = board.part("printer:bar")
    assert part is not None
    assert (part.since, part.phase, part.facts, part.kind) == (
        begun,
        "looking",
        {"tries": 2},
        "printer",
    )
    board.report("printer:bar", Level.OK, "ready")
    part = board.part("printer:bar")
    assert part is not None
    assert (part.since, part.fault, part.facts) == (begun + 60_000, None, {})


def test_the_body_of_a_part_has_the_advice_in_the_language_asked_for(board: HealthBoard) -> None:
    board.report("printer:bar", Level.FAILED, "waiting", Unplugged("socket closed"), tries=1)
    body = board.parts()[0].as_body("de")
    assert body["level"] == "failed"
    assert body["facts"] == {"tries": 1}
    assert body["fault"]["code"] == "health_test_unplugged"
    assert body["fault"]["advice"] == "Kabel anstecken."
    assert body["fault"]["detail"] == "socket closed"
    board.report("clock", Level.OK)
    assert "fault" not in board.parts()[0].as_body()


def test_a_part_that_no_longer_exists_can_be_forgotten(board: HealthBoard) -> None:
    board.report("cloud:a", Level.FAILED, fault=Unplugged())
    board.report("cloud:b", Level.OK)
    board.forget("cloud:a")
    board.forget("cloud:c")
    assert [part.name for part in board.parts()] == ["cloud:b"]
    assert board.part("cloud:a") is None


def test_a_lost_part_costs_one_line_when_lost_and_one_when_back(
    board: HealthBoard, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    board.report("printer:bar", Level.OK, "ready")
    assert lines(caplog) == [("INFO", "printer:bar: ready")]
    for tries in range(500):
        board.report("printer:bar", Level.FAILED, "waiting", Unplugged("gone"), tries=tries)
        board.report("printer:bar", Level.FAILED, "looking", Unplugged("gone"))
        clock.advance(10)
    assert lines(caplog) == [("WARNING", "printer:bar: failed: health_test_unplugged: gone")]
    for _ in range(500):
        board.report("printer:bar", Level.OK, "ready", paper="ok")
    assert lines(caplog) == [("INFO", "printer:bar: works again")]


def test_a_part_that_stays_lost_is_named_once_a_day(
    board: HealthBoard, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    for _ in range(3 * 24 * 60):
        board.report("unit:card", Level.FAILED, "waiting", Unplugged("gone"))
        clock.advance(60)
    found = lines(caplog)
    assert len(found) == 3
    assert found[0][1] == "unit:card: failed: health_test_unplugged: gone"
    assert found[1:] == [("WARNING", "unit:card: still failed: health_test_unplugged: gone")] * 2
    assert REMIND_S == 24 * 60 * 60


def test_each_further_diagnosis_of_a_lost_part_gets_one_line(
    board: HealthBoard, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        board.report("printer:bar", Level.DEGRADED, "ready", PaperLow("roll 1"))
        board.report("printer:bar", Level.FAILED, "waiting", Unplugged("gone"))
    assert [text for _, text in lines(caplog)] == [
        "printer:bar: degraded: health_test_paper_low: roll 1",
        "printer:bar: failed: health_test_unplugged: gone",
    ]


def test_not_knowing_is_neither_lost_nor_back(
    board: HealthBoard, caplog: pytest.LogCaptureFixture
) -> None:
    board.report("cloud:a", Level.UNKNOWN, "connecting")
    assert not lines(caplog)
    for _ in range(3):
        board.report("cloud:a", Level.FAILED, "waiting", Unplugged("gone"))
        board.report("cloud:a", Level.UNKNOWN, "connecting")
    assert len(lines(caplog)) == 1
    board.report("cloud:a", Level.OK, "ready")
    assert lines(caplog) == [("INFO", "cloud:a: works again")]


def test_what_is_switched_off_on_purpose_is_not_lost(
    board: HealthBoard, caplog: pytest.LogCaptureFixture
) -> None:
    board.report("cloud:a", Level.FAILED, "waiting", Unplugged("gone"))
    board.report("cloud:a", Level.OFF, "switched off")
    board.report("cloud:a", Level.OFF, "switched off")
    board.report("cloud:a", Level.OK, "ready")
    assert [text for _, text in lines(caplog)][1:] == ["cloud:a: switched off", "cloud:a: ready"]


async def test_a_change_is_told_once_and_repetitions_are_left_out(board: HealthBoard) -> None:
    changes = board.changes()
    board.report("a", Level.OK, "ready", paper="ok")
    first = await anext(changes)
    board.report("a", Level.OK, "ready", paper="ok")
    board.report("b", Level.OK)
    assert (first.name, (await anext(changes)).name) == ("a", "b")
    board.report("a", Level.OK, "ready", paper="low")
    assert (await anext(changes)).facts == {"paper": "low"}
    board.report("a", Level.FAILED, "ready", Unplugged("x"))
    assert (await anext(changes)).level is Level.FAILED
    board.report("a", Level.FAILED, "ready", Unplugged("y"))
    assert str((await anext(changes)).fault) == "health_test_unplugged: y"


async def test_changes_are_seen_from_the_call_on_not_from_the_first_step(
    board: HealthBoard,
) -> None:
    changes = board.changes()
    board.report("a", Level.OK)
    assert (await asyncio.wait_for(anext(changes), 10)).name == "a"


async def test_a_slow_listener_gets_the_last_word_of_each_part_and_holds_no_more(
    board: HealthBoard,
) -> None:
    slow, other = board.changes(), board.changes()
    for tries in range(10_000):
        board.report("a", Level.FAILED, "waiting", Unplugged("x"), tries=tries)
    board.report("b", Level.OK)
    for changes in (slow, other):
        seen: list[Part] = [await anext(changes), await anext(changes)]
        assert [(part.name, dict(part.facts)) for part in seen] == [
            ("a", {"tries": 9_999}),
            ("b", {}),
        ]


async def test_a_listener_that_went_away_is_forgotten(board: HealthBoard) -> None:
    changes = board.changes()
    board.report("a", Level.OK)
    await anext(changes)
    unused = board.changes()
    assert len(board._listeners) == 2
    del changes, unused
    gc.collect()
    await until(lambda: not len(board._listeners))
