"""One HTTP connection: uvicorn's protocol with deadlines, limits and a readable refusal.

uvicorn waits for ever for the end of a request and takes headers and bodies of any size. Here
every state in which the client owes something has a deadline, everything it may send has a limit,
and who breaks one is told why before the connection is closed.

The parts of uvicorn's class that are relied on beyond its documentation (``cycle``, ``pipeline``,
``flow``, ``_start_asgi_task``) are exercised by ``tests/web_guard`` over real sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bridge.web.api.faults import RequestTooLarge
from bridge.web.door import Door, place_of
from bridge.web.faults import (
    HeadTooLarge,
    RequestMalformed,
    RequestTooSlow,
    TargetTooLong,
    TooManyConnections,
)
from bridge.web.headers import SECURITY_HEADERS
from bridge.web.limits import Limits
from bridge.web.problems import problem
from drivers.contract.fault import Fault

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        Scope,
    )
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

logger = logging.getLogger(__name__)

EVENT_STREAM: Final = b"text/event-stream"

FRAMING_FACTOR: Final = 2
"""Times the largest body that a chunked one may take on the wire, with sizes and trailers."""


class Connection(HttpToolsProtocol):
    """A client's connection; a ``Guest`` of the door. What a ``deaf`` one still gets is thrown
    away.

    Its phases: ``fresh`` before the first byte, ``head`` while it reads a request's headers,
    ``body`` until that request has come in whole, ``idle`` until the next one begins.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        app_state: dict[str, Any],
        door: Door,
        limits: Limits,
        language: str,
    ) -> None:
        """``app_state`` is copied into the state of each request; ``language`` is that of
        refusals that come before the request's own wish is known."""
        super().__init__(config, state, app_state)
        self.access_log = False
        self.peer = ""
        self._door = door
        self._limits = limits
        self._language = language
        self._outlet = _Outlet(self)
        self._active: RequestResponseCycle | None = None
        self._events = False
        self._phase = "fresh"
        self._completed = 0
        self._watched: tuple[str, int] | None = None
        self._since = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._refusal: Fault | None = None
        self.deaf = False
        self._head_seen = 0
        self._wire = 0
        self._body = 0
        self._tail = 0

    # Life of the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)
        super().connection_made(stream)
        if self.client is not None:
            self.peer = place_of(self.client[0])
            _notice_death(stream.get_extra_info("socket"), self._limits.write_s)
        if self._door.enter(self):
            self._watch()
            return
        self.deaf = True
        logger.debug("a connection of %s is refused: too many", self.peer or "this machine")
        stream.write(self._answer(TooManyConnections()))
        self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._door.leave(self)
        self._cut_off()
        self.pipeline.clear()
        self._disarm()
        if self._stall is not None:
            self._stall.cancel()

    @property
    def waiting_since(self) -> float | None:
        """Since when the client owes a whole request; ``None`` while one is being answered."""
        active = self._active
        if active is None or (self._owes_body_of(active) and not active.response_started):
            return self._since
        return None

    def evict(self) -> None:
        """Break the connection at once."""
        self.transport.abort()

    def shutdown(self) -> None:
        """Finish what is being answered, then close; streams of events are ended now."""
        self.pipeline.clear()
        if self._active is None:
            self._close()
        elif self._events:
            self._end_stream(self._active)
        else:
            self._active.keep_alive = False

    def finish(self) -> None:
        """Close after an answer. What the client still sends is taken for a moment and thrown
        away: closing at once would make the system drop the answer with it."""
        if self.transport.is_closing() or self.deaf:
            return
        if self._phase == "body":
            self._linger()
        else:
            self._close()

    # What comes in

    def data_received(self, data: bytes) -> None:
        if self.deaf or self.transport.is_closing():
            return
        before = self._phase, self._completed
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._fail(self._refusal or RequestMalformed())
            return
        if before == (self._phase, self._completed) and self._phase in ("head", "body"):
            # Names and values that have not ended yet are kept by the parser: count the wire.
            self._wire += len(data)
            if self._phase == "head" and self._wire > self._limits.head_bytes:
                self._fail(HeadTooLarge())
                return
            if self._wire > self._limits.body_bytes * FRAMING_FACTOR + self._limits.head_bytes:
                self._fail(RequestTooLarge())
                return
        self._watch()

    def _feed(self, data: bytes) -> None:
        """Parse; a wish to change the protocol is passed over, as RFC 9110 section 7.8 allows."""
        rest = memoryview(data)
        while rest:
            if self._tail:
                rest = self._feed_tail(rest)
                continue
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
            else:
                return

    def _feed_tail(self, rest: memoryview) -> memoryview:
        """Take a body that the parser believes to belong to another protocol."""
        piece = rest[: self._tail]
        self._tail -= len(piece)
        self.on_body(bytes(piece))
        if not self._tail:
            self.on_message_complete()
        return rest[len(piece) :]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = "head"
        self._head_seen = self._wire = self._body = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.target_bytes:
            self._refuse(TargetTooLong())

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_seen += len(name) + len(value) + 4
        too_many = len(self.headers) >= self._limits.headers
        if too_many or self._head_seen + len(self.url) > self._limits.head_bytes:
            self._refuse(HeadTooLarge())
        # Trailers are dropped: the guard has judged the headers already.
        if self._phase == "head":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.url.startswith(b"/") or len(self.pipeline) >= self._limits.pipelined:
            self._refuse(RequestMalformed("no path, or too many requests before their answers"))
        length = next((int(v) for n, v in self.headers if n == b"content-length"), 0)
        if length > self._limits.body_bytes:
            self._refuse(
                RequestTooLarge(f"{length} bytes, not more than {self._limits.body_bytes}")
            )
        if self.parser.should_upgrade():
            if any(name == b"transfer-encoding" for name, _ in self.headers):
                self._refuse(RequestMalformed("a chunked body with a wish to upgrade"))
            self._tail = length
        self.server_state.default_headers = _date_header(int(time.time()))
        super().on_headers_complete()
        self._phase = "body"
        self._wire = 0

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        if self._body > self._limits.body_bytes:
            self._refuse(RequestTooLarge(f"more than {self._limits.body_bytes} bytes"))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._tail:
            return
        super().on_message_complete()
        self._phase = "idle"
        self._completed += 1

    def _refuse(self, fault: Fault) -> None:
        """Stop the parser, which knows its own errors only."""
        self._refusal = fault
        raise fault

    # What goes out

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        self._events = False
        cycle.transport = cast("asyncio.Transport", self._outlet)
        super()._start_asgi_task(cycle, self._served(cycle, app))

    def _served(self, cycle: RequestResponseCycle, app: ASGI3Application) -> ASGI3Application:
        async def run(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            async def watched(message: ASGISendEvent) -> None:
                if message["type"] == "http.response.start":
                    if self._owes_body_of(cycle):
                        cycle.keep_alive = False
                    self._events = any(
                        name == b"content-type" and value.startswith(EVENT_STREAM)
                        for name, value in message.get("headers", ())
                    )
                if cycle.disconnected:
                    # An application that streams without a pause must get to hear of it.
                    await asyncio.sleep(0)
                await send(message)

            try:
                await app(scope, receive, watched)
            except asyncio.CancelledError:
                # Only ``WebServer.stop`` cancels, when its grace is over: the client is gone.
                if not cycle.disconnected:
                    raise

        return run

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._active = None
        self._since = self.loop.time()
        if self.transport.is_closing() or self.deaf:
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(self._limits.write_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    # Deadlines and ends

    def _watch(self) -> None:
        """See to it that the deadline of the present phase runs, each from its own beginning."""
        if self.deaf or self.transport.is_closing():
            return
        phase = "head" if self._phase == "fresh" else self._phase
        answering = phase == "idle" and self._active is not None
        wanted = None if answering else (phase, self._completed)
        if wanted == self._watched:
            return
        self._watched = wanted
        self._since = self.loop.time()
        match phase:
            case _ if answering:
                self._disarm()
            case "head":
                self._arm(self._limits.head_s, self._too_slow)
            case "body":
                self._arm(self._limits.body_s, self._too_slow)
            case _:
                self._arm(self._limits.idle_s, self._close)

    def _arm(self, seconds: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._phase == "fresh":
            self._close()
        else:
            self._fail(RequestTooSlow())

    def _fail(self, fault: Fault) -> None:
        """Give up the request that is being read, and the connection with it."""
        if self.deaf or self.transport.is_closing():
            return
        logger.debug("%s: %s", self.peer or "socket", fault)
        self.pipeline.clear()
        active = self._active
        if active is not None and not self._owes_body_of(active):
            # An earlier request is being answered: it keeps its answer, this one gets none.
            self.deaf = True
            self._disarm()
            active.keep_alive = False
            active.transport = self.transport
            return
        begun = active is not None and active.response_started
        self._cut_off()
        if begun:
            self._close()
            return
        self.transport.write(self._answer(fault))
        self._linger()

    def _owes_body_of(self, cycle: RequestResponseCycle) -> bool:
        return self._phase == "body" and self.cycle is cycle

    def _answer(self, fault: Fault) -> bytes:
        response = problem(fault, self._language)
        lines = [b"HTTP/1.1 %d %s" % (response.status_code, _phrase(response.status_code))]
        headers = [*response.raw_headers, *SECURITY_HEADERS]
        lines += [name + b": " + value for name, value in headers]
        return b"\r\n".join([*lines, b"connection: close", b"", bytes(response.body)])

    def _linger(self) -> None:
        self.deaf = True
        self.flow.resume_reading()
        # A client that has gone meanwhile needs no end.
        with contextlib.suppress(OSError):
            self.transport.write_eof()
        self._arm(self._limits.linger_s, self._close)

    def _cut_off(self) -> None:
        """Tell the application that its client is gone; what it sends from now on is dropped."""
        if self._active is not None:
            self._active.disconnected = True
            self._active.message_event.set()
            self._active = None

    def _end_stream(self, cycle: RequestResponseCycle) -> None:
        if cycle.chunked_encoding and not self.flow.write_paused:
            self.transport.write(b"0\r\n\r\n")
        self._cut_off()
        self._close()

    def _close(self) -> None:
        """Close; a client that does not take what is left for it is cut off in the end."""
        self.transport.close()
        self._arm(self._limits.write_s, self.transport.abort)


class _Outlet:
    """The transport as a request's answer sees it: closing it is the connection's decision."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        return self._connection.deaf or self._connection.transport.is_closing()

    def close(self) -> None:
        self._connection.finish()


_DATE: list[Any] = [0, []]


def _date_header(now: int) -> list[tuple[bytes, bytes]]:
    if _DATE[0] != now:
        _DATE[:] = now, [(b"date", formatdate(now, usegmt=True).encode())]
    headers: list[tuple[bytes, bytes]] = _DATE[1]
    return headers


def _phrase(status: int) -> bytes:
    return HTTPStatus(status).phrase.encode()


def _notice_death(sock: socket.socket, seconds: float) -> None:
    """Have the system find out that a client is gone without a word: switched off, out of reach."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, int(seconds)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
