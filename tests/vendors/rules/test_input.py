"""Calls that cannot be meant: a clear refusal, nothing sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.model.exchange import JSON
from bridge.vendors.engine.spec import Operation
from tests.vendors.rules.bench import Subject, bench, operations

NO_OBJECTS: dict[str, bytes] = {
    "text": b"hello",
    "json text": b'"hello"',
    "number": b"17",
    "null": b"null",
    "list of nothing": b"[null]",
    "half": b'{"a": ',
    "not utf-8": b'{"a": "\xff"}',
    "deep": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep list": b"[" * 100_000 + b"]" * 100_000,
    "twice": b'{"a": 1}{"a": 1}',
}

STRANGE: dict[str, bytes] = {
    "nothing": b"",
    "empty": b"{}",
    "empty list": b"[]",
    "nan": b'{"a": NaN}',
    "foreign": b'{"unheard": {"of": [1, 2, 3]}}',
    "huge key": b'{"' + b"x" * 500_000 + b'": 1}',
    "huge number": b'{"a": 1' + b"0" * 20_000 + b"}",
    "many keys": b"{" + b",".join(b'"k%d": 1' % n for n in range(20_000)) + b"}",
}

MUCH = 20_000
"""Bytes of an answer that repeats what was sent."""

TAKES_JSON = operations(lambda each: each.body is not None and each.media == JSON)


@pytest.mark.parametrize(("subject", "operation"), TAKES_JSON)
async def test_a_body_that_is_none_is_refused_and_nothing_is_sent(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        runs = len(await made.counter.runs())
        for name, body in NO_OBJECTS.items():
            reply = await made.drive(made.call(operation.name, body=body))
            assert 400 <= reply.status < 500, f"{name}: {reply.status} {reply.body[:200]!r}"
            assert reply.json()["code"], name
            assert len(reply.body) < MUCH, name
        assert all(each.method == "GET" for each in made.stage.log[since:])
        assert len(await made.counter.runs()) == runs


@pytest.mark.parametrize(("subject", "operation"), TAKES_JSON)
async def test_a_strange_object_is_taken_or_refused_but_breaks_nothing(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        for name, body in STRANGE.items():
            reply = await made.drive(made.call(operation.name, body=body))
            assert reply.status < 500, f"{name}: {reply.status} {reply.body[:300]!r}"
            assert len(reply.body) < MUCH, f"{name}: {reply.body[:300]!r}"
            if reply.status == 422:
                problems = reply.json()["problems"]
                assert all(each.startswith(("/", ": ")) for each in problems), "JSON pointers"
