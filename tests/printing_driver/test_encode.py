"""Pages as bytes, read back as lines, codes, feeds and cuts."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
import segno

from drivers.contract.page import Feed, Item, Page, QrCode, TextLine
from drivers.printers.charset import encode_text
from drivers.printers.encode import FONT_A_WIDTH_DOTS, check_profile, encode_page
from drivers.printers.faults import PrinterPageUnsupported, PrinterProfileUnknown
from drivers.printers.qr_size import BYTE_CAPACITY, module_dots, modules
from tests.printing_driver.job_reader import ALIGNS, Line, codes, read

QUIET_MODULES = 4
RKSV = "_R1-AT1_KASSE-01_4711_2026-03-01T12:30:00_0,00_12,50_0,00_0,00_3,00_8Zl4kQd3vVs="


def page(*items: Item, columns: int = 48) -> Page:
    return Page("test", columns, items)


def test_a_job_begins_with_a_clean_printer_and_ends_with_feed_and_cut() -> None:
    data = encode_page(page(TextLine("Bon"))).data
    assert data.startswith(b"\x1b@\x1bt\x13")
    assert data.endswith(b"\x1bd\x06\x1dV\x01")
    assert read(data).done == [Line("Bon"), ("lines", 6), ("cut", 1)]


def test_every_style_is_stated_before_the_first_item_so_that_none_is_left_over() -> None:
    before = encode_page(page(TextLine("Bon"))).data.partition(b"Bon")[0]
    for command in (b"\x1d!\x00", b"\x1bE\x00", b"\x1b-\x00", b"\x1ba\x00", b"\x1dB\x00"):
        assert command in before
    for command in (b"\x1bM\x00", b"\x1b2"):
        assert command in before


def test_german_text_and_the_euro_come_out_as_meant() -> None:
    text = "Grüße aus Österreich: ÄÖÜäöüß 2,50 €"
    encoded = encode_page(page(TextLine(text)))
    assert [line.text for line in read(encoded.data).lines] == [text]
    assert encoded.unknown_characters == 0
    assert b"2,50 \xd5\n" in encoded.data


def test_a_second_job_is_encoded_like_the_first() -> None:
    receipt = page(TextLine("Grüße 2 €"), TextLine("ß", bold=True))
    assert encode_page(receipt) == encode_page(receipt)


@pytest.mark.parametrize("columns", [42, 48])
def test_every_style_reaches_its_line_and_no_other(columns: int) -> None:
    seed = 4711 + columns
    print(f"seed {seed}")
    randomness = random.Random(seed)
    for _ in range(20):
        lines = [
            TextLine(
                f"Zeile {number} €",
                randomness.choice(ALIGNS),
                *(randomness.random() < 0.5 for _ in range(5)),
            )
            for number in range(8)
        ]
        wanted = [
            Line(
                each.text,
                each.align,
                each.bold,
                each.wide,
                each.tall,
                each.underline,
                each.invert,
            )
            for each in lines
        ]
        assert read(encode_page(page(*lines, columns=columns)).data).lines == wanted


def test_a_text_after_a_code_has_its_own_alignment() -> None:
    reading = read(encode_page(page(QrCode("x"), TextLine("links"))).data)
    assert reading.lines == [Line("links")]


def test_empty_lines_are_fed() -> None:
    done = read(encode_page(page(TextLine(""), Feed(3), Feed(300), Feed(0))).data).done
    assert done[:-2] == [Line(""), ("lines", 3), ("lines", 255), ("lines", 45)]


@pytest.mark.parametrize("level", ["L", "M"])
@pytest.mark.parametrize(("columns", "paper_dots"), [(48, 576), (42, 512)])
@pytest.mark.parametrize("length", [200, 212, 251, 280, 328, 330])
def test_an_rksv_code_fits_the_paper_with_a_quiet_zone_and_modules_a_phone_can_read(
    level: str, columns: int, paper_dots: int, length: int
) -> None:
    data = (RKSV * 5)[:length]
    code = QrCode(data, "L" if level == "L" else "M")
    reading = read(encode_page(page(code, columns=columns)).data)
    ((found, found_level, module, align),) = codes(reading)
    assert (found, found_level, align) == (data, level, "center")
    symbol = segno.make_qr(data, error=level, mode="byte", boost_error=False)
    side = len(symbol.matrix)
    assert module >= 4
    assert (side + 2 * QUIET_MODULES) * module <= paper_dots
    at = next(
        i for i, each in enumerate(reading.done) if isinstance(each, tuple) and each[0] == "qr"
    )
    for beside in (reading.done[at - 1], reading.done[at + 1]):
        assert beside == ("dots", QUIET_MODULES * module)


def test_a_code_keeps_characters_outside_ascii_as_utf_8() -> None:
    ((data, _, _, _),) = codes(read(encode_page(page(QrCode("Grüße €"))).data))
    assert data == "Grüße €"


@pytest.mark.parametrize("length", [45, 200])  # a better level would fit for 45 bytes
def test_a_code_becomes_an_image_where_the_printer_has_no_codes_of_its_own(length: int) -> None:
    data = (RKSV * 5)[:length]
    encoded = encode_page(page(QrCode(data, "M"), columns=32), "POS-5890")
    bands = [
        each for each in read(encoded.data).done if isinstance(each, tuple) and each[0] == "raster"
    ]
    assert bands, "no image"
    assert all(height <= 255 for _, _, height, _ in bands)
    rows = [
        raster[start : start + width]
        for _, width, height, raster in bands
        for start in range(0, width * height, width)
    ]
    symbol = segno.make_qr(data, error="M", mode="byte", boost_error=False)
    size = len(rows) // len(symbol.matrix)
    for number, row in enumerate(rows):
        bits = "".join(f"{byte:08b}" for byte in row)
        modules_of_row = symbol.matrix[number // size]
        assert bits.startswith("".join(str(int(bit)) * size for bit in modules_of_row))


def test_the_table_of_code_sizes_agrees_with_an_encoder() -> None:
    for level, capacities in BYTE_CAPACITY.items():
        for version in (1, 7, 9, 10, 12, 14, 16, 27, 40):
            most = capacities[version - 1]
            symbol = segno.make_qr("a" * most, error=level, mode="byte", boost_error=False)
            assert (symbol.version, modules(most, level)) == (version, 17 + 4 * version)
            if version < 40:
                assert modules(most + 1, level) == 17 + 4 * (version + 1)


@pytest.mark.parametrize("data", ["", "x" * 2332, "x" * 2000])
def test_a_code_that_no_paper_can_hold_is_refused(data: str) -> None:
    with pytest.raises(PrinterPageUnsupported):
        encode_page(page(QrCode(data, "M"), columns=28))


def test_a_code_takes_the_largest_module_that_fits_up_to_the_preferred_size() -> None:
    assert module_dots(21, 576) == 5
    assert module_dots(177, 576) == 3
    with pytest.raises(PrinterPageUnsupported):
        module_dots(177, 369)
    assert FONT_A_WIDTH_DOTS * 48 == 576


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(PrinterProfileUnknown, match="TM-NONE"):
        encode_page(page(TextLine("x")), "TM-NONE")
    with pytest.raises(PrinterProfileUnknown):
        check_profile("TM-NONE")
    check_profile("TM-T20II")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("„Küche“ – ‚gut‘", "\"Küche\" - 'gut'"),
        ("Kaffee…      2,00", "Kaffee...    2,00"),
        ("…            2,00", "...          2,00"),
        ("1\u202f000\u00a0€", "1 000 €"),
        ("Cafe\u0301", "Café"),
        ("Zürich\u200b", "Zürich"),
        ("Łódź", "Lódz"),
    ],
)
def test_typographic_signs_become_what_the_printer_has_and_columns_stay(
    text: str, printed: str
) -> None:
    encoded = encode_text(text, "cp858")
    assert encoded.data.decode("cp858") == printed
    assert encoded.unknown_characters == 0


def test_what_the_printer_lacks_becomes_a_question_mark_and_is_counted() -> None:
    encoded = encode_page(page(TextLine("寿司 2 €"), TextLine("☕"), TextLine("Tee")))
    assert [line.text for line in read(encoded.data).lines] == ["?? 2 €", "?", "Tee"]
    assert encoded.unknown_characters == 3


def test_no_text_can_smuggle_a_command() -> None:
    text = "".join(map(chr, range(0x20))) + "\x7f\x80\x9b\u2028"
    encoded = encode_text(text, "cp858")
    assert all(byte >= 0x20 and byte != 0x7F for byte in encoded.data)
    hostile = encode_page(page(TextLine("a\x1bp\x00\x19\xfab\x10\x14\x01\x00\x01")))
    assert read(hostile.data).done[-2:] == [("lines", 6), ("cut", 1)]
    assert len(read(hostile.data).lines) == 1


def test_any_text_can_be_encoded_for_every_table() -> None:
    seed = 90125
    print(f"seed {seed}")
    randomness = random.Random(seed)
    for _ in range(300):
        text = "".join(
            chr(randomness.choice([randomness.randrange(0x250), randomness.randrange(0xD800)]))
            for _ in range(20)
        )
        for codec in ("cp858", "cp1252"):
            data = encode_text(text, codec).data
            assert all(byte >= 0x20 and byte != 0x7F for byte in data), ascii(text)


def test_only_the_encoder_imports_the_library() -> None:
    code = (
        "import sys, drivers.ports, drivers.printers.escpos_tcp, drivers.printers.status, "
        "drivers.printers.faults\n"
        "sys.exit(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'escpos', 'PIL', 'segno', 'qrcode'}) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
