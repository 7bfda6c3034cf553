"""An ASGI application on a port, inside a running event loop that keeps its own signals.

The application may close the connection of a request without an answer (``cut``) and see header
names as they were written (``written_headers``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BACKLOG = 128
_GRACE_S = 2
_EXTENSION = "bonbridge.simulator"


class HttpServer:
    """``port`` 0 lets the system choose; it is the real one after ``start``."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http=_Protocol,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is, once it has started."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises ``OSError``."""
        listener = _listener(self.host, self.port)
        self.port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.ready.wait()

    async def stop(self) -> None:
        """Finish requests under way, then stop listening."""
        self._server.leaving.set()
        if self._serving is not None:
            await self._serving
            self._serving = None


def cut(scope: Scope) -> None:
    """Close a request's connection at once, without an answer."""
    scope["extensions"][_EXTENSION]["transport"].abort()


def written_headers(scope: Scope) -> tuple[tuple[str, str], ...]:
    """Return a request's headers with their names as written; in small letters if another server
    has received it."""
    found = scope.get("extensions", {}).get(_EXTENSION, {}).get("headers", scope["headers"])
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in found)


class _Protocol(HttpToolsProtocol):
    """Tells the application what it must know of the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._written: list[tuple[bytes, bytes]] = []
        more: dict[Any, Any] = {"transport": self.transport, "headers": self._written}
        self.scope["extensions"] = {_EXTENSION: more}

    def on_header(self, name: bytes, value: bytes) -> None:
        self._written.append((name, value))
        super().on_header(name, value)


def _listener(host: str, port: int) -> socket.socket:
    # With the protocol named asyncio switches Nagle's algorithm off for what is accepted: else
    # every answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Leaves signals alone, says when it listens, and sleeps until it is told to leave."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening; the library's own pauses are for those who are still connected."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
            await server.wait_closed()
        for each in sockets or []:
            each.close()
