"""Cash payments as a program at the counter orders them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.flexi.documents import EXAMPLE, ISSUED, RECEIVED, WITHOUT_ID, document, record
from tests.vendors.flexi.shop import Shop, shop


def sent(s: Shop) -> dict[str, str]:
    """Return the elements of the last payment that was imported."""
    root = ET.fromstring(s.imports[-1].body)
    (payment,) = root.iter("hotovostni-uhrada")
    return {each.tag: each.text or "" for each in payment}


@pytest.mark.covers("F-1", "F-42", "F-45")
@pytest.mark.parametrize(
    ("kind", "invoice", "evidence", "direction"),
    [
        ("issued", "FV1", ISSUED, "typPohybu.prijem"),
        ("received", "FP1", RECEIVED, "typPohybu.vydej"),
    ],
)
async def test_issued_and_received_invoices_are_paid_by_xml(
    tmp_path: Path, kind: str, invoice: str, evidence: str, direction: str
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(invoice=f"code:{invoice}", kind=kind)

        assert reply.status == 201
        body = reply.json()
        assert body["state"] == "succeeded"
        assert body["success"] is True
        assert body["vendor_status"] == 201
        assert "<success>true</success>" in body["vendor_body"]
        (made,) = s.new_documents
        assert body["paying_document"] == f"ext:{made.ext[0]}"
        assert made.direction == direction
        assert s.paid(invoice) == ["1000.00"]
        (request,) = s.imports
        assert request.target == f"/c/demo/{evidence}.xml"
        assert request.header("content-type") == "application/xml"
        assert request.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')


async def test_the_sent_document_has_the_elements_of_the_vendors_page(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(
            invoice="code:FAKTURA1",
            amount="1000",
            paid_on="2011-01-01",
            register="code:POKLADNA KČ",
            document_type="code:STANDARD",
            series="code:POKLADNA+",
            rate="25",
            rate_amount="1",
            rate_of_day=False,
            paying_document="ext:BONBRIDGE:7f3c",
        )

        assert reply.status == 201
        ours, theirs = (ET.canonicalize(each, strip_text=True) for each in _both(s))
        assert ours == theirs
        assert reply.json()["results"] == [
            {
                "id": "1129",
                "request-id": "code:FAKTURA1",
                "ref": "/c/demo/faktura-vydana/1129.xml",
            }
        ]


def _both(s: Shop) -> tuple[bytes, bytes]:
    return s.imports[-1].body, EXAMPLE


@pytest.mark.covers("F-2", "F-5", "F-40")
@pytest.mark.parametrize(
    ("given", "code", "ext"), [("code:BAR-1", "BAR-1", []), ("ext:SHOP:7", None, ["SHOP:7"])]
)
async def test_an_own_id_that_does_not_exist_names_the_new_cash_document(
    tmp_path: Path, given: str, code: str | None, ext: list[str]
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(paying_document=given)

        assert reply.status == 201
        assert reply.json()["paying_document"] == given
        (made,) = s.new_documents
        assert made.ext == ext
        assert code is None or made.kod == code


@pytest.mark.covers("F-7", "F-8", "F-39", "F-40")
@pytest.mark.parametrize("ident", ["1501", "code:P0042", "ext:SHOP:42"])
async def test_an_existing_document_pays_by_what_is_available_on_it_only(
    tmp_path: Path, ident: str
) -> None:
    """P0042 over 800.00 has 300.00 left; FV-GREW has 200.00 open."""
    async with shop(tmp_path) as s:
        reply = await s.pay(
            invoice="code:FV-GREW",
            paying_document=ident,
            amount="10.00",
            paid_on="2026-11-30",
            series="code:STD+",
            register="code:POKLADNA KČ",
            rate="30",
            rate_amount="1",
            remainder="zauctovat",
        )

        assert reply.status == 201
        assert not s.new_documents
        (stored,) = s.flexi.company.cash
        assert s.paid("FV-GREW") == ["700.00"]
        assert stored.rest == Decimal(100)
        assert (stored.amount, stored.date) == (Decimal(800), "2026-10-01")
        assert (stored.series, stored.register, stored.rate) == ("CASH+", "CASH", "")
        assert not s.internal


@pytest.mark.covers("F-6")
async def test_an_existing_document_of_another_invoice_is_refused(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(paying_document="ext:SHOP:42")

        assert reply.status == 502
        assert reply.json()["vendor_status"] == 400
        assert s.paid("FV1") == ["0.00"]
        assert s.flexi.company.cash[0].rest == Decimal(300)


@pytest.mark.covers("F-46")
async def test_the_same_key_pays_once_and_answers_the_same(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        first = await s.pay(key="once", amount="400.00", remainder="castecnaUhrada")
        again = await s.pay(key="once", amount="400.00", remainder="castecnaUhrada")
        other = await s.pay(key="once", amount="500.00", remainder="castecnaUhrada")

        assert (first.status, again.status, other.status) == (201, 201, 409)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.body == first.body
        assert other.json()["code"] == "idempotency_key_reused"
        assert len(s.imports) == len(s.new_documents) == 1


@pytest.mark.covers("F-46")
async def test_a_second_import_with_the_same_id_makes_no_second_document(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        for _ in range(2):
            reply = await s.pay(
                amount="400.00", remainder="castecnaUhrada", paying_document="ext:SHOP:9"
            )
            assert reply.status == 201

        assert len(s.imports) == 2
        assert len(s.new_documents) == 1
        assert s.paid("FV1") == ["400.00"]


@pytest.mark.covers("F-9", "F-28", "F-41")
async def test_amount_and_remainder_are_optional_and_stand_in_the_body(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        part = await s.pay(amount="400.00", remainder="castecnaUhrada")
        assert part.status == 201
        assert s.paid("FV1") == ["400.00"]
        assert sent(s)["castka"] == "400.00"
        assert sent(s)["zbytek"] == "castecnaUhrada"

        rest = await s.pay()
        assert rest.status == 201
        assert s.paid("FV1") == ["1000.00"]
        assert "castka" not in sent(s)
        assert sent(s)["zbytek"] == "ne"
        assert all("?" not in each.target for each in s.imports)


@pytest.mark.covers("F-41")
async def test_a_document_without_remainder_is_taken(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        body = document(record("code:FV1", {"uhrazujiciDokl": "ext:A:1"}))
        assert (await s.given(body)).status == 201
        assert s.paid("FV1") == ["1000.00"]


@pytest.mark.covers("F-27", "F-44")
@pytest.mark.parametrize(
    ("given", "text"),
    [("code:POKLADNA+", "code:POKLADNA+"), ("Code:CASH+", "code:CASH+"), ("CASH+", "code:CASH+")],
)
async def test_a_series_is_sent_as_rada(tmp_path: Path, given: str, text: str) -> None:
    async with shop(tmp_path) as s:
        assert (await s.pay(series=given)).status == 201
        assert sent(s)["rada"] == text
        assert "cash" not in sent(s)
        assert s.new_documents[0].series == text.removeprefix("code:")


@pytest.mark.covers("F-44")
async def test_the_fragment_cash_is_no_element_of_flexi(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        wrong = {"uhrazujiciDokl": "ext:A:1", "cash": "Code:CASH+"}
        reply = await s.raw(document(record("code:FV1", wrong)))

        assert reply.status == 502
        assert reply.json()["vendor_status"] == 400
        assert reply.json()["errors"][0]["field"] == "cash"


@pytest.mark.covers("F-25", "F-26", "F-43")
@pytest.mark.parametrize(
    ("series", "document_type", "register", "number"),
    [
        ("code:POKLADNA+", "code:STANDARD", "code:CASH", "POKLADNA00001"),
        (None, "code:STANDARD", "code:CASH", "STD00001"),
        (None, "code:PLAIN", "code:CASH", "CASH00001"),
        (None, "code:PLAIN", "code:POKLADNA KČ", "POKLADNA00001"),
    ],
)
async def test_the_series_numbers_the_cash_document(
    tmp_path: Path, series: str | None, document_type: str, register: str, number: str
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(series=series, document_type=document_type, register=register)

        assert reply.status == 201
        assert [each.kod for each in s.new_documents] == [number]


async def test_register_and_type_must_come_from_somewhere(tmp_path: Path) -> None:
    nothing = {"register": "", "document_type": ""}
    async with shop(tmp_path, options=nothing) as s:
        reply = await s.pay()

        assert reply.status == 422
        assert [each.split(":")[0] for each in reply.json()["problems"]] == [
            "/register",
            "/document_type",
        ]
        assert not s.stage.calls("PUT")
        whole = {"register": "code:CASH", "document_type": "code:STANDARD"}
        assert (await s.pay(**whole)).status == 201


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1000,00"},
        {"amount": 1000},
        {"amount": "0"},
        {"paid_on": "21.11.2026"},
        {"paid_on": None},
        {"invoice": None},
        {"remainder": "ano"},
        {"rate": "25"},
        {"rate": "25", "rate_amount": "1", "rate_of_day": True},
        {"invoice": "code:A\u0007"},
        {"colour": "red"},
    ],
)
async def test_a_malformed_order_sends_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(**change)

        assert reply.status == 422
        assert not s.stage.calls("PUT")


async def test_an_unknown_invoice_is_not_created(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(invoice="code:TYPO", amount="5.00", remainder="ignorovat")

        assert reply.status == 502
        assert reply.json()["code"] == "vendor_rejected"
        assert reply.json()["vendor_status"] == 404
        assert not s.stage.calls("PUT")


@pytest.mark.parametrize("code", ["FV-STORNO", "FV-LOCKED"])
async def test_a_cancelled_or_locked_invoice_is_refused_by_flexi(tmp_path: Path, code: str) -> None:
    async with shop(tmp_path) as s:
        reply = await s.pay(invoice=f"code:{code}")

        assert reply.status == 502
        assert reply.json()["vendor_status"] == 400
        assert not s.new_documents


@pytest.mark.parametrize("nested", [False, True])
async def test_flexis_errors_are_shown_and_the_amount_is_explained(
    tmp_path: Path, nested: bool
) -> None:
    async with shop(tmp_path, nested_errors=nested) as s:
        problem = (await s.pay(amount="1200.00")).json()

        assert problem["errors"] == [
            {
                "text": "Beträge auf dem erstatteten und dem erstattenden Beleg stimmen nicht "
                "überein",
                "code": "remainder",
                "field": "zbytek",
            }
        ]
        assert problem["hints"] == [
            "With remainder 'ne' Flexi refuses when the amount differs from what is to be paid."
        ]


async def test_an_amount_that_is_read_in_two_ways_is_warned_of(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        warned = await s.pay(amount="400.00")
        assert warned.status == 201
        assert [each["code"] for each in warned.json()["warnings"]] == ["amount_read_in_two_ways"]

        clear = await s.pay(amount="1.00", remainder="castecnaUhrada")
        assert "warnings" not in clear.json()


async def test_flexis_own_document_is_sent_byte_by_byte(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.given(EXAMPLE)

        assert reply.status == 201
        assert reply.json()["paying_document"] == "ext:BONBRIDGE:7f3c"
        assert s.imports[-1].body == EXAMPLE
        assert s.imports[-1].target == "/c/demo/faktura-vydana.xml"


@pytest.mark.parametrize(
    "content",
    [
        b"<winstrom>",
        b"<winstrom/>",
        b"<!DOCTYPE x><winstrom/>",
        EXAMPLE.replace(b"<id>code:FAKTURA1</id>", b""),
        EXAMPLE.replace(b"</id>", b"</id><sumCelkem>5</sumCelkem>"),
        EXAMPLE.replace(b"faktura-vydana", b"adresar"),
    ],
)
async def test_at_the_counter_a_document_may_pay_and_nothing_else(
    tmp_path: Path, content: bytes
) -> None:
    async with shop(tmp_path) as s:
        assert (await s.given(content)).status == 422
        assert not s.stage.calls("PUT")


@pytest.mark.covers("F-3", "F-4")
async def test_without_an_id_each_import_pays_once_more(tmp_path: Path) -> None:
    part = WITHOUT_ID.replace(b"<castka>1000<", b"<castka>300<")
    async with shop(tmp_path) as s:
        refused = await s.given(part)
        assert refused.status == 422
        assert refused.json()["code"] == "duplicate_risk"
        assert not s.stage.calls("PUT")

        for _ in range(2):
            assert (await s.given(part, allow=True)).status == 201
        assert len(s.new_documents) == 2
        assert s.paid("FAKTURA1") == ["600.00"]


async def test_a_check_tells_what_would_happen_and_stores_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        body = (await s.check(amount="400.00", remainder="castecnaUhrada")).json()

        assert body["would"] == {
            "open": "1000.00",
            "reading": "A",
            "A": {"paid": ["400.00"], "paired": True, "remainder": "0.00"},
            "B": {"paid": ["400.00"], "paired": True, "remainder": "-600.00"},
            "existing_document": False,
        }
        assert [each.target for each in s.stage.calls("PUT")] == [
            "/c/demo/faktura-vydana.xml?dry-run=true"
        ]
        assert not s.new_documents
        assert s.paid("FV1") == ["0.00"]


async def test_strictly_read_the_open_amount_counts(tmp_path: Path) -> None:
    async with shop(tmp_path, strict=True) as s:
        body = (await s.check(amount="400.00")).json()

        assert body["would"]["reading"] == "B"
        assert body["would"]["B"]["refused"] == "amounts_do_not_match"
        assert (await s.pay(amount="400.00")).status == 201, (
            "the caller's word is sent all the same"
        )


async def test_a_check_of_nothing_is_refused(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        assert (await s.check(invoice="code:TYPO")).json()["vendor_status"] == 404
        wrong = await s.check(register="code:NO")
        assert (wrong.status, wrong.json()["vendor_status"]) == (502, 400)
        assert (await s.check(amount="1,5")).status == 422


async def test_a_check_takes_flexis_own_document_as_well(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.box.call("POST", "/cash-payments/check", body=EXAMPLE, media="text/xml")

        assert reply.status == 200
        assert not s.new_documents


@pytest.mark.parametrize("key", ["", None])
async def test_without_a_key_nothing_is_paid(tmp_path: Path, key: str | None) -> None:
    body = {"invoice": "code:FV1", "paid_on": "2026-11-21"}
    async with shop(tmp_path) as s:
        reply = await s.box.call("POST", "/cash-payments", body=body, key=key)

        assert reply.status == 400
        assert reply.json()["code"].startswith("idempotency_key_")
        assert not s.stage.calls("PUT")


async def test_the_description_of_the_call_stands_by_itself(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        routes = {each.path: each for each in s.box.desk.routes()}

        schema = routes["/v1/vendors/flexi/cash-payments"].body
        assert schema is not None
        assert "register" in schema["properties"]
        assert "$ref" not in json.dumps(schema)
