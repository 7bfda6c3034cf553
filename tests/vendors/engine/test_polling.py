"""Work that a vendor does asynchronously."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bridge.vendors.engine.polling import moments
from bridge.vendors.engine.spec import State, Vendor
from tests.vendors.engine.desks import Post, post
from tests.vendors.engine.service import LIST, VENDOR, poll


def finder(at_last: State) -> Callable[[str], Vendor]:
    listing = replace(LIST, poll=poll(at_last))
    others = [each for each in VENDOR.operations if each.name != "send_list"]
    return lambda _: replace(VENDOR, operations=(listing, *others))


async def begin(p: Post) -> str:
    reply = await p.counter.call("POST", "/lists", body=[1, 2, 3])
    assert reply.status == 202, "work that goes on is told at once"
    assert reply.json()["state"] == "waiting"
    assert reply.json()["job"] == "job-1"
    assert reply.json()["vendor_body"] == {"job": "job-1"}
    return str(reply.json()["run"])


def test_looks_come_after_their_pauses_and_the_last_pause_repeats() -> None:
    assert list(islice(moments((3, 5, 10), 0), 5)) == [3, 8, 18, 28, 38]
    assert list(islice(moments((3, 5, 10), 2), 2)) == [3, 8]
    assert list(islice(moments((), 0), 2)) == [60, 120]


def test_a_look_that_fell_due_while_the_box_was_down_is_made_at_once() -> None:
    assert list(islice(moments((3, 5, 10), 9), 3)) == [9, 18, 28]
    assert list(islice(moments((), 0), 2)) == [60, 120]


async def test_the_vendor_is_asked_at_the_times_of_its_program_file(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        looks = []
        for _ in range(18):
            await p.counter.clock.advance(1)
            looks.append(len(p.stage.calls("GET", "/jobs/")))
        assert looks == [0, 0, 1, 1, 1, 1, 1, 2] + [2] * 9 + [3]
        view = await p.counter.run(run)
        assert view.state == "waiting"
        assert view.due == view.created + 28_000
        assert view.result is not None
        assert view.result["progress"] == "running"
        p.office.jobs["job-1"] = "done"
        done = await p.counter.ended(run, step_s=10)
        assert done.state == "succeeded"
        assert done.result is not None
        assert done.result["records"] == 3
        assert (await p.memory())["ok"] is True
        assert p.stage.calls("POST", "/lists")[1:] == []


async def test_a_job_that_fails_is_not_sent_again(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        p.office.jobs["job-1"] = "failed"
        done = await p.counter.ended(run, step_s=3)
        assert done.state == "failed"
        assert done.problem is not None
        assert done.problem["detail"] == "record 2 is wrong"
        part = p.counter.part()
        assert part.level == "degraded", "nobody was waiting: the status page shows it"
        assert part.facts["failed"] == 1
        await p.counter.restart()
        assert p.counter.part().level == "degraded"
        await p.counter.clock.advance(86_401)
        assert len(p.stage.calls("POST", "/lists")) == 1


async def test_passing_trouble_does_not_end_the_watch(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        for kind, status in (("drop_before", 0), ("status", 404), ("status", 500), ("bad_json", 0)):
            p.stage.fault(kind, times=4, status=status or 500, path="/jobs")
            await p.counter.clock.advance(10)
            assert (await p.counter.run(run)).state == "waiting"
            p.stage.no_faults()
        p.office.jobs["job-1"] = "done"
        assert (await p.counter.ended(run, step_s=10)).state == "succeeded"


async def test_a_refusal_ends_the_watch(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        p.office.jobs["job-1"] = "refused"
        assert (await p.counter.ended(run, step_s=3)).state == "failed"


async def test_the_watch_goes_on_after_a_restart_where_it_was(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        await p.counter.clock.advance(4)
        assert len(p.stage.calls("GET", "/jobs/")) == 1
        await p.counter.restart()
        await p.counter.clock.advance(3)
        assert len(p.stage.calls("GET", "/jobs/")) == 2, "one look at once, whatever was missed"
        await p.counter.clock.advance(1)
        assert len(p.stage.calls("GET", "/jobs/")) == 3
        p.office.jobs["job-1"] = "done"
        assert (await p.counter.ended(run, step_s=10)).state == "succeeded"


async def test_no_word_for_too_long_is_left_to_a_person(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        run = await begin(p)
        assert (await p.counter.ended(run, step_s=10)).state == "unknown"
        looks = len(p.stage.calls("GET", "/jobs/"))
        await p.counter.clock.advance(3600)
        assert len(p.stage.calls("GET", "/jobs/")) == looks
        await p.counter.restart()
        newer = await p.counter.call("POST", "/lists", body=[4])
        assert newer.json()["state"] == "waiting", "the next list sets the state anyway"


async def test_work_that_may_take_for_ever_stays_waiting_and_is_looked_at_when_asked_for(
    tmp_path: Path,
) -> None:
    async with post(tmp_path, find=finder(State.WAITING)) as p:
        run = await begin(p)
        for _ in range(8):
            await p.counter.clock.advance(10)
        assert (await p.counter.runs())[0].state == "waiting"
        assert (await p.memory())["ended"] == [["list", "waiting"]], "told when it is not watched"
        await p.counter.restart()
        looks = len(p.stage.calls("GET", "/jobs/"))
        await p.counter.clock.advance(3600)
        assert len(p.stage.calls("GET", "/jobs/")) == looks
        assert (await p.counter.run(run)).state == "waiting"
        assert (await p.counter.run(run)).state == "waiting"
        assert len(p.stage.calls("GET", "/jobs/")) == looks + 1, "not more often than watched"
        p.office.jobs["job-1"] = "done"
        await p.counter.clock.advance(10)
        assert (await p.counter.run(run)).state == "succeeded"
