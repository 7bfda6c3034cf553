"""The WebSocket side: handshake with its refusals, then one ``BoxSession`` per connection."""

from __future__ import annotations

import asyncio
import logging

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bridge.cloud.envelope import MAX_FRAME_BYTES, SUBPROTOCOL, Limits
from simulators.cloud.cloud import Cloud
from simulators.cloud.session import BoxSession

PATH = "/box"
CLOSE_S = 2.0

_quiet = logging.getLogger("simulators.cloud.websockets")
_quiet.setLevel(logging.CRITICAL)


class BoxServer:
    """``port`` 0 lets the system choose; it is the real one after ``start``."""

    def __init__(
        self,
        cloud: Cloud,
        limits: Limits,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ping_interval_s: float = 20.0,
        ping_timeout_s: float = 10.0,
    ) -> None:
        self.host = host
        self.port = port
        self._cloud = cloud
        self._limits = limits
        self._ping_interval_s = ping_interval_s
        self._ping_timeout_s = ping_timeout_s
        self._server: Server | None = None
        self._hanging: set[ServerConnection] = set()
        self._sessions: set[BoxSession] = set()

    async def start(self) -> None:
        """Listen. Raises ``OSError``."""
        self._server = await serve(
            self._attend,
            self.host,
            self.port,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            process_request=self._admit,
            open_timeout=None,
            ping_interval=self._ping_interval_s,
            ping_timeout=self._ping_timeout_s,
            close_timeout=CLOSE_S,
            max_size=MAX_FRAME_BYTES,
            logger=_quiet,
        )
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Say goodbye to all boxes and stop listening."""
        if self._server is None:
            return
        for connection in self._hanging:
            connection.transport.abort()
        for session in self._sessions:
            if not session.ready or self._cloud.switches.settings.black_hole:
                session.drop()
        self._server.close()
        await self._server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self._cloud.counts["handshakes"] += 1
        switches = self._cloud.switches
        if switches.settings.black_hole == "handshake":
            await self._hang(connection)
        retry_after = switches.settings.retry_after
        if status := switches.http_answer():
            response = connection.respond(status, "by a switch\n")
            if retry_after:
                response.headers["Retry-After"] = retry_after
            return response
        if request.path.partition("?")[0] != PATH:
            return connection.respond(404, f"boxes connect to {PATH}\n")
        box = self._box(request)
        known = None if box is None else self._cloud.streams.box(box)
        if known is None:
            response = connection.respond(401, "a valid bearer token is needed\n")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if known["revoked"]:
            return connection.respond(403, "this box is revoked\n")
        return None

    async def _hang(self, connection: ServerConnection) -> None:
        self._hanging.add(connection)
        try:
            while (
                self._cloud.switches.settings.black_hole == "handshake"
                and not connection.connection_lost_waiter.done()
            ):
                change = asyncio.ensure_future(self._cloud.switches.next_change())
                await asyncio.wait(
                    {change, connection.connection_lost_waiter},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                change.cancel()
        finally:
            self._hanging.discard(connection)

    def _box(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self._cloud.box_of(token) if scheme.lower() == "bearer" and token else None

    async def _attend(self, connection: ServerConnection) -> None:
        request = connection.request
        box = None if request is None else self._box(request)
        if box is None:
            return
        session = BoxSession(connection, box, self._cloud, self._limits)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
