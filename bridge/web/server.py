"""The web server: uvicorn's HTTP protocol on sockets of our own, without uvicorn's main loop.

uvicorn's own server wakes ten times a second, takes over the signals of the process and leaves it
when a port is in use. Here nothing runs while nobody calls, signals stay with the daemon, and what
goes wrong at the start is a fault.

Importing this module costs nothing; the framework is loaded by ``start``.
"""

from __future__ import annotations

import asyncio
import logging
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.web.limits import Limits
from bridge.web.listening import BACKLOG, SocketFile, listen_tcp

if TYPE_CHECKING:
    import socket

    from bridge.web.door import Door
    from bridge.web.protocol import Connection

logger = logging.getLogger(__name__)

SOCKET_KEY = "socket"
"""Set in the state of requests that came by the socket file."""

GRACE_S = 10.0
"""Seconds for requests under way when the server stops."""

CANCEL_S = 1.0
"""Seconds for what should end at once: requests cancelled after the grace, closed sockets."""


class WebServer:
    """Serves one ASGI application on an address of the network, a socket file, or both.

    ``address`` is the URL under which this machine reaches it, once it has started; ``None`` when
    it listens on the socket file only.
    """

    def __init__(
        self,
        app: Any,
        listen: str | None,
        *,
        socket: Path | None = None,
        limits: Limits | None = None,
        language: str = "de",
    ) -> None:
        """``listen`` is ``host:port``, port 0 any free one; ``language`` that of refusals of
        requests that cannot be read."""
        self.address: str | None = None
        self._app = app
        self._listen = listen
        self._socket_path = socket
        self._limits = limits or Limits()
        self._language = language
        self._servers: list[asyncio.Server] = []
        self._doors: list[Door] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._file: SocketFile | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return sum(len(door) for door in self._doors)

    async def start(self) -> None:
        """Listen and serve. Raises ``PortInUse``, ``AddressNotOurs``, ``PortForbidden``,
        ``ListenFailed``, ``SocketInUse``, ``SocketUnusable``; nothing listens then."""
        opened = [] if self._listen is None else await listen_tcp(self._listen)
        try:
            if self._socket_path is not None:
                self._file = SocketFile(self._socket_path)
        except BaseException:
            for each in opened:
                each.close()
            raise
        await self._serve(opened, {})
        if opened:
            self.address = _url(opened[0])
            logger.info("the API and the page of the box: %s", self.address)
        if self._file is not None:
            await self._serve([self._file.socket], {SOCKET_KEY: True})
            logger.info("the API for programs of this machine: %s", self._file.path)

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Take no new requests, end streams of events, let requests under way finish, close.

        A request that takes longer than ``grace_s`` loses its answer, not its effect: the till
        works in tasks of its own.
        """
        for server in self._servers:
            server.close()
        if self._file is not None:
            self._file.remove()
            self._file = None
        for door in self._doors:
            door.close()
            for guest in door.guests():
                guest.shutdown()
        leaving = {asyncio.ensure_future(door.empty.wait()) for door in self._doors}
        if leaving:
            _, late = await asyncio.wait({*leaving, *self._tasks}, timeout=grace_s)
            if late:
                await self._hurry()
            for each in leaving:
                each.cancel()
        closed = [asyncio.ensure_future(server.wait_closed()) for server in self._servers]
        if closed:
            # Connections that were turned away may still have their refusal unread.
            _, open_still = await asyncio.wait(closed, timeout=CANCEL_S)
            for unclosed in open_still:
                unclosed.cancel()
        self._servers.clear()

    async def _hurry(self) -> None:
        left = set(self._tasks)
        logger.warning("%d requests had not ended when the server stopped", len(left))
        for door in self._doors:
            for guest in door.guests():
                guest.evict()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CANCEL_S)

    async def _serve(self, sockets: list[socket.socket], app_state: dict[str, Any]) -> None:
        if not sockets:
            return
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        from bridge.web.door import Door
        from bridge.web.protocol import Connection

        config = Config(
            self._app,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            workers=1,
            log_config=None,
            access_log=False,
            server_header=False,
            # The guard judges by the peer's address: no header may replace it.
            proxy_headers=False,
        )
        config.load()
        state = ServerState()
        state.tasks = self._tasks
        door = Door(self._limits)
        self._doors.append(door)

        def connect() -> Connection:
            return Connection(config, state, app_state, door, self._limits, self._language)

        loop = asyncio.get_running_loop()
        for each in sockets:
            self._servers.append(await loop.create_server(connect, sock=each, backlog=BACKLOG))


def _url(opened: socket.socket) -> str:
    """Return the address under which this machine reaches a listening socket."""
    host, port = opened.getsockname()[:2]
    ip = ip_address(host.partition("%")[0])
    if ip.is_unspecified:
        return f"http://127.0.0.1:{port}" if ip.version == 4 else f"http://[::1]:{port}"
    return f"http://{host}:{port}" if ip.version == 4 else f"http://[{host}]:{port}"
