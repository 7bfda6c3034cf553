"""One try to reach a cloud: resolve, connect, agree on the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from bridge.cloud import faults
from bridge.cloud.endings import date_of, not_reached
from bridge.cloud.envelope import MAX_FRAME_BYTES, SUBPROTOCOL
from bridge.config.credentials import Secret
from bridge.config.schema import CloudSettings
from drivers.contract.clock import Clock

OPEN_S = 10.0
"""Seconds for the whole handshake, and for resolving the name before it."""

CLOSE_S = 2.0
"""Seconds for saying goodbye."""

SECONDS_PER_DAY = 86_400.0

wire_log = logging.getLogger("bridge.cloud.wire")
"""The library's own log: at its lowest level it shows headers, and with them the token."""
wire_log.propagate = False
wire_log.setLevel(logging.CRITICAL)
wire_log.addHandler(logging.NullHandler())


class _Once(connect):
    """One try at one address: a redirection is an answer like any other error."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Dialer:
    """Makes connections to one cloud.

    ``offset_s`` is how far the cloud's clock was last seen ahead of the box's, ``None`` if it never
    was; ``before_build`` tells whether the box's clock cannot be right.
    """

    def __init__(
        self,
        settings: CloudSettings,
        user_agent: str,
        clock: Clock,
        before_build: Callable[[], bool],
    ) -> None:
        self.offset_s: float | None = None
        self._settings = settings
        self._user_agent = user_agent
        self._clock = clock
        self._before_build = before_build

    async def connect(self, token: Secret, phase: Callable[[str], None]) -> ClientConnection:
        """Return an open connection on which the sub-protocol is agreed.

        Raises leaves of ``CloudFault``.
        """
        bearer = token.reveal()
        if not bearer.isascii() or not bearer.isprintable():
            raise faults.CloudUnauthorized("the credential holds characters that no token has")
        try:
            phase("resolving")
            await self._resolve()
            phase("connecting")
            connection = await self._open(bearer)
        except (OSError, ImportError, UnicodeError, WebSocketException) as error:
            self._look_at_date(error)
            suspect = self._before_build() or abs(self.offset_s or 0.0) > SECONDS_PER_DAY
            fault = not_reached(error, self._clock.now(), clock_suspect=suspect)
            if fault is None:
                raise
            raise fault from None
        if connection.subprotocol != SUBPROTOCOL:
            await hang_up(connection)
            raise faults.CloudSubprotocolMissing(f"{SUBPROTOCOL} was not agreed")
        limit_silence(connection, self._settings.ping_interval_s + self._settings.ping_timeout_s)
        return connection

    async def _resolve(self) -> None:
        """Find out whether the name is known, so that this is told apart from an unreachable
        cloud. Behind a proxy the proxy resolves."""
        url = urlsplit(self._settings.url)
        host = url.hostname or ""
        if getproxies() and not proxy_bypass(host):
            return
        async with asyncio.timeout(OPEN_S):
            loop = asyncio.get_running_loop()
            await loop.getaddrinfo(host, url.port or 443, type=socket.SOCK_STREAM)

    async def _open(self, bearer: str) -> ClientConnection:
        context = None
        if self._settings.url.startswith("wss:"):
            # Reading the system's certificates takes long enough to be felt in the event loop.
            context = await asyncio.to_thread(ssl.create_default_context)
        return await _Once(
            self._settings.url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            additional_headers={"Authorization": f"Bearer {bearer}"},
            user_agent_header=self._user_agent,
            open_timeout=OPEN_S,
            ping_interval=self._settings.ping_interval_s,
            ping_timeout=self._settings.ping_timeout_s,
            close_timeout=CLOSE_S,
            max_size=MAX_FRAME_BYTES,
            logger=wire_log,
            ssl=context,
        )

    def _look_at_date(self, error: Exception) -> None:
        there = date_of(getattr(error, "response", None))
        if there is not None:
            self.offset_s = (there - self._clock.now()).total_seconds()


def limit_silence(connection: ClientConnection, seconds: float) -> None:
    """Let the kernel give up when sent data is not acknowledged for so long (Linux, RFC 5482)."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    raw = connection.transport.get_extra_info("socket")
    if option is not None and raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))


async def hang_up(connection: ClientConnection, code: int = 1000, reason: str = "") -> None:
    """End a connection: politely if the other side takes part in it, at once if not."""
    try:
        async with asyncio.timeout(2 * CLOSE_S):
            await connection.close(code, reason)
    except TimeoutError:
        pass
    finally:
        connection.transport.abort()
