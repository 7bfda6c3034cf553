"""Writing and reading DEP exports as streams."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.fiscal.rksv.dep import Group, write_dep
from bridge.fiscal.rksv.dep_reader import (
    GroupBegin,
    GroupEnd,
    Item,
    Receipts,
    Remark,
    read_dep,
)
from bridge.fiscal.rksv.faults import DepUnreadable
from tests.rksv.cases import DATA, checks, keys_of, receipts_of, verify_in_all_modes

CERTIFICATE = base64.b64decode(
    json.loads((DATA / "dep-export.json").read_bytes())["Belege-Gruppe"][0]["Signaturzertifikat"]
)


def items(text: str | bytes) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return [*read_dep(io.BytesIO(data))]


def remarks(text: str | bytes) -> list[tuple[str, str]]:
    return [(item.severity, item.text) for item in items(text) if isinstance(item, Remark)]


def groups_of(data: bytes) -> list[Group]:
    groups: list[Group] = []
    entries: list[str] = []
    for item in items(data):
        match item:
            case GroupBegin(index):
                assert index == len(groups) + 1
                entries = []
            case Receipts(found):
                entries += [entry for entry in found if entry is not None]
            case GroupEnd(_, certificate, issuers):
                groups.append(Group(certificate, issuers, entries))
            case Remark():
                pytest.fail(item.text)
    return groups


def test_what_is_written_is_read_again() -> None:
    seed = 77
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(20):
        groups = [
            Group(
                chance.randbytes(chance.choice((0, 300))),
                tuple(chance.randbytes(50) for _ in range(chance.randrange(3))),
                [f"a.{chance.getrandbits(64):x}.c" for _ in range(chance.choice((0, 1, 255, 600)))],
            )
            for _ in range(chance.randrange(5))
        ]
        out = io.BytesIO()
        write_dep(out, groups)
        assert groups_of(out.getvalue()) == groups


def test_the_writer_emits_exactly_three_keys_and_certificates_first() -> None:
    out = io.BytesIO()
    write_dep(out, [Group(b"\x30\xff", (b"\x01",), ["a.b.c", "d.e.f"]), Group(b"", (), [])])
    text = out.getvalue().decode("ascii")
    document = json.loads(text, object_pairs_hook=list)
    assert document == [
        (
            "Belege-Gruppe",
            [
                [
                    ("Signaturzertifikat", "MP8="),
                    ("Zertifizierungsstellen", ["AQ=="]),
                    ("Belege-kompakt", ["a.b.c", "d.e.f"]),
                ],
                [
                    ("Signaturzertifikat", ""),
                    ("Zertifizierungsstellen", []),
                    ("Belege-kompakt", []),
                ],
            ],
        )
    ]


def test_the_writer_holds_no_more_than_a_batch() -> None:
    class Sink(io.BytesIO):
        waiting = 0
        most = 0

        def write(self, data: Any, /) -> int:
            self.most = max(self.most, self.waiting)
            self.waiting = 0
            return len(data)

    sink = Sink()

    def receipts() -> Iterator[str]:
        for number in range(5000):
            sink.waiting += 1
            yield f"a.{number}.c"

    write_dep(sink, [Group(b"", (), receipts())])
    assert 0 < sink.most <= 256


def test_the_reader_holds_no_more_than_it_was_given() -> None:
    def chunks() -> Iterator[bytes]:
        """A DEP of 40 MB, made while it is read."""
        yield b'{"Belege-Gruppe":[{"Belege-kompakt":["x"'
        for _ in range(640):
            yield (b',"' + b"y" * 253 + b'"') * 255
        yield b"]}]}"

    class Made(io.RawIOBase):
        made = chunks()

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            return next(self.made, b"")

    most = count = 0
    for item in read_dep(Made()):  # type: ignore[arg-type]  # a stream that can only be read
        if isinstance(item, Receipts):
            most = max(most, len(item.entries))
            count += len(item.entries)
    assert count > 150_000
    assert most <= 300


GROUP = '"Signaturzertifikat":"","Zertifizierungsstellen":[]'


@pytest.mark.parametrize(
    ("text", "severity", "part"),
    [
        ("{}", "error", "no list 'Belege-Gruppe'"),
        ("[]", "error", "a list instead of an object"),
        ("17", "error", "a single value"),
        ('{"Belege-Gruppe":{}}', "error", "is no list"),
        ('{"Belege-Gruppe":null}', "error", "is no list"),
        ('{"Belege-Gruppe":["x"]}', "error", "is no object"),
        ('{"Belege-Gruppe":[[]]}', "error", "is no object"),
        ('{"Belege-Gruppe":[],"Belege-Gruppe":[]}', "error", "appears twice"),
        (f'{{"Belege-Gruppe":[{{{GROUP}}}]}}', "error", "'Belege-kompakt' is missing"),
        (f'{{"Belege-Gruppe":[{{{GROUP},"Belege-kompakt":"x"}}]}}', "error", "wrong type"),
        (f'{{"Belege-Gruppe":[{{{GROUP},"Belege-kompakt":{{}}}}]}}', "error", "wrong type"),
        (
            f'{{"Belege-Gruppe":[{{{GROUP},"Belege-kompakt":[],"Belege-kompakt":[]}}]}}',
            "error",
            "appears twice",
        ),
        (
            '{"Belege-Gruppe":[{"Signaturzertifikat":"%","Belege-kompakt":[]}]}',
            "error",
            "not base64",
        ),
        (
            '{"Belege-Gruppe":[{"Signaturzertifikat":[],"Belege-kompakt":[]}]}',
            "error",
            "wrong type",
        ),
        (
            '{"Belege-Gruppe":[{"Zertifizierungsstellen":[5],"Belege-kompakt":[]}]}',
            "error",
            "is no certificate",
        ),
        (
            f'{{"Belege-Gruppe":[{{{GROUP},"Signatur- bzw. Siegelzertifikat":"x"}}]}}',
            "error",
            "both keys",
        ),
        ('{"Belege-Gruppe":[{"Belege-kompakt":[]}]}', "warning", "'Signaturzertifikat' is missing"),
        (f'\ufeff{{"Belege-Gruppe":[{{{GROUP},"Belege-kompakt":[]}}]}}', "warning", "byte order"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(text: str, severity: str, part: str) -> None:
    found = [sentence for level, sentence in remarks(text) if level == severity]
    assert any(part in sentence for sentence in found), found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"Belege-Gruppe":[',
        '{"Belege-Gruppe":[]} x',
        '{"Belege-Gruppe":[]}{}',
        '{"Belege-Gruppe":[{"Belege-kompakt":["a\nb"]}]}',
        "{'x':1}",
        f'{{"x":{"9" * 10_000}}}',
    ],
)
def test_what_is_no_json_is_a_fault(text: str) -> None:
    with pytest.raises(DepUnreadable) as caught:
        items(text)
    assert caught.value.exit_code == 2


def test_endless_nesting_is_refused_while_it_is_read() -> None:
    with pytest.raises(DepUnreadable, match="nested"):
        items("[" * 100_000)


def test_strings_in_an_object_are_no_receipts() -> None:
    found = items(f'{{"Belege-Gruppe":[{{{GROUP},"Belege-kompakt":{{"a":"b.c.d"}}}}]}}')
    assert not [item for item in found if isinstance(item, Receipts)]


def test_a_file_that_breaks_off_says_after_which_receipt() -> None:
    data = (DATA / "dep-export.json").read_bytes()
    with pytest.raises(DepUnreadable, match="after receipt 8"):
        items(data[:-60])


def test_bytes_that_are_no_utf8_are_a_fault() -> None:
    with pytest.raises(DepUnreadable):
        items(b'{"Belege-Gruppe":[{"Belege-kompakt":["\xff"]}]}')


def test_one_endless_value_does_not_fill_the_memory() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b'{"x":"' if self.given == size else b"y" * size

    stream = Endless()
    with pytest.raises(DepUnreadable, match="longer than"):
        [*read_dep(stream)]  # type: ignore[arg-type]  # a stream that can only be read
    assert stream.given < 8 * 1024 * 1024


def test_unknown_keys_and_escapes_and_any_order_do_not_matter() -> None:
    receipts = receipts_of(DATA)
    escaped = json.dumps(receipts[0]).replace("eyJ", "\\u0065yJ")
    rest = json.dumps(receipts[1:])[1:-1]
    text = (
        '{"x":{"Belege-kompakt":["no"]},"Belege-Gruppe":[{"y":[[1,{"Belege-kompakt":5}]],'
        f'"Belege-kompakt":[{escaped}, {rest}],"Zertifizierungsstellen":[],'
        f'"Signaturzertifikat":"{base64.b64encode(CERTIFICATE).decode()}"}}],"z":null}}'
    )
    report = verify_in_all_modes(text.encode(), keys_of(DATA))
    assert (report.valid, report.receipts, report.findings) == (True, 9, ())


def dep_in_groups(*certificates: bytes) -> bytes:
    receipts = receipts_of(DATA)
    out = io.BytesIO()
    third = len(receipts) // len(certificates)
    write_dep(
        out,
        [
            Group(certificate, (), receipts[index * third : (index + 1) * third])
            for index, certificate in enumerate(certificates)
        ],
    )
    return out.getvalue()


def test_the_chain_runs_on_across_groups() -> None:
    report = verify_in_all_modes(
        dep_in_groups(CERTIFICATE, CERTIFICATE, CERTIFICATE), keys_of(DATA)
    )
    assert (report.valid, report.receipts, report.findings) == (True, 9, ())


def test_several_groups_without_certificate_deserve_a_warning() -> None:
    report = verify_in_all_modes(dep_in_groups(CERTIFICATE, b"", b""), keys_of(DATA))
    assert report.valid
    assert [(each.check, each.severity) for each in report.findings] == [
        ("DEP_GROUP_CERTIFICATE", "warning")
    ]
    assert "2 of 3 groups" in report.findings[0].text


VERSION = bytes.fromhex("a003020102")
"""DER of "version 3" in a certificate."""


@pytest.mark.parametrize(
    "certificate", [b"0\x01x", CERTIFICATE.replace(VERSION, VERSION[:-1] + b"\x06")]
)
def test_a_group_certificate_that_is_none_is_an_error(certificate: bytes) -> None:
    report = verify_in_all_modes(
        dep_in_groups(CERTIFICATE, certificate, CERTIFICATE), keys_of(DATA)
    )
    assert checks(report) == {(None, "DEP_GROUP_CERTIFICATE")}
    assert "Group 2" in report.findings[0].text


def test_the_file_in_the_folder_is_valid_as_it_stands() -> None:
    data = (DATA / "dep-export.json").read_bytes()
    report = verify_in_all_modes(data, keys_of(DATA))
    assert (report.valid, report.receipts, report.findings) == (True, 9, ())
    out = io.BytesIO()
    write_dep(out, groups_of(data))
    assert out.getvalue() == data
