"""The live journal and health board as server-sent events (HTML standard, section 9.2).

Each event of the journal is an event with its sequence number as id, so that a browser that was
away goes on where it stopped (``Last-Event-ID``). What parts of the box say is sent as
``health``, without id: only the latest word of each counts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from bridge.health import Part
from bridge.journal.event import Event
from bridge.model.roles import Role
from bridge.web.api.answers import speech
from bridge.web.api.describe import Operation, Query, add
from bridge.web.api.faults import RequestInvalid
from bridge.web.api.stream import Flow
from bridge.web.caller import require
from bridge.web.parts import WebParts

HEARTBEAT_S: Final = 15.0
"""Seconds after which a comment shows that the line is alive."""

RECONNECT_MS: Final = 2000
"""After how long a browser comes back."""

WAITING: Final = 64
"""Events that wait for a slow client; further ones are read from the journal when it catches up."""

SEEN_BY_TILL: Final = ("receipt.", "paper.", "outage.")
"""What callers below a technician see of the journal."""

PRIVATE: Final = frozenset({"mark", "counter"})
"""Members of events that no caller sees: what tells one PIN from another, and the turnover that
the law has encrypted."""

_PRIVATE_MARKS = tuple(f'"{name}":'.encode() for name in sorted(PRIVATE))


def routes(parts: WebParts) -> APIRouter:
    """Return the route of live events."""
    router = APIRouter(prefix="/v1", tags=["live"])

    async def follow(request: Request) -> Response:
        caller = require(request, Role.TILL)
        sees_all = caller.role.may(Role.TECHNICIAN)
        return _Live(parts, _after(request), speech(request, parts), sees_all=sees_all)

    add(router, "GET", "/events", follow, _EVENTS)
    return router


def frame(event: Event, *, sees_all: bool) -> bytes | None:
    """Return an event of the journal as it is sent, ``None`` when it is not for this caller."""
    if not sees_all and not event.kind.startswith(SEEN_BY_TILL):
        return None
    body: Any = event.data()
    if any(mark in event.body for mark in _PRIVATE_MARKS):
        body = {name: value for name, value in body.items() if name not in PRIVATE}
    data = to_json(
        {
            "seq": event.seq,
            "kind": event.kind,
            "time": event.time,
            "register": event.register,
            "receipt": event.receipt,
            "number": event.number,
            "body": body,
        }
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), data)


def health_frame(part: Part, language: str) -> bytes:
    """Return a part's word as it is sent."""
    return b"event: health\ndata: %s\n\n" % to_json(part.as_body(language))


def _after(request: Request) -> int | None:
    """Return after which event to begin; ``None``: with what comes from now on.

    What a browser has seen last counts more than where its page once began.
    """
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise RequestInvalid.at("after", "must be the sequence number of an event")
    return int(text)


class _Live(Flow):
    media_type = "text/event-stream"

    def __init__(
        self, parts: WebParts, after: int | None, language: str, *, sees_all: bool
    ) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._parts = parts
        self._after = after
        self._language = language
        self._sees_all = sees_all
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(WAITING)

    async def flow(self, send: Send) -> None:
        # Both listen before the client learns that they do.
        changes, last = self._parts.board.changes(), self._parts.journal.last_seq
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_journal(last))
            group.create_task(self._tell_health(changes))
            group.create_task(self._beat())
            await self.begin(send)
            while True:
                chunks = [await self._waiting.get()]
                while not self._waiting.empty():
                    chunks.append(self._waiting.get_nowait())
                body = b"".join(chunks)
                await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _follow_journal(self, last: int) -> None:
        after = last if self._after is None else self._after
        await self._waiting.put(b"retry: %d\n\n" % RECONNECT_MS)
        if after > last:
            # The journal is not the one the client knows: a backup was restored.
            await self._waiting.put(b"id: %d\nevent: reset\ndata: {}\n\n" % last)
            after = last
        async for event in self._parts.journal.follow(after):
            chunk = frame(event, sees_all=self._sees_all)
            if chunk is not None:
                await self._waiting.put(chunk)

    async def _tell_health(self, changes: AsyncIterator[Part]) -> None:
        async for part in changes:
            await self._waiting.put(health_frame(part, self._language))

    async def _beat(self) -> None:
        while True:
            await self._parts.clock.sleep(HEARTBEAT_S)
            if self._waiting.empty():
                self._waiting.put_nowait(b": \n\n")


_EVENTS = Operation(
    "followEvents",
    "Follow the journal and the health board (server-sent events)",
    Role.TILL,
    text="`id` is the sequence number, `event` the kind, `data` JSON {seq, kind, time, register, "
    "receipt, number, body}. `health` events have no id and one part of the health board as data. "
    "`reset`: the journal is shorter than `after`; read everything anew. Technicians see all "
    f"kinds, other roles {', '.join(f'`{each}*`' for each in SEEN_BY_TILL)} and `health`. A "
    f"comment is sent every {HEARTBEAT_S:.0f} s.",
    media="text/event-stream",
    query=(
        Query(
            "after",
            "begin after this event; default: with what comes from now on",
            {"type": "integer", "minimum": 0},
        ),
    ),
    headers=("Last-Event-ID",),
    faults=(RequestInvalid,),
)
