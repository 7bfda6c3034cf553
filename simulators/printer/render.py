"""Papers → pictures, one picture dot per printer dot, with white margins as real paper has them.

The font is DejaVu Sans Mono as shipped by python-barcode, a dependency of python-escpos: Pillow's
own has neither umlauts nor the euro sign, and a fresh Debian has no fonts at all.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib import resources

import segno
from PIL import Image, ImageChops, ImageDraw, ImageFont

from simulators.printer.operations import ColumnImage, Raster
from simulators.printer.paper import CELLS, Bitmap, Paper, Piece, QrSymbol, Row, Style, TextRun

SIDE_MARGIN_DOTS = 32
"""80 mm paper has 72 mm of printable width: 4 mm on each side."""

TOP_MARGIN_DOTS = 56
LEAST_BOTTOM_DOTS = 40
GAP_DOTS = 32
WHITE, BLACK, DESK, CUT_MARK = 255, 0, 208, 150

_POINT_SIZES = {0: 20, 1: 15}
"""Font size whose characters are 12 and 9 dots wide."""

_BASELINES = {0: 19, 1: 13}
_CUT_DASH_DOTS = 8


def render(paper: Paper) -> Image.Image:
    """Draw one paper, 8-bit grey."""
    bottom = TOP_MARGIN_DOTS + paper.visible_length + LEAST_BOTTOM_DOTS
    picture = Image.new("L", (paper.width + 2 * SIDE_MARGIN_DOTS, bottom), WHITE)
    # Dots outside the printable width have no heater.
    head = Image.new("L", (paper.width, bottom), WHITE)
    for row in paper.rows:
        for piece in row.pieces:
            _draw(head, row, piece)
    picture.paste(head, (SIDE_MARGIN_DOTS, 0))
    if paper.cut is not None:
        _mark_cut(picture, partial=paper.cut == "partial")
    return picture


def render_all(papers: Sequence[Paper]) -> Image.Image:
    """Draw papers one below the other on a grey desk; a single one without desk."""
    pictures = [render(paper) for paper in papers]
    if len(pictures) == 1:
        return pictures[0]
    width = max((picture.width for picture in pictures), default=1)
    height = sum(picture.height + GAP_DOTS for picture in pictures) - GAP_DOTS
    desk = Image.new("L", (width, max(1, height)), DESK)
    y = 0
    for picture in pictures:
        desk.paste(picture, (0, y))
        y += picture.height + GAP_DOTS
    return desk


def to_png(picture: Image.Image) -> bytes:
    """Return the bytes of a PNG file."""
    memory = io.BytesIO()
    picture.save(memory, "PNG")
    return memory.getvalue()


def _draw(head: Image.Image, row: Row, piece: Piece) -> None:
    top = TOP_MARGIN_DOTS + row.y + row.height - piece.height
    match piece:
        case TextRun():
            _draw_text(head, piece, top)
        case Bitmap():
            ink = _bitmap(piece.image)
            head.paste(BLACK, (piece.x, top), ink)
        case QrSymbol():
            head.paste(BLACK, (piece.x, top), _qr(piece))


def _draw_text(head: Image.Image, run: TextRun, top: int) -> None:
    height = run.height
    if run.style.invert:
        head.paste(BLACK, (run.x, top, run.end, top + height))
    ink = WHITE if run.style.invert else BLACK
    for index, sign in enumerate(run.text):
        if sign != " ":
            head.paste(ink, (run.x + index * run.advance, top), _glyph(sign, run.style))
    if run.style.underline:
        line = top + height - run.style.underline
        head.paste(ink, (run.x, line, run.end, top + height))


@cache
def _font_bytes() -> bytes:
    return resources.files("barcode").joinpath("fonts", "DejaVuSansMono.ttf").read_bytes()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(_font_bytes()), size)


@cache
def _glyph(sign: str, style: Style) -> Image.Image:
    """Return the ink of a character in its cell."""
    scale = max(style.width, style.height)
    width, height = CELLS[style.font]
    cell = Image.new("L", (width * scale, height * scale), 0)
    pen = ImageDraw.Draw(cell)
    font = _font(_POINT_SIZES[style.font] * scale)
    at = (0, _BASELINES[style.font] * scale)
    pen.text(at, sign, fill=255, font=font, anchor="ls")
    if style.bold:
        # The head strikes twice, one dot apart.
        once_more = Image.new("L", cell.size, 0)
        ImageDraw.Draw(once_more).text((scale, at[1]), sign, fill=255, font=font, anchor="ls")
        cell = ImageChops.lighter(cell, once_more)
    if cell.size != style.cell:
        cell = cell.resize(style.cell, Image.Resampling.BOX)
    return cell


def _bitmap(image: Raster | ColumnImage) -> Image.Image:
    if isinstance(image, Raster):
        ink = Image.frombytes("1", (image.width, image.height), image.data)
    else:
        lying = Image.frombytes("1", (image.height, image.width), image.data)
        ink = lying.transpose(Image.Transpose.TRANSPOSE)
    size = (image.width * image.scale_x, image.height * image.scale_y)
    return ink if ink.size == size else ink.resize(size)


def _qr(symbol: QrSymbol) -> Image.Image:
    code = segno.make_qr(symbol.data, error=symbol.level, mode="byte", boost_error=False)
    small = Image.new("1", (symbol.modules, symbol.modules))
    small.putdata([255 if module else 0 for row in code.matrix for module in row])
    return small.resize((symbol.height, symbol.height), Image.Resampling.NEAREST)


def _mark_cut(picture: Image.Image, *, partial: bool) -> None:
    """Draw the cut as a dashed line at the lower edge; a partial cut leaves a bridge."""
    pen = ImageDraw.Draw(picture)
    y = picture.height - 2
    middle = picture.width // 2
    for x in range(0, picture.width, 2 * _CUT_DASH_DOTS):
        if not (partial and abs(x - middle) < 2 * _CUT_DASH_DOTS):
            pen.line((x, y, x + _CUT_DASH_DOTS, y), fill=CUT_MARK, width=2)
