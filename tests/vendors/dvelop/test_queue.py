"""The line is down: the newest list waits, clicks wait and go as one list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.vendors.dvelop import jobs
from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.spec import Draft, Run, State
from bridge.vendors.engine.wire import Answer, Request
from tests.vendors.dvelop.boxes import JOBS, PLACE, box
from tests.vendors.dvelop.examples import example


def _unit(nr: str, name: str) -> dict[str, str]:
    return {"nr": nr, "name": name}


def _list(*units: dict[str, str]) -> str:
    return json.dumps({"cost_units": units})


async def test_of_lists_that_wait_only_the_newest_is_sent(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        replies = [
            await at.patiently(at.batch("cost_units", _list(_unit("1", name)))) for name in "ABC"
        ]
        other = await at.batch("cost_centers", '[{"nr":"1","name":"Z"}]')
        assert [each.status for each in [*replies, other]] == [202] * 4
        await at.line_up()
        assert (await at.ended(replies[-1])).state == "succeeded"
        assert (await at.ended(other)).state == "succeeded"
        assert [call.body for call in at.sent("POST", "cost_units")] == [
            _list(_unit("1", "C")).encode()
        ]
        assert at.held("cost_units") == [_unit("1", "C")]
        assert {(await at.ended(each)).state for each in replies[:-1]} == {"failed"}


@pytest.mark.covers("D-11")
async def test_clicks_that_had_to_wait_go_as_one_list_with_the_newest_of_each_record(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        replies = []
        for record in (_unit("1", "old"), _unit("2", "B"), _unit("1", "new")):
            reply = await at.patiently(at.put("cost_units", json.dumps(record)))
            assert reply.status == 202
            assert reply.json()["state"] == "queued"
            replies.append(reply)
            await at.pass_time(3.0)
        await at.line_up()
        assert (await at.ended(replies[1])).state == "succeeded"
        assert (await at.ended(replies[2])).state == "succeeded"
        assert at.sent("PUT") == []
        (call,) = at.sent("POST")
        assert call.target == f"{PLACE}/cost_units/batch"
        assert json.loads(call.body) == {"cost_units": [_unit("2", "B"), _unit("1", "new")]}
        assert len(at.held("cost_units")) == 2


@pytest.mark.covers("D-12", "D-215")
async def test_a_click_that_the_vendor_refuses_with_429_is_not_repeated_as_click(
    tmp_path: Path,
) -> None:
    async with box(tmp_path, per_minute=0, retry_after=True) as at:
        reply = await at.put("cost_units", _unit("1", "A"))
        assert at.held("cost_units") == []
        assert reply.status == 202
        assert (await at.ended(reply)).state == "succeeded"
        assert [call.method for call in at.sent()] == ["PUT", "POST"]
        assert at.held("cost_units") == [_unit("1", "A")]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_list_whose_answer_was_lost_is_sent_again(tmp_path: Path, kind: str) -> None:
    async with box(tmp_path) as at:
        at.stage.fault(kind, path=PLACE)
        reply = await at.batch("cost_units", _list(_unit("1", "A")))
        assert (await at.ended(reply)).state == "succeeded"
        assert len(at.sent("POST")) == 2
        assert at.held("cost_units") == [_unit("1", "A")]


@pytest.mark.covers("D-7")
async def test_a_job_is_watched_less_and_less_often_and_given_up_after_an_hour(
    tmp_path: Path,
) -> None:
    async with box(tmp_path, job_delay_s=100_000.0) as at:
        reply = await at.batch("cost_units", _list(_unit("1", "A")))
        job = f"{JOBS}/{reply.json()['job_id']}"
        for seconds, asked in ((5, 1), (10, 2), (20, 3), (40, 4), (60, 5), (60, 6)):
            await at.pass_time(seconds - 1.0)
            assert len(at.stage.calls("GET", job)) == asked - 1
            await at.pass_time(1.0)
            assert len(at.stage.calls("GET", job)) == asked
        assert (await at.ended(reply, step_s=600.0)).state == "unknown"
        assert len(at.sent("POST")) == 1
        # The next list sets everything anyway: it does not wait for a person.
        await at.batch("cost_units", _list(_unit("1", "B")))
        assert len(at.sent("POST")) == 2


async def test_a_restart_while_the_vendor_works_goes_on_watching(tmp_path: Path) -> None:
    async with box(tmp_path, job_delay_s=30.0) as at:
        reply = await at.batch("cost_units", _list(_unit("1", "A")))
        await at.counter.restart()
        assert (await at.ended(reply)).state == "succeeded"
        assert len(at.sent("POST")) == 1


async def test_a_list_that_was_not_imported_holds_no_other_up(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        order = example("purchase_orders")
        for number in ("1", "2"):
            reply = await at.batch("purchase_orders", [order | {"id": number}])
            await at.ended(reply)
        assert (await at.get("/status")).json()["lists"][0]["status"] == "failed"
        await at.line_down()
        clicks = [await at.patiently(at.put("cost_units", _unit(str(n), "A"))) for n in range(5)]
        await at.line_up()
        for each in clicks:
            assert (await at.ended(each)).state == "succeeded"
        assert len(at.held("cost_units")) == 5
        assert len(at.sent("", "cost_units")) == 1


@pytest.mark.covers("D-5")
@pytest.mark.parametrize("answer", [{}, {"jobs": []}, {"jobs": [{}]}, {"jobs": [{"job_id": 1}]}])
def test_an_answer_without_exactly_one_job_makes_no_sense(answer: dict[str, Any]) -> None:
    run = Run(
        id="r",
        vendor="dvelop",
        operation="batch",
        key="",
        state=State.SENDING,
        draft=Draft(
            request=Request(method="POST", target="/"),
            facts={"bucket": "b", "entity": "cost_units", "records": 1},
        ),
        created=1,
    )
    two = {"jobs": [{"job_id": "a"}, {"job_id": "b"}]}
    for each in (answer, two, [answer]):
        with pytest.raises(VendorBroken):
            jobs.accept_batch(Answer(status=200, content=json.dumps(each).encode()), run)
    good = jobs.accept_batch(Answer(status=200, content=b'{"jobs":[{"job_id":"a"}]}'), run)
    assert good.values["job_id"] == "a"
