"""The end of the box: orderly, quick, nothing lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bridge.cloud import envelope
from bridge.model import events
from tests.cloud.box import Box, box_and_cloud
from tests.cloud.scripted import ScriptedCloud, eventually, pushed_line
from tests.till.harness import Shop, writer_held


async def test_what_is_under_way_is_finished_and_acknowledged_before_goodbye(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        async with writer_held(box.shop):
            await visit.open(1, "P-1")
            await visit.send(envelope.PING, {})
            await visit.got(envelope.PONG)
            stopping = asyncio.get_running_loop().create_task(box.link.stop())
            await asyncio.sleep(0)
            await visit.open(2, "P-2")
            await visit.send(envelope.PING, {})
            await visit.got(envelope.PONG, 2)
            assert not stopping.done()
        await stopping
        closed = await visit.ended()
        assert closed.rcvd is not None
        assert closed.rcvd.code == envelope.CLOSE_GOING_AWAY
        assert visit.acked() == 1
        assert len(box.shop.events(events.OPENED)) == 1
        assert (box.part.level, box.part.phase) == ("off", "stopped")


async def test_stopping_ends_a_link_that_waits(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        cloud.answers.append((401, {}))
        box = Box(shop, cloud.url)
        running = asyncio.get_running_loop().create_task(box.link.run())
        await box.waiting("cloud_unauthorized")
        await box.link.stop()
        await running


async def test_stopping_ends_a_link_that_has_never_run(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        box = Box(shop, "ws://localhost:1/")
        await box.link.stop()
        await box.link.run()
        assert not shop.events(events.CLOUD_JOINED)


async def test_stopping_does_not_wait_for_a_cloud_that_takes_no_part(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        visit.connection.transport.pause_reading()
        async with asyncio.timeout(15):
            await box.link.stop()


async def test_stopping_does_not_wait_for_a_disk_that_stays_full(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        box.shop.disk_full()
        await visit.open(1, "P-1", lines=[pushed_line("x" * 190)] * 400)
        await eventually(lambda: box.code == "disk_full")
        await box.link.stop()
        box.shop.disk_full(False)
        assert visit.acked() <= 0
        assert not box.shop.events(events.CLOUD_TAKEN)


async def test_a_link_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        box = Box(shop, cloud.url)
        running = asyncio.get_running_loop().create_task(box.link.run())
        visit = await cloud.welcomed()
        await box.ready()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        await visit.ended()
        assert not box.clock.sleeping
