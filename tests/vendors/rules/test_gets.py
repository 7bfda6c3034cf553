"""Vendors that act on GET are never asked by GET."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Operation
from tests.vendors.rules.bench import Subject, bench, operations


@pytest.mark.parametrize(("subject", "operation"), operations(lambda each: each.unsafe_get))
async def test_no_get_ever_goes_where_get_acts(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject, read_timeout_s=0.5) as made:
        name = operation.name
        await made.settled(await made.done(name))
        for fault in ("drop_before", "drop_after", "html200", "bad_json", "status"):
            made.strike(name, fault)
            await made.done(name)
            await made.quiet()
            await made.counter.check()
            await made.counter.restart()
        made.strike(name, "status", status=302)
        await made.done(name)
        paths = {made.draft(name).request.target.partition("?")[0]}
        assert {each.method for each in made.stage.log if each.path in paths} == {"POST"}
        sample = subject.sample(name)
        for method in ("GET", "HEAD"):
            sent = len(made.stage.log)
            reply = await made.counter.call(method, sample.path)
            assert reply.status in (404, 405)
            assert len(made.stage.log) == sent
