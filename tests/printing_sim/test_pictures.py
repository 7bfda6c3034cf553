"""Papers → pictures: an independent reader finds the codes, and styles show in the ink."""

from __future__ import annotations

import random

import pytest
from escpos.constants import QR_ECLEVEL_L, QR_ECLEVEL_M
from escpos.printer import Dummy
from PIL import Image, ImageChops
from pyzbar.pyzbar import ZBarSymbol, decode

from simulators.printer.paper import PRINT_DOTS
from simulators.printer.parser import parse
from simulators.printer.render import SIDE_MARGIN_DOTS, render, render_all, to_png
from simulators.printer.typesetter import typeset
from tests.support.vectors import vectors

INIT = b"\x1b@"
CUT = b"\x1dVB\x00"
PROFILES = {48: "TM-T20II", 42: "TM-T88III"}
LEVELS = {"L": QR_ECLEVEL_L, "M": QR_ECLEVEL_M}
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def picture(data: bytes, columns: int = 48) -> Image.Image:
    return render_all(typeset(parse(data), columns))


def codes(image: Image.Image) -> list[str]:
    return [found.data.decode() for found in decode(image, symbols=[ZBarSymbol.QRCODE])]


def ink(image: Image.Image) -> int:
    """Return how much black there is, in dots."""
    return round(sum((255 - grey) * count for grey, count in enumerate(image.histogram())) / 255)


def box(image: Image.Image) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what is black."""
    found = ImageChops.invert(image).point(lambda grey: 255 if grey > 127 else 0).getbbox()
    assert found is not None
    return found


def hanging(data: bytes) -> Image.Image:
    """Draw without a cut, so that no cut mark is counted."""
    return picture(INIT + data)


def payload(length: int) -> str:
    head = "_R1-AT1_KASSE-01_4711_2026-11-21T10:15:42_3,80_"
    return head + "".join(random.Random(length).choices(BASE64, k=length - len(head)))


@pytest.mark.parametrize("columns", [48, 42])
@pytest.mark.parametrize("level", ["L", "M"])
@pytest.mark.parametrize("length", [200, 251, 287, 330])
def test_a_native_code_of_a_receipt_can_be_read_from_the_paper(
    columns: int, level: str, length: int
) -> None:
    printer = Dummy(profile=PROFILES[columns])
    printer.set(align="center")
    printer.qr(payload(length), ec=LEVELS[level], size=5, native=True)
    printer.cut()
    assert codes(picture(printer.output, columns)) == [payload(length)]


@pytest.mark.parametrize("method", ["bitImageRaster", "graphics", "bitImageColumn"])
@pytest.mark.parametrize("columns", [48, 42])
def test_a_code_sent_as_a_picture_can_be_read_from_the_paper(method: str, columns: int) -> None:
    printer = Dummy(profile=PROFILES[columns])
    printer.set(align="center")
    printer.qr(payload(212), size=4, image_arguments={"impl": method})
    printer.cut()
    assert codes(picture(printer.output, columns)) == [payload(212)]


@pytest.mark.parametrize(
    "name",
    ["receiptio-epson-job.bin", "python-escpos-native-qr.bin", "python-escpos-raster-qr.bin"],
)
def test_the_codes_of_the_captures_can_be_read_from_the_paper(name: str) -> None:
    assert codes(picture(vectors("escpos", name).read_bytes())) == ["_R1-AT1_TEST_12"]


def test_the_captures_read_as_they_were_meant() -> None:
    first, *_ = typeset(parse(vectors("escpos", "receiptio-epson-job.bin").read_bytes()), 48)
    assert "Bäckerei Müßig" in first.texts
    assert any(line.split() == ["Semmel", "1,20", "€"] for line in first.texts)
    (logo,) = typeset(parse(vectors("escpos", "receipt-with-logo.bin").read_bytes()), 48)
    assert "ExampleMart Ltd." in logo.texts
    assert any(line.startswith("Subtotal") and line.endswith("12.95") for line in logo.texts)


@pytest.mark.parametrize("columns", [48, 42, 32])
def test_a_full_line_fills_the_printable_width_and_leaves_the_margins_white(columns: int) -> None:
    image = picture(INIT + b"M" * columns + b"\n", columns)
    assert image.width == PRINT_DOTS[columns] + 2 * SIDE_MARGIN_DOTS
    left, _, right, _ = box(image)
    assert SIDE_MARGIN_DOTS <= left < SIDE_MARGIN_DOTS + 12
    assert left + (columns - 1) * 12 < right <= left + columns * 12


def test_alignment_moves_the_ink() -> None:
    width = PRINT_DOTS[48] + 2 * SIDE_MARGIN_DOTS
    left = box(hanging(b"\x1ba\x00HH\n"))
    centre = box(hanging(b"\x1ba\x01HH\n"))
    right = box(hanging(b"\x1ba\x02HH\n"))
    assert left[0] < centre[0] < right[0]
    assert abs((centre[0] + centre[2]) / 2 - width / 2) <= 2
    assert abs(left[0] - (width - right[2])) <= 4


def test_bold_has_more_ink_in_the_same_place() -> None:
    plain, bold = hanging(b"Summe\n"), hanging(b"\x1bE\x01Summe\n")
    assert plain.size == bold.size
    assert ink(bold) > ink(plain) * 1.2


def test_sizes_grow_the_letters_by_their_factors() -> None:
    small = box(hanging(b"H\n"))
    for width, height in ((2, 1), (1, 2), (2, 2), (3, 3)):
        size = bytes([(width - 1) << 4 | (height - 1)])
        large = box(hanging(b"\x1d!" + size + b"H\n"))
        assert abs((large[2] - large[0]) - width * (small[2] - small[0])) <= width
        assert abs((large[3] - large[1]) - height * (small[3] - small[1])) <= height


def test_underline_and_inversion_cover_the_whole_run() -> None:
    underlined = hanging(b"\x1b-\x02a  a\n")
    line = underlined.crop(box(underlined)).crop((0, 0, 4 * 12, 24))
    bottom = box(underlined)[3]
    row = underlined.crop((SIDE_MARGIN_DOTS, bottom - 2, SIDE_MARGIN_DOTS + 48, bottom))
    assert ink(row) == 2 * 48
    assert line.width == 48

    inverted = hanging(b"\x1dB\x01    \n")
    assert box(inverted)[2] - box(inverted)[0] == 48
    assert ink(inverted) == 48 * 24
    lettered = hanging(b"\x1dB\x01abcd\n")
    assert 0 < ink(lettered) < ink(inverted)


@pytest.mark.parametrize("sign", "äöüÄÖÜß€")
def test_every_german_sign_has_a_shape_of_its_own(sign: str) -> None:
    """A font without the sign would draw the same empty box for each."""
    shape = hanging(b"\x1bt\x13" + sign.encode("cp858") + b"\n").tobytes()
    for other in "äöüÄÖÜß€aou":
        if other != sign:
            assert shape != hanging(b"\x1bt\x13" + other.encode("cp858") + b"\n").tobytes()


def test_raster_dots_are_drawn_as_sent() -> None:
    checkers = bytes([0b10101010, 0b01010101] * 4)
    image = hanging(b"\x1dv0\x00\x01\x00\x08\x00" + checkers)
    assert box(image)[:1] == (SIDE_MARGIN_DOTS,)
    assert ink(image) == 32
    doubled = hanging(b"\x1dv0\x03\x01\x00\x08\x00" + checkers)
    assert ink(doubled) == 4 * 32


def test_dots_right_of_the_paper_are_lost() -> None:
    wide = hanging(b"\x1dv0\x00" + (100).to_bytes(2, "little") + b"\x01\x00" + b"\xff" * 100)
    assert ink(wide) == PRINT_DOTS[48]


def test_several_papers_stand_below_each_other() -> None:
    job = INIT + b"one\n" + CUT
    papers = typeset(parse(job + job), 48)
    assert render_all(papers).height > sum(render(paper).height for paper in papers)


def test_a_picture_is_a_png_file() -> None:
    assert to_png(picture(INIT + b"one\n" + CUT)).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_can_be_parsed_can_be_drawn(seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    data = b"".join(
        bytes([chance.choice(b"\x1b\x1d\x1c"), chance.choice(b"!aEtBMJd*v(k-$\\LWV{3 ")])
        + chance.randbytes(chance.randrange(9))
        + b"\nabc\n"
        for _ in range(30)
    )
    render_all(typeset(parse(data), 48))
