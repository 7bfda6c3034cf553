"""429: the vendor's wish counts to the second, whatever form it has."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.rules.bench import Subject, bench, operations


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_nothing_is_sent_before_the_time_that_the_vendor_asked_for(
    tmp_path: Path, subject: Subject, operation: Operation, form: str
) -> None:
    async with bench(tmp_path, subject) as made:
        name = operation.name
        since = len(made.stage.log)
        then = made.counter.clock.now() + timedelta(seconds=7)
        wish = "7" if form == "seconds" else format_datetime(then, usegmt=True)
        made.strike(name, "status", status=429, retry_after=wish)
        call = made.waiting(name)
        await made.counter.settle()
        assert [each.status for each in made.acting(name, since)] == [429]
        await made.counter.clock.advance(6.5)
        assert len(made.acting(name, since)) == 1
        if made.kind(name) is not Kind.READ and not made.queues(name):
            reply = await call
            assert (reply.status, reply.json()["code"]) == (503, "vendor_busy")
            assert reply.headers["retry-after"] == "7"
            await made.quiet()
            assert len(made.acting(name, since)) == 1, "it was told that nothing is sent any more"
            return
        await made.counter.clock.advance(1.5)
        reply = await made.drive(call)
        run = await made.settled(reply)
        assert run is None or run.state == "succeeded", run
        assert made.effects(name, since) == 1


@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_a_long_wish_is_told_or_waited_for(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        name = operation.name
        since = len(made.stage.log)
        made.strike(name, "status", status=429, retry_after="600")
        reply = await made.done(name)
        early = len(made.acting(name, since))
        if made.kind(name) is Kind.READ:
            assert (reply.status, reply.json()["code"]) == (503, "vendor_busy")
            assert int(reply.headers["retry-after"]) in range(590, 601)
            assert early == 1
            return
        run = (await made.counter.runs())[0]
        assert early == 1 or made.queues(name)
        if made.queues(name):
            assert (await made.drive(made.counter.ended(run.id))).state == "succeeded"
            assert made.effects(name, since) == 1
        else:
            assert (reply.status, run.state) == (503, "failed")
            await made.quiet(3600)
            assert made.effects(name, since) == 0, "it was told that nothing is sent any more"
