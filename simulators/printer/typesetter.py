"""Operations → papers: the print head's state, lines, positions. Pure and quick: no pictures."""

from __future__ import annotations

from dataclasses import replace

from drivers.printers.faults import PrinterPageUnsupported
from drivers.printers.qr_size import modules as qr_modules
from simulators.printer import operations as op
from simulators.printer.code_pages import EPSON, decode
from simulators.printer.operations import Operation, Raster
from simulators.printer.paper import (
    CUTTER_DISTANCE_DOTS,
    PRINT_DOTS,
    Bitmap,
    Paper,
    Piece,
    QrSymbol,
    Row,
    Style,
    TextRun,
)

DEFAULT_LINE_SPACING_DOTS = 30  # assumed: 3.75 mm at 203 dpi, 4.2 mm at 180 dpi
TAB_COLUMNS = 8
DEFAULT_QR_MODULE_DOTS = 3
DISPLAY_ONLY = 2


class Typesetter:
    """Call ``execute`` for each operation; it returns a paper when one was cut off.

    ``lines_printed`` counts rows since the power was switched on.
    """

    def __init__(self, columns: int) -> None:
        if columns not in PRINT_DOTS:
            raise ValueError(f"{columns} columns: there are {sorted(PRINT_DOTS)}")
        self.columns = columns
        self.lines_printed = 0
        self._qr_data = b""
        self._graphics: Raster | None = None
        self._x: int = 0
        self._reset_modes()
        self._new_paper()

    def execute(self, operation: Operation) -> Paper | None:
        """Obey an operation. What does not concern paper is passed over."""
        if self._display and not isinstance(operation, op.SelectDevice):
            return None
        match operation:
            case op.Text():
                self._text(decode(operation.data, self._code_page))
            case op.LineFeed():
                self._end_line()
            case op.Tab():
                self._tab()
            case op.FeedLines():
                self._feed_lines(operation.lines)
            case op.FeedDots():
                self._flush_line()
                self._y += operation.dots
            case op.Raster() | op.GraphicsPrint() | op.ColumnImage() | op.QrPrint() | op.Barcode():
                self._picture(operation)
            case op.Cut():
                return self._cut(operation)
            case op.Unknown():
                self._unknown.append(operation.data)
            case op.Truncated():
                self._note(f"a command of {len(operation.data)} bytes was never completed")
            case _:
                self._set(operation)
        return None

    def _picture(self, operation: Operation) -> None:
        match operation:
            case op.Raster():
                self._image(operation)
            case op.GraphicsPrint():
                if self._graphics is not None:
                    self._image(self._graphics)
            case op.ColumnImage():
                piece = Bitmap(self._x, operation)
                self._line.append(piece)
                self._x = piece.end
            case op.QrPrint():
                self._qr()
            case op.Barcode():
                # Not drawn: only its content is shown.
                self._text(f"[barcode {operation.data.decode('ascii', errors='replace')}]")
                self._end_line()

    def rest(self) -> Paper | None:
        """Return what hangs out of the printer without a cut, or ``None`` if it is blank."""
        self._flush_line()
        if not self._rows and not self._unknown and not self._notes:
            return None
        return self._finish(None)

    def power_off(self) -> None:
        """Forget modes, line and stored images; the paper stays."""
        self._qr_data = b""
        self._graphics = None
        self._reset_modes()

    def _reset_modes(self) -> None:
        self._style = Style()
        self._code_page = 0
        self._align = 0
        self._spacing = DEFAULT_LINE_SPACING_DOTS
        self._extra = 0
        self._margin = 0
        self._area = PRINT_DOTS[self.columns]
        self._module = DEFAULT_QR_MODULE_DOTS
        self._level = "L"
        self._display = False
        self._line: list[Piece] = []
        self._x = 0

    def _new_paper(self) -> None:
        self._rows: list[Row] = []
        self._notes: list[str] = []
        self._unknown: list[bytes] = []
        self._y = 0
        self._last_ink = 0

    def _set(self, operation: Operation) -> None:
        style = self._style
        match operation:
            case op.Initialise():
                self._reset_modes()
            case op.CodePage(number):
                if number not in EPSON:
                    self._note(f"code page {number} is not in the simulator's table")
                self._code_page = number
            case op.PrintMode(bits):
                self._style = Style(
                    font=bits & 1,
                    bold=bool(bits & 0x08),
                    underline=bits >> 7,
                    invert=style.invert,
                    width=2 if bits & 0x20 else 1,
                    height=2 if bits & 0x10 else 1,
                )
            case op.Size(width, height):
                self._style = replace(style, width=width, height=height)
            case op.Bold(on):
                self._style = replace(style, bold=on)
            case op.Underline(dots):
                self._style = replace(style, underline=dots)
            case op.Invert(on):
                self._style = replace(style, invert=on)
            case op.Font(n):
                self._style = replace(style, font=n)
            case op.QrModule(dots):
                self._module = dots
            case op.QrLevel(level):
                self._level = level
            case op.QrStore(data):
                self._qr_data = data
            case op.GraphicsStore(image):
                self._graphics = image
            case _:
                self._place(operation)

    def _place(self, operation: Operation) -> None:
        match operation:
            case op.Justify(n):
                self._align = n
            case op.LineSpacing(dots):
                self._spacing = DEFAULT_LINE_SPACING_DOTS if dots is None else dots
            case op.CharacterSpacing(dots):
                self._extra = dots
            case op.Position(dots, relative):
                self._x = max(0, self._x + dots if relative else dots)
            case op.LeftMargin(dots):
                self._margin = dots
            case op.AreaWidth(dots):
                self._area = dots
            case op.SelectDevice(n):
                self._display = n & 3 == DISPLAY_ONLY
            case _:
                pass

    @property
    def _room(self) -> int:
        return max(12, min(self._area, PRINT_DOTS[self.columns] - self._margin))

    def _text(self, text: str) -> None:
        advance = self._style.cell[0] + self._extra * self._style.width
        while text:
            fits = max(0, (self._room - self._x) // advance)
            if fits == 0 and self._x > 0:
                self._end_line()
                continue
            part, text = text[: max(1, fits)], text[max(1, fits) :]
            last = self._line[-1] if self._line else None
            if (
                isinstance(last, TextRun)
                and last.style == self._style
                and last.advance == advance
                and last.end == self._x
            ):
                self._line[-1] = replace(last, text=last.text + part)
            else:
                self._line.append(TextRun(self._x, part, self._style, advance))
            self._x += advance * len(part)

    def _tab(self) -> None:
        step = TAB_COLUMNS * self._style.cell[0]
        self._x = (self._x // step + 1) * step

    def _end_line(self) -> None:
        if self._line:
            self._flush_line()
        else:
            self._y += self._spacing
            self.lines_printed += 1
        self._x = 0

    def _flush_line(self) -> None:
        """Print what stands in the line, if anything, and feed by its height."""
        if self._line:
            height = max(piece.height for piece in self._line)
            self._add_row(self._line, max(height, self._spacing), height)
        self._line = []
        self._x = 0

    def _add_row(self, pieces: list[Piece], feed: int, height: int) -> None:
        end = max(piece.end for piece in pieces)
        spare = max(0, self._room - end)
        shift = self._margin + {1: spare // 2, 2: spare}.get(self._align, 0)
        moved = tuple(replace(piece, x=piece.x + shift) for piece in pieces)
        self._rows.append(Row(self._y, height, moved))
        self._last_ink = self._y + height
        self._y += feed
        self.lines_printed += 1

    def _feed_lines(self, lines: int) -> None:
        if self._line and lines > 0:
            self._flush_line()
            lines -= 1
        self._y += lines * self._spacing

    def _image(self, image: Raster) -> None:
        self._flush_line()
        if image.width * image.scale_x > PRINT_DOTS[self.columns]:
            self._note(f"an image of {image.width * image.scale_x} dots was cut off at the right")
        height = image.height * image.scale_y
        self._add_row([Bitmap(0, image)], height, height)

    def _qr(self) -> None:
        self._flush_line()
        try:
            modules = qr_modules(len(self._qr_data), self._level)
        except PrinterPageUnsupported as fault:
            self._note(f"QR code not printed: {fault.detail}")
            return
        if modules * self._module > self._room:
            self._note(f"QR code not printed: {modules * self._module} dots are too wide")
            return
        symbol = QrSymbol(0, self._qr_data, self._level, modules, self._module)
        self._add_row([symbol], symbol.height, symbol.height)

    def _cut(self, cut: op.Cut) -> Paper:
        self._flush_line()
        if cut.feed_to_cutter:
            self._y = max(self._y, self._last_ink + CUTTER_DISTANCE_DOTS) + cut.feed
        elif self._rows and self._y - self._last_ink < CUTTER_DISTANCE_DOTS:
            self._note("cut too early: the last lines are still below the cutter")
        return self._finish("partial" if cut.partial else "full")

    def _finish(self, cut: str | None) -> Paper:
        paper = Paper(
            self.columns,
            tuple(self._rows),
            max(self._y, self._last_ink),
            cut,
            tuple(self._notes),
            tuple(self._unknown),
        )
        self._new_paper()
        return paper

    def _note(self, text: str) -> None:
        self._notes.append(text)


def typeset(operations: list[Operation], columns: int) -> list[Paper]:
    """Return all papers of a stream, the last perhaps without a cut."""
    setter = Typesetter(columns)
    papers = [paper for each in operations if (paper := setter.execute(each)) is not None]
    rest = setter.rest()
    return papers if rest is None else [*papers, rest]
