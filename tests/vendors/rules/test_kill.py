"""kill -9 while a request is on its way, by a real process, for operations with an effect."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.vendors.engine.spec import Kind, Operation
from tests.vendors.rules.bench import NAMES, Subject, bench, operations

EFFECTS = operations(lambda each: each.kind is not Kind.READ)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One operation of each vendor, all of them in proofs."""
    chosen: list[Any] = []
    for name in NAMES:
        own = [each for each in EFFECTS if each.values[0].name == name]
        acting = [each for each in own if each.values[1].kind in (Kind.ONCE, Kind.KEYED)]
        chosen += own if metafunc.config.getoption("--proofs") else (acting or own)[:1]
    metafunc.parametrize(("subject", "operation"), chosen)


@pytest.mark.kill
async def test_killed_while_sending_it_is_never_done_twice(
    tmp_path: Path, subject: Subject, operation: Operation
) -> None:
    async with bench(tmp_path, subject) as made:
        await made.counter.desk.stop(grace_s=0)
        since = len(made.stage.log)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.vendors.rules.child"),
            *(str(tmp_path), subject.name, operation.name, made.stage.url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            said = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
            method, path = said["method"], said["path"]
            made.stage.fault("delay", delay_s=600, method=method, path=path)
            process.stdin.write(b"go\n")

            def acting() -> int:
                sent = made.stage.log[since:]
                return sum(each.method == method and each.path == path for each in sent)

            async with asyncio.timeout(60):
                while not acting():  # noqa: ASYNC110 - the log has no event to wait for
                    await asyncio.sleep(0.005)
        finally:
            process.kill()
            await process.wait()
        await made.counter.restart()
        (run,) = [each for each in await made.counter.runs() if each.key == "killed"] or [
            (await made.counter.runs())[0]
        ]
        run = await made.drive(made.counter.ended(run.id))
        match said["kind"]:
            case Kind.ONCE:
                assert acting() == 1
                assert run.state in ("succeeded", "unknown")
            case Kind.KEYED:
                assert run.state == "succeeded"
            case _:
                assert run.state == "succeeded"
        sent = acting()
        await made.counter.restart()
        await made.quiet()
        assert acting() == sent
