"""A bare TCP client of the simulated printer: no driver, only bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from simulators.printer.simulator import PrinterSimulator
from simulators.printer.switches import Settings

LONGEST_S = 20.0
"""A test that waits longer hangs."""

INIT = b"\x1b@\x1bt\x13"
CUT = b"\x1dVB\x00"
CONFIRM = b"\x1dr\x01"
CONFIRM_DRAWER = b"\x1dr\x02"


def ask(number: int) -> bytes:
    """Return DLE EOT n."""
    return b"\x10\x04" + bytes([number])


def job(*lines: str) -> bytes:
    """Return a receipt with confirmation."""
    text = "".join(f"{line}\n" for line in lines).encode("cp858")
    return INIT + text + CUT + CONFIRM


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self, count: int = 1) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), LONGEST_S)

    async def exchange(self, data: bytes, count: int = 1) -> bytes:
        await self.send(data)
        return await self.receive(count)

    async def end(self) -> bytes:
        """Return what still comes before the other side closes."""
        return await asyncio.wait_for(self.reader.read(), LONGEST_S)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """Connect, close in the end."""
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield wire
    finally:
        wire.writer.transport.abort()


@asynccontextmanager
async def printer(
    columns: int = 48, **switches: Any
) -> AsyncIterator[tuple[PrinterSimulator, Wire]]:
    """Run a printer with these switches and connect to it."""
    async with (
        PrinterSimulator(columns=columns, settings=Settings(**switches)) as simulator,
        connected(simulator.port) as wire,
    ):
        yield simulator, wire
