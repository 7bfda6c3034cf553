"""Bytes → operations: every command by its length, in any portions, around any garbage."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from simulators.printer import operations as op
from simulators.printer.operations import Operation
from simulators.printer.parser import Parser, parse
from simulators.printer.real_time import RealTimeScanner
from tests.support.vectors import vectors

CAPTURES = (
    "receipt-with-logo.bin",
    "receiptio-epson-job.bin",
    "python-escpos-native-qr.bin",
    "python-escpos-raster-qr.bin",
)

GARBAGE = (b"\x00", b"\x07", b"\x0e", b"\x15", b"\x1bZ", b"\x1d_", b"\x1cz", b"\x10\x7f")
"""Control bytes and command names that the command reference does not have."""


def commands() -> list[dict[str, Any]]:
    rows = json.loads(vectors("escpos", "commands.json").read_text(encoding="utf-8"))
    return [row for row in rows if not row["name"].startswith(("reply", "ASB"))]


def merged(operations: list[Operation]) -> list[Operation]:
    """Join neighbouring texts: where a text is divided is no property of the stream."""
    result: list[Operation] = []
    for each in operations:
        last = result[-1] if result else None
        if isinstance(each, op.Text) and isinstance(last, op.Text):
            result[-1] = op.Text(last.data + each.data)
        else:
            result.append(each)
    return result


def by_portions(data: bytes, sizes: random.Random | None) -> list[Operation]:
    """Parse one byte at a time, or portions of random sizes."""
    parser = Parser()
    found: list[Operation] = []
    position = 0
    while position < len(data):
        size = 1 if sizes is None else sizes.randrange(1, 40)
        found += parser.feed(data[position : position + size])
        position += size
    return merged(found + parser.finish())


def test_nothing_of_a_known_command_is_printed() -> None:
    rows = commands()
    assert len(rows) > 30
    for row in rows:
        found = parse(bytes.fromhex(row["hex"]) + b"A\n")
        assert found[-2:] == [op.Text(b"A"), op.LineFeed()], row
        wrong = [e for e in found[:-2] if isinstance(e, op.Text | op.Unknown | op.Truncated)]
        assert not wrong, row


def test_commands_mean_what_the_table_of_facts_says() -> None:
    assert parse(bytes.fromhex("1b7413")) == [op.CodePage(19)]
    assert parse(bytes.fromhex("1d2111")) == [op.Size(2, 2)]
    assert parse(bytes.fromhex("1d2170")) == [op.Size(8, 1)]
    assert parse(bytes.fromhex("1d5601")) == [op.Cut(partial=True)]
    assert parse(bytes.fromhex("1d564207")) == [op.Cut(partial=True, feed_to_cutter=True, feed=7)]
    assert parse(bytes.fromhex("1b7000 19fa")) == [op.DrawerPulse(pin=2, on_ms=50, off_ms=500)]
    assert parse(bytes.fromhex("1b7001 3232")) == [op.DrawerPulse(pin=5, on_ms=100, off_ms=100)]
    assert parse(bytes.fromhex("1014010102")) == [op.RealTimePulse(pin=5, on_ms=200)]
    assert parse(bytes.fromhex("1b5cf0ff")) == [op.Position(-16, relative=True)]


@pytest.mark.parametrize(
    "command",
    [
        "1b5200", "1b63 35 01", "1b33 18", "1b32", "1b2a 21 0200 010203 040506",
        "1b2a 00 0300 010203", "1b28 41 0300 61 02 03", "1d48 02", "1d68 50", "1d77 03",
        "1d6b 04 303132 00", "1d6b 49 04 7b423132", "1d49 43", "1c2e", "1b44 08 10 00",
    ],
)  # fmt: skip
def test_commands_without_a_row_in_the_table_are_read_by_their_length_too(command: str) -> None:
    assert parse(bytes.fromhex(command) + b"A\n")[1:] == [op.Text(b"A"), op.LineFeed()]
    assert not isinstance(parse(bytes.fromhex(command))[0], op.Unknown | op.Truncated)


def test_a_native_code_is_taken_apart_into_size_level_content_and_print() -> None:
    stream = (
        "1d286b0400314132001d286b03003143051d286b03003145311d286b0500315030c3bc1d286b0300315130"
    )
    found = [e for e in parse(bytes.fromhex(stream)) if not isinstance(e, op.Setting)]
    assert found == [op.QrModule(5), op.QrLevel("M"), op.QrStore("ü".encode()), op.QrPrint()]


def test_a_code_of_more_than_255_bytes_uses_both_length_bytes() -> None:
    content = bytes(random.Random(3).choices(range(0x20, 0x7F), k=300))
    stream = b"\x1d(k" + (303).to_bytes(2, "little") + b"1P0" + content + b"\n"
    assert parse(stream) == [op.QrStore(content), op.LineFeed()]


def test_picture_data_that_looks_like_commands_stays_picture_data() -> None:
    data = b"\x1b@\x1dV\x00\n\x10\x04\x01"
    stream = b"\x1dv0\x00" + (1).to_bytes(2, "little") + len(data).to_bytes(2, "little") + data
    assert parse(stream + b"x") == [op.Raster(8, len(data), data), op.Text(b"x")]


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_have_no_unknown_bytes(name: str) -> None:
    found = parse(vectors("escpos", name).read_bytes())
    assert not [each for each in found if isinstance(each, op.Unknown | op.Truncated)]


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_read_the_same_in_any_portions(name: str) -> None:
    data = vectors("escpos", name).read_bytes()
    whole = merged(parse(data))
    assert by_portions(data, None) == whole
    assert by_portions(data, random.Random(7)) == whole


def test_a_command_that_never_ends_is_told_as_truncated() -> None:
    beginning = b"\x1dv0\x00\x10\x00\x10\x00abc"
    parser = Parser()
    assert parser.feed(beginning) == []
    assert parser.finish() == [op.Truncated(beginning)]
    assert parser.feed(b"A") == [op.Text(b"A")]


@pytest.mark.parametrize("garbage", GARBAGE, ids=bytes.hex)
def test_unknown_bytes_are_told_and_the_next_command_is_understood(garbage: bytes) -> None:
    assert parse(garbage + b"\x1bE\x01") == [op.Unknown(garbage), op.Bold(on=True)]


def test_a_picture_larger_than_any_paper_is_not_waited_for() -> None:
    found = parse(b"\x1dv0\x00\xff\xff\xff\xff" + b"\n")
    assert isinstance(found[0], op.Unknown)
    assert found[-1] == op.LineFeed()


def test_valid_commands_survive_garbage_between_them() -> None:
    seed = 20261121
    print(f"seed {seed}")
    chance = random.Random(seed)
    pool = [bytes.fromhex(row["hex"]) for row in commands()]
    for _ in range(200):
        wanted: list[Operation] = []
        stream = b""
        for _ in range(chance.randrange(1, 12)):
            bad = chance.choice(GARBAGE)
            good = chance.choice(pool)
            stream += bad + good
            wanted += [op.Unknown(bad), *parse(good)]
        assert merged(parse(stream)) == merged(wanted), stream.hex()


def test_random_bytes_never_raise_and_portions_never_matter() -> None:
    seed = 4711
    print(f"seed {seed}")
    chance = random.Random(seed)
    introducers = b"\x1b\x1d\x1c\x10"
    for _ in range(300):
        data = b"".join(
            bytes([chance.choice(introducers)]) + chance.randbytes(chance.randrange(6))
            for _ in range(chance.randrange(1, 20))
        )
        assert by_portions(data, None) == merged(parse(data)), data.hex()


def test_real_time_commands_are_found_across_portions() -> None:
    stream = b"text\x10\x04\x01\x10\x04\x04more\x10\x05\x02\x10\x14\x01\x00\x01"
    wanted = [
        op.RealTimeStatus(1),
        op.RealTimeStatus(4),
        op.RealTimeRecover(2),
        op.RealTimePulse(pin=2, on_ms=100),
    ]
    whole, single = RealTimeScanner(), RealTimeScanner()
    assert whole.feed(stream) == wanted
    assert [each for byte in stream for each in single.feed(bytes([byte]))] == wanted


def test_real_time_commands_are_found_inside_a_picture_as_printers_do() -> None:
    picture = b"\x1dv0\x00\x03\x00\x01\x00\x10\x04\x02"
    assert RealTimeScanner().feed(picture) == [op.RealTimeStatus(2)]


def test_numbers_that_do_not_exist_are_no_real_time_command() -> None:
    assert RealTimeScanner().feed(b"\x10\x04\x00\x10\x04\x05\x10\x05\x03\x10\x14\x01\x00\x09") == []
