"""``bonbridge simulate cloud``: the program, its files, and that it forgets nothing it acked."""

from __future__ import annotations

import argparse
import json
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bridge.cloud.envelope import SUBPROTOCOL
from simulators.cloud import main
from simulators.cloud.main import add_arguments
from tests.cloud_sim.process import LONGEST_S, CloudProcess
from tests.cloud_sim.world import ORDER, RawBox, completed, login_of, sign_in
from tests.conftest import Scale
from tests.support.vectors import ROOT


def dial(program: CloudProcess) -> connect:
    return connect(
        program.ready["ws"],
        additional_headers={"Authorization": f"Bearer {program.token()}"},
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        proxy=None,
    )


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulators.cloud", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )


@pytest.mark.kill
async def test_a_killed_cloud_still_has_everything_it_acknowledged(
    tmp_path: Path, scale: Scale
) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    box_seq = 0
    acked = 0
    for _ in range(scale.of(3, 50)):
        with CloudProcess(tmp_path) as program:
            async with dial(program) as wire:
                box = RawBox(wire)
                last_out = (await box.hello())["last_out"]
                assert acked <= last_out <= box_seq
                for _ in range(chance.randint(1, 40)):
                    number = box.seq + 2
                    await box.report(
                        "receipt.completed", completed(number=number, receipt_id=f"r-{number}")
                    )
                box_seq = box.seq
                enough = chance.randint(last_out + 2, box.seq)
                while acked < enough:
                    acked = max(acked, (await box.expect("ack"))["data"]["seq"])
                program.kill()
    with CloudProcess(tmp_path) as program:
        state = program.ask(get="state")["state"]
        last_in = state["boxes"]["demo-box"]["last_in"]
        assert acked <= last_in <= box_seq
        assert state["documents"] == last_in // 2
        frames = program.ask(get="frames", after=max(0, last_in // 2 - 100))["frames"]
        assert [each["seq"] for each in frames] == list(range(2, last_in + 2, 2))[-100:]


@pytest.mark.kill
async def test_parked_receipts_and_commands_on_their_way_survive_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path) as program:
        login = login_of(Path(program.ready["login_file"]))
        async with (
            httpx.AsyncClient(base_url=program.ready["http"], trust_env=False) as rest,
            dial(program) as wire,
        ):
            rest.headers["authorization"] = f"Bearer {await sign_in(rest, login)}"
            box = RawBox(wire)
            await box.hello()
            parked = (await rest.post("/api/v2/parked", json=ORDER)).json()["id"]
            await rest.post(f"/api/v2/parked/{parked}/open")
            first = await box.expect("receipt.open")
            program.kill()
    with CloudProcess(tmp_path) as program:
        async with dial(program) as wire:
            box = RawBox(wire)
            await box.hello()
            again = await box.expect("receipt.open")
    for name in ("id", "seq", "key", "exp", "data"):
        assert again[name] == first[name]


def test_the_ready_line_names_addresses_and_files_but_no_secret(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--box", "b-1", "--box", "b-2") as program:
        ready = program.ready
        assert ready["ready"] == "cloud"
        assert ready["ws"].startswith("ws://127.0.0.1:")
        assert ready["ws"].endswith("/box")
        assert ready["http"].startswith("http://127.0.0.1:")
        assert set(ready["token_files"]) == {"b-1", "b-2"}
        login = login_of(Path(ready["login_file"]))
        line = json.dumps(ready)
        for secret in (program.token("b-1"), program.token("b-2"), login["password"]):
            assert len(secret) >= 16
            assert secret not in line
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_tokens_stay_the_same_and_may_be_brought_along(tmp_path: Path) -> None:
    own = tmp_path / "own.token"
    own.write_text("brought-along\n", encoding="utf-8")
    with CloudProcess(tmp_path / "d", "--token-file", str(own)) as program:
        assert program.ready["token_files"] == {"demo-box": str(own)}
    with CloudProcess(tmp_path / "d") as program:
        made = program.token()
    with CloudProcess(tmp_path / "d") as program:
        assert program.token() == made != "brought-along"


def test_it_ends_by_itself_when_asked_and_when_its_parent_is_gone(tmp_path: Path) -> None:
    with CloudProcess(tmp_path) as program:
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(LONGEST_S) == 0
        assert program.process.stderr is not None
        assert program.process.stderr.read() == ""
    with CloudProcess(tmp_path, leave_with_parent=True) as program:
        assert program.process.stdin is not None
        program.process.stdin.close()
        assert program.process.wait(LONGEST_S) == 0
        program.process.stdin = None


def test_switches_of_the_command_line_are_in_force(tmp_path: Path) -> None:
    options = ("--http-status", "503", "--retry-after", "9", "--clock-offset-s", "-60")
    with CloudProcess(tmp_path, *options, "--never-ack", "--black-hole", "mute") as program:
        switches = program.ask(get="state")["switches"]
        assert switches["http_status"] == 503
        assert switches["retry_after"] == "9"
        assert switches["clock_offset_s"] == -60
        assert switches["never_ack"] is True
        assert switches["black_hole"] == "mute"
        assert program.ask(set={"http_status": 0})["switches"]["http_status"] == 0


def test_a_second_cloud_on_the_same_memory_is_refused(tmp_path: Path) -> None:
    with CloudProcess(tmp_path):
        done = run("--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("cloud simulator:")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--ws-port", "70000"),
        ("--http-port", "70000"),
        ("--control-port", "70000"),
        ("--box", "../b"),
        ("--cash-register", "1"),
        ("--cash-register", "1=other"),
        ("--cash-register", "1=demo-box/"),
        ("--repeat-frames", "-1"),
        ("--http-status", "42"),
        ("--window", "0"),
    ],
    ids=" ".join,
)
def test_options_that_cannot_be_are_told_and_nothing_is_left_running(
    tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for _ in range(2):
        assert main.run(parser.parse_args(["--data", str(tmp_path), *options])) == 2
        assert capsys.readouterr().err.startswith("cloud simulator:")


def test_a_damaged_memory_or_login_is_told(tmp_path: Path) -> None:
    (tmp_path / "cloud.db").write_bytes(b"no database, but long enough to be looked at" * 40)
    assert run("--data", str(tmp_path)).returncode == 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "program.json").write_text('{"userName": "x"}', encoding="utf-8")
    done = run("--data", str(other))
    assert done.returncode == 2
    assert "program.json" in done.stderr
