"""What external programs may call, and how it is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulators.cloud.polling import PollLimits
from tests.cloud_sim.world import ORDER, RawBox, World, cloud, completed, login_of, sign_in
from tests.till.harness import FakeClock


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path) as world:
        yield world


async def test_a_wrong_password_is_answered_with_an_error_description(world: World) -> None:
    login = login_of(world.simulator.login_file)
    for form in ({**login, "password": "wrong"}, {**login, "userName": "other"}, {}):
        answer = await world.rest.post("/token", data={"grant_type": "password", **form})
        assert answer.status_code == 400
        assert answer.json()["error_description"]
        assert "access_token" not in answer.json()
    answer = await world.rest.post("/token", data=login)
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_without_a_token_every_call_is_401(world: World) -> None:
    for token in ("", "Bearer wrong", "Basic eDp5"):
        for method, path in (
            ("POST", "/api/v2/receipts/create"),
            ("POST", "/api/v2/parked"),
            ("GET", "/api/v2/parked"),
            ("GET", "/api/v2/receipts/1"),
            ("GET", "/api/v2/webhooks"),
        ):
            answer = await world.rest.request(method, path, headers={"authorization": token})
            assert answer.status_code == 401, (method, path, token)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_access_token_ends_after_an_hour(tmp_path: Path) -> None:
    clock = FakeClock()
    async with cloud(tmp_path, clock=clock) as world:
        clock.advance(3599)
        assert (await world.rest.get("/api/v2/parked")).status_code == 200
        clock.advance(2)
        assert (await world.rest.get("/api/v2/parked")).status_code == 401
        token = await sign_in(world.rest, login_of(world.simulator.login_file))
        world.rest.headers["authorization"] = f"Bearer {token}"
        assert (await world.rest.get("/api/v2/parked")).status_code == 200


def item(**changes: Any) -> dict[str, Any]:
    return {"items": [{**ORDER["items"][0], **changes}]}


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"items": []}, "items"),
    ({"items": None}, "items"),
    ({"cashRegisterId": "34950"}, "cashRegisterId"),
    ({"cashRegisterId": 1}, "cashRegisterId"),
    ({"reference": ""}, "reference"),
    ({"reference": "x" * 65}, "reference"),
    (item(quantity="0"), "items.0.quantity"),
    (item(quantity="1.0001"), "items.0.quantity"),
    (item(quantity="NaN"), "items.0.quantity"),
    (item(name=""), "items.0.name"),
    (item(name=7), "items.0.name"),
    (item(vatcode="Z"), "items.0.vatcode"),
    (item(grossprice="1.999"), "items.0.grossprice"),
    (item(grossprice=None), "items.0.grossprice"),
    (item(grossprice=10**13), "items.0.grossprice"),
)


async def test_a_receipt_that_cannot_be_is_refused_naming_the_field(world: World) -> None:
    for changes, field in WRONG:
        answer = await world.rest.post("/api/v2/parked", json={**ORDER, **changes})
        assert answer.status_code == 400, changes
        assert answer.json()["field"] == field
        assert field in answer.json()["error_description"]
    assert (await world.state())["parked"] == {}


async def test_a_body_that_is_no_object_is_refused(world: World) -> None:
    for raw in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        answer = await world.rest.post("/api/v2/parked", content=raw)
        assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed")


async def test_a_body_without_end_is_refused(world: World) -> None:
    answer = await world.rest.post("/api/v2/parked", content=b" " * 1_000_001)
    assert answer.status_code == 413


async def test_parking_opens_nothing_and_keeps_unknown_fields(world: World) -> None:
    async with world.box() as box:
        parked = await world.park(internal_note="bleibt")
        await box.say("ping", {})
        await box.expect("pong")
        assert not box.others
    found = await world.parked(parked)
    assert found["state"] == "parked"
    assert found["reference"] == "R001"
    assert found["receipt"]["internal_note"] == "bleibt"


async def test_parking_twice_makes_two(world: World) -> None:
    first, second = await world.park(), await world.park()
    listed = (await world.rest.get("/api/v2/parked", params={"state": "parked"})).json()
    assert [each["id"] for each in listed["items"]] == [second, first]
    assert (await world.rest.get("/api/v2/parked?state=open")).json() == {"items": []}
    assert (await world.rest.get("/api/v2/parked?state=lost")).status_code == 400


async def test_without_the_box_opening_fails_and_changes_nothing(world: World) -> None:
    parked = await world.park()
    answer = await world.rest.post(f"/api/v2/parked/{parked}/open")
    assert (answer.status_code, answer.json()["error"]) == (409, "box_not_connected")
    assert (await world.parked(parked))["state"] == "parked"
    async with world.box() as box:
        await box.say("ping", {})
        await box.expect("pong")
        assert not box.others


async def test_opening_twice_is_one_command(world: World) -> None:
    async with world.box() as box:
        parked, _ = await world.opened(box)
        again = await world.rest.post(f"/api/v2/parked/{parked}/open")
        assert (again.status_code, again.json()["state"]) == (200, "opening")
        await box.report("receipt.opened", {"parked_id": parked})
        await world.becomes(parked, "open")
        again = await world.rest.post(f"/api/v2/parked/{parked}/open", json={})
        assert (again.status_code, again.json()["state"]) == (200, "open")
        await box.say("ping", {})
        await box.expect("pong")
        assert [frame["type"] for frame in box.others] == ["ack"]


async def test_opening_a_completed_receipt_is_refused(world: World) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.completed", completed(parked))
        await world.becomes(parked, "completed")
        answer = await world.rest.post(f"/api/v2/parked/{parked}/open")
        assert (answer.status_code, answer.json()["error"]) == (409, "receipt_completed")


async def test_a_box_may_be_named_but_must_be_known(tmp_path: Path) -> None:
    boxes = ("demo-box", "other-box")
    registers = {34950: ("demo-box", "KASSE-1")}
    async with (
        cloud(tmp_path, boxes=boxes, registers=registers) as world,
        world.dial(box="other-box") as wire,
    ):
        other = RawBox(wire, "other-box")
        await other.hello()
        parked = await world.park()
        path = f"/api/v2/parked/{parked}/open"
        wrong = await world.rest.post(path, json={"box": "no-box"})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "box")
        assert (await world.rest.post(path, json={"box": "other-box"})).json()["box"] == "other-box"
        assert "register" not in (await other.expect("receipt.open"))["data"]


async def test_what_is_not_there_is_said(world: World) -> None:
    for method, path, status in (
        ("GET", "/api/v2/parked/nothing", 404),
        ("POST", "/api/v2/parked/nothing/open", 404),
        ("POST", "/api/v2/parked/nothing/discard", 404),
        ("GET", "/api/v2/receipts/12", 404),
        ("GET", f"/api/v2/receipts/{2**70}", 404),
        ("GET", "/api/v2/receipts", 400),
        ("GET", "/api/v2/webhooks/nothing", 404),
        ("DELETE", "/api/v2/webhooks/nothing", 404),
    ):
        answer = await world.rest.request(method, path)
        assert answer.status_code == status, (method, path)
        assert answer.json()["error_description"]


async def test_an_unknown_reference_gives_an_empty_list(world: World) -> None:
    answer = await world.rest.get("/api/v2/receipts?reference=R999")
    assert answer.json() == {"items": []}


@pytest.mark.covers("A-38")
async def test_polling_too_often_is_refused_then_blocked_and_ends_by_itself(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    limits = PollLimits(interval_s=5, tolerated=3, block_s=60)
    async with cloud(tmp_path, clock=clock, polling=limits) as world:
        parked = await world.park()
        path = f"/api/v2/parked/{parked}"
        assert (await world.rest.get(path)).status_code == 200
        for _ in range(3):
            clock.advance(1)
            answer = await world.rest.get(path)
            assert (answer.status_code, answer.json()["error"]) == (429, "polling_too_often")
        assert answer.headers["retry-after"] == "2"
        answer = await world.rest.get(path)
        assert (answer.status_code, answer.json()["error"]) == (429, "polling_blocked")
        assert answer.headers["retry-after"] == "60"
        clock.advance(59)
        assert (await world.rest.get("/api/v2/parked")).json()["error"] == "polling_blocked"
        assert (await world.rest.post("/api/v2/parked", json=ORDER)).status_code == 201
        clock.advance(1)
        for _ in range(10):
            assert (await world.rest.get(path)).status_code == 200
            clock.advance(5)
