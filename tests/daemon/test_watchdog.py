"""The watchdog: fed after proof of progress only."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.app import PROJECTIONS
from bridge.daemon import Notifier, Proof, Watchdog
from bridge.daemon.watchdog import (
    LONGEST_BEAT_S,
    limit_of,
    register_proof,
    writer_proof,
)
from bridge.journal.faults import DiskFull, JournalEnded
from bridge.journal.writer import Task
from bridge.till.register import Order, RegisterTill
from drivers.contract.clock import SystemClock
from simulators.soft_unit import SoftUnit
from tests.daemon.notifications import LONGEST_S, NotifySocket, eventually
from tests.till.harness import FakeClock, HeldUnit, Shop, until, writer_held

NAMES = [each.name for each in PROJECTIONS]
SILENT = Notifier(None)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with Shop(tmp_path) as shop:
        yield shop


def watchdog_of(shop: Shop, **options: Any) -> Watchdog:
    proofs = [writer_proof(shop.journal, NAMES), register_proof(shop.register())]
    return Watchdog(proofs, SILENT, shop.clock, 60.0, **options)


class StepUnit(SoftUnit):
    """A unit that signs once for each permit."""

    def __init__(self) -> None:
        super().__init__("card", "card")
        self.permits = asyncio.Semaphore(1)

    async def sign(self, digest: bytes) -> bytes:
        await self.permits.acquire()
        return await super().sign(digest)


WRITER, REGISTER = "the journal's writer", "register K1"


async def fed(watchdog: Watchdog) -> bool:
    """Look once without letting time go by: every part has to answer."""
    async with asyncio.timeout(LONGEST_S):
        return await watchdog.look()


async def fed_without(name: str, watchdog: Watchdog, clock: FakeClock) -> bool:
    """Look once; the time is over when all parts but this one have answered."""
    looking = asyncio.create_task(watchdog.look())
    async with asyncio.timeout(LONGEST_S):
        await until(lambda: watchdog.beat_s / 2 in clock.sleeping)
        others = [each for each in watchdog.proofs if each.name != name]
        await eventually(lambda: all(each.answered for each in others))
        assert not next(each for each in watchdog.proofs if each.name == name).answered
        clock.advance(watchdog.beat_s / 2)
        return await looking


async def test_a_box_that_works_feeds_it(shop: Shop) -> None:
    assert await fed(watchdog_of(shop))


async def test_a_writer_that_hangs_stops_the_feeding_until_it_goes_on(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    watchdog = watchdog_of(shop)
    async with writer_held(shop):
        assert not await fed_without(WRITER, watchdog, shop.clock)
        assert not await fed_without(WRITER, watchdog, shop.clock)
    assert await fed(watchdog)
    told = [record.message for record in caplog.records if "answer" in record.message]
    assert told == ["the journal's writer does not answer", "the journal's writer answers again"]


async def test_a_writer_busy_with_a_long_rebuild_is_not_taken_for_a_hanging_one(
    shop: Shop,
) -> None:
    watchdog = watchdog_of(shop)
    seen = 0

    def move_on(connection: sqlite3.Connection) -> None:
        nonlocal seen
        seen += 1
        connection.execute("INSERT OR REPLACE INTO cursor VALUES(?,?)", (NAMES[0], seen))

    async with writer_held(shop):
        assert not await fed_without(WRITER, watchdog, shop.clock)
        # What the writer's own thread would do between two chunks, done here while it stands.
        move_on(shop.journal._writer._connection)
        assert await fed_without(WRITER, watchdog, shop.clock)
        assert not await fed_without(WRITER, watchdog, shop.clock)


async def test_a_register_that_is_stuck_stops_the_feeding(shop: Shop) -> None:
    watchdog = watchdog_of(shop)
    gate = asyncio.Event()

    async def stuck(_register: RegisterTill, _command: None, order: Order) -> None:
        await gate.wait()
        order.nothing()

    answer = shop.register().order(stuck, None)
    assert not await fed_without(REGISTER, watchdog, shop.clock)
    gate.set()
    await answer
    assert await fed(watchdog)


async def test_a_register_with_a_long_queue_is_not_taken_for_a_stuck_one(tmp_path: Path) -> None:
    unit = StepUnit()
    async with Shop(tmp_path, units=[unit]) as shop:
        receipts = [await shop.open() for _ in range(3)]
        watchdog = watchdog_of(shop)
        sales = [asyncio.create_task(shop.complete(receipt)) for receipt in receipts]
        assert not await fed_without(REGISTER, watchdog, shop.clock), "no signature comes"
        unit.permits.release()
        await sales[0]
        assert await fed_without(REGISTER, watchdog, shop.clock), "a receipt was finished since"
        assert not await fed_without(REGISTER, watchdog, shop.clock)
        unit.permits.release()
        unit.permits.release()
        await asyncio.gather(*sales)
        assert await fed(watchdog)


async def test_a_hanging_card_alone_does_not_stop_the_feeding(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit]) as shop:
        unit.gate.clear()
        probing = asyncio.create_task(shop.units[0].sign(lambda _: b"input"))
        await until(lambda: unit.asked == 2)
        assert await fed(watchdog_of(shop))
        unit.gate.set()
        await probing


async def test_a_full_disk_is_an_answer(shop: Shop) -> None:
    async def full() -> None:
        raise DiskFull

    proof = Proof("the journal's writer", full, lambda: 0)
    assert await fed(Watchdog([proof], SILENT, shop.clock))


async def test_an_error_in_the_question_itself_is_logged_and_does_not_end_the_watchdog(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise KeyError("a defect")

    proof = Proof("a part", broken, lambda: 0)
    assert await fed(Watchdog([proof], SILENT, shop.clock))
    assert "the question whether a part still works failed" in caplog.text


async def test_a_writer_that_has_ended_ends_the_watchdog(shop: Shop) -> None:
    def break_down(_: sqlite3.Connection) -> None:
        raise MemoryError

    ended = Task(break_down)
    hooked = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "threading.excepthook", lambda _: loop.call_soon_threadsafe(hooked.set_result, None)
        )
        shop.journal._writer.run(ended)
        await hooked
    with pytest.raises(JournalEnded):
        await watchdog_of(shop).run()


async def test_nothing_is_sent_while_the_loop_hangs() -> None:
    async def at_once() -> None:
        return

    with NotifySocket() as manager:
        notifier = Notifier(manager.address)
        proof = Proof("a part", at_once, lambda: 0)
        watchdog = Watchdog([proof], notifier, SystemClock(), limit_s=0.02)
        feeding = asyncio.create_task(watchdog.run())
        await eventually(manager.waiting)
        manager.waiting()
        time.sleep(0.5)  # noqa: ASYNC251 - a loop that hangs is what is tested
        assert not manager.waiting(), "something else than the loop feeds the watchdog"
        await eventually(manager.waiting)
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        notifier.close()


@pytest.mark.parametrize(
    ("environ", "limit"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "180000000"}, 180.0),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": str(os.getpid())}, 180.0),
        ({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_limit_is_the_service_managers_and_for_this_process(
    environ: dict[str, str], limit: float | None
) -> None:
    assert limit_of(environ) == limit


@pytest.mark.parametrize(("limit", "beat"), [(None, LONGEST_BEAT_S), (10.0, 5.0), (180.0, 30.0)])
def test_it_is_fed_at_least_at_half_of_the_limit(limit: float | None, beat: float) -> None:
    assert Watchdog([], SILENT, FakeClock(), limit).beat_s == beat
