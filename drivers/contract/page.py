"""A printed page as styled lines: what the box hands to any printer.

The page is laid out for a number of columns by the box; a driver only encodes it. A cut is
implied after the last item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, already fitted to the page's columns (``wide`` halves them)."""

    text: str
    align: Align = "left"
    bold: bool = False
    wide: bool = False
    tall: bool = False
    underline: bool = False
    invert: bool = False


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code, byte mode, UTF-8, centred, error correction level ``level`` (ISO 18004)."""

    data: str
    level: Literal["L", "M", "Q", "H"] = "M"


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int = 1


Item = TextLine | QrCode | Feed


@dataclass(frozen=True, slots=True)
class Page:
    """A whole paper of ``columns`` characters a line (font A); ``title`` is for logs."""

    title: str
    columns: int
    items: tuple[Item, ...]
