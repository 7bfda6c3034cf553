"""The simulated printer put together: machine, network, papers. For tests and the program."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.contract.clock import Clock, SystemClock
from simulators.printer.machine import Machine
from simulators.printer.paper import Paper
from simulators.printer.server import PrinterServer
from simulators.printer.store import PaperStore
from simulators.printer.switches import Settings, Switches


class PrinterSimulator:
    """``async with PrinterSimulator(...) as printer``: a printer on ``printer.port``.

    ``papers`` holds what was cut off since the start, oldest first. ``out`` is the directory for
    pictures, ``None`` = draw nothing.
    """

    def __init__(
        self,
        *,
        columns: int = 48,
        out: Path | None = None,
        settings: Settings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        keep: bool = True,
    ) -> None:
        clock = clock or SystemClock()
        self.switches = Switches(settings)
        self.papers: list[Paper] = []
        self._keep = keep
        self._store = None if out is None else PaperStore(out, clock)
        self.machine = Machine(columns, self.switches, clock, self._cut_off)
        self.server = PrinterServer(self.machine, host, port)
        self._writing: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The real TCP port, once started."""
        return self.server.port

    async def start(self) -> None:
        """Listen. Raises ``OSError``."""
        await self.server.start()
        if self._store is not None:
            self._writing = asyncio.create_task(self._store.work())

    async def stop(self) -> None:
        """Stop; papers that were cut off are written first."""
        await self.server.stop()
        await self.written()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until everything received is printed, and drawn if papers are drawn."""
        await self.machine.idle()
        await self.written()

    async def written(self) -> None:
        """Wait until the papers cut off are files."""
        if self._store is not None:
            await self._store.written()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _cut_off(self, paper: Paper) -> None:
        if self._keep:
            self.papers.append(paper)
        if self._store is not None:
            self._store.add(paper)
