"""The ASGI application in front of a surface: log, faults, control routes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import Message, Receive, Scope, Send

from simulators.vendors.kit import control
from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.faults import (
    BAD_JSON,
    DELAY,
    DROP_AFTER,
    DROP_BEFORE,
    HTML200,
    STATUS,
    STATUS_AFTER,
    Faults,
    Strike,
)
from simulators.vendors.kit.log import Log, Logged
from simulators.vendors.kit.server import cut, written_headers
from simulators.vendors.kit.surface import Surface

MAX_BODY = 32_000_000

_PAGE = b"<!DOCTYPE html><html><body><h1>Log in</h1><form method=post></form></body></html>"
_LARGE = 413
_BODILESS = frozenset({204, 304})


@dataclass(slots=True)
class Reply:
    """An answer before it is sent."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def of(cls, status: int, media: str, body: bytes) -> Reply:
        """Return an answer with a body."""
        return cls(status, [(b"content-type", media.encode())], body)

    async def send(self, send: Send) -> None:
        headers = [pair for pair in self.headers if pair[0].lower() != b"content-length"]
        if self.status not in _BODILESS:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Front:
    """Wraps a surface. Needs the kit's ``HttpServer`` for faults that close connections."""

    def __init__(self, surface: Surface, clock: SimClock) -> None:
        self.surface = surface
        self.clock = clock
        self.log = Log()
        self.faults = Faults()
        self._leaving = asyncio.Event()

    def reset(self) -> None:
        """Forget everything: requests, faults, the surface's own memory, moves of the clock."""
        self.log.clear()
        self.faults.clear()
        self.clock.reset()
        self.surface.reset()

    def leave(self) -> None:
        """Let answers that are held back go."""
        self._leaving.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.surface.app(scope, receive, send)
            return
        path = scope["path"]
        if path == control.ROOT or path.startswith(f"{control.ROOT}/"):
            await self._control(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            await Reply.of(_LARGE, "text/plain", b"too large").send(send)
            return
        strike = self.faults.take(scope["method"], path)
        number = self.log.arrived(
            Logged(
                method=scope["method"],
                target=_target(scope),
                headers=written_headers(scope),
                body=body,
                status=0,
                at=self.clock.now(),
                fault="" if strike is None else strike.kind,
            )
        )
        if strike is not None and strike.kind == DROP_BEFORE:
            await _drop(scope, receive)
            return
        reply = await self._answer(scope, receive, body, strike, number)
        if strike is not None and strike.kind == DROP_AFTER:
            await _drop(scope, receive)
            return
        if strike is not None and strike.kind == DELAY:
            await self._hold(strike.delay_s, receive)
        self.log.ended(number, status=reply.status)
        await reply.send(send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = control.find(scope["method"], scope["path"])
        if handler is None:
            await self.surface.app(scope, receive, send)
            return
        body = await _whole(receive)
        status, content = control.answer(handler, self, body or b"", scope["query_string"])
        await Reply.of(status, "application/json", content).send(send)

    async def _answer(
        self, scope: Scope, receive: Receive, body: bytes, strike: Strike | None, number: int
    ) -> Reply:
        kind = "" if strike is None else strike.kind
        if strike is not None and kind == STATUS:
            return _status(strike)
        if kind == HTML200:
            return Reply.of(200, "text/html; charset=utf-8", _PAGE)
        reply = await _acted(self.surface, scope, receive, body)
        self.log.ended(number, done=reply.status)
        if strike is not None and kind == STATUS_AFTER:
            return _status(strike)
        if kind == BAD_JSON:
            reply.body = reply.body[: len(reply.body) // 2] or b"{"
        return reply

    async def _hold(self, seconds: float, receive: Receive) -> None:
        """Wait, but no longer than anybody is there to be answered."""
        waits = {
            asyncio.ensure_future(asyncio.sleep(seconds)),
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(self._leaving.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def _status(strike: Strike) -> Reply:
    reply = Reply.of(strike.status, "application/json", b'{"error":"simulated"}')
    if strike.retry_after:
        reply.headers.append((b"retry-after", strike.retry_after.encode()))
    return reply


async def _acted(surface: Surface, scope: Scope, receive: Receive, body: bytes) -> Reply:
    """Let the surface answer and keep its answer."""
    reply = Reply()
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            reply.body += message.get("body", b"")

    await surface.app(scope, receive_again, keep)
    return reply


async def _whole(receive: Receive) -> bytes | None:
    """Return the request's body, ``None`` if it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


async def _drop(scope: Scope, receive: Receive) -> None:
    cut(scope)
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("ascii")
    query: str = scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path
