"""Answers that are lost, broken or bad, for every operation: never a second effect, never a claim
that is not known to be true."""

from __future__ import annotations

from pathlib import Path

from bridge.model.exchange import RunView
from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.harness import Reply
from tests.vendors.rules.bench import Bench, Subject, bench

FAULTS: dict[str, dict[str, object]] = {
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "delay": {"kind": "delay", "delay_s": 600.0},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "500_after": {"kind": "status_after", "status": 500},
    "504_after": {"kind": "status_after", "status": 504},
    "html200": {"kind": "html200"},
    "bad_json": {"kind": "bad_json"},
}

STRUCK = {
    "test_one_bad_answer": (tuple(FAULTS), 3),
    "test_bad_answers_without_end": (("drop_before", "drop_after", "503"), 1),
}
"""Which faults, and how many of them per operation in a sample (``conftest.py``)."""

READ_S = 0.5
"""The vendor's read time-out here: real seconds."""


def truthful(made: Bench, name: str, run: RunView, effects: int) -> None:
    """Check that what is said of a run is what has happened."""
    if run.state == "succeeded":
        assert effects >= 1, "nothing was done"
    elif run.state == "failed" and made.kind(name) is not Kind.UPSERT:
        assert effects == 0, f"it was done: {run.problem}"
    elif run.state == "failed":
        assert run.problem is not None
        assert run.problem["code"] == "vendor_answer_lost" or effects == 0, run.problem
    else:
        assert run.state == "unknown"


def careful(made: Bench, name: str, since: int, run: RunView | None) -> None:
    """Check what was sent."""
    sent = made.acting(name, since)
    effects = made.effects(name, since)
    match made.kind(name):
        case Kind.ONCE:
            assert len(sent) == 1, "sent again"
        case Kind.KEYED:
            assert len({each.body for each in sent}) == 1, "not the same id"
            assert run is not None
            assert run.state == "succeeded", run.problem
        case Kind.UPSERT:
            assert len({each.body for each in sent}) == 1
        case _:
            return
    assert run is not None
    truthful(made, name, run, effects)


async def outcome(made: Bench, name: str, reply: Reply) -> RunView | None:
    """Return the run, which a problem names, too."""
    run = await made.settled(reply)
    if made.kind(name) is Kind.READ:
        assert run is None
        return None
    return run or (await made.counter.runs())[0]


async def test_one_bad_answer(
    tmp_path: Path, subject: Subject, operation: Operation, fault: str
) -> None:
    async with bench(tmp_path, subject, read_timeout_s=READ_S) as made:
        since = len(made.stage.log)
        made.strike(operation.name, **FAULTS[fault])  # type: ignore[arg-type] # - a table of faults
        reply = await made.done(operation.name)
        run = await outcome(made, operation.name, reply)
        assert [each.fault for each in made.acting(operation.name, since)].count(
            str(FAULTS[fault]["kind"])
        ) == 1
        if run is None and fault not in ("html200", "bad_json"):
            assert reply.status in (200, 201, 204), "a read is simply repeated"
        careful(made, operation.name, since, run)
        sent = len(made.acting(operation.name, since))
        await made.counter.restart()
        await made.quiet()
        again = made.acting(operation.name, since)
        assert len(again) == sent or made.kind(operation.name) is Kind.READ


async def test_bad_answers_without_end(
    tmp_path: Path, subject: Subject, operation: Operation, fault: str
) -> None:
    async with bench(tmp_path, subject, read_timeout_s=READ_S) as made:
        since = len(made.stage.log)
        made.strike(operation.name, times=-1, **FAULTS[fault])  # type: ignore[arg-type] # - as above
        reply = await made.done(operation.name)
        if reply.status < 300 and reply.status != 202:
            assert made.effects(operation.name, since), reply.body
        else:
            assert reply.status in (202, 409, 502, 503, 504), reply.body
        for _ in range(2):
            await made.quiet(3600)
            await made.counter.restart()
        sent = made.acting(operation.name, since)
        match made.kind(operation.name):
            case Kind.ONCE:
                assert len(sent) == 1
            case Kind.READ:
                assert len(sent) <= 4
            case _:
                assert len(sent) <= 200, "not hammered"
                assert len({each.body for each in sent}) == 1
