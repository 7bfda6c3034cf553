"""Lists from CSV files, with their progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vendors.dvelop.boxes import PLACE, box
from tests.vendors.dvelop.examples import EXAMPLES, batch_of, example

VENDORS_CSV = (
    "\ufeffcompany_id;id;name;address;city;zip_code;country;vat_id\r\n"
    "01;50001;Schrauben Meier GmbH;Teststr. 6;Kiel;24145;DE;DE99999999\r\n"
    '01;50002;"Müller; ""Söhne""";Gasse 1;Wien;1010;AT;\r\n'
).encode()


async def test_a_file_becomes_one_list_and_its_run_tells_how_far_it_is(tmp_path: Path) -> None:
    async with box(tmp_path, job_delay_s=12.0) as at:
        reply = await at.load("vendors", VENDORS_CSV)
        assert reply.status == 202
        answer = reply.json()
        assert (answer["state"], answer["status"], answer["records"]) == ("waiting", "queued", 2)
        (call,) = at.sent("POST")
        assert call.target == f"{PLACE}/vendors/batch"
        assert json.loads(call.body) == {
            "vendors": [
                {
                    "company_id": "01",
                    "id": "50001",
                    "name": "Schrauben Meier GmbH",
                    "address": "Teststr. 6",
                    "city": "Kiel",
                    "zip_code": "24145",
                    "country": "DE",
                    "vat_id": "DE99999999",
                },
                {
                    "company_id": "01",
                    "id": "50002",
                    "name": 'Müller; "Söhne"',
                    "address": "Gasse 1",
                    "city": "Wien",
                    "zip_code": "1010",
                    "country": "AT",
                },
            ]
        }
        await at.pass_time(5.0)
        view = await at.counter.desk.run(answer["run"], "en")
        assert view.state == "waiting"
        assert view.summary == {"entity": "vendors", "bucket": "masterdata", "records": 2}
        await at.pass_time(10.0)
        ended = await at.ended(reply)
        assert ended.state == "succeeded"
        assert ended.result is not None
        assert ended.result["status"] == "successful"
        assert len(at.held("vendors")) == 2


async def test_wrong_cells_are_named_by_line_and_field_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    body = (
        b"id;name;percentage;company_id\n"
        b"A;VSt;19.0;01\n"
        b"B;VSt;19,0;01\n"
        b"C;;7.0;01\n"
        b"D;VSt\n"
        b";VSt;7.0;01\n"
    )
    async with box(tmp_path) as at:
        reply = await at.load("tax_codes", body)
        assert reply.status == 422
        named = [each.partition(": ")[0] for each in reply.json()["problems"]]
        assert named == ["/3/percentage", "/4/name", "/5", "/6/id"]
        assert at.sent() == []


@pytest.mark.covers("D-191")
async def test_numbers_of_a_file_are_sent_as_they_are_written(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.load("tax_codes", b"id,name,percentage,company_id\nA,V,19.00,01\n")
        assert reply.status == 202
        (call,) = at.sent("POST")
        assert call.body == (
            b'{"tax_codes":[{"id":"A","name":"V","percentage":19.00,"company_id":"01"}]}'
        )


async def test_a_file_of_orders_has_no_lines_and_says_that_they_need_json(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        head = b"company_id;id;nr;name;vendor_id"
        reply = await at.load("purchase_orders", head + b";line_items\n01;1;1;x;5;[]\n")
        assert reply.status == 422
        assert "JSON" in reply.json()["detail"]
        reply = await at.load("purchase_orders", head + b"\n01;1;1;x;5\n")
        assert [each["code"] for each in reply.json()["warnings"]] == ["no_lines"]


@pytest.mark.parametrize("media", ["application/json", "application/octet-stream"])
async def test_json_is_imported_like_a_list(tmp_path: Path, media: str) -> None:
    async with box(tmp_path) as at:
        body = batch_of("purchase_orders", EXAMPLES["purchase_orders"])
        reply = await at.load("purchase_orders", body, media)
        assert reply.status == 202
        assert at.sent("POST")[-1].body == body
        assert (await at.ended(reply)).state == "succeeded"
        assert at.held("purchase_orders") == [example("purchase_orders")]


@pytest.mark.parametrize("body", [b"", b"nr;name\n", b"nr;name\n\n\n", b"\xff\xfen\x00r\x00"])
async def test_a_file_without_records_is_refused(tmp_path: Path, body: bytes) -> None:
    async with box(tmp_path) as at:
        assert (await at.load("cost_units", body)).status == 422
        assert at.sent() == []


async def test_a_misspelled_column_is_told(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.load("gl_accounts", b"nr;name;tax_categorie_2\n1;x;FULL\n2;y;FULL\n")
        warnings = reply.json()["warnings"]
        assert [(each["code"], each["pointer"]) for each in warnings] == [
            ("unknown_field", "/2/tax_categorie_2")
        ]
