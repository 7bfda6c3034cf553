"""The samples themselves: without faults each works, and every operation has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.rules.bench import Subject, bench, operations, vendors


@pytest.mark.parametrize("subject", vendors())
def test_every_operation_has_a_sample_or_a_reason(subject: Subject) -> None:
    named = {each.name for each in subject.vendor.operations if each.kind is not Kind.LOCAL}
    without: dict[str, str] = getattr(subject.samples, "WITHOUT", {})
    assert named == set(subject.samples.SAMPLES) | set(without)
    assert all(without.values())


@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_each_sample_works_and_acts_once(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        reply = await made.done(operation.name)
        assert reply.status in (200, 201, 202, 204), reply.body
        run = await made.settled(reply)
        assert run is None or run.state == "succeeded", run
        assert made.effects(operation.name, since) == 1
