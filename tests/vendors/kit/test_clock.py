"""The simulators' clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from simulators.vendors.kit import SimClock

THEN = datetime(2013, 8, 30, 12, 0, tzinfo=UTC)


def test_a_clock_with_a_start_stands_still_until_it_is_moved() -> None:
    clock = SimClock(THEN)
    assert (clock.now(), clock.monotonic()) == (THEN, 0.0)
    clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (THEN + timedelta(seconds=90), 90.0)
    clock.set(THEN)
    assert (clock.now(), clock.monotonic()) == (THEN, 90.0), "monotonic never goes back"
    clock.set(THEN + timedelta(seconds=10))
    assert clock.monotonic() == 100.0
    clock.reset()
    assert clock.now() == THEN


def test_a_clock_without_start_goes_with_the_machines() -> None:
    clock = SimClock()
    before = datetime.now(UTC)
    clock.advance(3600)
    assert clock.now() >= before + timedelta(hours=1)
    clock.reset()
    assert clock.now() <= datetime.now(UTC)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        SimClock().advance(-1)


@pytest.mark.parametrize("start", [None, THEN])
async def test_moving_the_clock_wakes_whose_time_has_come(start: datetime | None) -> None:
    clock = SimClock(start)
    short, long = (asyncio.create_task(clock.sleep(seconds)) for seconds in (3600, 7200))
    await asyncio.sleep(0)
    clock.advance(3601)
    await asyncio.wait_for(short, 20)
    assert not long.done()
    clock.advance(3600)
    await asyncio.wait_for(long, 20)


async def test_a_going_clock_wakes_by_itself() -> None:
    await asyncio.wait_for(SimClock().sleep(0.01), 20)
