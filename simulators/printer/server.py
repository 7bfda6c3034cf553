"""The printer on the network: one client at a time, as most printers have it.

Further clients are let in by the system and wait unread until the first one leaves.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

from simulators.printer.machine import Machine
from simulators.printer.real_time import RealTimeScanner
from simulators.printer.switches import Switches

_RECEIVE_BYTES = 4096
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PrinterServer:
    """Serves a ``Machine``. ``start`` and ``stop`` belong to one event loop."""

    def __init__(self, machine: Machine, host: str = "127.0.0.1", port: int = 0) -> None:
        self.machine = machine
        self.host = host
        self.port = port
        self.connections = 0
        self._switches: Switches = machine.switches
        self._listener: asyncio.Server | None = None
        self._one_client = asyncio.Lock()
        self._clients: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; ``port`` is the real one afterwards. Raises ``OSError``."""
        self._work = asyncio.create_task(self.machine.work())
        await self._listen()
        if self._switches.settings.refuse_connect:
            self._stop_listening()
        self._listening = asyncio.create_task(self._follow_switch())

    async def stop(self) -> None:
        """Stop listening and drop all clients."""
        self._stop_listening()
        tasks = [task for task in (self._work, self._listening, *self._clients) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _follow_switch(self) -> None:
        while True:
            refuse = self._switches.settings.refuse_connect
            if refuse and self._listener is not None:
                self._stop_listening()
            elif not refuse and self._listener is None:
                await self._listen()
            else:
                await self._switches.next_change()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: a stream handler that ends as cancelled is reported as an error.
        task = asyncio.create_task(self._attend(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._one_client:
                self.connections += 1
                with suppress(ConnectionError):
                    await self._serve(reader, writer)
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        machine = self.machine
        client = _Client(writer, self._switches)
        machine.answer_to = client.answer
        try:
            while True:
                while self._switches.settings.never_read:
                    await self._switches.next_change()
                data = await reader.read(min(_RECEIVE_BYTES, await machine.room()))
                if not data:
                    break
                taken = client.until_reset(data)
                machine.receive(taken)
                if len(taken) < len(data) or client.reset_due:
                    client.reset()
                    break
        finally:
            machine.disconnected()
        if not client.reset_due:
            writer.close()
            await writer.wait_closed()


class _Client:
    """Answers to one client, and the point at which its connection breaks."""

    def __init__(self, writer: asyncio.StreamWriter, switches: Switches) -> None:
        self.reset_due = False
        self._writer = writer
        self._switches = switches
        self._scanner = RealTimeScanner()
        self._print_bytes = 0

    def answer(self, answer: bytes, *, delayed: bool = False) -> None:
        delay = self._switches.settings.status_delay_ms / 1000
        if delayed and delay:
            asyncio.get_running_loop().call_later(delay, self._write, answer)
        else:
            self._write(answer)

    def until_reset(self, data: bytes) -> bytes:
        """Return what the printer takes of ``data`` before it resets the connection."""
        limit = self._switches.settings.reset_after_bytes
        if not limit:
            return data
        commands = self._scanner.feed(data)
        # A status question is three bytes; questions alone never reach the limit.
        printing = max(0, len(data) - 3 * len(commands))
        left = limit - self._print_bytes
        if printing < left:
            self._print_bytes += printing
            return data
        self.reset_due = True
        self._switches.change({"reset_after_bytes": 0})
        return data[:left]

    def reset(self) -> None:
        """Break the connection with RST."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    def _write(self, answer: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(answer)
