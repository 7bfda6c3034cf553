"""Control port: one JSON object per line over TCP, one answer line each.

``{"set": {"never_ack": true}}`` changes switches, ``{"get": "state"}`` asks; both are answered by
``{"switches": {...}, "state": {...}}``. ``{"get": "frames", "after": N}`` lists what boxes
reported. ``{"do": NAME, ...}`` acts at once, on the box named by ``"box"`` or the only one:

- ``drop`` breaks the connection, ``close`` (``code``) closes it, ``second_identity`` closes it as
  if another box had connected under the same name;
- ``malformed``, ``binary``, ``oversized``, ``unsupported_type`` send such a frame, ``send_raw``
  (``text``) sends any; of these only ``unsupported_type`` is numbered and kept;
- ``forget`` (``frames``, ``commands``) loses the newest of both and restarts the links, as after
  restoring a backup; ``forget_head`` forgets what is known of the box's journal;
- ``revoke`` and ``admit`` a box; ``token_due`` sends it a new token with the next welcome.

A bad request is answered by ``{"error": "..."}``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from websockets.exceptions import ConnectionClosed

from bridge.cloud.envelope import (
    CLOSE_NORMAL,
    CLOSE_REPLACED,
    CLOSE_RESTART,
    CLOSE_REVOKED,
    MAX_FRAME_BYTES,
    PING,
    write_frame,
)
from simulators.cloud.cloud import Cloud
from simulators.cloud.session import BoxSession
from simulators.cloud.switches import check_close_code

MAX_LINE_BYTES = 1_000_000
FRAMES_LISTED = 1000
UNHEARD_TYPE = "receipt.unheard"
"""A type that no box knows."""

Action = Callable[[dict[str, Any]], Awaitable[None]]


class Controls:
    """Turns one request into one answer."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._actions: dict[str, Action] = {
            "drop": self._drop,
            "close": self._close,
            "second_identity": self._second_identity,
            "malformed": self._malformed,
            "binary": self._binary,
            "oversized": self._oversized,
            "unsupported_type": self._unsupported_type,
            "send_raw": self._send_raw,
            "forget": self._forget,
            "forget_head": self._forget_head,
            "revoke": self._revoke,
            "admit": self._admit,
            "token_due": self._token_due,
        }

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Do what a request line asks and return the answer."""
        try:
            return await self._handle(json.loads(line))
        except (ValueError, RecursionError, ConnectionClosed) as error:
            return {"error": str(error)}

    async def _handle(self, request: Any) -> dict[str, Any]:
        match request:
            case {"set": dict(changes)}:
                self._cloud.switches.change(changes)
            case {"get": "state"}:
                pass
            case {"get": "frames"}:
                return {"frames": self._frames(_number(request, "after", 0))}
            case {"do": str(name)} if name in self._actions:
                await self._actions[name](request)
            case _:
                raise ValueError(
                    'a request is {"set": {...}}, {"get": "state"}, {"get": "frames"} or '
                    f'{{"do": ...}} with one of {", ".join(self._actions)}'
                )
        return {"switches": asdict(self._cloud.switches.settings), "state": self.state()}

    def state(self) -> dict[str, Any]:
        """Return what is known of boxes, receipts and webhooks, and counters since the start."""
        cloud = self._cloud
        return {
            "boxes": {row["id"]: self._box_state(dict(row)) for row in cloud.streams.boxes()},
            "counts": dict(cloud.counts),
            "parked": cloud.parking.counts(),
            "documents": cloud.store.number("SELECT COUNT(*) FROM document"),
            "deliveries": cloud.webhooks.subscriptions.counts(),
            "box_errors": list(cloud.box_errors),
            "box_states": list(cloud.box_states),
        }

    def _box_state(self, row: dict[str, Any]) -> dict[str, Any]:
        session = self._cloud.sessions.get(row["id"])
        journal = row.pop("journal")
        state = {
            **row,
            "connected": session is not None and session.ready,
            "journal": None if journal is None else json.loads(journal),
        }
        if session is not None and session.hello is not None:
            state["hello"] = session.hello.model_dump(mode="json")
        return state

    def _frames(self, after: int) -> list[dict[str, Any]]:
        rows = self._cloud.store.rows(
            "SELECT n, box, seq, id, type, re, data FROM inbound WHERE n > ? ORDER BY n LIMIT ?",
            *(after, FRAMES_LISTED),
        )
        return [{**dict(row), "data": json.loads(row["data"])} for row in rows]

    def _box(self, request: dict[str, Any]) -> str:
        known = [row["id"] for row in self._cloud.streams.boxes()]
        box = request.get("box", known[0] if len(known) == 1 else None)
        if box not in known:
            raise ValueError(f'"box" is one of {known}')
        return str(box)

    def _session(self, request: dict[str, Any]) -> BoxSession:
        box = self._box(request)
        session = self._cloud.sessions.get(box)
        if session is None:
            raise ValueError(f"{box} is not connected")
        return session

    async def _drop(self, request: dict[str, Any]) -> None:
        self._session(request).drop()

    async def _close(self, request: dict[str, Any]) -> None:
        code = _number(request, "code", CLOSE_NORMAL)
        check_close_code(code)
        await self._session(request).close(code, "control port")

    async def _second_identity(self, request: dict[str, Any]) -> None:
        await self._session(request).close(CLOSE_REPLACED, "the same box has connected again")

    async def _malformed(self, request: dict[str, Any]) -> None:
        await self._session(request).say_raw('{"v": 1, "id": "half')

    async def _binary(self, request: dict[str, Any]) -> None:
        await self._session(request).say_raw(b"\x00\xff")

    async def _oversized(self, request: dict[str, Any]) -> None:
        padding = {"padding": "x" * MAX_FRAME_BYTES}
        text = write_frame(PING, "oversized", self._cloud.now(), padding)
        await self._session(request).say_raw(text)

    async def _unsupported_type(self, request: dict[str, Any]) -> None:
        box = self._box(request)
        self._cloud.streams.give(box, UNHEARD_TYPE, {})
        self._cloud.tell(box)

    async def _send_raw(self, request: dict[str, Any]) -> None:
        await self._session(request).say_raw(str(request.get("text", "")))

    async def _forget(self, request: dict[str, Any]) -> None:
        frames, commands = _number(request, "frames", 0), _number(request, "commands", 0)
        with self._cloud.store.transaction():
            self._cloud.parking.forget(frames, commands)
        for session in list(self._cloud.sessions.values()):
            await session.close(CLOSE_RESTART, "restored from a backup")

    async def _forget_head(self, request: dict[str, Any]) -> None:
        self._cloud.streams.set_box(self._box(request), "journal", None)

    async def _revoke(self, request: dict[str, Any]) -> None:
        box = self._box(request)
        self._cloud.streams.set_box(box, "revoked", 1)
        if session := self._cloud.sessions.get(box):
            await session.close(CLOSE_REVOKED, "revoked")

    async def _admit(self, request: dict[str, Any]) -> None:
        self._cloud.streams.set_box(self._box(request), "revoked", 0)

    async def _token_due(self, request: dict[str, Any]) -> None:
        self._cloud.streams.set_box(self._box(request), "token_due", 1)


class ControlServer:
    """Listens on the loopback interface only; port 0 lets the system choose."""

    def __init__(self, controls: Controls, port: int = 0) -> None:
        self.port = port
        self._controls = controls
        self._listener: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; ``port`` is the real one afterwards. Raises ``OSError``."""
        self._listener = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, limit=MAX_LINE_BYTES
        )
        self.port = int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop all clients."""
        if self._listener is not None:
            self._listener.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._attend(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, ValueError):  # ValueError: a line above the limit
                while line := await reader.readline():
                    answer = await self._controls.answer(line)
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()


def _number(request: dict[str, Any], name: str, default: int) -> int:
    value = request.get(name, default)
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f'"{name}" is a number')
    return value
