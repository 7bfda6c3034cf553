"""The supervisor: life after life, phase by phase, never too often, never at an end."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bridge.health import HealthBoard, Level, Part
from bridge.supervisor import (
    BASE_S,
    CAP_S,
    HEALTHY_S,
    SLOW_S,
    PartBroken,
    Policy,
    Supervisor,
    full_jitter,
    sleep_or,
)
from drivers.contract.fault import Fault, Side, Text
from tests.till.harness import FakeClock, until


class Away(Fault):
    """A fault that trying again may cure."""

    code = "supervisor_test_away"
    side = Side.DEVICE
    retryable = True
    title = Text("Weg", "Away")
    advice = Text("Warten.", "Wait.")


class WrongPassword(Fault):
    """A fault that trying again does not cure."""

    code = "supervisor_test_wrong_password"
    side = Side.OPERATOR
    title = Text("Falsches Kennwort", "Wrong password")
    advice = Text("Kennwort berichtigen.", "Correct the password.")


Life = Callable[[Supervisor], Awaitable[None]]


class Stage:
    """A supervised part whose lives a test leads: ``lives`` counts them, ``end`` ends one."""

    def __init__(self, policy: Policy = full_jitter, chance: float = 0.5) -> None:
        self.clock = FakeClock()
        self.board = HealthBoard(self.clock)
        self.supervisor = Supervisor("link", self.board, self.clock, lambda: chance, policy)
        self.lives = 0
        self.ends: asyncio.Queue[BaseException | None] = asyncio.Queue()

    async def life(self, supervisor: Supervisor) -> None:
        self.lives += 1
        supervisor.phase("connecting")
        end = await self.ends.get()
        if end is not None:
            raise end

    @asynccontextmanager
    async def run(self, life: Life | None = None) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.ensure_future(self.supervisor.run(life or self.life))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def begun(self, lives: int) -> None:
        """Wait until so many lives have begun."""
        await until(lambda: self.lives == lives)

    async def pause(self) -> float:
        """Wait for a pause between lives; return its length."""
        await until(lambda: bool(self.clock.sleeping) and self.part().phase == "waiting")
        assert len(self.clock.sleeping) == 1
        return self.clock.sleeping[0]

    async def end(self, how: BaseException | None) -> float:
        """End the present life, return the pause after it, and let the pause pass."""
        lives = self.lives
        self.ends.put_nowait(how)
        pause = await self.pause()
        self.clock.advance(pause)
        await self.begun(lives + 1)
        return pause

    def part(self) -> Part:
        part = self.board.part("link")
        assert part is not None
        return part


async def test_a_life_names_its_phases_and_is_ready() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        assert (stage.part().level, stage.part().phase) == (Level.UNKNOWN, "connecting")
        stage.supervisor.phase("greeting", host="x")
        assert (stage.part().phase, stage.part().facts) == ("greeting", {"host": "x"})
        stage.supervisor.ready(serial="1a")
        assert (stage.part().level, stage.part().phase) == (Level.OK, "ready")
        assert stage.part().facts == {"serial": "1a"}
        stage.supervisor.ready(Away("slow"))
        assert stage.part().level is Level.DEGRADED


async def test_the_fault_that_ended_a_life_stays_shown_until_the_next_one_is_ready() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        fault = Away("cable")
        stage.ends.put_nowait(fault)
        await stage.pause()
        assert (stage.part().level, stage.part().fault) == (Level.FAILED, fault)
        assert stage.part().facts == {"tries": 1, "pause_s": 0.5}
        stage.clock.advance(1)
        await stage.begun(2)
        assert (stage.part().phase, stage.part().fault) == ("connecting", fault)
        stage.supervisor.ready()
        assert stage.part().fault is None


async def test_an_expected_end_is_no_fault() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        stage.supervisor.ready()
        stage.ends.put_nowait(None)
        await stage.pause()
        assert (stage.part().level, stage.part().fault) == (Level.UNKNOWN, None)


async def test_pauses_grow_with_full_jitter_up_to_the_cap() -> None:
    stage = Stage(chance=0.5)
    async with stage.run():
        await stage.begun(1)
        pauses = [await stage.end(Away()) for _ in range(9)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_full_jitter_keeps_its_bounds_and_spreads() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for tries in range(40):
        bound = min(CAP_S, BASE_S * 2**tries)
        pauses = [full_jitter(tries, Away(), chance.random()) for _ in range(500)]
        assert 0 <= min(pauses) < 0.1 * bound
        assert 0.9 * bound < max(pauses) <= bound
    assert full_jitter(10**6, None, 1.0) == CAP_S, "years of tries do not overflow"


async def test_what_repeating_does_not_cure_is_tried_at_the_slowest_rate() -> None:
    stage = Stage(chance=0.5)
    async with stage.run():
        await stage.begun(1)
        assert await stage.end(WrongPassword()) == (SLOW_S[0] + SLOW_S[1]) / 2
    assert (full_jitter(0, WrongPassword(), 0), full_jitter(9, WrongPassword(), 1)) == SLOW_S


async def test_a_healthy_life_makes_the_next_try_a_first_one_again() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        for _ in range(5):
            await stage.end(Away())
        stage.supervisor.ready()
        stage.clock.advance(HEALTHY_S)
        assert await stage.end(Away()) == 0.5
        assert await stage.end(Away()) == 1


async def test_a_peer_that_accepts_and_closes_at_once_is_not_healthy() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        pauses = []
        for _ in range(5):
            stage.supervisor.ready()
            stage.clock.advance(HEALTHY_S / 2)
            pauses.append(await stage.end(Away()))
        assert pauses == [0.5, 1, 2, 4, 8]


async def test_a_wake_up_ends_a_pause_at_once() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        stage.ends.put_nowait(WrongPassword())
        await stage.pause()
        stage.supervisor.wake()
        await stage.begun(2)
        assert not stage.clock.sleeping, "nobody sleeps on in the background"


async def test_a_wake_up_while_a_life_is_under_way_changes_nothing() -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        stage.supervisor.wake()
        stage.ends.put_nowait(WrongPassword())
        assert await stage.pause() > SLOW_S[0]
        for _ in range(20):
            await asyncio.sleep(0)
        assert stage.lives == 1


async def test_a_defect_is_logged_once_with_its_place_and_never_ends_the_supervisor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    async with stage.run() as running:
        await stage.begun(1)
        for _ in range(50):
            await stage.end(KeyError("secret"))
            stage.supervisor.ready()
        assert not running.done()
        part = stage.part()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info is not None
    assert part.level is Level.OK
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        await stage.end(KeyError("secret"))
        assert isinstance(stage.part().fault, PartBroken)
        assert "secret" not in str(stage.part().fault)


async def test_another_defect_is_logged_too_and_the_same_again_after_health(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    async with stage.run():
        await stage.begun(1)
        for error in (KeyError(), ValueError(), KeyError(), ValueError()):
            await stage.end(error)
        assert len(caplog.records) == 3, "two defects and the board's line"
        caplog.clear()
        stage.supervisor.ready()
        stage.clock.advance(HEALTHY_S)
        await stage.end(KeyError())
        assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_a_fault_out_of_a_task_group_is_that_fault() -> None:
    stage = Stage()
    fault = Away("in a task")

    async def life(_: Supervisor) -> None:
        async def reading() -> None:
            raise fault

        async with asyncio.TaskGroup() as group:
            group.create_task(reading())
            group.create_task(stage.ends.get())

    async with stage.run(life):
        await until(lambda: stage.board.part("link") is not None)
        assert stage.part().fault is fault


async def test_a_defect_beside_a_fault_in_a_task_group_is_a_defect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()

    async def life(_: Supervisor) -> None:
        raise ExceptionGroup("both", [Away("a"), KeyError("b")])

    async with stage.run(life):
        await until(lambda: stage.board.part("link") is not None)
        assert isinstance(stage.part().fault, PartBroken)
        assert any(record.exc_info for record in caplog.records)


async def test_a_life_ended_by_a_task_of_its_own_that_was_cancelled_goes_on() -> None:
    stage = Stage()

    async def life(_: Supervisor) -> None:
        stage.lives += 1
        inner = asyncio.ensure_future(asyncio.sleep(3600))
        inner.cancel()
        await inner

    async with stage.run(life) as running:
        await stage.pause()
        assert isinstance(stage.part().fault, PartBroken)
        stage.supervisor.wake()
        await stage.begun(2)
        assert not running.done()


@pytest.mark.parametrize("where", ["in a life", "in a pause"])
async def test_a_cancelled_supervisor_ends_at_once_and_leaves_no_task(where: str) -> None:
    stage = Stage()
    before = asyncio.all_tasks()
    cleaned: list[bool] = []

    async def life(supervisor: Supervisor) -> None:
        try:
            await stage.life(supervisor)
        finally:
            cleaned.append(True)

    async with stage.run(life) as running:
        await stage.begun(1)
        if where == "in a pause":
            stage.ends.put_nowait(WrongPassword())
            await stage.pause()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
    assert cleaned == [True]
    assert asyncio.all_tasks() == before


async def test_sleeping_ends_by_time_or_by_the_event() -> None:
    clock, event = FakeClock(), asyncio.Event()
    sleeping = asyncio.ensure_future(sleep_or(clock, 5, event))
    await until(lambda: clock.sleeping == [5])
    clock.advance(5)
    await sleeping
    sleeping = asyncio.ensure_future(sleep_or(clock, 5, event))
    await until(lambda: clock.sleeping == [5])
    event.set()
    await sleeping
    assert not clock.sleeping
