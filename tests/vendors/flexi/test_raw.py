"""The technician's call: Flexi's own documents, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.model.roles import Role
from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.spec import Draft, Run, State
from bridge.vendors.engine.wire import Answer, Request
from bridge.vendors.flexi.answers import accept_import
from tests.vendors.flexi.documents import EXAMPLE, WITHOUT_ID, document, paying, record
from tests.vendors.flexi.shop import shop


async def test_the_very_bytes_go_to_flexi(tmp_path: Path) -> None:
    odd = b'<?xml version="1.0"?>\r\n<!-- note -->' + EXAMPLE.split(b"?>", 1)[1].replace(
        b"<castka>1000</castka>", b"<castka> 1000 </castka >\t"
    )
    async with shop(tmp_path) as s:
        reply = await s.raw(odd)

        assert reply.status == 201
        assert s.imports[-1].body == odd
        assert s.imports[-1].header("content-type") == "application/xml"
        assert reply.json()["vendor_status"] == 201


@pytest.mark.covers("F-3", "F-4")
async def test_the_same_document_twice_without_an_id_pays_twice(tmp_path: Path) -> None:
    part = WITHOUT_ID.replace(b"<castka>1000<", b"<castka>300<")
    async with shop(tmp_path) as s:
        for _ in range(2):
            assert (await s.raw(part, allow=True)).status == 201

        assert [str(each.amount) for each in s.new_documents] == ["300", "300"]
        assert s.paid("FAKTURA1") == ["600.00"]


@pytest.mark.covers("F-5", "F-46")
async def test_the_same_document_twice_with_an_id_pays_once(tmp_path: Path) -> None:
    part = EXAMPLE.replace(b"<castka>1000<", b"<castka>300<")
    async with shop(tmp_path) as s:
        for _ in range(2):
            assert (await s.raw(part)).status == 201

        assert len(s.imports) == 2
        assert len(s.new_documents) == 1
        assert s.paid("FAKTURA1") == ["300.00"]


@pytest.mark.parametrize(
    "content",
    [
        WITHOUT_ID,
        document(
            record("code:FV1", {"uhrazujiciDokl": "ext:A:1"}),
            record("code:FV2", {}),
        ),
        document(record("code:FV1", {"uhrazujiciDokl": " "})),
        document("<adresar><deep><hotovostni-uhrada/></deep></adresar>"),
    ],
)
async def test_a_payment_without_an_id_is_held_back(tmp_path: Path, content: bytes) -> None:
    async with shop(tmp_path) as s:
        reply = await s.raw(content)

        assert reply.status == 422
        assert reply.json()["code"] == "duplicate_risk"
        assert not s.stage.calls("PUT")


async def test_a_dry_run_stores_nothing_and_makes_no_run(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        reply = await s.raw(WITHOUT_ID, query={"dry-run": "true", "fail-on-warning": "true"})

        assert reply.status == 200
        assert s.stage.calls("PUT")[0].target == (
            "/c/demo/faktura-vydana.xml?dry-run=true&fail-on-warning=true"
        )
        assert not s.new_documents
        assert not await s.box.runs()


@pytest.mark.parametrize(
    ("evidence", "query", "content"),
    [
        ("Faktura", {}, EXAMPLE),
        ("faktura_vydana", {}, EXAMPLE),
        ("a.xml", {}, EXAMPLE),
        ("..", {}, EXAMPLE),
        ("faktura-vydana", {"no-http-errors": "true"}, EXAMPLE),
        ("faktura-vydana", {"dry-run": "maybe"}, EXAMPLE),
        ("faktura-vydana", {}, b""),
        ("faktura-vydana", {}, b"{}"),
        ("faktura-vydana", {}, b"<!DOCTYPE w><winstrom/>"),
        ("faktura-vydana", {}, b"<winstrom>"),
    ],
)
async def test_what_flexi_must_not_get_is_refused_here(
    tmp_path: Path, evidence: str, query: dict[str, str], content: bytes
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.raw(content, evidence=evidence, query=query)

        assert reply.status == 422
        assert not s.stage.calls("PUT")


@pytest.mark.parametrize("role", [Role.TILL, Role.BACKOFFICE])
async def test_only_a_technician_sends_documents(tmp_path: Path, role: Role) -> None:
    async with shop(tmp_path) as s:
        assert (await s.raw(EXAMPLE, role=role)).status == 403
        assert not s.stage.calls("PUT")


async def test_an_evidence_that_flexi_does_not_know_is_its_word(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        unknown = await s.raw(document("<adresar/>"), evidence="adresar")
        fixed = await s.raw(document("<pokladna/>"), evidence="pokladna")

        assert (unknown.status, unknown.json()["vendor_status"]) == (502, 404)
        assert (fixed.status, fixed.json()["vendor_status"]) == (502, 405)


async def test_a_document_without_payments_is_imported(tmp_path: Path) -> None:
    new = document("<faktura-vydana><kod>FV-9</kod><sumCelkem>50</sumCelkem></faktura-vydana>")
    async with shop(tmp_path) as s:
        assert (await s.raw(new)).status == 201
        assert str(s.invoice("FV-9").total) == "50"


@pytest.mark.parametrize(
    "answer",
    [
        b"<winstrom><success>maybe</success></winstrom>",
        b"<winstrom/>",
        b"<html></html>",
        b"not xml",
        b"",
    ],
)
def test_a_good_status_without_flexis_word_is_no_success(answer: bytes) -> None:
    run = Run(
        id="r",
        vendor="flexi",
        operation="pay",
        key="",
        state=State.SENDING,
        draft=Draft(request=Request(method="PUT", target="/")),
        created=0,
    )
    with pytest.raises(VendorBroken):
        accept_import(Answer(status=201, content=answer), run)


async def test_a_raw_payment_waits_in_the_line_of_its_invoice(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.raw(paying("code:FV1", uhrazujiciDokl="ext:A:1"))
        run = await s.box.ended(reply.json()["run"])

        assert run.order == "faktura-vydana/code:FV1"
        assert run.kind == "keyed"
        assert run.summary["paying_document"] == "ext:A:1"
