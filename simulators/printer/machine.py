"""The printer behind the socket: input buffer, sensors, print head, answers.

Bytes that arrive pass the real-time commands first, which are obeyed at once; then they wait in
the buffer until the head comes to them. The head stops where the printer is not ready and goes
on when it is, whether or not the connection still exists.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from drivers.contract.clock import Clock
from simulators.printer import operations as op
from simulators.printer.operations import Operation
from simulators.printer.paper import Paper
from simulators.printer.parser import Parser
from simulators.printer.real_time import RealTimeCommand, RealTimeScanner
from simulators.printer.switches import Switches
from simulators.printer.typesetter import Typesetter

BUFFER_BYTES = 65_536
_SLOW_BUFFER_BYTES = 4096
_PORTION_BYTES = 1024
_SLOW_PORTIONS_PER_S = 20
_IDENTITY = {1: b"\x20", 2: b"\x03", 3: b"\x01"}
_TEXTS = {65: b"1.00 SIM", 66: b"BONBRIDGE", 67: b"SIMULATOR", 68: b"SIM0000001"}
_BY_DIGIT = {0x31: 1, 0x32: 2, 0x33: 3}
_AUTOMATIC_STATUS_SOURCES = 0x4F


class Listener(Protocol):
    """Takes the answers to the connected client."""

    def __call__(self, answer: bytes, *, delayed: bool = False) -> None: ...


class Machine:
    """A printer of ``columns`` columns. ``on_paper`` gets each paper that is cut off.

    ``answer_to`` is the connected client, or ``None``. Run ``work`` as a task.
    """

    def __init__(
        self, columns: int, switches: Switches, clock: Clock, on_paper: Callable[[Paper], None]
    ) -> None:
        self.columns = columns
        self.switches = switches
        self.answer_to: Listener | None = None
        self.papers = 0
        self.pulses = 0
        self._clock = clock
        self._on_paper = on_paper
        self._setter = Typesetter(columns)
        self._parser = Parser()
        self._scanner = RealTimeScanner()
        self._buffer: deque[bytes | None] = deque()
        self._buffered = 0
        self._generation = 0
        self._jammed = False
        self._automatic = 0
        self._last_block = b""
        self._changed = asyncio.Event()
        switches.watch(self._switched)

    @property
    def lines_printed(self) -> int:
        """Lines since the start."""
        return self._setter.lines_printed

    @property
    def buffered(self) -> int:
        """Bytes that the head has not come to."""
        return self._buffered

    @property
    def ready(self) -> bool:
        """Whether the head moves."""
        settings = self.switches.settings
        stopped = settings.cover_open or settings.offline or settings.paper == "out"
        return not stopped and not self._jammed

    async def room(self) -> int:
        """Return how many bytes the buffer takes; waits until it takes at least one."""
        while (room := self._capacity() - self._buffered) <= 0:
            await self._wait()
        return room

    def receive(self, data: bytes) -> None:
        """Take bytes from the client."""
        for command in self._scanner.feed(data):
            self._obey(command)
        self._buffer.append(data)
        self._buffered += len(data)
        self._wake()

    def disconnected(self) -> None:
        """The client is gone: a command it left incomplete is given up in its turn."""
        self.answer_to = None
        self._scanner = RealTimeScanner()
        self._buffer.append(None)
        self._wake()

    async def idle(self) -> None:
        """Wait until the buffer is empty."""
        while self._buffer or self._buffered:
            await self._wait()

    def torn_off(self) -> Paper | None:
        """Take what hangs out of the printer without having been cut, if anything."""
        return self._setter.rest()

    async def work(self) -> None:
        """Print what is in the buffer, until cancelled."""
        while True:
            while not self._buffer:
                await self._wait()
            portion = self._portion()
            operations = self._parser.finish() if portion is None else self._parser.feed(portion)
            generation = self._generation
            for operation in operations:
                await self._until_ready()
                if generation != self._generation:
                    break
                await self._print(operation)
            if portion is not None:
                await self._take_time(len(portion))
            if portion is not None and generation == self._generation:
                self._buffered -= len(portion)
            self._wake()

    def _portion(self) -> bytes | None:
        first = self._buffer.popleft()
        speed = self.switches.settings.bytes_per_s
        size = max(1, speed // _SLOW_PORTIONS_PER_S) if speed else _PORTION_BYTES
        if first is not None and len(first) > size:
            self._buffer.appendleft(first[size:])
            first = first[:size]
        return first

    async def _take_time(self, length: int) -> None:
        if speed := self.switches.settings.bytes_per_s:
            await self._clock.sleep(length / speed)
        else:
            await asyncio.sleep(0)

    async def _print(self, operation: Operation) -> None:
        match operation:
            case op.RealTimeStatus() | op.RealTimePulse() | op.RealTimeRecover():
                pass  # obeyed when it arrived
            case op.DrawerPulse():
                self._open_drawer()
            case op.TransmitStatus(n):
                self._confirm(n)
            case op.Identity(n):
                self._identify(n)
            case op.AutomaticStatusBack(mask):
                self._automatic = mask & _AUTOMATIC_STATUS_SOURCES
                self._last_block = b""
                self._report_change()
            case op.Cut() if self.switches.settings.cutter_error:
                self._jammed = True
                self._report_change()
                await self._until_ready()
                self._set(operation)
            case _:
                self._set(operation)

    def _set(self, operation: Operation) -> None:
        before = self._setter.lines_printed
        paper = self._setter.execute(operation)
        if paper is not None:
            self.papers += 1
            self._on_paper(paper)
        printed = self._setter.lines_printed - before
        left = self.switches.settings.out_after_lines
        if printed and left:
            changes: dict[str, object] = {"out_after_lines": max(0, left - printed)}
            if printed >= left:
                changes["paper"] = "out"
            self.switches.change(changes)

    def _obey(self, command: RealTimeCommand) -> None:
        match command:
            case op.RealTimeStatus(n):
                if not self.switches.settings.silent_status:
                    self._answer(bytes([self._real_time_status(n)]), delayed=True)
            case op.RealTimePulse():
                if not self.switches.settings.cover_open:
                    self._open_drawer()
            case op.RealTimeRecover(n):
                if not self.switches.settings.cutter_error:
                    self._jammed = False
                if n == 2:
                    self._clear()
                self._switched()

    async def _until_ready(self) -> None:
        while not self.ready:
            await self._wait()

    def _clear(self) -> None:
        self._generation += 1
        self._buffer.clear()
        self._buffered = 0
        self._parser.finish()
        self._setter.power_off()

    def _real_time_status(self, n: int) -> int:
        settings = self.switches.settings
        fixed = 0x12
        if n == 1:
            return fixed | 0x04 * settings.drawer_open | 0x08 * (not self.ready)
        if n == 2:
            out = settings.paper == "out"
            return fixed | 0x04 * settings.cover_open | 0x20 * out | 0x40 * self._jammed
        if n == 3:
            return fixed | 0x08 * self._jammed
        return fixed | {"ok": 0x00, "low": 0x0C, "out": 0x6C}[settings.paper]

    def _confirm(self, n: int) -> None:
        settings = self.switches.settings
        if settings.silent_confirm:
            return
        if n == 1:
            # Never "out": the head stops before.
            self._answer(b"\x03" if settings.paper == "low" else b"\x00")
        elif n == 2:
            self._answer(bytes([settings.drawer_open]))

    def _identify(self, n: int) -> None:
        n = _BY_DIGIT.get(n, n)
        if n in _IDENTITY:
            self._answer(_IDENTITY[n])
        elif n in _TEXTS:
            self._answer(b"\x5f" + _TEXTS[n] + b"\0")

    def _open_drawer(self) -> None:
        self.pulses += 1
        self.switches.change({"drawer_open": True})

    def _switched(self) -> None:
        if not self.switches.settings.cutter_error:
            self._jammed = False
        self._report_change()
        self._wake()

    def _report_change(self) -> None:
        block = self._automatic_block()
        if self._automatic and block != self._last_block:
            self._last_block = block
            self._answer(block)

    def _automatic_block(self) -> bytes:
        settings = self.switches.settings
        first = 0x10 | 0x04 * settings.drawer_open | 0x08 * (not self.ready)
        first |= 0x20 * settings.cover_open
        paper = {"ok": 0x00, "low": 0x03, "out": 0x0F}[settings.paper]
        return bytes([first, 0x08 * self._jammed, paper, 0])

    def _answer(self, answer: bytes, *, delayed: bool = False) -> None:
        if self.answer_to is not None:
            self.answer_to(answer, delayed=delayed)

    def _capacity(self) -> int:
        return _SLOW_BUFFER_BYTES if self.switches.settings.bytes_per_s else BUFFER_BYTES

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait(self) -> None:
        await self._changed.wait()
