"""A web server that keeps trying: a port that is taken must not keep the shop from selling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge.health import HealthBoard
from bridge.supervisor import BASE_S, CAP_S, Supervisor
from bridge.web.server import WebServer
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault


class Listener:
    """One place to listen at, as ``name`` on the health board. ``address`` is its URL once it
    listens on the network."""

    def __init__(
        self,
        name: str,
        make: Callable[[], WebServer],
        board: HealthBoard,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        """``make`` returns a server that has not started yet."""
        self.address: str | None = None
        self._make = make
        self._server: WebServer | None = None
        self._supervisor = Supervisor(name, board, clock, chance, _soon)
        self._tried = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Try to listen, and go on trying in the background if that fails."""
        self._running = asyncio.create_task(self._supervisor.run(self._listen))
        await self._tried.wait()

    async def stop(self) -> None:
        """Take no new requests and let those under way finish."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()

    async def _listen(self, supervisor: Supervisor) -> None:
        server = self._make()
        try:
            await server.start()
        finally:
            self._tried.set()
        self._server = server
        self.address = server.address
        facts = {"address": server.address} if server.address is not None else {}
        supervisor.ready(None, **facts)
        await asyncio.Event().wait()


def _soon(tries: int, _: Fault | None, chance: float) -> float:
    """Whoever holds the port may leave at any time, whatever the fault says of itself."""
    return chance * min(CAP_S, BASE_S * 2.0 ** min(tries, 16))
