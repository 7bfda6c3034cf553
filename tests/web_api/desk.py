"""A shop with its API for tests: the real till and journal, an application of their own.

``Api`` calls it in process; ``served`` puts it on a real socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

import bridge.web
from bridge.config import Config, parse_config
from bridge.devices.faults import DeviceUnknown
from bridge.devices.registry import Device
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.model.exchange import Vendors
from bridge.model.roles import Role
from bridge.web.api import routers
from bridge.web.caller import STATE_KEY, Caller, language_of
from bridge.web.parts import WebParts
from bridge.web.problems import problem
from bridge.web.server import WebServer
from drivers.contract.fault import Fault
from tests.till.harness import Shop, new_key

PATIENCE_S = 60.0
"""After this a test that waits has failed."""

TILL = Caller("tablet", Role.TILL, "session")
PROGRAM = Caller("warehouse", Role.TILL, "token")
BACKOFFICE = Caller("office", Role.BACKOFFICE, "token")
TECHNICIAN = Caller("technician", Role.TECHNICIAN, "token")

CONFIG = """
[box]
id = "test"
country = "at"
data_dir = "/nowhere/data"
mirror_dir = "/nowhere/mirror"
[shop]
name = "Testladen"
address = ["Gasse 1"]
[[register]]
id = "K1"
kassen_id = "KASSE-K1"
aes_key = "k1.aes"
units = ["card"]
printer = "counter"
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:35963"
vda = "AT100"
pin = "card.pin"
[[printer]]
name = "counter"
address = "tcp:127.0.0.1:9100"
"""


class FakeDevices:
    """One printer that is always well."""

    def __init__(self) -> None:
        self.tested: list[tuple[str, str]] = []

    def listed(self) -> Sequence[Device]:
        return (Device("printer:counter", "printer", "tcp:127.0.0.1:9100", ("page", "drawer")),)

    async def test(self, name: str, test: str) -> Mapping[str, Any]:
        if name != "printer:counter":
            raise DeviceUnknown(name)
        self.tested.append((name, test))
        return {"outcome": "printed"}


class Desk:
    """The API of a shop. ``caller`` is who calls; ``connected`` counts wishes to connect now."""

    def __init__(self, shop: Shop, vendors: Vendors | None = None) -> None:
        self.shop = shop
        self.caller: Caller | None = TILL
        self.connected = 0
        self.devices = FakeDevices()
        self.board = HealthBoard(shop.clock)
        self.parts = WebParts(
            config=config(),
            version="1.2.3",
            clock=shop.clock,
            journal=shop.journal,
            till=shop.till,
            board=self.board,
            devices=self.devices,
            code_of=qr_code,
            connect_now=self._connect,
            vendors=vendors,
        )
        self.framework = self._framework()
        self.app: ASGIApp = self._with_caller
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://box"
        )

    async def call(
        self, method: str, path: str, body: Any = None, *, as_: Caller | None = None, **more: Any
    ) -> httpx.Response:
        """Send a request below ``/v1``; ``key`` and ``rev`` become headers."""
        self.caller = as_ or TILL
        headers = dict(more.pop("headers", {}))
        if "key" in more:
            headers["Idempotency-Key"] = more.pop("key")
        if "rev" in more:
            headers["If-Match"] = f'"{more.pop("rev")}"'
        if body is not None:
            more["content"] = body if isinstance(body, bytes) else json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return await self._http.request(method, f"/v1{path}", headers=headers, **more)

    async def opened(self, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Open a receipt and return it."""
        body = {"register_id": "K1", "lines": list(lines) or [line()], **fields}
        answer = await self.call("POST", "/receipts", body)
        assert answer.status_code == 201, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def completed(self, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Open and complete a receipt, paid exactly, and return it."""
        receipt = await self.opened(*lines, **fields)
        body = {"rev": receipt["rev"], "payments": [{"kind": "cash"}]}
        path = f"/receipts/{receipt['id']}/complete"
        answer = await self.call("POST", path, body, key=new_key())
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    def _connect(self) -> None:
        self.connected += 1

    def _framework(self) -> FastAPI:
        framework = FastAPI(title="bonbridge", version="1.2.3", docs_url=None, redoc_url=None)
        for router in routers(self.parts):
            framework.include_router(router)
        static = Path(bridge.web.__file__).parent / "static"
        framework.mount("/static", StaticFiles(directory=static))

        async def on_fault(request: Request, fault: Exception) -> Response:
            assert isinstance(fault, Fault)
            return problem(fault, language_of(request, "de"))

        framework.add_exception_handler(Fault, on_fault)
        return framework

    async def _with_caller(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.caller is not None:
            scope.setdefault("state", {})[STATE_KEY] = self.caller
        await self.framework(scope, receive, send)


def config() -> Config:
    """Return the configuration of the shop."""
    return parse_config(CONFIG)


def line(**fields: Any) -> dict[str, Any]:
    """Return a line of 1,20 as the API takes it."""
    return {"text": "Semmel", "unit_cents": 120, "rate": "reduced1", **fields}


async def soon(condition: Callable[[], bool]) -> None:
    """Wait for what other processes and sockets bring about; who waits too long has failed."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - processes and sockets set no event of ours
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def desk(
    folder: Path, *, vendors: Vendors | None = None, **options: Any
) -> AsyncIterator[Desk]:
    """Open a shop and its API. Calls that vendors add need the whole application."""
    async with Shop(folder, **options) as shop:
        yield Desk(shop, vendors)


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application by the box's own server; yields its address."""
    server = WebServer(app, "127.0.0.1:0")
    await server.start()
    assert server.address is not None
    try:
        yield server.address
    finally:
        await server.stop()
