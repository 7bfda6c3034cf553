"""Refused sessions and credentials, for every operation."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vendors.engine.spec import Operation
from tests.vendors.rules.bench import Subject, bench, operations


@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_a_401_means_one_log_in_one_repetition_one_effect(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        since, logins = len(made.stage.log), made.auth.logins
        made.strike(operation.name, "status", status=401)
        reply = await made.done(operation.name)
        if made.draft(operation.name).request.anonymous:
            assert (reply.status, made.auth.logins) == (502, logins), "nobody logs in for it"
            return
        assert reply.status in (200, 201, 202, 204), reply.body
        run = await made.settled(reply)
        assert run is None or run.state == "succeeded"
        assert made.effects(operation.name, since) == 1
        assert made.acting(operation.name, since)[0].status == 401
        assert len(made.acting(operation.name, since)) == 2
        had_to = 0 if logins else 1
        assert made.auth.logins - logins <= had_to + 1


@pytest.mark.parametrize(("subject", "operation"), operations())
async def test_401_for_ever_ends_after_two_and_stops_after_three_strikes(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        await made.done(operation.name)
        if made.draft(operation.name).request.anonymous:
            return
        since, logins = len(made.stage.log), made.auth.logins
        made.stage.fault("status", -1, status=401)
        for turn in range(6 if operation.limit is None else operation.limit.burst - 1):
            reply = await made.done(operation.name)
            told = reply.json()
            if reply.status == 202:
                assert made.queues(operation.name)
                told = (await made.counter.run(told["run"])).problem
                if told is None:
                    assert turn, "it is in line behind another that is told"
                    continue
            else:
                assert reply.status == 502
            assert told["code"] == "vendor_auth", told
        assert made.auth.logins - logins <= 3
        refused = made.stage.log[since:]
        assert len(refused) <= 6, [each.target for each in refused]
        await made.quiet(7200)
        assert len(made.stage.log[since:]) <= 6, "the account would be locked"
        assert made.effects(operation.name, since) == 0
