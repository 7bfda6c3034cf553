"""Queues: what waits for the vendor, in which order, and what does not wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.vendors.engine.faults import RunNotOpen, RunUnknown, StateConflict
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import Request
from tests.vendors.engine.desks import post
from tests.vendors.engine.service import VENDOR


async def test_what_may_wait_waits_and_is_sent_when_the_vendor_is_there_again(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.gone()
        reply = await p.send("parcels", "P1")
        assert reply.status == 202
        assert reply.json()["state"] == "queued"
        assert reply.json()["problem"]["code"] == "vendor_unreachable"
        run = reply.json()["run"]
        view = await p.counter.run(run)
        assert view.due is not None
        assert view.problem is not None
        assert view.problem["code"] == "vendor_unreachable"
        await p.counter.clock.advance(120)
        assert (await p.counter.run(run)).state == "queued"
        p.back()
        assert (await p.counter.ended(run, step_s=60)).state == "succeeded"
        assert p.office.parcels == ["P1"]


async def test_what_may_not_wait_is_never_sent_later(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        assert (await p.send("letters", "L1")).json()["code"] == "offline"
        p.back()
        await p.counter.clock.advance(3600)
        await p.counter.restart()
        await p.counter.clock.advance(3600)
        assert p.office.letters == []
        assert p.stage.calls("POST", "/letters") == []


async def test_orders_of_one_thing_keep_their_order_others_pass(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        runs = []
        for n, order in enumerate(["a", "b", "a", "", "b", "a"]):
            reply = await p.send("parcels", f"{order}{n}", order=order)
            assert reply.status == 202
            runs.append(reply.json()["run"])
        p.back()
        for run in runs:
            assert (await p.counter.ended(run, step_s=60)).state == "succeeded"
        for order in "ab":
            sent = [each for each in p.office.parcels if each.startswith(order)]
            assert sent == sorted(sent)
        assert len(p.office.parcels) == 6


async def test_an_unknown_outcome_holds_up_its_own_thing_only(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("drop_after", path="/cards")
        stuck = (await p.send("cards", "C1", order="x")).json()["run"]
        waits = await p.send("parcels", "P1", order="x")
        assert (waits.status, waits.json()["state"]) == (202, "queued")
        assert (await p.send("parcels", "P2", order="y")).status == 201
        assert (await p.send("parcels", "P3")).status == 201
        refused = await p.send("letters", "L1", order="x")
        assert refused.json()["code"] == "behind_unknown"
        assert refused.json()["blocking"] == stuck
        await p.counter.restart()
        await p.counter.clock.advance(600)
        assert p.office.parcels == ["P2", "P3"], "a restart does not lift it"
        await p.counter.desk.resolve(stuck, done=True, note="seen", by="Anna")
        assert (await p.counter.ended(waits.json()["run"])).state == "succeeded"
        assert p.office.parcels == ["P2", "P3", "P1"]


async def test_a_person_decides_what_nobody_knows(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        for n, done in enumerate((True, False)):
            p.stage.fault("drop_after", path="/cards")
            run = (await p.send("cards", f"C{n}")).json()["run"]
            view = await p.counter.desk.resolve(run, done=done, note="looked", by="Anna")
            assert view.state == ("succeeded" if done else "failed")
            assert view.resolved is not None
            assert view.resolved["outcome"] == ("done" if done else "not_done")
            assert (view.resolved["note"], view.resolved["by"]) == ("looked", "Anna")
            again = await p.send("cards", f"C{n}")
            assert again.status == (200 if done else 409)
            with pytest.raises(RunNotOpen) as twice:
                await p.counter.desk.resolve(run, done=done, note="", by="Bert")
            assert twice.value.facts["state"] == view.state
        assert (await p.memory())["ended"] == [["C0", "succeeded"], ["C1", "failed"]]


async def test_a_newer_order_takes_the_place_of_a_queued_one(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        first = await p.name("n1", "Anna", key="k1")
        other = await p.name("n2", "Otto")
        newest = await p.name("n1", "Bert", key="k2")
        assert [each.status for each in (first, other, newest)] == [202, 202, 202]
        old = await p.counter.run(first.json()["run"])
        assert old.state == "failed"
        assert old.problem is not None
        assert old.problem["code"] == "run_replaced"
        assert old.problem["by"] == newest.json()["run"]
        p.back()
        assert (await p.counter.ended(newest.json()["run"], step_s=60)).state == "succeeded"
        assert (await p.counter.ended(other.json()["run"], step_s=60)).state == "succeeded"
        assert sorted(p.office.names) == [("n1", "Bert"), ("n2", "Otto")]
        again = await p.name("n1", "Anna", key="k1")
        assert again.json()["code"] == "run_replaced", "the old one does not come back"


async def test_a_queued_run_can_be_taken_back_until_it_is_sent(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        run = (await p.send("parcels", "P1")).json()["run"]
        await p.counter.desk.withdraw(run)
        view = await p.counter.run(run)
        assert view.state == "failed"
        assert view.problem is not None
        assert view.problem["code"] == "run_withdrawn"
        p.back()
        await p.counter.clock.advance(600)
        assert p.office.parcels == []
        done = (await p.send("parcels", "P2")).json()["run"]
        for wrong in (done, run):
            with pytest.raises(RunNotOpen):
                await p.counter.desk.withdraw(wrong)
        with pytest.raises(RunUnknown):
            await p.counter.desk.withdraw("nonsense")


async def test_facts_that_changed_meanwhile_stop_a_queued_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        reply = await p.send("parcels", "P1", stop=True)
        assert reply.json()["code"] == "needs_decision"
        assert p.office.parcels == []
        assert (await p.send("parcels", "P1")).status == 201, "nothing was sent: the key is free"


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        replies = [await p.send("parcels", f"P{n}") for n in range(22)]
        assert [each.status for each in replies] == [202] * 20 + [503] * 2
        assert replies[-1].json()["code"] == "vendor_queue_full"
        p.back()
        await p.counter.ended(replies[0].json()["run"], step_s=60)
        for reply in replies[:20]:
            assert (await p.counter.ended(reply.json()["run"], step_s=60)).state == "succeeded"
        assert (await p.send("parcels", "P21")).status == 201
        assert len(p.office.parcels) == 21


async def test_single_orders_that_had_to_wait_go_as_one_list(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        waiting = [(await p.single(f"n{n}")).json()["run"] for n in range(3)]
        await p.counter.clock.advance(5)
        assert {each.state for each in await p.counter.runs()} == {"queued"}
        p.back()
        p.office.jobs["job-1"] = "done"
        for run in waiting:
            view = await p.counter.ended(run, step_s=10)
            assert view.state == "succeeded"
            assert view.result is not None
            assert view.result["records"] == 3
        assert p.office.lists == [[{"id": f"n{n}", "name": f"n{n}"} for n in range(3)]]
        assert p.office.names == []
        carrier = (await p.counter.runs())[0]
        assert (carrier.operation, carrier.summary) == ("send_list", {"records": 3})


async def test_what_else_a_check_finds_does_not_hold_up_what_waits(tmp_path: Path) -> None:
    async def check(session: Session) -> None:
        await session.read(Request(method="GET", target="/rates"))
        raise StateConflict("something else is wrong")

    async with post(tmp_path, find=lambda _: replace(VENDOR, check=check)) as p:
        p.gone()
        waiting = [(await p.single(f"n{n}")).json()["run"] for n in range(2)]
        p.back()
        p.office.jobs["job-1"] = "done"
        for run in waiting:
            assert (await p.counter.ended(run, step_s=10)).state == "succeeded"


async def test_merged_orders_share_the_fate_of_their_list_also_over_a_restart(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.gone()
        waiting = [(await p.single(f"n{n}")).json()["run"] for n in range(2)]
        p.back()
        await p.counter.clock.advance(5)
        for run in waiting:
            view = await p.counter.until("waiting", run)
            assert view.result is not None
            assert view.result["merged_into"]
        await p.counter.restart()
        p.office.jobs["job-1"] = "failed"
        for run in waiting:
            view = await p.counter.ended(run, step_s=10)
            assert view.state == "failed"
            assert view.problem is not None
            assert "record 2 is wrong" in view.problem["detail"]
        assert len(p.office.lists) == 1


async def test_only_neighbours_in_line_are_merged(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        await p.single("n1")
        await p.single("n2")
        await p.counter.call("POST", "/lists", body=[{"id": "all"}])
        await p.single("n3")
        p.back()
        p.office.jobs.update({f"job-{n}": "done" for n in (1, 2, 3)})
        for view in await p.counter.runs():
            assert (await p.counter.ended(view.id, step_s=10)).state == "succeeded"
        assert [[each["id"] for each in names] for names in p.office.lists] == [
            ["n1", "n2"],
            ["all"],
            ["n3"],
        ]


async def test_a_merged_list_keeps_its_place_in_line_over_a_restart(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        await p.single("n1")
        await p.counter.call("POST", "/lists", body=[{"id": "all"}])
        p.back()
        p.stage.fault("status", times=-1, status=503, path="/lists")
        await p.counter.clock.advance(5)
        assert any(each.summary == {"records": 1} for each in await p.counter.runs())
        await p.counter.restart()
        p.stage.no_faults()
        p.office.jobs.update({"job-1": "done", "job-2": "done"})
        for view in await p.counter.runs():
            assert (await p.counter.ended(view.id, step_s=10)).state == "succeeded"
        assert [names[0]["id"] for names in p.office.lists] == ["n1", "all"]


async def test_at_most_four_requests_are_under_way_at_once(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.counter.call("GET", "/rates")
        p.stage.fault("delay", times=-1, delay_s=0.1, path="/parcels")
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, p.engaged.office.channel.way.slots.taken)
                await asyncio.sleep(0.002)

        watching = asyncio.create_task(watch())
        replies = await asyncio.gather(*(p.send("parcels", f"P{n}") for n in range(10)))
        watching.cancel()
        assert [each.status for each in replies] == [201] * 10
        assert most == 4
