"""XML out and in."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bridge.vendors.engine.faults import CallInvalid, DuplicateRisk
from bridge.vendors.flexi.given import inspect, refuse_duplicates
from bridge.vendors.flexi.xml_in import MAX_BYTES, XmlUnreadable, read
from bridge.vendors.flexi.xml_out import payment_document

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    b"<winstrom>&b;</winstrom>"
)
FILE = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]><winstrom>&x;</winstrom>'


def test_texts_are_escaped_on_the_way_out() -> None:
    document = payment_document("faktura-vydana", "code:A&B", [("pokladna", "code:<Č>")])

    root = ET.fromstring(document)
    assert root.findtext("faktura-vydana/id") == "code:A&B"
    assert root.findtext("faktura-vydana/hotovostni-uhrada/pokladna") == "code:<Č>"
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')


@pytest.mark.parametrize("content", [BOMB, FILE, b"<!DOCTYPE w><winstrom/>"])
def test_a_document_type_is_refused_whatever_it_says(content: bytes) -> None:
    with pytest.raises(XmlUnreadable, match="document type"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"text",
        b"<winstrom>",
        b"<winstrom></a>",
        b"<winstrom>\x01</winstrom>",
        b"<winstrom/><winstrom/>",
        b"<winstrom>&unknown;</winstrom>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><winstrom/>',
        b'<?xml version="1.0" encoding="utf-7"?><winstrom/>',
        b'<?xml version="1.0" encoding="rot13"?><winstrom/>',
        b"<winstrom>\xff</winstrom>",
    ],
)
def test_what_is_no_xml_is_refused(content: bytes) -> None:
    with pytest.raises(XmlUnreadable):
        read(content)


def test_depth_and_size_are_limited() -> None:
    with pytest.raises(XmlUnreadable, match="levels"):
        read(b"<a>" * 100 + b"</a>" * 100)
    with pytest.raises(XmlUnreadable, match="bytes"):
        read(b"<a>" + b" " * MAX_BYTES + b"</a>")


def test_other_encodings_are_read() -> None:
    for encoding in ("utf-8", "utf-16", "iso-8859-2", "windows-1250"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><a>Č</a>'
        assert read(text.encode(encoding)).text == "Č"


def _document(inner: str, root: str = "winstrom") -> bytes:
    return f"<{root}>{inner}</{root}>".encode()


_WITH = "<hotovostni-uhrada><uhrazujiciDokl>ext:A:1</uhrazujiciDokl></hotovostni-uhrada>"
_WITHOUT = "<hotovostni-uhrada><castka>1</castka></hotovostni-uhrada>"


def test_a_payment_with_an_id_may_be_repeated() -> None:
    given = inspect(_document(f"<faktura-vydana><id>code:A</id>{_WITH}</faktura-vydana>"))

    assert given.repeatable
    assert given.documents == ("ext:A:1",)
    refuse_duplicates(given, allowed=False)


@pytest.mark.parametrize(
    "inner",
    [
        f"<faktura-vydana><id>code:A</id>{_WITHOUT}</faktura-vydana>",
        (
            f"<faktura-vydana><id>code:A</id>{_WITH}</faktura-vydana>"
            f"<faktura-prijata><id>code:B</id>{_WITHOUT}</faktura-prijata>"
        ),
        f"<faktura-vydana><id>code:A</id>{_WITH}{_WITHOUT}</faktura-vydana>",
        (
            "<faktura-vydana><id>code:A</id><hotovostni-uhrada><uhrazujiciDokl> </uhrazujiciDokl>"
            "</hotovostni-uhrada></faktura-vydana>"
        ),
        (
            "<faktura-vydana><id>code:A</id><hotovostni-uhrada><uhrazujiciDokl/>"
            "</hotovostni-uhrada></faktura-vydana>"
        ),
        "<faktura-vydana><id>code:A</id><hotovostni-uhrada/></faktura-vydana>",
        f"<a><b><c>{_WITHOUT}</c></b></a>",
        "<x:hotovostni-uhrada xmlns:x='urn:x'/>",
        (
            "<faktura-vydana><hotovostni-uhrada><!-- <uhrazujiciDokl>1</uhrazujiciDokl> -->"
            "</hotovostni-uhrada></faktura-vydana>"
        ),
    ],
)
def test_a_payment_without_an_id_is_found_at_any_depth(inner: str) -> None:
    given = inspect(_document(inner))

    assert not given.repeatable
    with pytest.raises(DuplicateRisk):
        refuse_duplicates(given, allowed=False)
    refuse_duplicates(given, allowed=True)


@pytest.mark.parametrize(
    "inner",
    [
        f"<faktura-vydana><kod>NEW</kod>{_WITH}</faktura-vydana>",
        f"<faktura-vydana><id>code:A</id><popis>x</popis>{_WITH}</faktura-vydana>",
        f"<faktura-vydana><id>1</id><id>2</id>{_WITH}</faktura-vydana>",
        f"<adresar><id>code:A</id>{_WITH}</adresar>",
        f"<faktura-vydana><id>code:A</id>{_WITH}</faktura-vydana><adresar/>",
    ],
)
def test_a_document_that_does_more_than_pay_is_not_repeatable(inner: str) -> None:
    assert not inspect(_document(inner)).repeatable


def test_a_document_without_payments_is_nothing_to_repeat_safely() -> None:
    given = inspect(_document("<adresar><id>code:A</id></adresar>"))

    assert not given.repeatable
    refuse_duplicates(given, allowed=False)


@pytest.mark.parametrize("content", [b"{}", b"<a/>", BOMB, _document("", "WINSTROM")])
def test_what_is_no_winstrom_is_a_malformed_call(content: bytes) -> None:
    with pytest.raises(CallInvalid):
        inspect(content)
