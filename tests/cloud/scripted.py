"""A cloud that does what the test says: a real WebSocket server on this machine."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bridge.cloud import envelope
from bridge.cloud.envelope import Frame, parse_frame, write_frame
from tests.till.harness import START

PATIENCE_S = 20.0
"""Longest that anything here may take in real time."""


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; a test that hangs here has failed."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - any condition, also one that nobody signals
            await asyncio.sleep(0.002)


class Visit:
    """One connection of a box, as the cloud sees it. ``acks_events`` says whether it acknowledges
    the box's numbered frames."""

    def __init__(self, connection: ServerConnection, now: Callable[[], datetime]) -> None:
        self.connection = connection
        self.hello: Frame
        self.frames: list[Frame] = []
        self._by_type: dict[str, list[Frame]] = {}
        self._acked = -1
        self.raw: list[str] = []
        self.closed: ConnectionClosed | None = None
        self.acks_events = True
        self._now = now
        self._arrived = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._ids = 0

    async def greeted(self) -> None:
        """Read the box's hello."""
        self.hello = await self._next()

    async def welcome(self, **data: Any) -> None:
        """Answer hello and read everything from now on."""
        await self.send(envelope.WELCOME, {"time": self._now(), **data})
        self.read()

    def read(self) -> None:
        """Read everything from now on."""
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def send(self, kind: str, data: dict[str, Any], **more: Any) -> str:
        """Send a frame; return its id."""
        self._ids += 1
        message_id = more.pop("id", f"m{self._ids}-{id(self)}")
        await self.connection.send(write_frame(kind, message_id, self._now(), data, **more))
        return str(message_id)

    async def command(self, seq: int, kind: str, data: dict[str, Any], **more: Any) -> str:
        """Send a numbered command that is good for five minutes."""
        fields = {"key": f"command-{seq}", "exp": self._now() + timedelta(minutes=5), **more}
        return await self.send(kind, data, seq=seq, **{"id": f"id-{seq}", **fields})

    async def open(self, seq: int, parked_id: str, **data: Any) -> str:
        """Push a receipt of one line, unless ``lines`` are given."""
        fields = {"parked_id": parked_id, "lines": [pushed_line()], **data}
        return await self.command(seq, envelope.RECEIPT_OPEN, fields)

    async def ack(self, seq: int) -> None:
        """Acknowledge the box's stream."""
        await self.send(envelope.ACK, {"seq": seq})

    def of(self, kind: str) -> list[Frame]:
        """Return the frames of a type that have come so far."""
        return self._by_type.setdefault(kind, [])

    def acked(self) -> int:
        """Return the number up to which the box has acknowledged."""
        return self._acked

    def numbered(self) -> list[Frame]:
        """Return the box's numbered frames so far."""
        return [frame for frame in self.frames if frame.seq is not None]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what has arrived holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    async def got(self, kind: str, count: int = 1) -> Frame:
        """Wait for so many frames of a type; return the last of them."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def result(self, message_id: str) -> dict[str, Any]:
        """Wait for the result of a command; return its data."""

        def found() -> list[Frame]:
            return [frame for frame in self.of(envelope.RESULT) if frame.re == message_id]

        await self.until(lambda: bool(found()))
        return found()[0].data

    async def ended(self) -> ConnectionClosed:
        """Wait for the end of the connection."""
        await eventually(lambda: self.closed is not None)
        assert self.closed is not None
        return self.closed

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection."""
        await self.connection.close(code, reason)

    async def _next(self) -> Frame:
        async with asyncio.timeout(PATIENCE_S):
            return self._keep(await self.connection.recv())

    def _keep(self, raw: str | bytes) -> Frame:
        assert isinstance(raw, str)
        self.raw.append(raw)
        frame = parse_frame(raw)
        self.frames.append(frame)
        self.of(frame.type).append(frame)
        if frame.type == envelope.ACK:
            self._acked = max(self._acked, frame.data["seq"])
        return frame

    async def _read(self) -> None:
        try:
            while True:
                frame = self._keep(await self.connection.recv())
                self._arrived.set()
                if frame.seq is not None and self.acks_events:
                    await self.ack(frame.seq)
        except ConnectionClosed as closed:
            self.closed = closed
            self._arrived.set()


class ScriptedCloud:
    """The server. ``answers`` are HTTP answers given to the next handshakes, ``visits`` the
    connections so far, ``requests`` the handshakes, ``now`` the cloud's clock. ``receive_buffer``
    makes the kernel take that many bytes only of what the cloud does not read."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: START,
        *,
        subprotocol: str | None = envelope.SUBPROTOCOL,
        tls: ssl.SSLContext | None = None,
        greet: bool = True,
    ) -> None:
        self.now = now
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[Request] = []
        self.visits: list[Visit] = []
        self.port = 0
        self.receive_buffer: int | None = None
        self.on_visit: Callable[[Visit], Any] | None = None
        self._subprotocol = subprotocol
        self._tls = tls
        self._greet = greet
        self._taken = 0
        self._server: Server
        self._over = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://localhost:{self.port}/box"

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", self.port))
        if self.receive_buffer is not None:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self._server = await serve(
            self._serve,
            sock=listening,
            subprotocols=None if self._subprotocol is None else [Subprotocol(self._subprotocol)],
            compression=None,
            process_request=self._answer,
            ssl=self._tls,
            ping_interval=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()
        for visit in self.visits:
            visit.connection.transport.abort()
        await self._server.wait_closed()

    async def visit(self) -> Visit:
        """Wait for the next connection of a box; its hello is read."""
        await eventually(lambda: len(self.visits) > self._taken)
        found = self.visits[self._taken]
        self._taken += 1
        return found

    async def welcomed(self, **data: Any) -> Visit:
        """Wait for the next connection and greet it."""
        visit = await self.visit()
        await visit.welcome(**data)
        return visit

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if not self.answers:
            return None
        status, headers = self.answers.pop(0)
        fields = Headers([*headers.items(), ("Content-Length", "0"), ("Connection", "close")])
        return Response(status, "Scripted", fields, b"")

    async def _serve(self, connection: ServerConnection) -> None:
        visit = Visit(connection, self.now)
        try:
            if self._greet:
                await visit.greeted()
            self.visits.append(visit)
            if self.on_visit is not None:
                await self.on_visit(visit)
            await self._over.wait()
        except (ConnectionClosed, TimeoutError):
            return


def pushed_line(text: str = "Semmel", cents: int = 120, **more: Any) -> dict[str, Any]:
    """Return a line of a pushed receipt."""
    return {"text": text, "quantity": "1.000", "unit_cents": cents, "rate": "reduced1", **more}
