"""A cloud that is there and does not work: noticed in time, and never in the till's way."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from bridge.cloud import envelope
from bridge.journal.event import NewEvent, WriteSet
from bridge.model import events
from tests.cloud.box import PEER, box_and_cloud, linked
from tests.cloud.scripted import ScriptedCloud, eventually
from tests.till.harness import Shop


async def test_a_cloud_that_never_greets_is_given_up_after_ten_seconds(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        visit.read()
        await eventually(lambda: box.phase == "greeting" and bool(box.clock.sleeping))
        box.clock.advance(10)
        await box.waiting("cloud_greeting_missing")
        closed = await visit.ended()
        assert closed.rcvd is not None
        assert closed.rcvd.code == envelope.CLOSE_PROTOCOL


async def test_an_unanswered_ping_ends_the_connection(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path, ping_interval_s=0.1, ping_timeout_s=0.1) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        visit.connection.transport.pause_reading()
        await box.waiting("cloud_silent")
        await box.again()
        await cloud.welcomed()
        await box.ready()


async def test_a_cloud_may_ask_for_fewer_pings_never_for_more(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        await cloud.welcomed(limits={"ping_interval_s": 60, "ping_timeout_s": 5})
        await box.ready()
        assert box.link._open is not None
        connection = box.link._open[1]
        assert (connection.ping_interval, connection.ping_timeout) == (60, 10)
        raw = connection.transport.get_extra_info("socket")
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 70_000


async def test_a_cloud_that_takes_no_data_is_given_up_and_selling_goes_on(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        cloud = ScriptedCloud(shop.clock.now)
        cloud.receive_buffer = 2048
        async with cloud, linked(shop, cloud.url) as box:
            visit = await cloud.welcomed(limits={"window": 10_000})
            await box.ready()
            visit.connection.transport.pause_reading()
            assert box.link._open is not None
            transport = box.link._open[1].transport
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
            opened = await shop.open(origin=PEER, parked_id="P-0")
            body = b'{"rev":2,"reason":"%s","parked_id":"P-0"}' % (b"x" * 1000)
            new = NewEvent(events.ABORTED, 0, body, "K1", opened.id)
            await asyncio.gather(*(shop.journal.submit(WriteSet((new,))) for _ in range(2000)))
            await eventually(lambda: box.link._open is not None and box.link._open[1].paused)
            # What waits to be sent stays in the journal, not in memory.
            assert transport.get_write_buffer_size() < 100_000
            assert (await shop.sale()).event.number == 2
            await box.pass_time(35)
            await box.waiting("cloud_stalled")
            assert (await shop.sale()).event.number == 3
            await box.again()
            later = await cloud.welcomed(limits={"window": 10_000})
            await later.until(lambda: len(later.of(envelope.RECEIPT_ABORTED)) == 2000)
            await later.got(envelope.RECEIPT_COMPLETED, 2)


async def test_the_clouds_program_is_asked_every_three_minutes_and_its_silence_shown(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        assert box.part.facts["answered"] is None
        await box.pass_time(180)
        ping = await visit.got(envelope.PING)
        await box.pass_time(180)
        second = await visit.got(envelope.PING, 2)
        await eventually(lambda: box.code == "cloud_handler_silent")
        assert box.part.level == "degraded"
        await visit.send(envelope.PONG, {}, re=ping.id)
        await visit.send(envelope.PONG, {}, re=second.id)
        await eventually(lambda: box.part.level == "ok")
        assert box.part.facts["answered"] == int(box.clock.now().timestamp() * 1000)


async def test_a_complaint_of_the_cloud_is_shown_without_its_words(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        await visit.send(envelope.ERROR, {"code": "sequence_gap\n<b>", "detail": "x"})
        await visit.send(envelope.PING, {})
        await visit.got(envelope.PONG)
        await box.pass_time(5)
        await eventually(lambda: box.part.facts["complaint"] == "sequence_gap??b?")


async def test_a_dead_cloud_costs_receipts_nothing(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now, greet=False) as cloud:
        async with linked(shop, cloud.url) as box:
            await cloud.visit()
            for number in range(2, 12):
                assert (await shop.sale()).event.number == number
            assert box.phase == "greeting"
        assert len(shop.bons()) == 11
