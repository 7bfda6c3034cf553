"""A piece of printed paper as data: what stands where. Lengths are dots."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.printer.operations import ColumnImage, Raster

PRINT_DOTS = {48: 576, 42: 512, 32: 384}
"""Printable width by columns of font A: 80 mm at 203 and 180 dpi, 58 mm at 203 dpi."""

CUTTER_DISTANCE_DOTS = 120  # assumed: 15 mm, the least of the 15 to 30 mm of devices.md 1

CELLS = {0: (12, 24), 1: (9, 17)}
"""Width and height of a character by font number."""


@dataclass(frozen=True, slots=True)
class Style:
    """How characters look; ``width`` and ``height`` are factors."""

    font: int = 0
    bold: bool = False
    underline: int = 0
    invert: bool = False
    width: int = 1
    height: int = 1

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of one character."""
        width, height = CELLS[self.font]
        return width * self.width, height * self.height


@dataclass(frozen=True, slots=True)
class TextRun:
    """Characters of one style, from ``x`` of the printable width."""

    x: int
    text: str
    style: Style
    advance: int

    @property
    def height(self) -> int:
        return self.style.cell[1]

    @property
    def end(self) -> int:
        return self.x + self.advance * len(self.text)


@dataclass(frozen=True, slots=True)
class Bitmap:
    """An image, from ``x`` of the printable width."""

    x: int
    image: Raster | ColumnImage

    @property
    def height(self) -> int:
        return self.image.height * self.image.scale_y

    @property
    def end(self) -> int:
        return self.x + self.image.width * self.image.scale_x


@dataclass(frozen=True, slots=True)
class QrSymbol:
    """A native QR code of ``modules`` modules of ``dots`` dots."""

    x: int
    data: bytes
    level: str
    modules: int
    dots: int

    @property
    def height(self) -> int:
        return self.modules * self.dots

    @property
    def end(self) -> int:
        return self.x + self.height


Piece = TextRun | Bitmap | QrSymbol


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces that stand on one base line, ``y`` dots below the top of the paper."""

    y: int
    height: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The characters as sent; a gap between positioned runs is one blank."""
        parts: list[str] = []
        end: int | None = None
        for piece in self.pieces:
            if isinstance(piece, TextRun):
                if end is not None and piece.x > end and parts and not parts[-1].endswith(" "):
                    parts.append(" ")
                parts.append(piece.text)
                end = piece.end
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper, from cut to cut. ``length`` in dots; ``cut`` is ``None`` if it still hangs.

    ``notes`` says in English what went wrong on it; ``unknown`` are byte sequences that are no
    known command.
    """

    columns: int
    rows: tuple[Row, ...]
    length: int
    cut: str | None
    notes: tuple[str, ...] = ()
    unknown: tuple[bytes, ...] = ()

    @property
    def width(self) -> int:
        """Printable width in dots."""
        return PRINT_DOTS[self.columns]

    @property
    def visible_length(self) -> int:
        """Dots from the first line to the cut, which is made below the head."""
        ink = max((row.y + row.height for row in self.rows), default=0)
        return max(ink, self.length - CUTTER_DISTANCE_DOTS)

    @property
    def texts(self) -> tuple[str, ...]:
        """Lines of text as they were sent, without the blanks of alignment."""
        return tuple(
            row.text for row in self.rows if any(isinstance(p, TextRun) for p in row.pieces)
        )

    @property
    def codes(self) -> tuple[str, ...]:
        """Contents of native QR codes."""
        return tuple(
            piece.data.decode(errors="replace")
            for row in self.rows
            for piece in row.pieces
            if isinstance(piece, QrSymbol)
        )

    def as_text(self) -> str:
        """Return the paper as plain text in columns; pictures are named in brackets."""
        cell = CELLS[0][0]
        lines: list[str] = []
        last_end = 0
        for row in self.rows:
            if row.y - last_end >= CELLS[0][1] and lines:
                lines.append("")
            last_end = row.y + row.height
            line = ""
            for piece in row.pieces:
                if isinstance(piece, TextRun):
                    name = piece.text
                    start = piece.x // cell
                else:
                    name = "[QR code]" if isinstance(piece, QrSymbol) else "[image]"
                    start = ((piece.x + piece.end) // 2) // cell - len(name) // 2
                line = line.ljust(start) + name
            lines.append(line.rstrip())
        return "\n".join(lines) + "\n"
