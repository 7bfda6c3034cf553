"""Bad wires: a TCP proxy between a driver and a device that splits, delays or cuts."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_RECEIVE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Wire:
    """``portion``: most bytes forwarded at once, 0 = as they come. ``delay_s``: longest pause
    before each portion. ``cut_after``: bytes from the driver after which both ends are reset,
    once; -1 = never. ``cut_answers_after``: the same for bytes from the device.
    """

    name: str
    portion: int = 0
    delay_s: float = 0.0
    cut_after: int = -1
    cut_answers_after: int = -1


CLEAN = Wire("clean")
ONE_BYTE = Wire("one byte at a time", portion=1)
DELAYED = Wire("delayed", portion=97, delay_s=0.005)
WHOLE_WIRES = (CLEAN, ONE_BYTE, DELAYED)
"""Wires that lose nothing: everything must work over them."""


class Proxy:
    """``async with Proxy(port, wire, seed) as proxy``: connect to ``proxy.port``.

    ``forwarded`` counts the bytes that went on to the device since the start, ``cuts`` the
    connections that were cut.
    """

    def __init__(self, target: int, wire: Wire, seed: int = 0) -> None:
        self.wire = wire
        self.port = 0
        self.forwarded = 0
        self.cuts = 0
        self._target = target
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(self._listener.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pumps: list[asyncio.Task[bool]] = []
        ends = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            ends.append(far_writer)
            there = self._pump(reader, far_writer, self.wire.cut_after, counted=True)
            back = self._pump(far_reader, writer, self.wire.cut_answers_after, counted=False)
            pumps = [asyncio.create_task(there), asyncio.create_task(back)]
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if any(pump.result() for pump in done):
                self.cuts += 1
                self.wire = CLEAN
                for end in ends:
                    raw = end.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        except OSError:
            pass  # a device that refuses
        finally:
            for end in ends:
                end.transport.abort()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cut_after: int,
        *,
        counted: bool,
    ) -> bool:
        """Forward until one end closes (``False``) or the wire is cut (``True``)."""
        left = cut_after
        with suppress(ConnectionError):
            while data := await reader.read(self.wire.portion or _RECEIVE_BYTES):
                if self.wire.delay_s:
                    await asyncio.sleep(self._random.uniform(0, self.wire.delay_s))
                taken = data if left < 0 else data[:left]
                writer.write(taken)
                await writer.drain()
                if counted:
                    self.forwarded += len(taken)
                if left >= 0:
                    left -= len(taken)
                    if left == 0:
                        return True
            writer.write_eof()
        return False
