"""What faces the outside never keeps the shop from selling."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from bridge.app import Box, Makers, make_printer
from bridge.config import credentials_for
from bridge.health import Level
from bridge.web.faults import TokenWeak
from drivers.contract.clock import SystemClock
from tests.app.boxes import Shop, sell, start_register
from tests.till.harness import until

VENDOR = """
[[vendor]]
name = "offercube"
url = "http://127.0.0.1:1"
simulator = true
[vendor.secrets]
sid = "sid"
[vendor.options]
tenant = "shop"
"""

WEB = """
[web]
listen = "127.0.0.1:{port}"
open_loopback = true
"""


def box_of(shop: Shop, socket_path: Path | None = None) -> Box:
    """Return a box of a shop that is not started."""
    credentials = credentials_for(shop.config.box.credentials_dir, {})
    makers = Makers(shop._unit, make_printer)
    return Box(shop.config, credentials, SystemClock(), makers, lambda: 0.001, socket_path)


def level(box: Box, name: str) -> Level | None:
    part = box.board.part(name)
    return None if part is None else part.level


async def test_a_port_that_is_taken_is_shown_and_taken_over_when_it_is_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        box = box_of(Shop(tmp_path, more=WEB.format(port=port)))
        await box.start()
        assert level(box, "web") is Level.FAILED
        part = box.board.part("web")
        assert part is not None
        assert part.fault is not None
        assert part.fault.code == "port_in_use"
        await start_register(box, "A")
        assert (await sell(box, "A", "sale-a-00001")).event.number == 2
    await until(lambda: level(box, "web") is Level.OK)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/healthz")).status_code == 200
    await box.stop()


async def test_the_socket_file_serves_programs_of_this_machine_without_a_page(
    tmp_path: Path,
) -> None:
    path = tmp_path / "box.sock"
    box = box_of(Shop(tmp_path), path)
    await box.start()
    assert box.front.address is None
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/v1/devices")
        assert answer.status_code == 200
    await box.stop()
    assert not path.exists()


async def test_a_token_that_is_too_short_stops_the_start_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    more = WEB.format(port=0) + '[[web.token]]\nname = "x"\nrole = "till"\ntoken = "short"\n'
    shop = Shop(tmp_path, more=more + VENDOR)
    shop.secret("short", "abc")
    shop.secret("sid", "a session of these tests")
    box = box_of(shop)
    before = asyncio.all_tasks()
    with pytest.raises(TokenWeak) as weak:
        await box.start()
    assert "abc" not in str(weak.value)
    assert asyncio.all_tasks() == before
    shop.secret("short", "a token that is long enough")
    again = box_of(shop)
    await again.start()
    await again.stop()
