"""A box with its pages on a real port: journal, till, printer, API, guard and server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from bridge.config import Config, Secret, parse_config
from bridge.devices.registry import Device
from bridge.fiscal.rksv.code import qr_code
from bridge.health import Level
from bridge.model.exchange import Vendors
from bridge.model.receipt import Receipt
from bridge.web.app import make_app
from bridge.web.parts import WebParts
from bridge.web.server import WebServer
from tests.printing.harness import FakePrinter, printing
from tests.till.harness import Shop, line

TOKEN = "a-token-of-the-till-0001"
TECHNICIAN = "a-token-of-the-technician"
SHOP_NAME = "Bäckerei Öllinger"

_CONFIG = """
[box]
id = "test"
country = "at"
language = "de"
data_dir = "/nowhere/data"
mirror_dir = "/nowhere/mirror"
[shop]
name = "Bäckerei Öllinger"
address = ["Gasse 1"]
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:35963"
vda = "AT100"
pin = "card.pin"
[[printer]]
name = "counter"
address = "tcp:127.0.0.1:9100"
[web]
listen = "127.0.0.1:0"
open_loopback = {open_loopback}
[[web.token]]
name = "tablet"
role = "till"
token = "tablet.token"
[[web.token]]
name = "service"
role = "technician"
token = "service.token"
"""

_REGISTER = """
[[register]]
id = "{id}"
kassen_id = "KASSE-{id}"
aes_key = "{id}.aes"
units = ["card"]
printer = "counter"
"""


def config(registers: Sequence[str], *, open_loopback: bool) -> Config:
    """Return the configuration of such a box."""
    text = _CONFIG.format(open_loopback=str(open_loopback).lower())
    return parse_config(text + "".join(_REGISTER.format(id=each) for each in registers))


class NoDevices:
    """A box whose devices cannot be tested."""

    def listed(self) -> Sequence[Device]:
        return ()

    async def test(self, name: str, test: str) -> Mapping[str, Any]:
        raise NotImplementedError


class Counter:
    """A counter with a box. Use as ``async with Counter(tmp_path) as counter``.

    ``printer`` does what it is told; ``connects`` counts how often links were asked to connect.
    """

    def __init__(
        self,
        folder: Path,
        registers: Sequence[str] = ("K1",),
        *,
        open_loopback: bool = True,
        vendors: Vendors | None = None,
    ) -> None:
        self.shop = Shop(folder, registers=registers)
        self.printer = FakePrinter()
        self.connects = 0
        self.seen = 0
        self._registers = registers
        self._open_loopback = open_loopback
        self._vendors = vendors
        self._listen = "127.0.0.1:0"
        self._stack = AsyncExitStack()
        self._server: WebServer

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.shop)
        await self._stack.enter_async_context(
            printing(self.shop, self.printer, registers=self._registers)
        )
        self.shop.board.report("cloud:asello", Level.OK, "ready")
        await self._stack.enter_async_context(self.shop.watching())
        await self.serve()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(grace_s=1.0)
        await self._stack.aclose()

    @property
    def address(self) -> str:
        """The URL of the page."""
        assert self._server.address is not None
        return self._server.address

    async def serve(self) -> None:
        """Start the web server; after a stop again on the same port."""
        secrets = {"tablet": Secret(TOKEN), "service": Secret(TECHNICIAN)}
        app = make_app(self._parts(), secrets)
        self._server = WebServer(app, self._listen)
        await self._server.start()
        self._listen = self.address.removeprefix("http://")

    async def hang_up(self) -> None:
        """Stop the web server, as when the box restarts."""
        await self._server.stop(grace_s=0.2)

    def _parts(self) -> WebParts:
        return WebParts(
            config=config(self._registers, open_loopback=self._open_loopback),
            version="1.2.3",
            clock=self.shop.clock,
            journal=self.shop.journal,
            till=self.shop.till,
            board=self.shop.board,
            devices=NoDevices(),
            code_of=qr_code,
            connect_now=self._connected,
            seen=self._looked_at,
            vendors=self._vendors,
        )

    def _connected(self) -> None:
        self.connects += 1

    def _looked_at(self) -> None:
        self.seen += 1

    # What a cloud and another tablet do

    async def push(
        self, *lines: dict[str, Any], reference: str = "Tisch 4", **fields: Any
    ) -> Receipt:
        """Open a receipt as the cloud does."""
        fields = {"origin": "asello", "parked_id": f"p-{reference}", **fields}
        return await self.shop.open(*lines, reference=reference, **fields)

    def open_receipts(self) -> list[Receipt]:
        """Return all open receipts."""
        return [
            receipt
            for register in self.shop.till.registers.values()
            for receipt in register.open.values()
        ]

    def completed(self) -> list[dict[str, Any]]:
        """Return what the journal has of completed sales, oldest first."""
        bodies = [event.data() for event in self.shop.events("receipt.completed")]
        return [body for body in bodies if body["kind"] == "sale"]


SEMMEL = line("Semmel", 45, "reduced1", quantity="2.000")
KAFFEE = line("Großer Brauner", 390, "normal")


async def eventually(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until something holds that the page brings about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is the till's, it tells nobody
            await asyncio.sleep(0.02)
    assert condition(), what
