"""Idempotency keys: demanded where each request acts, and one effect per key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.rules.bench import Subject, bench, new_key, operations

ACTING = operations(lambda each: each.kind in (Kind.KEYED, Kind.ONCE))


@pytest.mark.parametrize(("subject", "operation"), ACTING)
async def test_without_a_key_nothing_is_sent(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        for key, code in (
            ("", "idempotency_key_required"),
            ("a b", "idempotency_key_invalid"),
            ("x" * 65, "idempotency_key_invalid"),
            ("schlüssel", "idempotency_key_invalid"),
        ):
            reply = await made.call(operation.name, key=key)
            assert (reply.status, reply.json()["code"]) == (400, code)
        assert made.stage.log[since:] == []


@pytest.mark.parametrize(("subject", "operation"), ACTING)
async def test_the_same_key_again_is_the_same_answer_and_no_other_effect(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        key = new_key()
        first = await made.done(operation.name, key=key)
        await made.settled(first)
        sent = len(made.stage.log)
        again = await made.done(operation.name, key=key)
        assert again.headers.get("idempotent-replayed") == "true"
        if first.status != 202:
            assert (again.status, again.json()) == (first.status, first.json())
        other = await made.call(operation.name, key=key, body={"something": "else"})
        assert (other.status, other.json()["code"]) == (409, "idempotency_key_reused")
        await made.counter.restart()
        late = await made.done(operation.name, key=key)
        assert late.headers.get("idempotent-replayed") == "true"
        assert len(made.stage.log) == sent
        assert made.effects(operation.name, since) == 1


@pytest.mark.parametrize(("subject", "operation"), ACTING)
async def test_the_same_key_ten_times_at_once_is_one_effect(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        key = new_key()
        calls = (made.call(operation.name, key=key) for _ in range(10))
        replies = await made.drive(asyncio.gather(*calls))
        assert made.effects(operation.name, since) == 1
        assert all(each.status < 300 or each.status == 409 for each in replies)
        assert any(each.status < 300 for each in replies)
        runs = [each for each in await made.counter.runs() if each.key == key]
        assert len(runs) == 1
