"""What a printer's bytes mean: tables of the manuals, and streams cut anywhere."""

from __future__ import annotations

import json
import random
import re

import pytest

from drivers.contract.fault import Fault
from drivers.contract.printer import Paper, PrinterStatus
from drivers.printers.faults import (
    PrinterBroken,
    PrinterCoverOpen,
    PrinterCutterError,
    PrinterOffline,
    PrinterOverheated,
    PrinterPaperOut,
    PrinterSilent,
)
from drivers.printers.status import (
    Answer,
    AnswerReader,
    AutomaticStatus,
    OrderedAnswer,
    RawStatus,
    RealTimeAnswer,
    TextAnswer,
)
from tests.support.vectors import vectors

OK = 0x12
OFFLINE = 0x1A


def kind(fault: Fault | None) -> type[Fault] | None:
    return None if fault is None else type(fault)


def test_a_printer_without_any_trouble_can_print() -> None:
    assert RawStatus(OK, OK, OK, OK).status() == PrinterStatus(
        True, Paper.OK, cover_open=False, drawer_pin_high=False, fault=None
    )


def test_a_silent_printer_is_unknown_and_never_fine() -> None:
    status = RawStatus().status()
    assert status.online is None
    assert status.paper is Paper.UNKNOWN
    assert status.cover_open is None
    assert status.drawer_pin_high is None
    assert kind(status.fault) is PrinterSilent


@pytest.mark.parametrize(
    ("raw", "unknown"),
    [
        (RawStatus(OK), ("cover_open", "paper")),
        (RawStatus(OK, OK), ("paper",)),
        (RawStatus(OK, None, OK, OK), ("cover_open",)),
        (RawStatus(OK, OK, OK, None), ("paper",)),
    ],
)
def test_what_was_not_answered_stays_unknown(raw: RawStatus, unknown: tuple[str, ...]) -> None:
    status = raw.status()
    assert kind(status.fault) is PrinterSilent
    for name in unknown:
        assert getattr(status, name) in {None, Paper.UNKNOWN}


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (RawStatus(OFFLINE, 0x16, OK, OK), PrinterCoverOpen),
        (RawStatus(OFFLINE, 0x36, OK, 0x7E), PrinterCoverOpen),
        (RawStatus(OFFLINE, 0x32, OK, OK), PrinterPaperOut),
        (RawStatus(OFFLINE, OK, OK, 0x7E), PrinterPaperOut),
        (RawStatus(OK, OK, OK, 0x72), PrinterPaperOut),
        (RawStatus(OFFLINE, 0x52, 0x1A, OK), PrinterCutterError),
        (RawStatus(OFFLINE, 0x52, 0x32, OK), PrinterBroken),
        (RawStatus(OFFLINE, 0x52, 0x16, OK), PrinterBroken),
        (RawStatus(OFFLINE, 0x52, 0x52, OK), PrinterOverheated),
        (RawStatus(OFFLINE, 0x1A, OK, OK), PrinterOffline),
        (RawStatus(OFFLINE, OK, None, OK), PrinterOffline),
        (RawStatus(OK, OK, None, OK), None),
        (RawStatus(OK, OK, OK, 0x1E), None),
    ],
)
def test_the_diagnosis_names_what_a_person_must_do_first(
    raw: RawStatus, fault: type[Fault] | None
) -> None:
    status = raw.status()
    assert kind(status.fault) is fault
    assert status.online is (raw.printer == OK)


@pytest.mark.parametrize(
    ("byte", "paper"),
    [(0x12, Paper.OK), (0x1E, Paper.LOW), (0x7E, Paper.OUT), (0x72, Paper.OUT)],
)
def test_the_paper_sensor_is_read(byte: int, paper: Paper) -> None:
    assert RawStatus(OK, OK, OK, byte).status().paper is paper


def test_the_level_of_the_drawer_pin_is_told_as_it_is() -> None:
    assert RawStatus(0x16, OK, OK, OK).status().drawer_pin_high is True
    assert RawStatus(0x12, OK, OK, OK).status().drawer_pin_high is False


@pytest.mark.parametrize(
    ("byte", "paper"),
    [(0x00, Paper.OK), (0x03, Paper.LOW), (0x0C, Paper.OUT), (0x0F, Paper.OUT)],
)
def test_the_ordered_answer_tells_of_the_paper(byte: int, paper: Paper) -> None:
    assert OrderedAnswer(byte).paper is paper


@pytest.mark.parametrize(
    ("block", "status"),
    [
        ("14000000", PrinterStatus(True, Paper.OK, False, True)),
        ("10000000", PrinterStatus(True, Paper.OK, False, False)),
        ("14000300", PrinterStatus(True, Paper.LOW, False, True)),
    ],
)
def test_an_automatic_status_without_trouble_is_read(block: str, status: PrinterStatus) -> None:
    assert AutomaticStatus(bytes.fromhex(block)).status() == status


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ("3c000000", PrinterCoverOpen),
        ("1c000f00", PrinterPaperOut),
        ("18080000", PrinterCutterError),
        ("18200000", PrinterBroken),
        ("18040000", PrinterBroken),
        ("18400000", PrinterOverheated),
        ("18000000", PrinterOffline),
    ],
)
def test_an_automatic_status_names_the_trouble(block: str, fault: type[Fault]) -> None:
    status = AutomaticStatus(bytes.fromhex(block)).status()
    assert status.online is False
    assert kind(status.fault) is fault


STREAM: list[tuple[bytes, Answer]] = [
    (b"\x12", RealTimeAnswer(0x12)),
    (b"\x7e", RealTimeAnswer(0x7E)),
    (b"\x00", OrderedAnswer(0x00)),
    (b"\x0c", OrderedAnswer(0x0C)),
    (b"\x1c\x00\x0f\x00", AutomaticStatus(b"\x1c\x00\x0f\x00")),
    (b"\x14\x12\x5f\x00", AutomaticStatus(b"\x14\x12\x5f\x00")),
    (b"\x5fEPSON\x00", TextAnswer(b"EPSON")),
    (b"\x5f\x00", TextAnswer(b"")),
]
"""Answers whose bytes could be taken for one another."""


def test_the_sources_are_told_apart_however_the_stream_is_cut() -> None:
    seed = 20260711
    print(f"seed {seed}")
    randomness = random.Random(seed)
    for _ in range(200):
        sent = randomness.choices(STREAM, k=12)
        data = b"".join(each for each, _ in sent)
        reader = AnswerReader()
        found: list[Answer] = []
        while data:
            cut = randomness.randint(1, 5)
            found += reader.feed(data[:cut])
            data = data[cut:]
        assert found == [answer for _, answer in sent]
        assert reader.dropped == 0


def test_every_byte_is_an_answer_begins_one_or_is_counted_as_dropped() -> None:
    for byte in range(256):
        reader = AnswerReader()
        found = reader.feed(bytes([byte]))
        begins = byte == 0x5F or byte & 0x93 == 0x10
        assert len(found) + reader.dropped == (0 if begins else 1), f"{byte:02X}"


def test_flow_control_bytes_confirm_nothing() -> None:
    reader = AnswerReader()
    assert reader.feed(b"\x11\x13") == []
    assert reader.dropped == 2


def test_text_without_an_end_does_not_swallow_what_follows_for_ever() -> None:
    reader = AnswerReader()
    reader.feed(b"\x5f" + b"A" * 300)
    assert reader.feed(b"\x12")[-1:] == [RealTimeAnswer(0x12)]


def test_after_any_garbage_and_four_zeros_answers_are_understood_again() -> None:
    seed = 1207
    print(f"seed {seed}")
    randomness = random.Random(seed)
    for _ in range(300):
        reader = AnswerReader()
        reader.feed(randomness.randbytes(randomness.randint(1, 400)))
        # Ends a text or a block of four that is still open.
        reader.feed(b"\x00" * 4)
        assert reader.feed(b"\x12") == [RealTimeAnswer(0x12)]


def test_the_replies_of_the_shared_table_are_read_as_it_says() -> None:
    table = json.loads(vectors("escpos", "commands.json").read_text(encoding="utf-8"))
    seen = 0
    for entry in table:
        data = bytes.fromhex(entry["hex"])
        if found := re.fullmatch(r"reply DLE EOT (\d)", entry["name"]):
            seen += 1
            assert AnswerReader().feed(data) == [RealTimeAnswer(data[0])]
            assert_meaning(int(found[1]), data[0], entry["meaning"])
        elif entry["name"] == "ASB block":
            seen += 1
            (answer,) = AnswerReader().feed(data)
            assert isinstance(answer, AutomaticStatus)
            status = answer.status()
            assert ("offline" in entry["meaning"]) is (status.online is False)
            assert ("cover open" in entry["meaning"]) is status.cover_open
            assert ("paper end" in entry["meaning"]) is (status.paper is Paper.OUT)
            if "pin 3" in entry["meaning"]:
                assert status.drawer_pin_high is ("pin 3 high" in entry["meaning"])
    assert seen >= 15


def assert_meaning(number: int, byte: int, meaning: str) -> None:
    """Compare a reply with the words that the table has for it."""
    raw = [OK, OK, OK, OK]
    raw[number - 1] = byte
    status = RawStatus(*raw).status()
    if number == 1:
        assert status.online is ("offline" not in meaning)
        assert status.drawer_pin_high is ("pin 3 high" in meaning)
    elif number == 2:
        assert status.cover_open is ("cover open" in meaning)
        if "paper end" in meaning and "cover" not in meaning:
            assert kind(status.fault) is PrinterPaperOut
    elif number == 3:
        words = {
            PrinterCutterError: "cutter",
            PrinterBroken: "unrecoverable",
            PrinterOverheated: "auto-recoverable",
        }
        fault = kind(status.fault)
        assert fault in {None, *words}
        if fault is None:
            assert meaning == "n=3 ok"
        else:
            assert words[fault] in meaning
    else:
        paper = {Paper.OK: "paper ok", Paper.LOW: "near end", Paper.OUT: "end"}
        assert paper[status.paper] in meaning
