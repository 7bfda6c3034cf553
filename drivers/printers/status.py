"""What a printer sends, and what it means. Pure (devices.md 1.3 to 1.5).

Sources share one line and are told apart by fixed bits: ``b & 93``: 10 = first of four bytes of
Automatic Status Back, 12 = answer to DLE EOT; ``b & 90`` = 00: answer to GS r; ``5F … 00``: text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.contract.fault import Fault
from drivers.contract.printer import Paper, PrinterStatus
from drivers.printers.faults import (
    PrinterBroken,
    PrinterCoverOpen,
    PrinterCutterError,
    PrinterOffline,
    PrinterOverheated,
    PrinterPaperOut,
    PrinterSilent,
)

ASK_PRINTER = b"\x10\x04\x01"
ASK_OFFLINE_CAUSE = b"\x10\x04\x02"
ASK_ERROR_CAUSE = b"\x10\x04\x03"
ASK_PAPER = b"\x10\x04\x04"
"""DLE EOT n: answered at once, even while offline."""

CONFIRM = b"\x1d\x72\x01"
"""GS r 1: answered in order with the print data, so the answer proves that all of it is done."""

CONFIRM_DRAWER = b"\x1d\x72\x02"
"""GS r 2: the same, answering with the drawer's switch."""

_LONGEST_TEXT = 256
_ASB_LENGTH = 4
_TEXT_BEGIN, _TEXT_END = 0x5F, 0x00


@dataclass(frozen=True, slots=True)
class RealTimeAnswer:
    """Answer to DLE EOT n; which n was asked is the asker's knowledge."""

    byte: int


@dataclass(frozen=True, slots=True)
class OrderedAnswer:
    """Answer to GS r n."""

    byte: int

    @property
    def paper(self) -> Paper:
        """The paper sensor, if GS r 1 was asked."""
        if self.byte & 0x0C:
            return Paper.OUT
        return Paper.LOW if self.byte & 0x03 else Paper.OK


@dataclass(frozen=True, slots=True)
class AutomaticStatus:
    """Four bytes that the printer sends by itself (GS a)."""

    block: bytes

    def status(self) -> PrinterStatus:
        """Return the meaning."""
        first, second, third = self.block[:3]
        paper = OrderedAnswer(third & 0x0F).paper
        cover, offline = bool(first & 0x20), bool(first & 0x08)
        fault = diagnose(
            offline=offline,
            cover_open=cover,
            paper=paper,
            # The error bits stand where DLE EOT 3 has them.
            error_bits=second & 0x6C,
        )
        return PrinterStatus(not offline, paper, cover, bool(first & 0x04), fault)


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """Text answer to GS I n, without its frame."""

    data: bytes


Answer = RealTimeAnswer | OrderedAnswer | AutomaticStatus | TextAnswer


class AnswerReader:
    """Cuts the stream of bytes from a printer into answers; keeps what is incomplete.

    Bytes of no known source (line noise, XON/XOFF) are dropped and counted in ``dropped``.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Answer]:
        """Take bytes, return the answers that are complete now."""
        self._pending += data
        return list(self._complete())

    def _complete(self) -> Iterator[Answer]:
        pending = self._pending
        while pending:
            first = pending[0]
            if first & 0x93 == 0x12:
                del pending[:1]
                yield RealTimeAnswer(first)
            elif first & 0x93 == 0x10:
                if len(pending) < _ASB_LENGTH:
                    return
                block = bytes(pending[:_ASB_LENGTH])
                del pending[:_ASB_LENGTH]
                yield AutomaticStatus(block)
            elif first == _TEXT_BEGIN:
                end = pending.find(_TEXT_END)
                if end < 0 and len(pending) <= _LONGEST_TEXT:
                    return
                if end < 0:
                    self._drop()
                    continue
                text = bytes(pending[1:end])
                del pending[: end + 1]
                yield TextAnswer(text)
            elif first & 0x90 == 0x00:
                del pending[:1]
                yield OrderedAnswer(first)
            else:
                self._drop()

    def _drop(self) -> None:
        self.dropped += 1
        del self._pending[:1]


@dataclass(frozen=True, slots=True)
class RawStatus:
    """Answers to DLE EOT 1 to 4 as bytes; ``None`` = not asked or not answered."""

    printer: int | None = None
    offline_cause: int | None = None
    error_cause: int | None = None
    paper: int | None = None

    def status(self) -> PrinterStatus:
        """Return the meaning. What was not answered is unknown, never fine."""
        if self.printer is None:
            return PrinterStatus(None, Paper.UNKNOWN, fault=PrinterSilent("no answer to DLE EOT 1"))
        offline = bool(self.printer & 0x08)
        cause = self.offline_cause
        cover = None if cause is None else bool(cause & 0x04)
        paper = self._paper()
        fault: Fault | None = diagnose(
            offline=offline,
            cover_open=bool(cover),
            paper=paper,
            error_bits=self.error_cause or 0,
            stopped_for_paper=cause is not None and bool(cause & 0x20),
        )
        if fault is None and (cause is None or self.paper is None):
            asked = 2 if cause is None else 4
            fault = PrinterSilent(f"no answer to DLE EOT {asked}")
        return PrinterStatus(not offline, paper, cover, bool(self.printer & 0x04), fault)

    def _paper(self) -> Paper:
        if self.paper is None:
            return Paper.UNKNOWN
        if self.paper & 0x60:
            return Paper.OUT
        return Paper.LOW if self.paper & 0x0C else Paper.OK


def diagnose(
    *,
    offline: bool,
    cover_open: bool,
    paper: Paper,
    error_bits: int,
    stopped_for_paper: bool = False,
) -> Fault | None:
    """Return the fault a person must act on first, or ``None`` if the printer can print.

    ``error_bits`` are those of DLE EOT 3: 08 cutter, 20 unrecoverable, 40 recovers by itself,
    04 mechanical on older models.
    """
    if cover_open:
        return PrinterCoverOpen()
    if paper is Paper.OUT or stopped_for_paper:
        return PrinterPaperOut()
    if error_bits & 0x08:
        return PrinterCutterError()
    if error_bits & 0x24:
        return PrinterBroken(f"error bits {error_bits:02X}")
    if error_bits & 0x40:
        return PrinterOverheated()
    return PrinterOffline() if offline else None
