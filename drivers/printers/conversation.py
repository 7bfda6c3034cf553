"""One connection to a printer: ask for status, send a job, wait for the confirmation.

Nothing is asked while a job is being sent: many printers read status requests only after the
data before them, and some network adapters lose bytes then.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from drivers.contract.printer import PrinterStatus
from drivers.printers.faults import PrinterConnectionLost, PrinterStalled
from drivers.printers.status import (
    ASK_ERROR_CAUSE,
    ASK_OFFLINE_CAUSE,
    ASK_PAPER,
    ASK_PRINTER,
    Answer,
    AnswerReader,
    OrderedAnswer,
    RawStatus,
    RealTimeAnswer,
)

_CHUNK_BYTES = 2048
_RECEIVE_BYTES = 1024
_ERROR_BIT = 0x40
_AnswerT = TypeVar("_AnswerT", RealTimeAnswer, OrderedAnswer)


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs in seconds.

    ``connect_s``: how long connecting is tried again, since many printers take one client only;
    ``connect_try_s``: a single try; ``retry_pause_s``: between tries. ``status_s``: an answer to
    DLE EOT (a printer answers within 0.3 s; the rest is for Wi-Fi and a busy box). ``stall_s``:
    the printer takes no byte of a job. ``confirm_s``: from the last byte of a job to the
    confirmation: slow heads and serial lines behind a network adapter need many seconds.
    ``settle_s``: an earlier job in doubt may still confirm itself before the next one begins.
    ``close_s``: an orderly end of the connection.
    """

    connect_s: float = 5.0
    connect_try_s: float = 2.0
    retry_pause_s: float = 0.25
    status_s: float = 1.0
    stall_s: float = 10.0
    confirm_s: float = 15.0
    settle_s: float = 2.0
    close_s: float = 1.0


class Conversation:
    """An open connection. Methods raise ``PrinterConnectionLost`` when it breaks."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._answers = AnswerReader()
        self._waiting: list[Answer] = []
        self._unanswered = 0
        # A drained writer then means that the system took every byte.
        writer.transport.set_write_buffer_limits(high=0)

    @property
    def lost(self) -> bool:
        """Whether the connection is known to be broken or closed by the printer."""
        return self._reader.at_eof() or self._writer.transport.is_closing()

    async def ask_status(self) -> RawStatus:
        """Ask what is needed to know whether the printer can print.

        Stops at the first question without an answer: a late answer could be taken for that to
        the next question.
        """
        await self.discard_input()
        printer = await self._ask(ASK_PRINTER)
        if printer is None:
            return RawStatus()
        cause = await self._ask(ASK_OFFLINE_CAUSE)
        if cause is None:
            return RawStatus(printer)
        error = None
        if cause & _ERROR_BIT:
            error = await self._ask(ASK_ERROR_CAUSE)
            if error is None:
                return RawStatus(printer, cause)
        return RawStatus(printer, cause, error, await self._ask(ASK_PAPER))

    async def status(self) -> PrinterStatus:
        """Ask for the status and return its meaning."""
        return (await self.ask_status()).status()

    async def send(self, data: bytes) -> None:
        """Send bytes until the system has taken all of them.

        Raises ``PrinterStalled`` when the printer takes nothing for ``stall_s``.
        """
        for start in range(0, len(data), _CHUNK_BYTES):
            await self._send(data[start : start + _CHUNK_BYTES], self._limits.stall_s)

    async def confirm(self, request: bytes, limit_s: float) -> OrderedAnswer | None:
        """Send GS r and wait for its answer; ``None`` when it does not come in time (seconds).

        What came before the request is thrown away: it can confirm nothing. Answers to earlier
        requests on this connection come first and are passed over.
        """
        await self.discard_input()
        await self.send(request)
        self._unanswered += 1
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    answer = await self._next(OrderedAnswer)
                    self._unanswered -= 1
                    if self._unanswered == 0:
                        return answer
        except TimeoutError:
            return None

    async def discard_input(self) -> None:
        """Forget what has arrived without being asked for."""
        await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                while await self._receive():
                    pass
        passed_over = sum(isinstance(answer, OrderedAnswer) for answer in self._waiting)
        self._unanswered = max(0, self._unanswered - passed_over)
        self._answers = AnswerReader()
        self._waiting.clear()

    async def close(self) -> None:
        """End the connection in order, or break it off after ``close_s``."""
        self._writer.close()
        try:
            with suppress(OSError):
                async with asyncio.timeout(self._limits.close_s):
                    await self._writer.wait_closed()
        finally:
            self.abort()

    def abort(self) -> None:
        """Break the connection off; what the printer has not taken is dropped."""
        self._writer.transport.abort()

    async def _ask(self, request: bytes) -> int | None:
        # Three bytes always fit into the system's buffer; a printer that never reads is silent.
        await self._send(request, self._limits.status_s)
        try:
            async with asyncio.timeout(self._limits.status_s):
                return (await self._next(RealTimeAnswer)).byte
        except TimeoutError:
            return None

    async def _send(self, data: bytes, limit_s: float) -> None:
        if self.lost:
            raise PrinterConnectionLost("the printer closed the connection")
        try:
            self._writer.write(data)
            async with asyncio.timeout(limit_s):
                await self._writer.drain()
        except TimeoutError as error:
            raise PrinterStalled(f"no byte taken for {limit_s:g} s") from error
        except OSError as error:
            raise PrinterConnectionLost(f"while sending: {error}") from error

    async def _next(self, kind: type[_AnswerT]) -> _AnswerT:
        """Return the next answer of that kind and drop others."""
        while True:
            while self._waiting:
                answer = self._waiting.pop(0)
                if isinstance(answer, kind):
                    return answer
            if not await self._receive():
                raise PrinterConnectionLost("the printer closed the connection")

    async def _receive(self) -> bool:
        """Take what arrives; return ``False`` at the end of the connection."""
        try:
            data = await self._reader.read(_RECEIVE_BYTES)
        except OSError as error:
            raise PrinterConnectionLost(f"while reading: {error}") from error
        self._waiting += self._answers.feed(data)
        return bool(data)
