"""A tiny TCP printer that answers by script: what a driver is told, and what it sent.

It knows no commands but the questions (DLE EOT n, GS r n); everything else is taken as page. The
whole printer, with paper, is the simulator's work.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.ports import TcpPort

READY = {1: b"\x12", 2: b"\x12", 3: b"\x12", 4: b"\x12"}
"""Answers to DLE EOT 1 to 4 of a printer that can print."""

PAPER_OK = b"\x00"
"""Answer to GS r 1 of a printer with paper."""

_DLE_EOT = b"\x10\x04"
_GS_R = b"\x1d\x72"
_QUESTION_BYTES = 3
_SMALL_BUFFER_BYTES = 4096


@dataclass(slots=True)
class Script:
    """What the printer does. May be changed while it runs.

    ``status`` holds the answer to each DLE EOT n, absent = silence; ``status_after_page`` takes its
    place once any page byte has come. ``confirm`` answers GS r before a page and
    ``confirm_page`` after one, ``None`` = silence. ``greeting`` is sent to each client,
    ``before_confirm`` before each answer to GS r. ``owed`` is sent instead of the next answer to
    GS r, once: the answer to an earlier job. ``close_on_connect`` ends the first so many
    connections at once. ``reset_at`` and ``stop_at`` count page bytes of one connection: reset it,
    or read no more; ``reset_on_confirm`` resets instead of answering GS r after a page.
    """

    status: dict[int, bytes] = field(default_factory=lambda: dict(READY))
    status_after_page: dict[int, bytes] | None = None
    confirm: bytes | None = PAPER_OK
    confirm_page: bytes | None = PAPER_OK
    greeting: bytes = b""
    before_confirm: bytes = b""
    owed: bytes = b""
    close_on_connect: int = 0
    reset_at: int | None = None
    reset_on_confirm: bool = False
    stop_at: int | None = None


class ScriptedPrinter:
    """The printer.

    ``pages`` holds the page bytes of each connection that was not closed at once, in order;
    ``questions`` all questions; ``most_open`` how many connections there were at the same time.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.pages: list[bytearray] = []
        self.questions: list[bytes] = []
        self.open_now = 0
        self.most_open = 0
        self.page_begun = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()

    @property
    def page(self) -> bytes:
        """All page bytes that have come."""
        return b"".join(self.pages)

    async def start(self, port: int = 0) -> TcpPort:
        """Listen on the loopback interface."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER_BYTES)
        listening.bind(("127.0.0.1", port))
        self._server = await asyncio.start_server(
            self._accept, sock=listening, limit=_SMALL_BUFFER_BYTES
        )
        return TcpPort(*listening.getsockname()[:2])

    async def stop(self) -> None:
        """Close everything."""
        self._stopped.set()
        if self._server is not None:
            self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            if self.script.close_on_connect > 0:
                self.script.close_on_connect -= 1
            else:
                with contextlib.suppress(ConnectionError):
                    await self._converse(reader, writer)
        finally:
            self.open_now -= 1
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        page = bytearray()
        self.pages.append(page)
        writer.write(self.script.greeting)
        pending = bytearray()
        while data := await self._read(reader):
            pending += data
            while pending:
                taken = self._take_one(pending, page, writer)
                if taken is None:
                    break
                if not taken:
                    _reset(writer)
                    return
                if self.script.stop_at is not None and len(page) >= self.script.stop_at:
                    await self._stopped.wait()
                    return

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next bytes; none when the client is gone or the printer is stopped."""
        reading = asyncio.ensure_future(reader.read(_SMALL_BUFFER_BYTES))
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else b""
        finally:
            reading.cancel()
            stopping.cancel()

    def _take_one(
        self, pending: bytearray, page: bytearray, writer: asyncio.StreamWriter
    ) -> bool | None:
        """Take one question or page byte. ``None`` = incomplete, ``False`` = reset now."""
        head = bytes(pending[:_QUESTION_BYTES])
        if head[:1] in {b"\x10", b"\x1d"} and len(head) < _QUESTION_BYTES:
            return None
        if head.startswith((_DLE_EOT, _GS_R)):
            del pending[:_QUESTION_BYTES]
            return self._answer(head, page, writer)
        page.append(pending.pop(0))
        self.page_begun.set()
        return not (self.script.reset_at is not None and len(page) >= self.script.reset_at)

    def _answer(self, question: bytes, page: bytearray, writer: asyncio.StreamWriter) -> bool:
        self.questions.append(question)
        script = self.script
        if question.startswith(_GS_R):
            if page and script.reset_on_confirm:
                return False
            answer = script.confirm_page if page else script.confirm
            if script.owed:
                answer, script.owed = script.owed, b""
            if answer is not None:
                writer.write(script.before_confirm + answer)
            return True
        status = script.status
        if self.page and script.status_after_page is not None:
            status = script.status_after_page
        writer.write(status.get(question[-1], b""))
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection as a printer does that loses its power supply: RST, not FIN."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def scripted(script: Script | None = None) -> AsyncIterator[tuple[ScriptedPrinter, TcpPort]]:
    """Run a scripted printer for the time of the block."""
    printer = ScriptedPrinter(script or Script())
    port = await printer.start()
    try:
        yield printer, port
    finally:
        await printer.stop()
