"""What a vendor answered is what a program in the shop is shown: no value is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Operation
from tests.vendors.rules.bench import Subject, bench, operations


@pytest.mark.parametrize("golden", [False, True], ids=["fresh", "golden"])
@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_the_vendors_answer_is_passed_on_unchanged(
    tmp_path: Path, subject: Subject, operation: Operation, golden: bool
) -> None:
    async with bench(tmp_path, subject) as made:
        if golden:
            made.stage.surface.golden()
        reply = await made.done(operation.name)
        answers = [answer for name, answer in made.answers if name == operation.name]
        if not answers:
            assert golden, "a sample works"
            assert reply.status >= 400, "the examples do not know the sample's things"
            return
        answer = answers[-1]
        if not reply.body.startswith(b"{"):
            assert reply.body == answer.content, "a file"
            return
        told = reply.json()
        assert told["vendor_status"] == answer.status
        try:
            content = json.loads(answer.content)
        except ValueError:
            content = answer.content.decode() or None
        assert told.get("vendor_body") == content
