"""``bonbridge escpos render``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from bridge.cli.main import main
from tests.support.vectors import vectors


def test_a_capture_becomes_a_picture_with_a_readable_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "paper.png"
    capture = vectors("escpos", "python-escpos-native-qr.bin")
    assert main(["escpos", "render", str(capture), "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    with Image.open(out) as image:
        found = decode(image, symbols=[ZBarSymbol.QRCODE])
    assert [each.data for each in found] == [b"_R1-AT1_TEST_12"]


def test_the_number_of_columns_sets_the_width(tmp_path: Path) -> None:
    source = tmp_path / "job.bin"
    source.write_bytes(b"\x1b@hello\n\x1dVB\x00")
    widths = []
    for columns in ("48", "42", "32"):
        out = tmp_path / f"{columns}.png"
        command = ["escpos", "render", str(source), "--out", str(out), "--columns", columns]
        assert main(command) == 0
        with Image.open(out) as image:
            widths.append(image.width)
    assert widths == sorted(set(widths), reverse=True)


def test_the_answer_tells_texts_and_what_a_printer_would_not_understand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "job.bin", tmp_path / "paper.png"
    source.write_bytes("\x1b@\x1bt\x13Öl\x1bZ\n\x1dV\x00zwei\n".encode("cp858"))
    assert main(["escpos", "render", str(source), "--out", str(out)]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["papers"] == 2
    assert answer["texts"] == [["Öl"], ["zwei"]]
    assert answer["unknown"] == ["1b5a"]
    assert "cut too early" in answer["notes"][0][0]
    assert "unknown" in told.err
    assert out.exists()


def test_files_that_cannot_be_read_or_written_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "job.bin"
    missing_folder = tmp_path / "absent" / "paper.png"
    assert main(["escpos", "render", str(source), "--out", str(tmp_path / "a.png")]) == 2
    source.write_bytes(b"a\n")
    assert main(["escpos", "render", str(source), "--out", str(missing_folder)]) == 2
    assert capsys.readouterr().err.count("escpos render:") == 2
