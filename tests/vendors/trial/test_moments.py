"""The disk refuses at one moment of an order's life, then works again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.vendors.engine.faults import RunsUnwritable
from bridge.vendors.engine.records import Record
from bridge.vendors.engine.spec import Kind, Operation, State
from bridge.vendors.engine.store import Store
from tests.vendors.rules.bench import Subject, bench, operations

ACTING = operations(lambda each: each.kind in (Kind.ONCE, Kind.KEYED))


def refuse(monkeypatch: pytest.MonkeyPatch, state: State, times: int) -> list[str]:
    """Let the store refuse runs that change to a state so many times; gives those that it did."""
    refused: list[str] = []
    real = Store.change

    async def change(
        store: Store, record: Record, was: State, remember: Mapping[str, Any] | None = None
    ) -> list[Record] | None:
        if record.state is state and len(refused) < times:
            refused.append(record.id)
            raise RunsUnwritable("no space left on device")
        return await real(store, record, was, remember)

    monkeypatch.setattr(Store, "change", change)
    return refused


@pytest.mark.parametrize(("subject", "operation"), ACTING)
async def test_who_was_told_that_an_order_cannot_be_stored_is_not_surprised_by_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        refused = refuse(monkeypatch, State.SENDING, 1)
        since = len(made.stage.log)
        reply = await made.done(operation.name, key="moment")
        assert refused, "the disk has refused"
        await made.quiet(3600)
        if reply.status >= 400:
            if not made.queues(operation.name):
                assert made.acting(operation.name, since) == [], "sent although it was refused"
            reply = await made.done(operation.name, key="moment")
        run = await made.settled(reply)
        assert run is None or run.state == "succeeded", run
        assert made.effects(operation.name, since) == 1


@pytest.mark.parametrize(("subject", "operation"), ACTING)
async def test_an_outcome_that_is_stored_only_later_is_the_outcome_of_one_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since = len(made.stage.log)
        refused = refuse(monkeypatch, State.SUCCEEDED, 3)
        reply = await made.done(operation.name, key="moment")
        run = await made.settled(reply)
        assert run is None or run.state == "succeeded"
        assert len(refused) == 3
        assert len(made.acting(operation.name, since)) == 1
        replay = await made.done(operation.name, key="moment")
        assert replay.headers["idempotent-replayed"] == "true"
        assert len(made.acting(operation.name, since)) == 1
