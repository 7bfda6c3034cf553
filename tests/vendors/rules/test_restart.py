"""The box stops in every state of a run, and goes on rightly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bridge.vendors.engine.faults import RunNotOpen
from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.rules.bench import Subject, bench, operations
from tests.vendors.rules.test_lost import careful

EFFECTS = operations(lambda each: each.kind is not Kind.READ)


@pytest.mark.parametrize(("subject", "operation"), EFFECTS)
async def test_queued_what_may_wait_is_sent_once_later_and_nothing_else_ever(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        name = operation.name
        since, drafts = len(made.stage.log), len(made.drafts)
        await made.stage.down()
        reply = await made.done(name)
        await made.counter.restart()
        await made.quiet(60)
        await made.counter.restart()
        await made.stage.up()
        if reply.status != 202:
            assert reply.status in (409, 503), reply.body
            assert reply.json()["code"] in ("offline", "vendor_unreachable")
            await made.quiet(7200)
            assert len(made.drafts) == drafts or not made.acting(name, since)
            return
        assert made.queues(name)
        run = await made.drive(made.counter.ended(reply.json()["run"]))
        assert run.state == "succeeded", run
        await made.counter.restart()
        await made.quiet()
        assert made.effects(name, since) == 1


@pytest.mark.parametrize(("subject", "operation"), EFFECTS)
async def test_sending_what_is_cut_off_is_asked_about_or_repeated_where_that_is_safe(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        name = operation.name
        since = len(made.stage.log)
        made.strike(name, "delay", delay_s=600)
        call = made.waiting(name)
        await made.arrived(name, since)
        await made.counter.restart()
        await asyncio.gather(call, return_exceptions=True)
        run = await made.drive(made.counter.ended((await made.counter.runs())[0].id))
        careful(made, name, since, run)
        assert made.kind(name) is not Kind.ONCE or run.state != "failed", "it was done"
        sent = len(made.acting(name, since))
        await made.counter.restart()
        await made.quiet()
        assert len(made.acting(name, since)) == sent


@pytest.mark.parametrize(
    ("subject", "operation"), operations(lambda each: each.poll is not None and each.name != "")
)
async def test_waiting_goes_on_being_watched(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        name = operation.name
        since = len(made.stage.log)
        reply = await made.call(name)
        assert reply.status == 202
        assert reply.headers["location"] == f"/v1/runs/{reply.json()['run']}"
        await made.counter.until("waiting", reply.json()["run"])
        await made.counter.restart()
        run = await made.drive(made.counter.ended(reply.json()["run"]))
        assert run.state == "succeeded"
        assert len(made.acting(name, since)) == 1


@pytest.mark.parametrize(
    ("subject", "operation"), operations(lambda each: each.kind in (Kind.ONCE, Kind.KEYED))
)
@pytest.mark.parametrize("done", [True, False])
async def test_unknown_stays_so_until_a_person_decides(
    tmp_path: Path, subject: Subject, operation: Operation, done: bool
) -> None:
    async with bench(tmp_path, subject, blind=True, read_timeout_s=0.5) as made:
        name = operation.name
        since = len(made.stage.log)
        made.strike(name, "drop_after")
        reply = await made.done(name)
        if made.kind(name) not in (Kind.ONCE, Kind.KEYED):
            return
        assert (reply.status, reply.json()["code"]) == (504, "outcome_unknown")
        run = reply.json()["run"]
        sent = len(made.acting(name, since))
        assert sent == 1
        for _ in range(2):
            await made.counter.restart()
            await made.quiet()
        assert (await made.counter.run(run)).state == "unknown"
        assert (await made.counter.check()).facts["unknown"] == 1
        desk = made.counter.desk
        view = await desk.resolve(run, done=done, note="nachgesehen", by="chefin")
        assert view.state == ("succeeded" if done else "failed")
        assert view.resolved is not None
        assert view.resolved["by"] == "chefin"
        with pytest.raises(RunNotOpen):
            await desk.resolve(run, done=not done, note="", by="chefin")
        await made.counter.restart()
        await made.quiet()
        assert len(made.acting(name, since)) == sent
