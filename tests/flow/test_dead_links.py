"""No cloud to be had at all: each link says what is wrong, the counter does not care, and the box
still stops when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.processes import free_port
from tests.flow.box import CloudEntry
from tests.flow.evidence import check
from tests.flow.link import Link
from tests.flow.stage import set_up
from tests.flow.waiting import side_by_side, until

SHORT_PINGS = (1.0, 3.0)
"""Seconds: a link that has died is noticed soon."""


@contextlib.asynccontextmanager
async def _listening(answer: bytes | None) -> AsyncIterator[int]:
    """Listen and answer everything with these bytes (empty: hang up, ``None``: never); gives the
    port."""
    over = asyncio.Event()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            if answer is None:
                await over.wait()
            else:
                await reader.read(1)
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def test_each_cloud_that_is_not_there_says_why_while_the_one_that_is_works(
    tmp_path: Path,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        page = await stack.enter_async_context(_listening(b"HTTP/1.1 200 OK\r\n\r\nlogin"))
        mail = await stack.enter_async_context(_listening(b"220 mail ready\r\n"))
        shut = await stack.enter_async_context(_listening(b""))
        mute = await stack.enter_async_context(_listening(None))
        wanted = {
            "nowhere": ("wss://no-such-cloud.invalid/box", "cloud_name_unknown"),
            "refused": (f"ws://127.0.0.1:{free_port()}/box", "cloud_unreachable"),
            "plain": (f"wss://127.0.0.1:{page}/box", "cloud_tls_failed"),
            "page": (f"ws://127.0.0.1:{page}/box", "cloud_answer_unexpected"),
            "mail": (f"ws://127.0.0.1:{mail}/box", "cloud_not_websocket"),
            "shut": (f"ws://127.0.0.1:{shut}/box", "cloud_lost"),
            "mute": (f"ws://127.0.0.1:{mute}/box", "cloud_too_slow"),
        }
        entries = [
            CloudEntry(name, url, f"token-of-{name}", ("A",)) for name, (url, _) in wanted.items()
        ]
        stage = await stack.enter_async_context(set_up(tmp_path, ["A"], more=entries))
        (living,) = stage.links

        async def shown(name: str, code: str) -> None:
            link = Link(name, "A", tmp_path, stage.box, stage.counter)
            part = await link.shown(code)
            assert part["level"] == "failed"
            assert part["fault"]["advice"]
            assert f"token-of-{name}" not in str(part)

        await side_by_side((name, shown(name, code)) for name, (_, code) in wanted.items())
        sales = await living.opened("living", 5)
        await living.serve(sales)
        await living.ended(sales)
        await check(stage.box, living, sales)
        assert (await living.part())["level"] == "ok"
        for name in wanted:
            lines = stage.box.logged(f" cloud:{name}: ")
            assert len(lines) <= 2, lines
        assert not stage.box.logged("token-of")
        assert not stage.box.logged("Traceback")


async def test_with_every_link_in_a_black_hole_receipts_are_made_and_the_box_stops_in_order(
    tmp_path: Path,
) -> None:
    holes = ("deaf", "mute", "handshake")
    async with set_up(tmp_path, ["A", "B", "C"], pings=SHORT_PINGS, patient=True) as stage:
        sales = {link.name: await link.opened("hole", 5) for link in stage.links}
        for link, hole in zip(stage.links, holes, strict=True):
            await link.set(black_hole=hole)
            if hole == "handshake":
                await link.do("drop")
        for link in stage.links:
            await link.serve(sales[link.name][:3])
            await stage.counter.sell(link.register)
        deaf, mute, _ = stage.links
        await deaf.shown("cloud_silent")
        await deaf.serve(sales[deaf.name][3:4])
        assert (await mute.part())["phase"] == "ready"

        # One link hangs in its greeting, one in its handshake, one in an open connection.
        async def hangs() -> bool:
            await stage.counter.connect_now()
            phases = {(await link.part())["phase"] for link in (deaf, stage.links[2])}
            return phases <= {"connecting", "greeting"}

        await until(hangs, "both links that can do so hang in the air")
        assert await stage.box.stop() == 0, stage.box.log.read_text(encoding="utf-8")
        assert stage.box.logged("INFO stopped")
        await stage.box.start()
        for link in stage.links:
            await link.calm()
        for link in stage.links:
            await link.connected()
            its = sales[link.name]
            await link.serve([sale for sale in its if sale.answer is None])
            await link.ended(its)
            await check(stage.box, link, its)
        assert not stage.box.logged("Traceback")
