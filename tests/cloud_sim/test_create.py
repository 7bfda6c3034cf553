"""Receipts that the cloud itself signs: a real chain, stored after signing, never undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.fiscal.rksv.code import qr_code
from simulators.cloud.hsm import AES_KEY
from simulators.cloud.receiver import WebhookReceiver
from simulators.vendors.kit.clock import SimClock
from tests.cloud_sim.world import ORDER, World, cloud, login_of, sign_in
from tests.till.dep import checked

CREATE = "/api/v2/receipts/create"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path) as world:
        yield world


async def created(world: World, **changes: Any) -> dict[str, Any]:
    answer = await world.rest.post(CREATE, json={**ORDER, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.covers("A-3", "A-15", "A-44")
async def test_the_answer_has_number_register_code_and_what_was_sent(world: World) -> None:
    found = await created(world, internal_note="bleibt")
    assert found["receiptNumber"] == "2", "the Startbeleg is the cloud's own business"
    assert found["cashRegister"] == "ASELLO-34950"
    assert found["reference"] == "R001"
    assert found["totalsCents"] == {"normal": 3980, "reduced1": 49}
    assert found["totalCents"] == 4029
    assert found["payments"] == [{"kind": "Cash", "cents": 4029}]
    assert found["receipt"] == {**ORDER, "internal_note": "bleibt"}
    assert found["qrCode"].startswith("_R1-AT1_ASELLO-34950_2_")
    assert "_39,80_0,49_0,00_0,00_0,00_" in found["qrCode"]
    assert "parkedId" not in found


@pytest.mark.covers("A-3", "A-11", "A-14", "A-45")
async def test_the_chain_is_a_lawful_one_and_each_code_is_of_a_stored_receipt(
    world: World,
) -> None:
    codes = [(await created(world, reference=f"R{n}"))["qrCode"] for n in range(3)]
    hsm = world.simulator.cloud.hsm
    record = await hsm.unit.read()
    jws = hsm.receipts(34950)
    bons = checked(
        jws,
        kassen_id="ASELLO-34950",
        key=AES_KEY,
        public_keys={record.serial: record.public_key},
    )
    assert [bon.number for bon in bons] == ["1", "2", "3", "4"]
    assert [sum(bon.amounts) for bon in bons] == [0, 4029, 4029, 4029]
    assert all(bon.signed for bon in bons)
    assert [qr_code(each) for each in jws[1:]] == codes


async def test_each_call_creates_another_receipt_also_under_one_reference(world: World) -> None:
    first, second = await asyncio.gather(created(world), created(world))
    assert {first["receiptNumber"], second["receiptNumber"]} == {"2", "3"}
    answer = await world.rest.get("/api/v2/receipts?reference=R001")
    assert sorted(each["id"] for each in answer.json()["items"]) == [1, 2]


@pytest.mark.covers("A-36", "A-54")
async def test_id_and_reference_fetch_the_same_document(world: World) -> None:
    found = await created(world)
    by_id = (await world.rest.get(f"/api/v2/receipts/{found['id']}")).json()
    by_reference = (await world.rest.get("/api/v2/receipts?reference=R001")).json()["items"]
    assert by_id == by_reference[0] == found


@pytest.mark.covers("A-12", "A-45")
async def test_what_is_created_survives_a_restart_and_the_chain_goes_on(tmp_path: Path) -> None:
    async with cloud(tmp_path) as world:
        first = await created(world)
    async with cloud(tmp_path) as world:
        assert (await world.rest.get(f"/api/v2/receipts/{first['id']}")).json() == first
        assert (await created(world))["receiptNumber"] == "3"


@pytest.mark.covers("A-13")
async def test_nothing_takes_a_created_receipt_back(world: World) -> None:
    found = await created(world)
    path = f"/api/v2/receipts/{found['id']}"
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        assert (await world.rest.request(method, path, json={})).status_code == 405
    assert (await world.rest.get(path)).json() == found


async def test_a_receipt_that_cannot_be_is_refused_and_uses_no_number(world: World) -> None:
    item = ORDER["items"][0]
    for changes, field in (
        ({"items": []}, "items"),
        ({"cashRegisterId": 1}, "cashRegisterId"),
        ({"items": [{**item, "quantity": "0"}]}, "items.0.quantity"),
        ({"items": [{**item, "vatcode": "Z"}]}, "items.0.vatcode"),
        ({"paymentType": ""}, "paymentType"),
    ):
        answer = await world.rest.post(CREATE, json={**ORDER, **changes})
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await created(world))["receiptNumber"] == "2"


@pytest.mark.covers("A-41")
async def test_no_box_is_needed_and_none_is_told(world: World) -> None:
    async with world.box() as box:
        await created(world)
        await box.say("ping", {})
        await box.expect("pong")
        assert not box.others


@pytest.mark.covers("A-35", "A-53")
async def test_webhooks_are_told_of_receipts_that_the_cloud_created(world: World) -> None:
    hook = WebhookReceiver("webhook-secret")
    await hook.start()
    try:
        await subscribe(world, hook, "receipt.created")
        found = await created(world)
        told = await asyncio.wait_for(hook.notifications.get(), 30)
        assert told == {"action": "receipt.created", "id": found["id"], "reference": "R001"}
    finally:
        await hook.stop()


async def subscribe(world: World, hook: WebhookReceiver, event: str) -> None:
    body = {"uri": hook.uri, "secret": "webhook-secret", "events": [event]}
    answer = await world.rest.post("/api/v2/webhooks", json=body)
    assert answer.status_code == 201, answer.text


@pytest.mark.covers("A-42")
async def test_golden_ids_are_those_of_the_documented_webhook(tmp_path: Path) -> None:
    async with cloud(tmp_path, clock=SimClock()) as world:
        await created(world)
        assert (await world.rest.post("/_sim/golden")).status_code == 200
        await signed_in_again(world)
        await world.control(set={"omit_reference": True})
        hook = WebhookReceiver("webhook-secret")
        await hook.start()
        try:
            await subscribe(world, hook, "document.created")
            assert (await created(world))["id"] == 9420657
            told = await asyncio.wait_for(hook.notifications.get(), 30)
        finally:
            await hook.stop()
        assert told == {"action": "document.created", "id": 9420657}
        assert "642f2a88afc54fb5b3dc5e93a48dad6a" in hook._seen


async def test_reset_forgets_all_receipts_and_signatures(tmp_path: Path) -> None:
    async with cloud(tmp_path) as world:
        await created(world)
        await world.park()
        assert (await world.rest.post("/_sim/reset")).status_code == 200
        assert (await world.rest.get("/api/v2/receipts?reference=R001")).status_code == 401
        await signed_in_again(world)
        assert (await world.rest.get("/api/v2/receipts?reference=R001")).json() == {"items": []}
        assert (await world.rest.get("/api/v2/parked")).json() == {"items": []}
        assert (await created(world))["receiptNumber"] == "2"


async def signed_in_again(world: World) -> None:
    token = await sign_in(world.rest, login_of(world.simulator.login_file))
    world.rest.headers["authorization"] = f"Bearer {token}"


async def test_parked_receipts_are_found_by_reference(world: World) -> None:
    first, _ = await world.park(reference="A"), await world.park(reference="B")
    answer = await world.rest.get("/api/v2/parked", params={"reference": "A"})
    assert [each["id"] for each in answer.json()["items"]] == [first]
    answer = await world.rest.get("/api/v2/parked", params={"reference": "A", "state": "open"})
    assert answer.json() == {"items": []}


async def test_the_kit_drops_an_answer_after_the_receipt_was_made(world: World) -> None:
    world.simulator.stage.fault("drop_after", path=CREATE)
    with pytest.raises(httpx.TransportError):
        await world.rest.post(CREATE, json=ORDER)
    answer = await world.rest.get("/api/v2/receipts?reference=R001")
    assert len(answer.json()["items"]) == 1
    assert len(world.simulator.stage.calls("POST", CREATE)) == 1
