"""QR codes as the driver encodes them are read back from the picture of the paper."""

from __future__ import annotations

from typing import Literal

import pytest
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from drivers.contract.page import Feed, Page, QrCode, TextLine
from drivers.printers.encode import encode_page
from drivers.printers.qr_size import QUIET_ZONE_MODULES
from simulators.printer.paper import Bitmap, QrSymbol
from simulators.printer.parser import parse
from simulators.printer.render import WHITE, render
from simulators.printer.typesetter import typeset
from tests.printing_driver.pages import receipt, rksv_code, texts_of

LENGTHS = (200, 231, 265, 300, 330)


def read(picture: Image.Image) -> list[str]:
    return [found.data.decode() for found in decode(picture, symbols=[ZBarSymbol.QRCODE])]


@pytest.mark.parametrize("columns", [48, 42])
@pytest.mark.parametrize("level", ["L", "M"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("profile", ["TM-T20II", "TM-U220"], ids=["native", "raster"])
def test_a_code_of_the_rksv_is_read_back(
    columns: int, level: Literal["L", "M"], length: int, profile: str
) -> None:
    profile = profile if profile == "TM-T20II" else "POS-5890"
    code = rksv_code(length, seed=length)
    page = Page("code", columns, (TextLine("x" * columns), QrCode(code, level), TextLine("y")))
    (paper,) = typeset(parse(encode_page(page, profile).data), columns)
    assert (paper.notes, paper.unknown) == ((), ())
    assert read(render(paper)) == [code]


@pytest.mark.parametrize("columns", [48, 42])
@pytest.mark.parametrize("level", ["L", "M"])
def test_codes_are_large_enough_for_a_telephone_and_have_their_quiet_zone(
    columns: int, level: Literal["L", "M"]
) -> None:
    page = Page("code", columns, (TextLine("over"), QrCode(rksv_code(330), level), TextLine("u")))
    (paper,) = typeset(parse(encode_page(page).data), columns)
    over, row, under = paper.rows
    (symbol,) = row.pieces
    assert isinstance(symbol, QrSymbol)
    assert symbol.dots >= 4
    quiet = QUIET_ZONE_MODULES * symbol.dots
    assert symbol.x >= quiet
    assert paper.width - symbol.end >= quiet
    assert abs(symbol.x - (paper.width - symbol.end)) <= 1
    assert row.y - (over.y + over.height) >= quiet
    assert under.y - (row.y + row.height) >= quiet


def test_a_printer_without_codes_of_its_own_gets_the_same_modules_as_a_picture() -> None:
    page = Page("code", 42, (QrCode(rksv_code(231), "L"),))
    native, drawn = (
        render(typeset(parse(encode_page(page, profile).data + b"\x1dV\x00"), 42)[0])
        for profile in ("TM-T88III", "POS-5890")
    )
    box = native.point(lambda dot: WHITE - dot).getbbox()
    assert box is not None
    assert read(native) == read(drawn)
    (paper,) = typeset(parse(encode_page(page, "POS-5890").data), 42)
    assert all(isinstance(piece, Bitmap) for row in paper.rows for piece in row.pieces)


@pytest.mark.parametrize("columns", [48, 42])
def test_a_whole_receipt_stands_on_paper_as_it_was_meant(columns: int) -> None:
    page = receipt(columns)
    (paper,) = typeset(parse(encode_page(page).data), columns)
    assert list(paper.texts) == texts_of(page)
    assert (paper.notes, paper.unknown, paper.cut) == ((), (), "partial")
    picture = render(paper)
    assert read(picture) == list(paper.codes) == [rksv_code(231)]
    for row in paper.rows:
        for piece in row.pieces:
            assert piece.x >= 0
            assert piece.end <= paper.width


def test_feeds_and_sizes_keep_lines_apart() -> None:
    page = Page(
        "sizes",
        48,
        (TextLine("a", tall=True, wide=True), TextLine("b"), Feed(3), TextLine("c", tall=True)),
    )
    (paper,) = typeset(parse(encode_page(page).data), 48)
    first, second, third = paper.rows
    assert second.y >= first.y + first.height
    assert third.y - (second.y + second.height) >= 3 * second.height
