"""A receipt printer on the network that speaks ESC/POS.

A connection lives as long as one job: many printers take one client only. The printer itself
has the last word: before a job its status, after it the answer to GS r, which it gives in order
with the print data. What it does not say is unknown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from drivers.contract.clock import Clock, SystemClock
from drivers.contract.fault import Fault
from drivers.contract.page import Page
from drivers.contract.printer import Outcome, Paper, PrinterStatus, PrintResult
from drivers.ports import TcpPort, open_tcp
from drivers.printers.conversation import Conversation, Limits
from drivers.printers.faults import (
    PrinterConnectionLost,
    PrinterNoConfirmation,
    PrinterPaperOut,
    PrinterSilent,
    PrinterStalled,
    PrinterUnreachable,
)
from drivers.printers.status import CONFIRM, CONFIRM_DRAWER

if TYPE_CHECKING:
    from drivers.printers.encode import EncodedPage

_LOG = logging.getLogger(__name__)

DRAWER_PULSE_UNIT_MS = 2
DRAWER_ON_MS = 100
"""Current through the drawer's coil. 50 to 200 ms; longer pulses burn coils."""

DRAWER_OFF_MS = 400
"""Pause before the coil may be driven again."""

REAL_TIME_PULSE_UNIT_MS = 100
_PIN_SELECTOR = {2: 0, 5: 1}

OpenConnection = Callable[[TcpPort], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class EscPosPrinter:
    """``Printer`` over TCP; one job at a time, calls wait for each other.

    ``profile`` is a printer profile of python-escpos. Its encoder is imported at first use, in a
    thread: the import takes some tenths of a second.
    """

    def __init__(
        self,
        name: str,
        port: TcpPort,
        *,
        columns: int = 48,
        profile: str = "TM-T20II",
        drawer_pin: Literal[2, 5] = 2,
        limits: Limits | None = None,
        clock: Clock | None = None,
        open_connection: OpenConnection = open_tcp,
    ) -> None:
        self.name = name
        self.columns = columns
        self._port = port
        self._profile = profile
        self._drawer_selector = _PIN_SELECTOR[drawer_pin]
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._open_connection = open_connection
        self._one_job = asyncio.Lock()
        self._encode: Callable[[Page], EncodedPage] | None = None
        # An earlier job may still be in the printer, its confirmation on the way.
        self._in_doubt = True
        self._knows_confirmation = False

    async def status(self) -> PrinterStatus:
        """Ask the printer; waits for a job under way."""
        async with self._one_job:
            try:
                await self._encoder()
                talk, status = await self._open()
            except Fault as fault:
                return PrinterStatus(None, Paper.UNKNOWN, fault=fault)
            await talk.close()
            return status

    async def print(self, page: Page) -> PrintResult:
        """Print a page; see ``Printer`` for what the outcomes mean."""
        async with self._one_job:
            try:
                data = await self._encoded(page)
                talk, status = await self._open()
            except Fault as fault:
                return PrintResult(Outcome.NOT_PRINTED, fault)
            try:
                if status.fault is not None:
                    return PrintResult(Outcome.NOT_PRINTED, status.fault)
                result = await self._print_on(talk, data)
            except BaseException:
                talk.abort()
                raise
            finally:
                await talk.close()
            if isinstance(result.fault, PrinterConnectionLost | PrinterStalled) and (
                result.outcome is Outcome.UNKNOWN
            ):
                return PrintResult(Outcome.UNKNOWN, await self._diagnosis() or result.fault)
            return result

    async def open_drawer(self) -> None:
        """Open the cash drawer, also while paper is out. Raises printer faults.

        Returns when the printer confirmed that it gave the pulse (or, out of paper, that it got
        the real-time command). Whether the drawer opened, only its switch can say.
        """
        async with self._one_job:
            talk, status = await self._open()
            try:
                if status.fault is None:
                    await self._pulse_in_order(talk)
                elif status.cover_open or isinstance(status.fault, PrinterSilent):
                    raise status.fault
                else:
                    await self._pulse_in_real_time(talk)
            finally:
                await talk.close()

    async def close(self) -> None:
        """Do nothing: no connection outlives its job."""

    async def _print_on(self, talk: Conversation, data: bytes) -> PrintResult:
        try:
            if not await self._settled(talk):
                unfinished = PrinterNoConfirmation("an earlier job is not finished yet")
                return PrintResult(Outcome.NOT_PRINTED, unfinished)
        except (PrinterConnectionLost, PrinterStalled) as fault:
            return PrintResult(Outcome.NOT_PRINTED, fault)
        if talk.lost:
            return PrintResult(Outcome.NOT_PRINTED, PrinterConnectionLost("before the job"))
        self._in_doubt = True
        try:
            await talk.send(data)
            answer = await talk.confirm(CONFIRM, self._limits.confirm_s)
            if answer is None:
                found = (await talk.status()).fault
                return PrintResult(Outcome.UNKNOWN, found or self._unconfirmed())
        except (PrinterConnectionLost, PrinterStalled) as fault:
            talk.abort()
            return PrintResult(Outcome.UNKNOWN, fault)
        self._in_doubt = False
        self._knows_confirmation = True
        if answer.paper is Paper.OUT:
            return PrintResult(Outcome.UNKNOWN, PrinterPaperOut("paper ended during the job"))
        return PrintResult(Outcome.PRINTED)

    async def _settled(self, talk: Conversation) -> bool:
        """Return whether a confirmation to come can only be that of the next job.

        After a job in doubt its confirmation may still be on the way: the printer is asked to
        confirm nothing first. One that never confirmed anything gets the benefit of the doubt:
        it may not know the command.
        """
        if not self._in_doubt:
            return True
        if await talk.confirm(CONFIRM, self._limits.settle_s) is None:
            return not self._knows_confirmation
        self._knows_confirmation = True
        return True

    def _unconfirmed(self) -> PrinterNoConfirmation:
        return PrinterNoConfirmation(f"no answer to GS r within {self._limits.confirm_s:g} s")

    async def _pulse_in_order(self, talk: Conversation) -> None:
        on, off = DRAWER_ON_MS // DRAWER_PULSE_UNIT_MS, DRAWER_OFF_MS // DRAWER_PULSE_UNIT_MS
        in_doubt_before, self._in_doubt = self._in_doubt, True
        await talk.send(b"\x1bp" + bytes([self._drawer_selector, on, off]))
        if await talk.confirm(CONFIRM_DRAWER, self._limits.confirm_s) is None:
            raise self._unconfirmed()
        self._in_doubt = in_doubt_before

    async def _pulse_in_real_time(self, talk: Conversation) -> None:
        on = DRAWER_ON_MS // REAL_TIME_PULSE_UNIT_MS
        await talk.send(b"\x10\x14\x01" + bytes([self._drawer_selector, on]))
        if (await talk.ask_status()).printer is None:
            raise PrinterNoConfirmation("no answer after the real-time drawer pulse")

    async def _diagnosis(self) -> Fault | None:
        """Ask on a new connection why the last one failed; ``None`` if that tells nothing more."""
        try:
            talk, status = await self._open()
        except Fault:
            return None
        await talk.close()
        return None if isinstance(status.fault, PrinterSilent) else status.fault

    async def _open(self) -> tuple[Conversation, PrinterStatus]:
        """Connect and ask for the status, again and again for ``connect_s``.

        Raises ``PrinterUnreachable``, ``PrinterConnectionLost``. A silent printer is not tried
        again: its status says so.
        """
        deadline = self._clock.monotonic() + self._limits.connect_s
        while True:
            try:
                return await self._try_open()
            except (PrinterUnreachable, PrinterConnectionLost):
                if self._clock.monotonic() + self._limits.retry_pause_s >= deadline:
                    raise
            await self._clock.sleep(self._limits.retry_pause_s)

    async def _try_open(self) -> tuple[Conversation, PrinterStatus]:
        try:
            async with asyncio.timeout(self._limits.connect_try_s):
                reader, writer = await self._open_connection(self._port)
        except TimeoutError as error:
            raise PrinterUnreachable(f"{self._port}: no connection in time") from error
        except OSError as error:
            raise PrinterUnreachable(f"{self._port}: {error}") from error
        talk = Conversation(reader, writer, self._limits)
        try:
            return talk, await talk.status()
        except PrinterStalled:
            talk.abort()
            return talk, PrinterStatus(
                None, Paper.UNKNOWN, fault=PrinterSilent("the printer does not read")
            )
        except BaseException:
            talk.abort()
            raise

    async def _encoded(self, page: Page) -> bytes:
        encode = await self._encoder()
        encoded = encode(page)
        if encoded.unknown_characters:
            _LOG.warning(
                "printer %s: %d characters of %r cannot be printed and became ?",
                self.name,
                encoded.unknown_characters,
                page.title,
            )
        return encoded.data

    async def _encoder(self) -> Callable[[Page], EncodedPage]:
        if self._encode is None:
            self._encode = await asyncio.to_thread(_load_encoder, self._profile)
        return self._encode


def _load_encoder(profile: str) -> Callable[[Page], EncodedPage]:
    from drivers.printers.encode import check_profile, encode_page

    check_profile(profile)
    return partial(encode_page, profile=profile)
