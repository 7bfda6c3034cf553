"""Bodies as bytes: lists, records, CSV."""

from __future__ import annotations

import json

import pytest

from bridge.vendors.dvelop import csv_list, reading
from bridge.vendors.dvelop.entities import ENTITIES
from bridge.vendors.dvelop.iban import iban_holds
from bridge.vendors.engine.faults import CallInvalid

VENDORS = ENTITIES["vendors"]


def _all(body: bytes) -> list[tuple[str, object]]:
    return list(reading.records(body, "vendors"))


def test_a_bare_list_and_a_wrapped_one_are_read_with_pointers() -> None:
    assert _all(b' [ {"id":"1"} , {"id":"2"} ] ') == [("/0", {"id": "1"}), ("/1", {"id": "2"})]
    wrapped = b'{ "vendors" : [{"id":"1"}] } '
    assert _all(wrapped) == [("/vendors/0", {"id": "1"})]


def test_a_bare_list_is_wrapped_without_being_written_anew() -> None:
    body = b'[ {"a":19.0, "b":1E2, "c":"\\u00e4"},\n{"d":-0.0}]'
    assert reading.as_list(body, "vendors") == b'{"vendors":' + body + b"}"
    wrapped = b' {"vendors":[{"a":19.0}]}'
    assert reading.as_list(wrapped, "vendors") == wrapped


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"x"',
        b"[",
        b"[]",
        b"{}",
        b'{"vendors":[]}',
        b'{"vendors":{}}',
        b'{"companies":[{}]}',
        b'{"vendors":[{}],"more":1}',
        b'{"vendors":[{}]',
        b'{"vendors"[{}]}',
        b"{vendors:[{}]}",
        b"[{}] x",
        b"[{} {}]",
        b"[{},]",
        b'[{"a":NaN}]',
        b'[{"a":1e999}]',
        b'[{"a":1,"a":2}]',
        b"[" * 100_000,
        b'[{"a":' + b"[" * 100_000,
        b"\xef\xbb\xbf[{}]",
        b'[{"a":"\xff"}]',
        b"[" + b"1" * 10_000 + b"]",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_list_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(CallInvalid) as refused:
        _all(body)
    assert refused.value.detail


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'[{"id":"1"}]', b'{"vendors":[{}]}', b'{"vendors":{}}', b"5", b"{} {}", b"{"],
)
def test_what_is_not_one_record_is_refused(body: bytes) -> None:
    with pytest.raises(CallInvalid):
        reading.one_record(body, "vendors")


def test_csv_gives_records_without_empty_cells_and_with_numbers_as_written() -> None:
    tax_codes = ENTITIES["tax_codes"]
    body = b"\xef\xbb\xbfid;name;percentage;company_id\r\nA;VSt 19%;19.0;\r\n\r\nB;;7;01\r\n"
    found = list(csv_list.rows(body, tax_codes))
    assert found == [
        (2, b'{"id":"A","name":"VSt 19%","percentage":19.0}', []),
        (4, b'{"id":"B","percentage":7,"company_id":"01"}', []),
    ]


def test_csv_may_be_separated_by_commas_and_hold_line_breaks_and_quotes_in_cells() -> None:
    body = 'id,name\n1,"Müller, ""Söhne""\nGmbH"\n2,b\n'.encode()
    (line, record, wrong), (second, _, _) = csv_list.rows(body, VENDORS)
    assert (line, second, wrong) == (2, 4, [])
    assert json.loads(record) == {"id": "1", "name": 'Müller, "Söhne"\nGmbH'}


@pytest.mark.parametrize(
    ("cell", "literal"), [("TRUE", b"true"), ("false", b"false"), ("1", None), ("wahr", None)]
)
def test_booleans_in_csv_are_true_or_false(cell: str, literal: bytes | None) -> None:
    ((_, record, wrong),) = csv_list.rows(
        f"id;credit_note\nx;{cell}\n".encode(), ENTITIES["document_types"]
    )
    if literal is None:
        assert [name for name, _ in wrong] == ["credit_note"]
    else:
        assert b'"credit_note":' + literal in record


@pytest.mark.parametrize("cell", ["19,0", "1.000,00", "+1", ".5", "1.", "007", "1 000", "٣", "NaN"])
def test_numbers_in_csv_have_a_decimal_point(cell: str) -> None:
    ((_, _, wrong),) = csv_list.rows(f"id;percentage\nx;{cell}\n".encode(), ENTITIES["tax_codes"])
    assert [name for name, _ in wrong] == ["percentage"]
    assert "decimal point" in wrong[0][1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "first line"),
        (b"\n\n", "first line"),
        (b"id;;name\n1;2;3\n", "has no name"),
        (b"id;id\n1;2\n", "twice"),
        (b"foo;bar\n1;2\n", "no column"),
        (b"id;line_items\n1;2\n", "JSON"),
        (b'id;name\n1;"open\n', "not CSV"),
        (b"id;name\n1;\xff\n", "line 2"),
    ],
)
def test_a_file_that_is_no_csv_list_is_refused_with_a_reason(body: bytes, says: str) -> None:
    with pytest.raises(CallInvalid, match=says):
        list(csv_list.rows(body, VENDORS))


def test_a_row_of_another_length_is_named_by_its_line() -> None:
    found = list(csv_list.rows(b"id;name\n1;a;b\n2\n", VENDORS))
    assert [(line, bool(wrong)) for line, _, wrong in found] == [(2, True), (3, True)]


@pytest.mark.parametrize(
    ("iban", "holds"),
    [
        ("DE02100100100006820101", True),
        ("AT61 1904 3002 3457 3201", True),
        ("DE02100100100006820102", False),
        ("DE0210010010000682010", False),
        ("02100100100006820101", False),
        ("", False),
        ("ÄÖ02100100100006820101", False),
    ],
)
def test_an_iban_is_known_by_its_check_digits(iban: str, holds: bool) -> None:
    assert iban_holds(iban) is holds
