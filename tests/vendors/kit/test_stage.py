"""Faults, log and control of a stage, seen by a plain client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from simulators.vendors.kit import FOREVER, Stage
from simulators.vendors.kit.faults import FaultInvalid
from tests.vendors.kit.surface import Counting


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    surface = Counting()
    async with Stage(surface, surface.clock) as stage:
        yield stage


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stage.url, trust_env=False, timeout=20) as client:
        yield client


def made(stage: Stage) -> int:
    assert isinstance(stage.surface, Counting)
    return len(stage.surface.orders)


async def test_without_faults_the_vendor_answers_and_the_log_has_the_bytes(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/orders?a=1/2", content=b"one", headers={"X-Odd-Case": "v"})
    assert answer.json() == {"orders": 1}
    (entry,) = stage.log
    assert (entry.method, entry.target, entry.path) == ("POST", "/orders?a=1/2", "/orders")
    assert (entry.body, entry.status, entry.done, entry.fault) == (b"one", 200, 200, "")
    assert ("X-Odd-Case", "v") in entry.headers, "names as written"
    assert entry.header("x-odd-case") == "v"
    assert entry.header("x-missing") is None


async def test_a_dropped_request_is_not_done_or_done_but_never_answered(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    stage.fault("drop_before")
    stage.fault("drop_after")
    with pytest.raises(httpx.TransportError):
        await client.post("/orders", content=b"one")
    assert made(stage) == 0
    with pytest.raises(httpx.TransportError):
        await client.post("/orders", content=b"two")
    assert made(stage) == 1
    assert (await client.post("/orders", content=b"three")).json() == {"orders": 2}
    assert [(each.status, each.done) for each in stage.log] == [(0, 0), (0, 200), (200, 200)]


async def test_a_delayed_answer_comes_after_the_deed_and_waits_for_nobody_who_left(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    stage.fault("delay", delay_s=3600)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/orders", content=b"one", timeout=0.2)
    assert made(stage) == 1
    stage.fault("delay", delay_s=0.01)
    assert (await client.post("/orders", content=b"two")).json() == {"orders": 2}


async def test_a_stage_can_be_left_while_an_answer_is_held_back(stage: Stage) -> None:
    async with Stage(Counting()) as other:
        other.fault("delay", delay_s=3600)
        async with httpx.AsyncClient(base_url=other.url, trust_env=False, timeout=20) as client:
            asking = asyncio.create_task(client.post("/orders", content=b"one"))
            while not other.calls("POST"):  # noqa: ASYNC110 - the log has no event to wait for
                await asyncio.sleep(0.01)
            other.front.leave()
            assert (await asking).json() == {"orders": 1}


async def test_statuses_pages_and_broken_answers(stage: Stage, client: httpx.AsyncClient) -> None:
    stage.fault("status", status=429, retry_after="7")
    stage.fault("status_after", status=500)
    stage.fault("html200")
    stage.fault("bad_json")
    busy = await client.post("/orders", content=b"one")
    assert (busy.status_code, busy.headers["retry-after"], made(stage)) == (429, "7", 0)
    assert ((await client.post("/orders", content=b"two")).status_code, made(stage)) == (500, 1)
    page = await client.post("/orders", content=b"three")
    assert (page.headers["content-type"], made(stage)) == ("text/html; charset=utf-8", 1)
    broken = await client.post("/orders", content=b"four")
    with pytest.raises(json.JSONDecodeError):
        broken.json()
    assert made(stage) == 2


async def test_a_fault_strikes_only_what_fits_and_as_often_as_told(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    stage.fault("status", FOREVER, status=503, path="/orders", method="GET")
    stage.fault("status", 2, status=500, path="/orders/x")
    seen = [(await client.delete("/orders/x")).status_code for _ in range(3)]
    assert seen == [500, 500, 204]
    assert [(await client.get("/orders")).status_code for _ in range(3)] == [503] * 3
    assert (await client.post("/orders")).status_code == 200
    stage.fault("status", status=404, path="/orders", method="GET")
    assert (await client.get("/orders")).status_code == 404, "counted ones come first"
    stage.no_faults()
    assert (await client.get("/orders")).status_code == 200


async def test_a_fault_that_does_not_exist_is_refused(stage: Stage) -> None:
    with pytest.raises(FaultInvalid):
        stage.fault("earthquake")
    with pytest.raises(FaultInvalid):
        stage.fault("status", 0)
    with pytest.raises(FaultInvalid):
        stage.fault("status", status=99)
    with pytest.raises(FaultInvalid):
        stage.fault("delay", delay_s=float("nan"))


async def test_the_control_routes_do_the_same_and_are_not_logged(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    fault = {"kind": "status", "next": 2, "status": 418, "path": "/orders"}
    assert (await client.post("/_sim/faults", json=fault)).json()["faults"][0]["times"] == 2
    assert (await client.get("/orders")).status_code == 418
    assert (await client.delete("/_sim/faults")).json() == {"faults": []}
    assert (await client.post("/orders", content=b"\xff")).status_code == 200
    log = (await client.get("/_sim/log", params={"method": "POST", "path": "/ord"})).json()
    assert [each["body_base64"] for each in log["requests"]] == ["/w=="]
    assert len(stage.log) == 2
    before = stage.clock.now()
    await client.post("/_sim/clock", json={"advance": 3600})
    assert (stage.clock.now() - before).total_seconds() >= 3600
    now = (await client.post("/_sim/clock", json={"set": "2013-08-30T12:00:00+02:00"})).json()
    assert now["now"].startswith("2013-08-30T10:00:0")
    assert (await client.get("/_sim/own")).json()["time"].startswith("2013-08-30T10:00:0")
    await client.post("/_sim/golden")
    assert (await client.get("/orders")).json() == {"orders": 1}
    await client.post("/_sim/reset")
    assert (made(stage), stage.log) == (0, [])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/_sim/faults", b'{"kind": "earthquake"}'),
        ("/_sim/faults", b'{"kind": "status", "what": 1}'),
        ("/_sim/faults", b"[]"),
        ("/_sim/faults", b"{"),
        ("/_sim/clock", b'{"set": "yesterday"}'),
        ("/_sim/clock", b'{"advance": -1}'),
    ],
)
async def test_a_wrong_control_request_is_answered_400(
    stage: Stage, client: httpx.AsyncClient, path: str, content: bytes
) -> None:
    answer = await client.post(path, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert (await client.get("/orders")).status_code == 200


async def test_a_vendor_can_be_down_and_come_back_at_the_same_address(stage: Stage) -> None:
    url = stage.url
    await stage.down()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/orders")
        await stage.up()
        assert (await client.get("/orders")).json() == {"orders": 0}
    assert stage.url == url


async def test_only_the_latest_requests_are_kept(
    stage: Stage, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.vendors.kit.log.KEPT", 3)
    for number in range(5):
        await client.get(f"/orders?n={number}")
    assert [(each.target, each.status) for each in stage.log] == [
        (f"/orders?n={number}", 200) for number in (2, 3, 4)
    ]


async def test_an_unknown_control_route_is_the_surfaces_own_matter(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/_sim/nothing")).status_code == 404
