"""Control port: one JSON object per line over TCP, one answer line each.

``{"set": {"paper": "out"}}`` changes switches, ``{"get": "state"}`` asks. Both are answered by
``{"switches": {...}, "state": {...}}``, a bad request by ``{"error": "..."}``.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from simulators.printer.server import PrinterServer

MAX_LINE_BYTES = 65_536


class ControlServer:
    """Listens on the loopback interface only; port 0 lets the system choose."""

    def __init__(self, server: PrinterServer, port: int = 0) -> None:
        self.port = port
        self._printer = server
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

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do what a request line asks and return the answer."""
        try:
            match json.loads(line):
                case {"set": dict(changes)}:
                    self._printer.machine.switches.change(changes)
                case {"get": "state"}:
                    pass
                case _:
                    return {"error": 'a request is {"set": {...}} or {"get": "state"}'}
        except ValueError as error:
            return {"error": str(error)}
        return {
            "switches": asdict(self._printer.machine.switches.settings),
            "state": self.state(),
        }

    def state(self) -> dict[str, Any]:
        """Return counters since the start."""
        machine = self._printer.machine
        return {
            "ready": machine.ready,
            "papers": machine.papers,
            "lines_printed": machine.lines_printed,
            "buffered": machine.buffered,
            "connections": self._printer.connections,
            "drawer_pulses": machine.pulses,
        }

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._attend(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, ValueError):  # ValueError: a line above the limit
                while line := await reader.readline():
                    writer.write(json.dumps(self.answer(line)).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()
