"""Commands to boxes: numbered, sent until acknowledged, and what their answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.cloud.envelope import ReceiptOpen
from tests.cloud_sim.world import World, cloud, completed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path, registers={34950: ("demo-box", "KASSE-1")}) as world:
        yield world


async def withdraw(world: World, parked: str) -> Any:
    return await world.rest.post(f"/api/v2/parked/{parked}/discard")


async def test_an_opened_receipt_reaches_the_box_as_the_envelope_has_it(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(
            box,
            annotation="Danke",
            customer={"firstname": "Ada", "name": "Bauer", "zip": "8010", "city": "Graz"},
        )
    assert command["seq"] == 1
    sent = datetime.fromisoformat(command["ts"])
    assert datetime.fromisoformat(command["exp"]) - sent > timedelta(minutes=4)
    assert parked in command["key"]
    data = ReceiptOpen.model_validate(command["data"])
    assert (data.parked_id, data.reference, data.register_id) == (parked, "R001", "KASSE-1")
    assert (data.note, data.customer and data.customer.name) == ("Danke", "Ada Bauer")
    assert data.customer is not None
    assert data.customer.address == ("8010 Graz",)
    pot, roll = data.lines
    assert (pot.text, pot.quantity, pot.unit_cents, pot.rate) == (
        "Blumentopf",
        "2.000",
        1990,
        "normal",
    )
    assert (roll.quantity, roll.unit_cents, roll.rate, roll.article) == (
        "1.000",
        49,
        "reduced1",
        "S1",
    )


async def test_the_whole_way_from_parking_to_the_document(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        assert (await world.parked(parked))["state"] == "opening"
        await box.done(command)
        await box.report("receipt.opened", {"parked_id": parked, "receipt_id": "r-1"})
        await world.becomes(parked, "open")
        await box.report("receipt.completed", completed(parked))
        found = await world.becomes(parked, "completed")
    by_id = (await world.rest.get(f"/api/v2/receipts/{found['documentId']}")).json()
    by_reference = (await world.rest.get("/api/v2/receipts", params={"reference": "R001"})).json()
    assert by_reference["items"] == [by_id]
    assert by_id["parkedId"] == parked
    assert by_id["receiptNumber"] == "7"
    assert by_id["cashRegister"] == "KASSE-1"
    assert by_id["totalCents"] == 4029
    assert by_id["totalsCents"] == {"normal": 3980, "reduced1": 49}
    assert by_id["payments"] == [{"kind": "cash", "cents": 4029}]
    assert by_id["qrCode"] == "_R1-AT1_KASSE-1_7_…"
    assert by_id["date"] == "2026-11-20T10:11:12+01:00"


async def test_an_aborted_receipt_has_no_document_and_cannot_be_opened_again(
    world: World,
) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.aborted", {"parked_id": parked, "reason": "Kunde weg"})
        found = await world.becomes(parked, "aborted")
        assert found["reason"] == "Kunde weg"
        assert "documentId" not in found
        again = await world.rest.post(f"/api/v2/parked/{parked}/open")
        assert (again.status_code, again.json()["error"]) == (409, "receipt_aborted")
    assert (await world.state())["documents"] == 0


@pytest.mark.parametrize(
    ("code", "state"), [("register_latched", "parked"), ("command_expired", "expired")]
)
async def test_a_refused_command_leaves_the_receipt_to_be_opened_again(
    world: World, code: str, state: str
) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.ack(command["seq"])
        data = {"state": "refused", "code": code, "detail": "why", "retryable": False}
        await box.report("result", data, re=command["id"])
        found = await world.becomes(parked, state)
        assert found["lastError"] == {"code": code, "detail": "why", "retryable": False}
        assert (await world.rest.post(f"/api/v2/parked/{parked}/open")).status_code == 200
        second = await box.expect("receipt.open")
    assert second["seq"] == 2
    assert second["key"] != command["key"]
    assert "lastError" not in await world.parked(parked)


async def test_what_is_not_acknowledged_comes_again_with_the_same_id(world: World) -> None:
    async with world.box() as box:
        _, first = await world.opened(box)
        _, second = await world.opened(box)
        await box.ack(first["seq"])
        await box.say("ping", {})
        await box.expect("pong")
    async with world.box(last_in=1) as box:
        again = await box.expect("receipt.open")
    assert (again["id"], again["seq"], again["key"]) == (second["id"], 2, second["key"])


async def test_no_more_than_the_box_allows_is_on_the_way(world: World) -> None:
    async with world.box(max_in_flight=2) as box:
        for _ in range(2):
            await world.opened(box)
        third = await world.park()
        await world.rest.post(f"/api/v2/parked/{third}/open")
        await box.say("ping", {})
        await box.expect("pong")
        assert not box.others
        await box.ack(1)
        assert (await box.expect("receipt.open"))["seq"] == 3


async def test_an_ack_of_a_number_never_given_is_told(world: World) -> None:
    async with world.box() as box:
        await box.ack(5)
        assert (await box.expect("error"))["data"]["code"] == "ack_unknown"


async def test_a_receipt_withdrawn_before_it_is_sent_never_reaches_a_box(world: World) -> None:
    parked = await world.park()
    for _ in range(2):
        assert (await withdraw(world, parked)).json()["state"] == "withdrawn"
    async with world.box():
        answer = await world.rest.post(f"/api/v2/parked/{parked}/open")
    assert answer.status_code == 409


async def test_a_receipt_at_the_box_is_withdrawn_when_the_box_says_so(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.opened", {"parked_id": parked})
        await world.becomes(parked, "open")
        for _ in range(2):
            answer = await withdraw(world, parked)
            assert (answer.status_code, answer.json()["state"]) == (202, "open")
        asked = await box.expect("receipt.withdraw")
        assert asked["data"] == {"parked_id": parked}
        await box.done(asked)
        await box.report("receipt.withdrawn", {"parked_id": parked})
        await world.becomes(parked, "withdrawn")
        await box.say("ping", {})
        await box.expect("pong")
        assert [frame["type"] for frame in box.others if frame["type"] != "ack"] == []


async def test_a_refused_withdrawal_leaves_the_receipt_open(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.opened", {"parked_id": parked})
        await world.becomes(parked, "open")
        await withdraw(world, parked)
        asked = await box.expect("receipt.withdraw")
        await box.report("result", {"state": "refused", "code": "in_use"}, re=asked["id"])
        await box.acked(box.seq)
        found = await world.parked(parked)
        assert (found["state"], found["lastError"]["code"]) == ("open", "in_use")
        await box.report("receipt.completed", completed(parked))
        assert "lastError" not in await world.becomes(parked, "completed")
        assert (await withdraw(world, parked)).status_code == 409


async def test_a_withdrawal_of_what_the_box_refused_to_open_takes_it_back(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await withdraw(world, parked)
        asked = await box.expect("receipt.withdraw")
        refused = {"state": "refused", "code": "command_expired"}
        await box.report("result", refused, re=command["id"])
        await box.report("result", {"state": "refused", "code": "receipt_unknown"}, re=asked["id"])
        await world.becomes(parked, "withdrawn")


async def test_a_completed_receipt_overrides_every_other_end(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.withdrawn", {"parked_id": parked})
        await world.becomes(parked, "withdrawn")
        await box.report("receipt.opened", {"parked_id": parked})
        await box.report("receipt.completed", completed(parked))
        await world.becomes(parked, "completed")
        await box.report("receipt.aborted", {"parked_id": parked})
        await box.acked(box.seq)
        assert (await world.parked(parked))["state"] == "completed"


async def test_numbers_go_on_behind_a_box_that_has_more_than_the_cloud_knows(
    world: World,
) -> None:
    async with world.box() as box:
        _, first = await world.opened(box)
        await box.ack(1)
        parked, second = await world.opened(box)
    async with world.box(last_in=40) as box:
        again = await box.expect("receipt.open")
        assert (again["seq"], again["id"]) == (41, second["id"])
        await box.ack(41)
        _, third = await world.opened(box)
        assert third["seq"] == 42
    assert first["seq"] == 1
    assert (await world.parked(parked))["state"] == "opening"


async def test_what_a_box_has_lost_again_is_skipped_under_its_old_number(world: World) -> None:
    async with world.box() as box:
        _, first = await world.opened(box)
        await box.ack(1)
        _, second = await world.opened(box)
    async with world.box(last_in=0) as box:
        skipped = await box.expect("skip")
        assert (skipped["seq"], skipped["id"]) == (1, first["id"])
        assert (await box.expect("receipt.open"))["id"] == second["id"]
    async with world.box(last_in=30) as box:
        await box.expect("receipt.open")
    async with world.box(last_in=28) as box:
        numbers = [(await box.expect("skip"))["seq"] for _ in range(2)]
        assert numbers == [29, 30]
        assert (await box.expect("receipt.open"))["seq"] == 31
