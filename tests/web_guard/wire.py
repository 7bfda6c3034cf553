"""A real server and raw bytes on a real socket: what tests of the guard and the limits share."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.config import Secret, TokenSettings
from bridge.web.auth import Auth, Tokens
from bridge.web.caller import caller_of
from bridge.web.guard import Guard
from bridge.web.hosts import BoxNames
from bridge.web.limits import Limits
from bridge.web.metrics import Counts
from bridge.web.server import WebServer
from tests.till.harness import FakeClock

GENEROUS_S = 20.0
"""After this a test has hung."""

TILL_TOKEN = "canary-till-0123456789"
OFFICE_TOKEN = "canary-office-0123456789"
TECHNICIAN_TOKEN = "canary-technician-0123456789"

TOKENS = {"till": TILL_TOKEN, "backoffice": OFFICE_TOKEN, "technician": TECHNICIAN_TOKEN}

QUICK = Limits(head_s=0.8, body_s=0.8, idle_s=0.4, write_s=0.4, linger_s=0.2)
"""Deadlines that a test can wait for."""


@dataclass
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(json.loads(self.body)["code"])


@dataclass
class Witness:
    """The application behind the guard: counts what reaches it."""

    calls: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = caller_of(request)
        self.calls.append(f"{scope['method']} {scope['path']}")
        self.callers.append("nobody" if caller is None else f"{caller.role} by {caller.via}")
        try:
            self.bodies.append(await request.body())
        except ClientDisconnect:
            return
        await JSONResponse({"caller": self.callers[-1]})(scope, receive, send)


def make_auth(clock: FakeClock | None = None) -> Auth:
    """Return the authentication of the test's tokens, one for each role, named as the role."""
    settings = [TokenSettings(name=role, role=role, token=f"{role}.token") for role in TOKENS]  # type: ignore[arg-type]  # the keys are the roles
    secrets = {name: Secret(text) for name, text in TOKENS.items()}
    counter = iter(range(1, 10_000))
    tokens = Tokens(settings, secrets)
    return Auth(tokens, clock or FakeClock(), lambda size: next(counter).to_bytes(size))


def guarded(app: ASGIApp, auth: Auth | None = None, **changes: Any) -> Guard:
    """Return an application behind the guard."""
    settings: dict[str, Any] = {"open_loopback": False, "language": "en", **changes}
    hosts = settings.pop("hosts", ("box.example", "proxied.example:443"))
    origins = settings.pop("origins", ("https://till.example",))
    counts = settings.pop("counts", None) or Counts()
    return Guard(app, auth or make_auth(), BoxNames(hosts), origins, counts, **settings)


@contextlib.asynccontextmanager
async def serving(
    app: Any, limits: Limits | None = None, listen: str = "127.0.0.1:0", file: Path | None = None
) -> AsyncIterator[WebServer]:
    """Run a server; it is stopped without grace at the end."""
    server = WebServer(app, listen, socket=file, limits=limits, language="en")
    await server.start()
    try:
        yield server
    finally:
        await server.stop(grace_s=0.0)


def port_of(server: WebServer) -> int:
    """Return the port a server listens on."""
    assert server.address is not None
    return int(server.address.rpartition(":")[2])


class Client:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @staticmethod
    async def to(server: WebServer, source: str = "127.0.0.1") -> Client:
        """Connect from an address of this machine."""
        return Client(
            *await asyncio.open_connection("127.0.0.1", port_of(server), local_addr=(source, 0))
        )

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, head: bool = False) -> Answer:
        """Read one answer; ``head``: without body whatever its headers say."""
        async with asyncio.timeout(GENEROUS_S):
            start = await self.reader.readuntil(b"\r\n\r\n")
            lines = start.decode("latin-1").split("\r\n")
            headers: dict[str, str] = {}
            for line in lines[1:-2]:
                name, _, value = line.partition(": ")
                headers[name.lower()] = f"{headers[name]}, {value}" if name in headers else value
            status = int(lines[0].split(" ")[1])
            body = b"" if head or status in (204, 304) else await self._body(headers)
            return Answer(status, headers, body)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    async def closed(self) -> bytes:
        """Wait until the server has closed; return what came before."""
        async with asyncio.timeout(GENEROUS_S):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
            return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


def request(
    method: str = "GET",
    path: str = "/v1/receipts",
    headers: str = "",
    body: bytes = b"",
    host: str = "127.0.0.1",
) -> bytes:
    """Return a request's bytes; ``headers`` separated by ``|``; a body brings its length."""
    lines = (
        [f"{method} {path} HTTP/1.1", f"Host: {host}"] if host else [f"{method} {path} HTTP/1.1"]
    )
    lines += [each.strip() for each in headers.split("|") if each.strip()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def bearer(token: str = TILL_TOKEN) -> str:
    """Return the header of a token."""
    return f"Authorization: Bearer {token}"


async def ask(server: WebServer, data: bytes, source: str = "127.0.0.1") -> Answer:
    """Send bytes on a connection of their own and read one answer."""
    client = await Client.to(server, source)
    try:
        client.send(data)
        return await client.answer(head=data.startswith(b"HEAD"))
    finally:
        await client.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that other tasks or the system bring about."""
    async with asyncio.timeout(GENEROUS_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
