"""Exports: written by a child process, streamed, and ended with their client."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bridge.web.api import exports
from bridge.web.api.child import AT_ONCE, Exporter
from tests.web_api.desk import BACKOFFICE, PATIENCE_S, Desk, desk, served, soon


def speaking(it: Desk, script: str) -> tuple[Any, Exporter]:
    """Return an application whose export program is a script."""
    exporter = Exporter((sys.executable, "-c", script))
    framework = FastAPI()
    framework.include_router(exports.routes(it.parts, exporter))
    framework.exception_handlers.update(it.framework.exception_handlers)
    it.framework = framework
    it.caller = BACKOFFICE
    return it.app, exporter


def running(process: Path) -> bool:
    """Return whether a process is there."""
    return process.exists()


async def test_the_dep_of_a_register_is_what_the_command_line_writes(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        for _ in range(3):
            await it.completed()
        it.caller = BACKOFFICE
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client:
            answer = await client.get("/v1/exports/dep7?register=K1")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == (
            'attachment; filename="dep7-K1-20261121.json"'
        )
        groups = answer.json()["Belege-Gruppe"]
        exported = [jws for group in groups for jws in group["Belege-kompakt"]]
        assert exported == [event.jws for event in it.shop.journal.reader.numbered("K1")]


async def test_receipts_are_made_while_an_export_runs(tmp_path: Path) -> None:
    script = "import sys; print('x', flush=True); sys.stdin = None; import time; time.sleep(600)"
    async with desk(tmp_path) as it:
        app, exporter = speaking(it, script)
        async with (
            served(app) as address,
            httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client,
        ):
            async with client.stream("GET", "/v1/exports/dep7?register=K1"):
                assert exporter._running == 1
                await it.shop.sale()
            await soon(lambda: exporter._running == 0)
        assert len(it.shop.bons()) == 2


@pytest.mark.parametrize(
    ("register", "status", "code"),
    [("K9", 404, "register_unknown"), ("../x", 404, "register_unknown"), (None, 400, None)],
)
async def test_an_export_of_no_register_is_refused_before_a_process_starts(
    tmp_path: Path, register: str | None, status: int, code: str | None
) -> None:
    async with desk(tmp_path) as it:
        params = {} if register is None else {"register": register}
        answer = await it.call("GET", "/exports/dep7", as_=BACKOFFICE, params=params)
        assert answer.status_code == status
        assert answer.json()["code"] == (code or "request_invalid")


async def test_a_program_that_fails_at_once_is_a_problem(tmp_path: Path) -> None:
    script = "import sys; sys.exit('Error: the disk is on fire')"
    async with desk(tmp_path) as it:
        _, exporter = speaking(it, script)
        answer = await it._http.get("/v1/exports/dep7?register=K1")
        assert (answer.status_code, answer.json()["code"]) == (500, "export_failed")
        assert answer.json()["detail"] == "exit code 1: Error: the disk is on fire"
        assert exporter._running == 0


async def test_a_program_that_writes_nothing_is_a_problem(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        speaking(it, "pass")
        answer = await it._http.get("/v1/exports/dep7?register=K1")
        assert (answer.status_code, answer.json()["code"]) == (500, "export_failed")


async def test_a_program_that_fails_half_way_breaks_the_answer_visibly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = (
        "import sys; sys.stdout.write('x' * 200000); sys.stdout.flush(); sys.exit('out of paper')"
    )
    async with desk(tmp_path) as it:
        app, exporter = speaking(it, script)
        async with served(app) as address, httpx.AsyncClient(timeout=PATIENCE_S) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"{address}/v1/exports/dep7?register=K1")
            await soon(lambda: exporter._running == 0)
        assert "an export broke off: export_failed: exit code 1: out of paper" in caplog.text


async def test_a_client_that_hangs_up_ends_the_program(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = (
        f"import os, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
        "while True: os.write(1, b'x' * 65536)"
    )
    async with desk(tmp_path) as it:
        app, exporter = speaking(it, script)
        async with served(app) as address:
            async with (
                httpx.AsyncClient(timeout=PATIENCE_S) as client,
                client.stream("GET", f"{address}/v1/exports/dep7?register=K1") as response,
            ):
                async for chunk in response.aiter_bytes():
                    assert chunk
                    break
                process = Path("/proc", pid_file.read_text())
                assert running(process)
            await soon(lambda: not running(process))
            await soon(lambda: exporter._running == 0)


async def test_a_few_exports_at_once_and_no_more(tmp_path: Path) -> None:
    script = "import time; print('x', flush=True); time.sleep(600)"
    async with desk(tmp_path) as it:
        app, exporter = speaking(it, script)
        async with served(app) as address, httpx.AsyncClient(timeout=PATIENCE_S) as client:
            url = f"{address}/v1/exports/dep7?register=K1"
            streams = [
                await client.send(client.build_request("GET", url), stream=True)
                for _ in range(AT_ONCE)
            ]
            busy = await client.get(url)
            assert (busy.status_code, busy.json()["code"]) == (503, "export_busy")
            assert busy.json()["retryable"] is True
            for stream in streams:
                await stream.aclose()
            await soon(lambda: exporter._running == 0)


async def test_what_a_program_complains_of_at_length_does_not_stop_it(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "for _ in range(5000): sys.stderr.write('warning ' * 20)\n"
        "sys.stdout.write('{}')"
    )
    async with desk(tmp_path) as it:
        speaking(it, script)
        answer = await it._http.get("/v1/exports/dep7?register=K1")
        assert answer.json() == {}


@pytest.mark.parametrize("name", ["dep131", "tse", "dsfinvk"])
async def test_exports_that_are_not_built_say_so(tmp_path: Path, name: str) -> None:
    async with desk(tmp_path) as it:
        answer = await it.call("GET", f"/exports/{name}", as_=BACKOFFICE)
        assert (answer.status_code, answer.json()["code"]) == (501, "not_built")
        assert json.loads(answer.text)["detail"] == f"/v1/exports/{name}"
