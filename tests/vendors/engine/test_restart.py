"""A power cut in every state: what is known goes on, what is not is asked, nothing goes twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.vendors.engine.desks import Post, post


async def cut_while_sending(p: Post, call: asyncio.Task[object], path: str, method: str) -> None:
    """Stop the box while the service works on a request that it will carry out."""
    async with asyncio.timeout(30):
        while not p.stage.calls(method, path):  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.002)
    await p.counter.restart()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


async def test_queued_and_allowed_to_wait_is_sent_later_in_its_order(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        runs = [(await p.send("parcels", f"P{n}", order="o")).json()["run"] for n in range(3)]
        p.back()
        await p.counter.restart()
        for run in runs:
            assert (await p.counter.ended(run, step_s=10)).state == "succeeded"
        assert p.office.parcels == ["P0", "P1", "P2"]


async def test_a_start_tries_at_once_what_waited_for_a_line(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        run = (await p.send("parcels", "P1")).json()["run"]
        await p.counter.clock.advance(3600)
        due = (await p.counter.run(run)).due
        assert due is not None
        assert due > p.counter.clock.now().timestamp() * 1000
        p.back()
        await p.counter.restart()
        assert (await p.counter.ended(run, step_s=0)).state == "succeeded"


async def test_a_start_keeps_to_the_pause_that_the_vendor_asked_for(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", status=429, retry_after="600", path="/parcels")
        run = (await p.send("parcels", "P1")).json()["run"]
        await p.counter.restart()
        await p.counter.clock.advance(500)
        assert p.office.parcels == []
        await p.counter.clock.advance(200)
        assert (await p.counter.ended(run, step_s=10)).state == "succeeded"


async def test_queued_and_not_allowed_to_wait_is_not_sent(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=30, path="/letters")
        first = asyncio.create_task(p.send("letters", "L1", order="o"))
        await p.reached("/letters")
        second = asyncio.create_task(p.send("letters", "L2", order="o"))
        async with asyncio.timeout(30):
            while len(await p.counter.runs()) < 2:  # noqa: ASYNC110 - it is stored by another thread
                await asyncio.sleep(0.002)
        await p.counter.restart()
        for each in (first, second):
            each.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        states = {view.summary["id"]: view for view in await p.counter.runs()}
        assert states["L2"].state == "failed"
        assert states["L2"].problem is not None
        assert states["L2"].problem["code"] == "offline"
        assert (await p.counter.ended(states["L1"].id)).state == "succeeded"
        assert p.office.letters == ["L1"]
        assert (await p.send("letters", "L2", order="o")).status == 201, "its key is free"


@pytest.mark.parametrize(
    ("what", "state"), [("parcels", "succeeded"), ("letters", "succeeded"), ("cards", "unknown")]
)
async def test_sending_is_asked_about_and_never_sent_again(
    tmp_path: Path, what: str, state: str
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=30, path=f"/{what}", method="POST")
        call: asyncio.Task[object] = asyncio.create_task(p.send(what, "X1"))
        await cut_while_sending(p, call, f"/{what}", "POST")
        [view] = await p.counter.runs()
        assert (await p.counter.ended(view.id)).state == state
        await p.counter.clock.advance(3600)
        await p.counter.restart()
        assert [*p.office.parcels, *p.office.letters, *p.office.cards] == ["X1"]
        assert len(p.stage.calls("POST", f"/{what}")) == 1


async def test_sending_that_did_not_arrive_is_repeated_only_with_its_id(tmp_path: Path) -> None:
    for what, state, posts in (("parcels", "succeeded", 2), ("letters", "failed", 1)):
        folder = tmp_path / what
        folder.mkdir()
        async with post(folder) as p:
            await p.counter.call("GET", "/rates")
            p.stage.fault("delay", delay_s=30, path=f"/{what}", method="POST")
            call: asyncio.Task[object] = asyncio.create_task(p.send(what, "X1"))
            await p.reached(f"/{what}")
            p.office.parcels.clear()
            p.office.letters.clear()
            await cut_while_sending(p, call, f"/{what}", "POST")
            [view] = await p.counter.runs()
            assert (await p.counter.ended(view.id, step_s=10)).state == state
            assert len(p.stage.calls("POST", f"/{what}")) == posts


async def test_sending_what_gives_the_same_state_is_sent_again(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=30, path="/names")
        call: asyncio.Task[object] = asyncio.create_task(p.name("n1", "Anna"))
        await cut_while_sending(p, call, "/names", "PUT")
        [view] = await p.counter.runs()
        assert (await p.counter.ended(view.id)).state == "succeeded"
        assert p.office.names == [("n1", "Anna")] * 2


async def test_while_the_vendor_is_away_a_sending_run_is_asked_about_again_and_again(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=30, path="/letters", method="POST")
        call: asyncio.Task[object] = asyncio.create_task(p.send("letters", "L1"))
        await p.reached("/letters")
        p.stage.no_faults()
        p.stage.fault("drop_before", times=-1, path="/letters/")
        await cut_while_sending(p, call, "/letters", "POST")
        [view] = await p.counter.runs()
        for _ in range(5):
            await p.counter.clock.advance(120)
            assert (await p.counter.run(view.id)).state == "sending"
        await p.counter.restart()
        await p.counter.clock.advance(120)
        assert (await p.counter.run(view.id)).state == "sending"
        p.stage.no_faults()
        assert (await p.counter.ended(view.id, step_s=60)).state == "succeeded"
        assert p.office.letters == ["L1"]


async def test_what_was_to_be_done_after_the_end_is_done_after_the_restart(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        await p.engaged.office.store.write(lambda c: c.execute("UPDATE run SET after=1").rowcount)
        await p.counter.restart()
        assert (await p.memory())["ended"] == [["P1", "succeeded"]] * 2
        await p.counter.restart()
        assert (await p.memory())["ended"] == [["P1", "succeeded"]] * 2


async def test_a_stop_gives_a_request_under_way_a_moment(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.2, path="/letters")
        call = asyncio.create_task(p.send("letters", "L1"))
        await p.reached("/letters")
        await p.counter.desk.stop()
        assert (await call).status == 201
        await p.counter.restart()
        [view] = await p.counter.runs()
        assert (view.state, view.tries) == ("succeeded", 1)
