"""A vendor's simulator on a port."""

from __future__ import annotations

from typing import Self

from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.faults import Strike
from simulators.vendors.kit.front import Front
from simulators.vendors.kit.log import Logged
from simulators.vendors.kit.server import HttpServer
from simulators.vendors.kit.surface import Surface


class Stage:
    """Use as ``async with Stage(surface) as stage``; ``port`` 0 = any free one.

    ``clock`` must be the one that the surface was made with, so that both are moved together.
    """

    def __init__(
        self,
        surface: Surface,
        clock: SimClock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.surface = surface
        self.clock = SimClock() if clock is None else clock
        self.front = Front(surface, self.clock)
        self.server = HttpServer(self.front, host, port)

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.front.leave()
        await self.server.stop()

    async def down(self) -> None:
        """Be unreachable: nobody listens at the port any more."""
        await self.server.stop()

    async def up(self) -> None:
        """Be back at the same port."""
        self.server = HttpServer(self.front, self.server.host, self.server.port)
        await self.server.start()

    @property
    def url(self) -> str:
        """The vendor's base address."""
        return self.server.url

    @property
    def log(self) -> list[Logged]:
        """All requests to the vendor, oldest first; control requests are none."""
        return self.front.log.entries()

    def calls(self, method: str = "", path_prefix: str = "") -> list[Logged]:
        """Return those of a method (any) whose path begins so."""
        return self.front.log.entries(method, path_prefix)

    def fault(
        self,
        kind: str,
        times: int = 1,
        *,
        status: int = 500,
        delay_s: float = 0.0,
        path: str = "",
        method: str = "",
        retry_after: str = "",
    ) -> None:
        """Let a fault strike the next requests: see ``faults.Strike``. Raises ``FaultInvalid``."""
        self.front.faults.add(Strike(kind, times, status, delay_s, path, method, retry_after))

    def no_faults(self) -> None:
        """Take back all that still wait."""
        self.front.faults.clear()
