"""A commit that fails: nobody is told it worked, nothing is left of it, its number is used next."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.journal.faults import DiskFull
from bridge.journal.writer import Task
from bridge.model import events
from bridge.till.register import Done
from tests.till.harness import Shop, big, line, new_key, until, writer_held


async def test_a_full_disk_is_told_and_leaves_the_receipt_open(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(*big())
        head, before = shop.register().head, len(shop.events())
        key = new_key()
        shop.disk_full()
        with pytest.raises(DiskFull):
            await shop.complete(receipt, key=key)
        shop.disk_full(False)
        await shop.till.finish()
        assert shop.register().head == head
        assert shop.receipt(receipt.id) == receipt
        assert len(shop.events()) == before
        done = await shop.complete(receipt, key=key)
        assert not done.repeated
        assert done.event.number == 2
        assert len(shop.bons()) == 2


async def test_a_receipt_that_was_not_opened_is_not_shown(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.disk_full()
        with pytest.raises(DiskFull):
            await shop.open(*big())
        shop.disk_full(False)
        await shop.till.finish()
        assert not shop.register().open


async def test_everything_queued_behind_it_fails_with_the_same_error(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        large = [await shop.open(*big()) for _ in range(3)]
        small = await shop.open()
        other = await shop.open(register="K2")
        async with writer_held(shop):
            shop.disk_full()
            failing = [asyncio.ensure_future(shop.complete(receipt)) for receipt in large]
            failing.append(asyncio.ensure_future(shop.complete(small)))
            failing.append(asyncio.ensure_future(shop.do("open", register_id="K1")))
            await until(lambda: not shop.register()._orders and shop.register()._on_the_way == 5)
        results = await asyncio.gather(*failing, return_exceptions=True)
        assert [type(result) for result in results] == [DiskFull] * 5
        shop.disk_full(False)
        await shop.complete(other)
        assert len(shop.bons("K2")) == 2
        done = await asyncio.gather(*(shop.complete(receipt) for receipt in (*large, small)))
        assert [each.event.number for each in done] == [2, 3, 4, 5]
        assert not shop.register().open
        assert len(shop.bons()) == 5


async def test_what_was_built_on_it_fails_even_when_the_disk_is_fine_again(tmp_path: Path) -> None:
    """Two commits: the first fails, the second is queued before anybody knows."""
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        large, small = await shop.open(*big()), await shop.open()
        other = await shop.open(register="K2")
        async with writer_held(shop):
            shop.disk_full()
            first = asyncio.ensure_future(shop.complete(large))
            await until(lambda: shop.register()._on_the_way == 1)
            async with writer_held_behind(shop):
                second = asyncio.ensure_future(shop.complete(small))
                await until(lambda: shop.register()._on_the_way == 2)
                third = asyncio.ensure_future(shop.complete(other))
                await until(lambda: shop.register("K2")._on_the_way == 1)
        results = await asyncio.gather(first, second, third, return_exceptions=True)
        assert isinstance(results[0], DiskFull)
        assert isinstance(results[1], DiskFull)
        assert isinstance(results[2], Done)
        done = await shop.complete(small)
        assert done.event.number == 2
        assert len(shop.bons()) == 2
        assert len(shop.bons("K2")) == 2


@asynccontextmanager
async def writer_held_behind(shop: Shop) -> AsyncIterator[None]:
    """Let what is queued now be a commit of its own, and free the disk after it."""

    def free(_: sqlite3.Connection) -> None:
        shop.disk_full(False)

    shop.journal._writer.run(Task(free))
    yield


async def test_the_certificate_is_recorded_with_the_receipt_that_stands(tmp_path: Path) -> None:
    async with Shop(tmp_path, start=False) as shop:
        # Nothing is recorded yet: the first receipt that stands brings the unit's record.
        filler = await shop.open(*big())
        shop.disk_full()
        with pytest.raises(DiskFull):
            await asyncio.gather(shop.own("start"), shop.open(*big()))
        shop.disk_full(False)
        if not shop.register().head.number:
            await shop.own("start")
        await shop.complete(filler)
        assert len(shop.events(events.UNIT_RECORDED)) == 1
        assert len(shop.bons()) == 2


async def test_an_outage_that_was_not_recorded_begins_with_the_next_receipt(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(*big())
        shop.soft[0].damaged = True
        shop.disk_full()
        with pytest.raises(DiskFull):
            await shop.complete(receipt)
        shop.disk_full(False)
        shop.clock.advance(60)
        await shop.sale(line(cents=5))
        assert [event.data()["since"] for event in shop.events(events.OUTAGE_BEGIN)] == [
            "2026-11-21T10:01:00"
        ]
        assert [bon.signed for bon in shop.bons()] == [True, False]
