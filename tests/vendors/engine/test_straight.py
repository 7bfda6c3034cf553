"""Calls when everything works."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.till.harness import FakeClock as StillClock
from tests.vendors.engine.desks import post


async def test_a_read_answers_with_the_vendors_status_and_body(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.counter.call("GET", "/rates")
        assert reply.status == 200
        assert reply.json() == {
            "count": 2,
            "vendor_status": 200,
            "vendor_body": {"rates": [1, 2.5]},
        }
        assert await p.counter.runs() == [], "a read makes no run"


async def test_a_read_may_answer_with_a_file(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.counter.call("GET", "/label.pdf")
        assert (reply.status, reply.media_type) == (200, "application/pdf")
        assert reply.body == b"%PDF-label"


async def test_an_order_is_sent_once_and_answered_with_its_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.send("parcels", "P1", heavy=True)
        assert reply.status == 201
        body = reply.json()
        run = body.pop("run")
        assert reply.headers["location"] == f"/v1/runs/{run}"
        assert body == {
            "stored": "P1",
            "state": "succeeded",
            "vendor_status": 201,
            "vendor_body": {"stored": "P1"},
            "warnings": [{"code": "heavy", "text": "it is heavy"}],
        }
        view = (await p.counter.run(run)).as_body()
        assert view["state"] == "succeeded"
        assert view["summary"] == {"id": "P1"}
        assert view["result"]["vendor_body"] == {"stored": "P1"}
        assert p.office.parcels == ["P1"]


async def test_the_very_bytes_of_the_caller_go_out(tmp_path: Path) -> None:
    body = b'{ "id":"P1",  "price": 19.0, "note":"\\u00fc \xc3\xbc" }'
    async with post(tmp_path) as p:
        await p.counter.call("POST", "/parcels", body=body, key="k")
        assert p.stage.calls("POST", "/parcels")[0].body == body


async def test_an_empty_answer_of_the_vendor_is_an_empty_answer_here(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.name("n1", "Anna")
        assert (reply.status, reply.body) == (204, b"")
        run = reply.headers["location"].removeprefix("/v1/runs/")
        assert (await p.counter.run(run)).state == "succeeded"
        assert p.office.names == [("n1", "Anna")]


async def test_what_is_to_be_remembered_is_kept_with_the_draft_and_with_the_outcome(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        assert await p.memory("chosen/") == {"chosen/P1": "P1"}
        assert (await p.memory())["last"] == "P1"
        await p.counter.restart()
        assert (await p.memory())["last"] == "P1"


async def test_what_ends_is_told_to_the_vendor_file_once(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        await p.send("letters", "L1", bad=True)
        assert (await p.memory())["ended"] == [["P1", "succeeded"], ["L1", "failed"]]
        await p.counter.restart()
        assert (await p.memory())["ended"] == [["P1", "succeeded"], ["L1", "failed"]]


async def test_a_program_that_does_not_want_to_wait_is_pointed_to_the_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.2, path="/parcels")
        reply = await p.counter.call(
            "POST", "/parcels", body={"id": "P1"}, key="k", headers={"Prefer": "respond-async"}
        )
        assert reply.status == 202
        assert reply.headers["location"] == f"/v1/runs/{reply.json()['run']}"
        assert reply.json()["state"] in ("queued", "sending")
        assert (await p.counter.ended(reply.json()["run"])).state == "succeeded"


async def test_after_ten_seconds_the_caller_is_pointed_to_the_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.5, path="/parcels")
        calling = asyncio.create_task(p.send("parcels", "P1"))
        await p.reached("/parcels")
        assert 10.0 in p.counter.clock.sleeping
        StillClock.advance(p.counter.clock, 10)
        reply = await calling
        assert reply.status == 202
        assert reply.json()["state"] == "sending"
        assert (await p.counter.ended(reply.json()["run"])).state == "succeeded"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"nonsense", b"{}", b'{"id":5}'])
async def test_a_malformed_call_changes_nothing(tmp_path: Path, body: bytes) -> None:
    async with post(tmp_path) as p:
        reply = await p.counter.call("POST", "/parcels", body=body, key="k")
        assert reply.status == 422
        assert reply.json()["code"] == "call_invalid"
        assert await p.counter.runs() == []
        assert p.stage.log == []
        assert (await p.send("parcels", "P1", key="k")).status == 201, "the key is still free"


async def test_a_refusal_says_what_the_vendor_said_without_secrets(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.send("letters", "L1", bad=True)
        problem = reply.json()
        assert (reply.status, problem["code"]) == (502, "vendor_rejected")
        assert problem["vendor_status"] == 422
        assert problem["vendor_body"] == {"error": "bad", "password": "***"}
        view = await p.counter.run(problem["run"])
        assert view.state == "failed"
        assert view.problem is not None
        assert view.problem["vendor_body"] == {"error": "bad", "password": "***"}
        again = await p.send("letters", "L1", bad=True)
        assert again.json() == problem
        assert again.status == 502
        assert len(p.stage.calls("POST", "/letters")) == 1


async def test_a_run_is_shown_in_the_language_asked_for(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = (await p.send("letters", "L1", bad=True)).json()["run"]
        german = (await p.counter.desk.run(run, "de")).problem
        english = (await p.counter.desk.run(run, "en")).problem
        assert german is not None
        assert english is not None
        assert german["title"] == "Der Anbieter lehnt ab"
        assert english["title"] == "The vendor refuses"


async def test_the_calls_are_described(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        routes = {each.id: each for each in p.counter.desk.routes()}
        parcel = routes["postSendParcel"]
        assert (parcel.method, parcel.path, parcel.tag) == (
            "POST",
            "/v1/vendors/post/parcels",
            "Post",
        )
        assert parcel.kind == "keyed"
        assert "same Idempotency-Key" in parcel.retry
        keys = {each.name: each.required for each in parcel.headers}
        assert keys == {"Idempotency-Key": True, "Prefer": False}
        assert {each.name: each.required for each in routes["postPutName"].headers} == {
            "Idempotency-Key": False,
            "Prefer": False,
        }
        assert routes["postRates"].headers == ()
        assert routes["postWebhookReceive"].path == "/v1/webhooks/post"
        assert routes["postWebhookReceive"].role is None
        [view] = p.counter.desk.vendors("de")
        assert [each["name"] for each in view.operations][:3] == ["rates", "label", "send_parcel"]
        assert view.operations[2]["class"] == "keyed"
        json.dumps(view.operations)


async def test_single_calls_are_held_back_by_the_box_itself(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        replies = [await p.single(f"n{n}") for n in range(8)]
        assert [each.status for each in replies] == [204] * 5 + [429] * 3
        assert replies[-1].json()["code"] == "local_limit"
        assert int(replies[-1].headers["retry-after"]) > 0
        assert len(p.office.names) == 5
        assert len(await p.counter.runs()) == 5
