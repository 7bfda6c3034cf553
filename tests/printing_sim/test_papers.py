"""Operations → papers: printed text equals intended text, and mistakes of a driver show."""

from __future__ import annotations

import itertools

import pytest
from escpos.printer import Dummy

from simulators.printer.paper import CUTTER_DISTANCE_DOTS, PRINT_DOTS, Paper, Row, TextRun
from simulators.printer.parser import parse
from simulators.printer.typesetter import typeset

INIT = b"\x1b@"
PC858 = b"\x1bt\x13"
CUT = b"\x1dVB\x00"
GERMAN = "Grüße, Öl, Ärger, Übermaß: 2 €"
WIDTHS = (48, 42)


def papers(data: bytes, columns: int = 48) -> list[Paper]:
    return typeset(parse(data), columns)


def paper(data: bytes, columns: int = 48) -> Paper:
    (only,) = papers(data, columns)
    return only


def runs(row: Row) -> list[TextRun]:
    return [piece for piece in row.pieces if isinstance(piece, TextRun)]


def code(content: bytes, module: int) -> bytes:
    """Bytes of a native code, level M."""
    store = b"\x1d(k" + (len(content) + 3).to_bytes(2, "little") + b"1P0" + content
    size = b"\x1d(k\x03\x001C" + bytes([module])
    return size + b"\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0"


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(
    ("slot", "codec"), [(19, "cp858"), (16, "cp1252"), (40, "iso8859_15")], ids=lambda v: str(v)
)
def test_printed_text_equals_intended_text(columns: int, slot: int, codec: str) -> None:
    data = INIT + b"\x1bt" + bytes([slot]) + GERMAN.encode(codec) + b"\n" + CUT
    assert paper(data, columns).texts == (GERMAN,)


def test_text_of_the_encoder_of_python_escpos_is_read_back() -> None:
    printer = Dummy(profile="TM-T88III")
    printer.text(GERMAN + "\n")
    printer.cut()
    assert paper(printer.output).texts == (GERMAN,)


def test_initialising_puts_the_code_page_back() -> None:
    """The simulator must not forgive what a printer does not: PC858 text on PC437."""
    data = INIT + PC858 + INIT + "Grüße 2 €".encode("cp858") + b"\n" + CUT
    assert paper(data).texts == ("Grüße 2 ╒",)


def test_the_library_that_forgets_the_code_page_is_found_out() -> None:
    printer = Dummy(profile="TM-T88III")
    for _ in range(2):
        printer.hw("INIT")
        printer.text("Grüße 2 €\n")
        printer.cut()
    first, second = papers(printer.output)
    assert first.texts == ("Grüße 2 €",)
    assert second.texts != first.texts


@pytest.mark.parametrize("columns", WIDTHS)
def test_two_jobs_in_a_row_are_two_papers_with_their_own_text(columns: int) -> None:
    job = INIT + PC858 + GERMAN.encode("cp858") + b"\n" + CUT
    assert [each.texts for each in papers(job + job, columns)] == [(GERMAN,), (GERMAN,)]


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_line_holds_as_many_characters_as_the_paper_has_columns(columns: int) -> None:
    full, over = "x" * columns, "x" * (columns + 1)
    assert paper(INIT + full.encode() + b"\n" + CUT, columns).texts == (full,)
    assert paper(INIT + over.encode() + b"\n" + CUT, columns).texts == (full, "x")


@pytest.mark.parametrize("columns", WIDTHS)
def test_double_width_halves_the_columns(columns: int) -> None:
    wide = b"\x1d!\x10" + b"x" * (columns // 2 + 1)
    assert paper(INIT + wide + b"\n" + CUT, columns).texts == ("x" * (columns // 2), "x")


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(("number", "share"), [(0, 0.0), (1, 0.5), (2, 1.0)])
def test_lines_stand_left_centred_or_right(columns: int, number: int, share: float) -> None:
    data = INIT + b"\x1ba" + bytes([number]) + b"abcd\n" + CUT
    (row,) = paper(data, columns).rows
    assert runs(row)[0].x == int((PRINT_DOTS[columns] - 4 * 12) * share)


def test_initialising_puts_style_and_alignment_back() -> None:
    data = INIT + b"\x1ba\x01\x1bE\x01\x1d!\x11\x1b-\x01\x1dB\x01one\n" + INIT + b"two\n" + CUT
    styled, plain = (runs(row)[0] for row in paper(data).rows)
    assert (styled.style.bold, styled.style.width, styled.style.invert) == (True, 2, True)
    assert styled.style.underline == 1
    assert plain.x == 0
    style = plain.style
    assert (style.bold, style.width, style.height, style.underline, style.invert) == (
        (False, 1, 1, 0, False)
    )


def test_tall_lines_do_not_overlap_their_neighbours() -> None:
    rows = paper(INIT + b"a\n\x1d!\x03b\n\x1d!\x00c\n" + CUT).rows
    assert rows[1].height == 4 * 24
    for above, below in itertools.pairwise(rows):
        assert above.y + above.height <= below.y


def test_a_cut_without_feed_is_noted_because_the_last_lines_are_below_the_cutter() -> None:
    early = paper(INIT + b"last line\n\x1dV\x00")
    assert any("cut too early" in note for note in early.notes)
    fed = paper(INIT + b"last line\n\x1bd\x06\x1dV\x00")
    assert fed.notes == ()
    assert (early.cut, fed.cut) == ("full", "full")


def test_the_feeding_cut_brings_the_last_line_past_the_cutter() -> None:
    only = paper(INIT + b"last line\n" + CUT)
    row = only.rows[-1]
    assert only.notes == ()
    assert only.cut == "partial"
    assert only.length >= row.y + row.height + CUTTER_DISTANCE_DOTS


def test_what_goes_to_the_customer_display_is_not_on_the_paper() -> None:
    data = INIT + PC858 + b"\x1b=\x02\x1b@Total 12,40\x1b=\x01" + "Öl\n".encode("cp858") + CUT
    assert paper(data).texts == ("Öl",)


def test_a_drawer_pulse_and_questions_leave_nothing_on_the_paper() -> None:
    data = INIT + b"a\n\x1bp\x00\x19\xfa\x10\x04\x01\x1dI\x43\x1da\xff\x1dr\x01b\n" + CUT
    only = paper(data)
    assert only.texts == ("a", "b")
    assert only.unknown == ()


def test_unknown_bytes_are_remembered_with_their_paper() -> None:
    first, second = papers(INIT + b"a\x1bZ\n" + CUT + b"b\n" + CUT)
    assert first.unknown == (b"\x1bZ",)
    assert second.unknown == ()


def test_a_code_that_fits_is_printed_and_centred() -> None:
    only = paper(INIT + b"\x1ba\x01" + code(b"_R1-AT1_", 5) + CUT)
    (piece,) = only.rows[0].pieces
    assert only.codes == ("_R1-AT1_",)
    assert piece.x == (PRINT_DOTS[48] - 21 * 5) // 2


def test_a_code_wider_than_the_paper_is_not_printed_and_noted() -> None:
    only = paper(INIT + code(b"x" * 300, 16) + b"after\n" + CUT)
    assert only.codes == ()
    assert any("QR code not printed" in note for note in only.notes)
    assert only.texts == ("after",)


def test_paper_without_a_cut_still_hangs() -> None:
    assert paper(INIT + b"no cut\n").cut is None
    assert papers(INIT) == []


def test_the_plain_text_shows_alignment_and_names_pictures() -> None:
    data = INIT + b"\x1ba\x02right\n\x1ba\x01" + code(b"abc", 4) + CUT
    lines = paper(data).as_text().splitlines()
    assert lines[0] == "right".rjust(48)
    assert any(line.strip() == "[QR code]" for line in lines)
