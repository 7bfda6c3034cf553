"""A receipt signed in asello's cloud: created once, looked up when in doubt, printed here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridge.fiscal.rksv.code import qr_code
from bridge.journal.faults import DiskFull
from bridge.printing.foreign import ForeignNotValid
from bridge.vendors.asello import VENDOR
from bridge.vendors.engine.spec import Kind
from tests.vendors.asello.desk import CREATE, receipt, soon, world


@pytest.mark.covers("A-1", "A-2", "A-3", "A-15", "A-41", "A-43", "A-44", "A-10")
async def test_one_call_creates_and_answers_number_register_code_and_all_the_rest(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, box_connected=False) as w:
        reply = await w.create(internal_note="bleibt")
        assert reply.status == 201
        body = reply.json()
        assert (body["state"], body["vendor_status"]) == ("succeeded", 201)
        assert (body["number"], body["register"]) == ("2", "ASELLO-34950")
        assert body["reference"] == "R001"
        assert body["total_cents"] == 4029
        assert body["code"] == qr_code(w.surface.cloud.hsm.receipts(34950)[1])
        vendor = body["vendor_body"]
        assert vendor["qrCode"] == body["code"]
        assert vendor["receipt"]["internal_note"] == "bleibt"
        assert vendor["totalsCents"] == {"normal": 3980, "reduced1": 49}
        acting = [each.path for each in w.stage.calls("POST")]
        assert acting == ["/token", CREATE], "no further call confirms it"
        kept = await w.counter.run(body["run"])
        assert kept.result is not None
        assert kept.result["code"] == body["code"]
    names = {each.name for each in VENDOR.operations}
    assert names == {
        *("create", "receipt", "byReference", "papers", "reprint"),
        *("park", "open", "parked"),
    }, "the upkeep of asello's registers is asello's own"


@pytest.mark.covers("A-2")
async def test_the_body_goes_out_byte_by_byte(tmp_path: Path) -> None:
    odd = (
        b'\t{ "x":{"b":1,"a":[1.50, 2e0]} ,"reference":"R-\\u00e4" , "items" : [ {"name" :"'
        + "Käse".encode()
        + b'","quantity":"1.50","grossprice":2.00,"vatcode":"D","y":null} ],'
        b' "cashRegisterId":34950 }\n'
    )
    async with world(tmp_path) as w:
        reply = await w.counter.call("POST", "/receipts", body=odd, key="odd")
        assert reply.status == 201, reply.body
        (sent,) = w.creates()
        assert sent.body == odd
        assert sent.header("content-type") == "application/json"
        assert reply.json()["reference"] == "R-ä"


async def test_without_a_reference_the_key_becomes_it_and_nothing_else_changes(
    tmp_path: Path,
) -> None:
    raw = b' {"cashRegisterId":34950, "items":[{"name":"A","grossprice":1,"vatcode":"A"}]}'
    async with world(tmp_path) as w:
        reply = await w.counter.call("POST", "/receipts", body=raw, key="order-7")
        assert reply.status == 201, reply.body
        assert reply.json()["reference"] == "order-7"
        assert [each["code"] for each in reply.json()["warnings"]] == ["reference_derived"]
        (sent,) = w.creates()
        assert sent.body == b'{"reference":"order-7",' + raw[2:]


@pytest.mark.covers("A-7", "A-8", "A-16", "A-40")
async def test_it_is_printed_here_and_only_after_the_answer(tmp_path: Path) -> None:
    async with world(tmp_path, {"register_id": "K2"}) as w:
        w.stage.fault("delay", delay_s=0.2, path=CREATE)
        waiting = asyncio.create_task(w.create(annotation="Bis Freitag"))
        await soon(w.creates)
        assert not w.counter.host.printed
        body = (await waiting).json()
        await w.counter.ended(body["run"])
        (paper,) = w.counter.host.printed
        assert (paper.number, paper.register, paper.code) == (
            body["number"],
            body["register"],
            body["code"],
        )
        assert paper.id == f"asello-{body['document']}"
        assert paper.lines == (("2 Blumentopf", 3980), ("1 Semmel", 49))
        assert (paper.total, paper.reference, paper.register_id) == (4029, "R001", "K2")
        assert paper.notes == ("Bis Freitag", "20 %: 39,80", "10 %: 0,49", "Cash")
        assert paper.time == "2026-11-21T10:00:00"


@pytest.mark.covers("A-47")
async def test_one_paper_for_each_created_receipt_and_copies_are_marked(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        body = (await w.create()).json()
        again = await w.create()
        assert again.headers["idempotent-replayed"] == "true"
        await w.counter.restart()
        assert [each.id for each in w.counter.host.printed] == [f"asello-{body['document']}"]
        path = f"/receipts/{body['document']}"
        shown = await w.counter.call("GET", f"{path}/papers")
        assert (shown.status, shown.json()["state"]) == (200, "printed")
        copy = await w.counter.call("POST", f"{path}/reprint")
        assert copy.status == 202
        assert w.counter.host.reprinted == [f"asello-{body['document']}"]
        assert len(w.counter.host.printed) == 1


async def test_what_was_not_created_through_this_box_is_not_printed(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for path in ("/receipts/77/papers", "/receipts/..%2F/papers"):
            assert (await w.counter.call("GET", path)).status == 404
        assert (await w.counter.call("POST", "/receipts/77/reprint")).status == 404
        assert (await w.counter.call("POST", "/receipts/%2E%2E/reprint")).status == 404


@pytest.mark.covers("A-46")
async def test_without_a_code_it_is_not_printed_as_valid_and_that_is_said(tmp_path: Path) -> None:
    async with world(tmp_path, {"names": {"document_code": "elsewhere"}}) as w:
        reply = await w.create()
        body = reply.json()
        assert (reply.status, body["state"]) == (201, "succeeded"), "it exists"
        assert [each["code"] for each in body["warnings"]] == ["not_printable"]
        assert "code" not in body
        await w.counter.ended(body["run"])
        assert not w.counter.host.printed
        first = await w.counter.call("POST", f"/receipts/{body['document']}/reprint")
        assert first.status == 422
        assert not w.counter.host.printed


async def test_a_paper_that_cannot_be_wanted_is_tried_again_and_never_creates_another(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        w.counter.host.print_faults = [DiskFull("fake"), DiskFull("fake")]
        body = (await w.create()).json()
        assert body["state"] == "succeeded"
        while not w.counter.host.printed:
            await w.advance(60)
        assert len(w.creates()) == 1
        assert not w.counter.host.print_faults


async def test_what_the_box_refuses_to_print_for_good_is_not_tried_for_ever(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        w.counter.host.print_faults = [ForeignNotValid("fake")]
        body = (await w.create()).json()
        await w.counter.ended(body["run"])
        for _ in range(5):
            await w.advance(600)
        assert not w.counter.host.printed
        first = await w.counter.call("POST", f"/receipts/{body['document']}/reprint")
        assert first.status == 202, "a person may want it all the same"
        assert len(w.counter.host.printed) == 1


async def test_where_others_print_this_box_does_not(tmp_path: Path) -> None:
    async with world(tmp_path, {"print_receipts": False}) as w:
        body = (await w.create()).json()
        await w.counter.ended(body["run"])
        assert not w.counter.host.printed


# Lost answers


@pytest.mark.covers("A-13")
async def test_a_lost_answer_is_found_by_reference_and_nothing_is_created_twice(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        for n, kind in enumerate(("drop_after", "bad_json", "status_after")):
            w.stage.fault(kind, path=CREATE, status=503)
            reply = await w.create(f"k-{n}", reference=f"R-{n}")
            ended = await w.counter.ended(reply.json()["run"], step_s=5)
            assert ended.state == "succeeded", kind
            assert ended.result is not None
            assert ended.result["number"] == str(n + 2)
            assert len(w.creates()) == n + 1
        assert [each.number for each in w.counter.host.printed] == ["2", "3", "4"]


async def test_what_is_not_found_is_a_persons_decision_and_is_never_sent_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        w.stage.fault("drop_before", path=CREATE)
        reply = await w.create()
        ended = await w.counter.ended(reply.json()["run"], step_s=5)
        assert ended.state == "unknown"
        again = await w.create()
        assert (again.status, again.json()["code"]) == (504, "outcome_unknown")
        await w.counter.restart()
        await w.advance(3600)
        assert len(w.creates()) == 1
        assert not w.counter.host.printed
        resolved = await w.counter.desk.resolve(ended.id, done=False, note="nachgesehen", by="A")
        assert resolved.state == "failed"
        anew = await w.create("k-2")
        assert anew.status == 201, "the reference is free again"


async def test_one_that_a_person_found_at_asello_is_printed_on_request(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.stage.fault("drop_after", path=CREATE)
        w.stage.fault("html200", path="/api/v2/receipts", method="GET", times=-1)
        reply = await w.create()
        ended = await w.counter.ended(reply.json()["run"], step_s=5)
        assert ended.state == "unknown"
        w.stage.no_faults()
        await w.counter.desk.resolve(ended.id, done=True, note="gefunden", by="A")
        assert not w.counter.host.printed
        first = await w.counter.call("POST", "/receipts/1/reprint")
        assert first.status == 202
        (paper,) = w.counter.host.printed
        assert (paper.number, paper.lines[0]) == ("2", ("2 Blumentopf", 3980))


async def test_an_older_receipt_with_the_same_reference_is_not_taken_for_the_lost_one(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        # Made by another program, an hour ago.
        await w.created_by_another_program()
        await w.advance(3600)
        w.stage.fault("drop_before", path=CREATE)
        reply = await w.create()
        ended = await w.counter.ended(reply.json()["run"], step_s=5)
        assert ended.state == "unknown"
        assert not w.counter.host.printed


async def test_of_two_receipts_with_the_reference_none_is_guessed(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.created_by_another_program()
        w.stage.fault("drop_after", path=CREATE)
        reply = await w.create()
        ended = await w.counter.ended(reply.json()["run"], step_s=5)
        assert ended.state == "unknown"


# References


async def test_a_reference_is_used_once_unless_the_program_insists(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        first = (await w.create("k-1")).json()
        second = await w.create("k-2")
        assert (second.status, second.json()["code"]) == (409, "already_done")
        assert second.json()["run"] == first["run"]
        assert len(w.creates()) == 1
        forced = await w.create("k-3", query={"force": "1"})
        assert forced.status == 201
        assert [each["code"] for each in forced.json()["warnings"]] == ["reference_used"]
        # A lost answer of a forced one is told from the first by the box's own ledger.
        w.stage.fault("drop_after", path=CREATE)
        lost = await w.create("k-4", query={"force": "1"})
        ended = await w.counter.ended(lost.json()["run"], step_s=5)
        assert ended.result is not None
        assert (ended.state, ended.result["number"]) == ("succeeded", "4")


async def test_of_two_calls_with_one_reference_at_the_same_instant_one_is_sent(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        replies = await asyncio.gather(*(w.create(f"k-{n}") for n in range(5)))
        assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]
        assert len(w.creates()) == 1
        assert len(w.counter.host.printed) == 1


@pytest.mark.covers("A-36", "A-54", "A-12")
async def test_id_and_reference_fetch_the_same_document(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        made = (await w.create()).json()
        by_id = await w.counter.call("GET", f"/receipts/{made['document']}")
        listed = await w.counter.call("GET", "/receipts", query={"reference": "R001"})
        assert (by_id.status, listed.status) == (200, 200)
        assert listed.json()["vendor_body"]["items"] == [by_id.json()["vendor_body"]]
        (found,) = listed.json()["receipts"]
        assert found.items() <= by_id.json().items()
        assert found["code"] == made["code"]
        none = await w.counter.call("GET", "/receipts", query={"reference": "R999"})
        assert none.json()["receipts"] == []
        assert (await w.counter.call("GET", "/receipts/77")).status == 404
        assert (await w.counter.call("GET", "/receipts")).status == 422


# What is refused here


WRONG: tuple[tuple[Any, str], ...] = (
    (receipt(items=[]), "/items"),
    (receipt(items=None), "/items"),
    (receipt(items=[{"quantity": 1}]), "/items/0"),
    (receipt(items=[{"name": "A", "quantity": 0}]), "/items/0"),
    (receipt(items=[{"name": 7}]), "/items/0/name"),
    (receipt(items=[{"name": "A", "quantity": "viel"}]), "/items/0/quantity"),
    (receipt(items=[{"name": "A", "quantity": float("nan")}]), ""),
    (receipt(cashRegisterId="34950"), "/cashRegisterId"),
    (receipt(cashRegisterId=None), "/cashRegisterId"),
    (receipt(paymentType=7), "/paymentType"),
    (receipt(reference=""), "/reference"),
    (receipt(reference="x" * 65), "/reference"),
    (receipt(reference="a\nb"), "/reference"),
    (receipt(reference=7), "/reference"),
    ({**receipt(), "reference": None}, "/reference"),
    ({}, ""),
    ([], ""),
    (None, ""),
    ("text", ""),
    (b"[" * 100_000, ""),
    (b'{"a":' * 50_000, ""),
    (b"\xff", ""),
)


async def test_a_receipt_that_cannot_be_is_refused_naming_the_field_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        for n, (body, pointer) in enumerate(WRONG):
            content = body if isinstance(body, bytes) else json.dumps(body)
            for path in ("/receipts", "/parked"):
                reply = await w.counter.call("POST", path, body=content, key=f"w-{n}")
                assert reply.status == 422, (body, reply.body)
                assert reply.json()["code"] == "call_invalid"
                assert any(each.startswith(pointer) for each in reply.json()["problems"])
        assert not w.stage.log
        assert (await w.create("w-1")).status == 201, "the key is free"


async def test_what_asello_refuses_is_told_with_its_own_words(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        reply = await w.create(items=[{"name": "A", "grossprice": 1, "vatcode": "Z"}])
        assert (reply.status, reply.json()["code"]) == (502, "vendor_rejected")
        assert reply.json()["vendor_status"] == 400
        assert reply.json()["vendor_body"]["field"] == "items.0.vatcode"
        assert (await w.create("k-2")).status == 201


async def test_without_a_connection_nothing_is_faked_and_nothing_waits(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.stage.server.stop()
        for reply in (await w.create(), await w.park()):
            assert (reply.status, reply.json()["code"]) == (409, "offline")
        assert await w.counter.runs("queued") == []
        assert not w.counter.host.printed


async def test_a_line_of_unknown_price_is_printed_without_amount(tmp_path: Path) -> None:
    items = [
        {"articlenumber": "S1", "quantity": "0.250", "grossprice": "9.99", "vatcode": "Q1"},
        {"name": "B", "grossprice": [1], "vatcode": "A"},
        {"name": "C", "grossprice": "viel", "vatcode": "A"},
        {"name": "D", "grossprice": "1e99", "vatcode": "A", "quantity": "1e30"},
    ]
    async with world(tmp_path) as w:
        # The vendor refuses it; what would be printed is in the draft all the same.
        await w.create(items=items)
        (run,) = await w.counter.desk._engaged["asello"].office.session.runs("create")
    assert run.draft.facts["lines"] == [
        ["0,25 S1", 250],
        ["1 B", None],
        ["1 C", None],
        ["1E+30 D", None],
    ]
    assert run.draft.facts["notes"] == ["Cash"]


def test_classes_are_those_of_the_facts() -> None:
    kinds = {each.name: each.kind for each in VENDOR.operations}
    assert kinds == {
        "create": Kind.ONCE,
        "park": Kind.ONCE,
        "open": Kind.UPSERT,
        "receipt": Kind.READ,
        "byReference": Kind.READ,
        "parked": Kind.LOCAL,
        "papers": Kind.LOCAL,
        "reprint": Kind.LOCAL,
    }
