"""A page as ESC/POS bytes. Pure; python-escpos is the encoder and knows the printers' profiles.

This is the only module that imports python-escpos (its import takes some tenths of a second).
Text goes past the library's own encoder, which forgets the code page at each initialisation: the
page is selected by us and kept for the whole job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import segno
from escpos.capabilities import get_profile
from escpos.printer import Dummy

from drivers.contract.page import Feed, Page, QrCode, TextLine
from drivers.printers.charset import encode_text
from drivers.printers.faults import PrinterPageUnsupported, PrinterProfileUnknown
from drivers.printers.qr_size import QUIET_ZONE_MODULES, module_dots, modules

DEFAULT_PROFILE = "TM-T20II"
"""Stands for most printers with 80 mm paper."""

FONT_A_WIDTH_DOTS = 12
_CODE_PAGES = (("CP858", "cp858"), ("CP1252", "cp1252"))
_USUAL_SLOT = {"CP858": 19, "CP1252": 16}
_QR_LEVELS = {"L": 0, "M": 1, "Q": 2, "H": 3}
_SELECT_CODE_PAGE = b"\x1bt"
_FEED_DOTS = b"\x1bJ"
_DEFAULT_LINE_SPACING = b"\x1b2"
_RASTER = b"\x1dv0\x00"
_RASTER_BAND_LINES = 240
"""Lines per raster command: taller images stall printers with small buffers."""

_MOST_LINES_PER_FEED = 255
_LONGEST_FEED_DOTS = 255


@dataclass(frozen=True, slots=True)
class EncodedPage:
    """Bytes of a whole job, and how many characters the printer cannot print (they became ?)."""

    data: bytes
    unknown_characters: int


@dataclass(frozen=True, slots=True)
class _Style:
    align: str = "left"
    bold: bool = False
    underline: int = 0
    invert: bool = False
    width: int = 1
    height: int = 1


def check_profile(profile: str) -> None:
    """Raise ``PrinterProfileUnknown`` unless pages can be encoded for that profile."""
    _code_page(_load_profile(profile))


def encode_page(page: Page, profile: str = DEFAULT_PROFILE) -> EncodedPage:
    """Encode a page: initialise, code page, style, items, feed, cut.

    Raises ``PrinterProfileUnknown``, ``PrinterPageUnsupported``.
    """
    return _Encoder(page, profile).encode()


class _Encoder:
    def __init__(self, page: Page, profile: str) -> None:
        self._page = page
        loaded = _load_profile(profile)
        self._slot, self._codec = _code_page(loaded)
        self._native_qr = bool(loaded.supports("qrCode"))
        self._printer = Dummy(profile=profile)
        self._style = _Style()
        self._unknown = 0

    def encode(self) -> EncodedPage:
        printer = self._printer
        printer.hw("INIT")
        self._raw(_SELECT_CODE_PAGE + bytes([self._slot]) + _DEFAULT_LINE_SPACING)
        printer.set(
            font="a", align="left", bold=False, underline=0, invert=False, flip=False,
            custom_size=True, width=1, height=1,
        )  # fmt: skip
        for item in self._page.items:
            match item:
                case TextLine():
                    self._text(item)
                case QrCode():
                    self._qr(item)
                case Feed():
                    self._feed_lines(item.lines)
        self._change_style(_Style())
        printer.cut(mode="PART")
        return EncodedPage(bytes(printer.output), self._unknown)

    def _text(self, line: TextLine) -> None:
        self._change_style(
            _Style(
                line.align,
                line.bold,
                int(line.underline),
                line.invert,
                2 if line.wide else 1,
                2 if line.tall else 1,
            )
        )
        encoded = encode_text(line.text, self._codec)
        self._unknown += encoded.unknown_characters
        self._raw(encoded.data + b"\n")

    def _change_style(self, style: _Style) -> None:
        changes = {
            name: getattr(style, name)
            for name in ("align", "bold", "underline", "invert")
            if getattr(style, name) != getattr(self._style, name)
        }
        if (style.width, style.height) != (self._style.width, self._style.height):
            changes |= {"custom_size": True, "width": style.width, "height": style.height}
        if changes:
            self._printer.set(**changes)
        self._style = style

    def _qr(self, code: QrCode) -> None:
        if not code.data:
            raise PrinterPageUnsupported("a QR code without data")
        side = modules(len(code.data.encode()), code.level)
        size = module_dots(side, self._page.columns * FONT_A_WIDTH_DOTS)
        self._change_style(_Style(align="center"))
        self._feed_dots(QUIET_ZONE_MODULES * size)
        if self._native_qr:
            # The library's own centring is not implemented for native codes; alignment does it.
            self._printer.qr(code.data, ec=_QR_LEVELS[code.level], size=size, native=True)
        else:
            for band in _raster_bands(code, size):
                self._raw(band)
        self._feed_dots(QUIET_ZONE_MODULES * size)

    def _feed_lines(self, lines: int) -> None:
        while lines > 0:
            part = min(lines, _MOST_LINES_PER_FEED)
            self._printer.print_and_feed(part)
            lines -= part

    def _feed_dots(self, dots: int) -> None:
        self._raw(_FEED_DOTS + bytes([min(dots, _LONGEST_FEED_DOTS)]))

    def _raw(self, data: bytes) -> None:
        self._printer._raw(data)  # noqa: SLF001 - the library's documented way past its encoder


def _load_profile(name: str) -> Any:
    try:
        return get_profile(name)
    except KeyError as error:
        raise PrinterProfileUnknown(f"there is no printer profile {name!r}") from error


def _code_page(profile: Any) -> tuple[int, str]:
    """Return the printer's number of the best code page and the Python codec for it."""
    pages = {int(slot): page for slot, page in profile.profile_data["codePages"].items()}
    for page, codec in _CODE_PAGES:
        slots = sorted(slot for slot, found in pages.items() if found == page)
        if slots:
            usual = _USUAL_SLOT[page]
            return (usual if usual in slots else slots[0]), codec
    raise PrinterProfileUnknown(
        f"profile {profile.profile_data.get('name')!r} has neither code page PC858 nor WPC1252"
    )


def _raster_bands(code: QrCode, size: int) -> Iterator[bytes]:
    """Yield ``GS v 0`` commands that draw the modules (1 = black, most significant bit left)."""
    symbol = segno.make_qr(
        code.data, error=code.level, mode="byte", encoding="utf-8", boost_error=False
    )
    lines: list[bytes] = []
    for row in symbol.matrix:
        bits = "".join(("1" if module else "0") * size for module in row)
        padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
        line = int(padded, 2).to_bytes(len(padded) // 8, "big")
        lines.extend([line] * size)
    for start in range(0, len(lines), _RASTER_BAND_LINES):
        band = lines[start : start + _RASTER_BAND_LINES]
        size_of_band = len(band[0]).to_bytes(2, "little") + len(band).to_bytes(2, "little")
        yield _RASTER + size_of_band + b"".join(band)
