"""Answers as JSON and as XML; what is neither is not believed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bridge.vendors.engine.faults import SessionEnded, VendorBroken, VendorRejected
from bridge.vendors.engine.wire import Answer
from bridge.vendors.offercube.answers import Reading, read_xml
from tests.conftest import Scale
from tests.vendors.offercube.boxes import NOW, box
from tests.vendors.offercube.samples import LOGIN_OPTIONS, LOGIN_SECRETS, SID

XML = {"output": "xml"}
JSON = Reading("json", (10,), ("session",))


@pytest.mark.covers("O-14", "O-50")
async def test_everything_works_with_xml_as_well(tmp_path: Path) -> None:
    options = {**LOGIN_OPTIONS, **XML}
    async with box(tmp_path, options=options, secrets=LOGIN_SECRETS) as at:
        paid = await at.pay(17)
        assert paid.status == 200
        assert paid.json()["invoiceid"] == "202611001"
        sent = await at.send(17, sendtype=2)
        assert sent.json()["invoicepdf"] == "901"
        refused = await at.pay(999)
        assert refused.json()["vendor_error"] == 5
        assert refused.json()["vendor_errors"] == ["there is no invoice with this id"]
        at.surface.expire()
        assert (await at.pay(18)).status == 200
        assert (await at.schema()).json()["vendor_body"]["module"] == "invoice"
        assert all("output=xml" in call.target for call in at.stage.log)
        assert at.invoice(17).paid_dt == NOW


@pytest.mark.covers("O-50")
async def test_json_is_asked_for_by_default(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(17)
        call = at.acts()[0]
        assert call.target.endswith(f"?sid={SID}&output=json")
        assert call.header("accept") == "application/json"


@pytest.mark.parametrize("fault", ["bad_json", "html200"])
async def test_broken_xml_tells_nothing(tmp_path: Path, fault: str) -> None:
    async with box(tmp_path, options={"tenant": "demo", **XML}) as at:
        at.stage.fault(fault, path="/demo/s/invoice")
        assert (await at.pay(17)).json()["code"] == "outcome_unknown"


def said(content: bytes) -> Any:
    """Read an answer as JSON."""
    found = JSON.fields(Answer(status=200, content=content))
    JSON.check(found)
    return found


@pytest.mark.parametrize("good", [b'{"error":0}', b'{"error":"0","errormsg":[]}', b'{"x":1}'])
def test_zero_as_number_or_text_is_no_error(good: bytes) -> None:
    assert said(good)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (b'{"error":5,"errormsg":["no"]}', VendorRejected),
        (b'{"error":"5"}', VendorRejected),
        (b'{"error":-1,"errormsg":"text"}', VendorRejected),
        (b'{"error":10}', SessionEnded),
        (b'{"error":1,"errormsg":["Session abgelaufen"]}', SessionEnded),
        (b'{"error":1,"errormsg":[1,null,{"a":"SESSION"}]}', SessionEnded),
        (b'{"error":null}', VendorBroken),
        (b'{"error":false}', VendorBroken),
        (b'{"error":0.0}', VendorBroken),
        (b'{"error":"none"}', VendorBroken),
        (b'{"error":[]}', VendorBroken),
        (b"<html>", VendorBroken),
        (b"", VendorBroken),
        (b"[" * 100_000, VendorBroken),
    ],
)
def test_everything_else_is_a_fault(bad: bytes, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        said(bad)


def test_texts_of_a_refusal_are_joined_and_capped() -> None:
    with pytest.raises(VendorRejected, match=r"error 5: one; two$"):
        said(b'{"error":5,"errormsg":["one","two"]}')
    with pytest.raises(VendorRejected) as raised:
        said(b'{"error":5,"errormsg":[' + b",".join([b'"%s"' % (b"x" * 9000)] * 50) + b"]}")
    assert len(str(raised.value)) < 11_000


XML_ANSWER = (
    b"<?xml version='1.0'?><response><module>invoice</module><error>0</error>"
    b"<invoicepdf>321</invoicepdf><errormsg><item>a &amp; b</item><item> c </item></errormsg>"
    b"<empty/></response>"
)


def test_xml_is_read_by_the_names_of_the_json() -> None:
    assert read_xml(XML_ANSWER) == {
        "module": "invoice",
        "error": "0",
        "invoicepdf": "321",
        "errormsg": ["a & b", "c"],
        "empty": "",
    }
    assert read_xml(b"<r><errormsg/></r>") == {"errormsg": []}


@pytest.mark.parametrize(
    "evil",
    [
        b'<!DOCTYPE r [<!ENTITY x "y">]><r><error>&x;</error></r>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><error>&x;</error></r>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r><error>0</error></r>',
        b"<r><error>0</error>",
        b"<r><error>0</error></r><r/>",
        b"<r><error>&lol;</error></r>",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_document_types_and_broken_xml_are_refused(evil: bytes) -> None:
    with pytest.raises(VendorBroken):
        read_xml(evil)


def test_deep_xml_is_read_without_harm() -> None:
    assert read_xml(b"<r>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</r>")


def test_damaged_answers_never_raise_anything_else(scale: Scale) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    answers = (XML_ANSWER, b'{"module":"invoice","error":0,"errormsg":["a"],"invoicepdf":"3"}')
    for _ in range(scale.of(3000, 200_000)):
        for reading, whole in zip((Reading("xml", (), ("s",)), JSON), answers, strict=True):
            damaged = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                place = chance.randrange(len(damaged))
                match chance.randrange(3):
                    case 0:
                        damaged[place] = chance.randrange(256)
                    case 1:
                        del damaged[place : place + chance.randrange(1, 9)]
                        damaged = damaged or bytearray(b"x")
                    case _:
                        damaged[place:place] = chance.randbytes(chance.randrange(1, 4))
            try:
                reading.check(reading.fields(Answer(status=200, content=bytes(damaged))))
            except (VendorBroken, VendorRejected, SessionEnded):
                continue
