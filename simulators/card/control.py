"""Control channel: one JSON object per line over TCP, one answer line each.

``{"set": {"delay_ms": 300}}``, ``{"get": "state"}``, ``{"do": "reset"}`` (silent reset of the
card), ``{"do": "reconnect"}`` (out of the reader and in again). Setting ``pulled`` or
``other_card`` or ``atr`` breaks the line, as pulling a card does.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

from simulators.card.slot import CardSlot
from simulators.card.vpcd_client import VpcdClient

MAX_LINE_BYTES = 65536
_NEEDS_REINSERTION = frozenset({"pulled", "other_card", "atr"})


class Controls:
    """Turns one request line into one answer line."""

    def __init__(self, slot: CardSlot, client: VpcdClient) -> None:
        self._slot = slot
        self._client = client

    def answer(self, line: bytes) -> bytes:
        """Return the answer as JSON; a bad request is answered by ``{"error": ...}``."""
        try:
            result = self._handle(json.loads(line))
        except ValueError as error:
            result = {"error": str(error)}
        return json.dumps(result).encode()

    def _handle(self, request: Any) -> dict[str, Any]:
        match request:
            case {"set": dict(changes)}:
                before = self._slot.switches.settings
                after = self._slot.switches.change(changes)
                if any(getattr(before, n) != getattr(after, n) for n in _NEEDS_REINSERTION):
                    self._client.hang_up()
            case {"get": "state"}:
                pass
            case {"do": "reset"}:
                self._client.reset_card()
            case {"do": "reconnect"}:
                self._client.hang_up()
            case _:
                raise ValueError('a request is {"set": {...}}, {"get": "state"} or {"do": ...}')
        return {"switches": asdict(self._slot.switches.settings), "state": self._slot.summary()}


class _Handler(StreamRequestHandler):
    server: ControlServer

    def handle(self) -> None:
        while line := self.rfile.readline(MAX_LINE_BYTES):
            self.wfile.write(self.server.controls.answer(line) + b"\n")


class ControlServer(ThreadingTCPServer):
    """Serves ``Controls`` on the loopback interface; port 0 lets the system choose."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, controls: Controls, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.controls = controls
        self.port = int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        Thread(target=self.serve_forever, name="card-control", daemon=True).start()
