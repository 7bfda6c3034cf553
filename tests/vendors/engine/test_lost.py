"""Answers that do not come, or make no sense: never a second effect, never a guess."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.engine.desks import Post, post

NOT_DONE_THERE: list[dict[str, Any]] = [
    {"kind": "drop_before"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "html200"},
]
DONE_THERE: list[dict[str, Any]] = [
    {"kind": "drop_after"},
    {"kind": "status_after", "status": 500},
    {"kind": "status_after", "status": 503},
    {"kind": "bad_json"},
]


def names(faults: list[dict[str, Any]]) -> list[str]:
    return [" ".join(str(value) for value in each.values()) for each in faults]


def effects(p: Post) -> Counter[str]:
    return Counter([*p.office.parcels, *p.office.letters, *p.office.cards])


@pytest.mark.parametrize(
    "fault", NOT_DONE_THERE + DONE_THERE, ids=names(NOT_DONE_THERE + DONE_THERE)
)
async def test_what_carries_an_id_is_looked_up_and_happens_exactly_once(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault(**fault, path="/parcels", method="POST")
        reply = await p.send("parcels", "P1")
        assert reply.status in (200, 201)
        assert reply.json()["stored"] == "P1"
        assert effects(p) == {"P1": 1}
        assert p.stage.calls("GET", "/parcels/P1"), "it was looked up"


@pytest.mark.parametrize("fault", NOT_DONE_THERE, ids=names(NOT_DONE_THERE))
async def test_what_acts_once_fails_when_it_is_proven_not_done(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault(**fault, path="/letters", method="POST")
        reply = await p.send("letters", "L1")
        assert reply.status >= 500
        assert "not carried out" in reply.json()["detail"]
        assert effects(p) == {}
        assert (await p.counter.run(reply.json()["run"])).state == "failed"
        assert len(p.stage.calls("POST", "/letters")) == 1
        again = await p.send("letters", "L1")
        assert again.json() == reply.json(), "its key stays taken: it was sent"


@pytest.mark.parametrize("fault", DONE_THERE, ids=names(DONE_THERE))
async def test_what_acts_once_succeeds_when_it_is_proven_done(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault(**fault, path="/letters", method="POST")
        reply = await p.send("letters", "L1")
        assert reply.status == 200
        assert reply.json()["state"] == "succeeded"
        assert effects(p) == {"L1": 1}
        assert len(p.stage.calls("POST", "/letters")) == 1


@pytest.mark.parametrize(
    "fault", NOT_DONE_THERE + DONE_THERE, ids=names(NOT_DONE_THERE + DONE_THERE)
)
async def test_what_leaves_no_trace_is_unknown_until_a_person_decides(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault(**fault, path="/cards", method="POST")
        reply = await p.send("cards", "C1")
        assert (reply.status, reply.json()["code"]) == (504, "outcome_unknown")
        run = reply.json()["run"]
        assert (await p.counter.run(run)).state == "unknown"
        await p.counter.restart()
        await p.counter.clock.advance(3600)
        assert (await p.counter.run(run)).state == "unknown"
        assert len(p.stage.calls("POST", "/cards")) == 1


# An answer without a body cannot be cut short.
REPEATED = [each for each in NOT_DONE_THERE + DONE_THERE if each["kind"] != "bad_json"]


@pytest.mark.parametrize("fault", REPEATED, ids=names(REPEATED))
async def test_what_gives_the_same_state_is_simply_repeated(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault(**fault, path="/names", method="PUT")
        assert (await p.name("n1", "Anna")).status == 204
        assert len(p.stage.calls("PUT", "/names")) == 2
        assert set(p.office.names) == {("n1", "Anna")}


async def test_a_vendor_that_cannot_tell_leaves_it_to_a_person(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("drop_after", path="/letters", method="POST")
        p.stage.fault("status", status=404, path="/letters/", method="GET")
        reply = await p.send("letters", "L1")
        assert reply.status == 504
        assert "status 404" in reply.json()["detail"]


async def test_the_vendor_is_asked_until_it_answers_meanwhile_the_run_stays_sending(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("drop_after", path="/letters", method="POST")
        p.stage.fault("status", times=-1, status=503, path="/letters/", method="GET")
        reply = await p.counter.call(
            "POST", "/letters", body={"id": "L1"}, key="k", headers={"Prefer": "respond-async"}
        )
        run = reply.json()["run"]
        await p.counter.until("sending", run)
        await p.counter.settle()
        for _ in range(3):
            await p.counter.clock.advance(120)
            view = await p.counter.run(run)
            assert view.state == "sending"
            assert view.due is not None
            assert view.due > p.counter.clock.now().timestamp() * 1000
        p.stage.no_faults()
        assert (await p.counter.ended(run, step_s=60)).state == "succeeded"
        assert effects(p) == {"L1": 1}


async def test_a_repetition_that_keeps_failing_is_queued_and_gets_through_later(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", times=-1, status=503, path="/parcels", method="POST")
        reply = await p.send("parcels", "P1")
        assert reply.status == 202
        assert reply.json()["state"] == "queued"
        posts = len(p.stage.calls("POST", "/parcels"))
        assert posts <= 7
        p.stage.no_faults()
        done = await p.counter.ended(reply.json()["run"], step_s=60)
        assert done.state == "succeeded"
        assert effects(p) == {"P1": 1}


async def test_status_500_is_repeated_three_times_and_then_fails(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", times=-1, status=500, path="/names", method="PUT")
        reply = await p.name("n1", "Anna")
        assert (reply.status, reply.json()["code"]) == (502, "vendor_failing")
        assert len(p.stage.calls("PUT", "/names")) == 4


async def test_a_look_up_that_breaks_leaves_it_to_a_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("drop_after", path="/letters", method="POST")
        p.stage.fault("bad_json", times=-1, path="/letters/", method="GET")
        reply = await p.send("letters", "L1")
        assert reply.status == 504
        assert effects(p) == {"L1": 1}
