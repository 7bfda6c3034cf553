"""``bonbridge simulate printer``: the program, its files and its control port."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from tests.house.source import ROOT
from tests.printing_sim.wire import CONFIRM, CUT, INIT, ask, job

LONGEST_S = 30.0
CODE = b"_R1-AT1_KASSE-01_1_"
QR = (
    b"\x1d(k\x03\x001C\x05\x1d(k" + bytes([len(CODE) + 3, 0]) + b"1P0" + CODE + b"\x1d(k\x03\x001Q0"
)


@contextmanager
def program(*options: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Run the simulator; gives process, port and control port; ends it by SIGTERM."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bridge.cli.main", "simulate", "printer"),
            *("--port", "0", "--control-port", "0", *options),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        words = process.stdout.readline().split()
        assert words[:3] == ["printer", "simulator", "ready"], process.stderr.read()
        control = next(word for word in words if word.startswith("control="))
        yield process, int(words[3].rpartition(":")[2]), int(control.removeprefix("control="))
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def exchange(port: int, data: bytes, count: int = 1) -> bytes:
    with socket.create_connection(("127.0.0.1", port), LONGEST_S) as wire:
        wire.sendall(data)
        found = b""
        while len(found) < count and (more := wire.recv(count - len(found))):
            found += more
        return found


def control(port: int, *requests: object) -> list[Any]:
    """Send requests over one connection, return the answers."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), LONGEST_S) as wire:
        file = wire.makefile("rwb")
        for request in requests:
            line = request if isinstance(request, bytes) else json.dumps(request).encode()
            file.write(line + b"\n")
            file.flush()
            answers.append(json.loads(file.readline()))
        file.close()
    return answers


def listed(out: Path) -> list[dict[str, Any]]:
    lines = (out / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_confirmed_papers_are_files_when_the_program_has_ended(tmp_path: Path) -> None:
    out = tmp_path / "receipts"
    with program("--out", str(out)) as (_, port, _):
        for number in range(3):
            text = f"Grüße {number}\n".encode("cp858")
            assert exchange(port, INIT + text + QR + CUT + CONFIRM) == b"\x00"
    papers = listed(out)
    assert [paper["file"] for paper in papers] == [
        "paper-000001.png",
        "paper-000002.png",
        "paper-000003.png",
    ]
    for number, paper in enumerate(papers):
        assert paper["texts"] == [f"Grüße {number}"]
        assert paper["codes"] == [CODE.decode()]
        plain = (out / paper["file"]).with_suffix(".txt").read_text(encoding="utf-8")
        assert f"Grüße {number}" in plain
        with Image.open(out / paper["file"]) as image:
            found = decode(image, symbols=[ZBarSymbol.QRCODE])
        assert [each.data for each in found] == [CODE]
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_numbering_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with program("--out", str(tmp_path)) as (_, port, _):
            assert exchange(port, job("a")) == b"\x00"
    assert [paper["file"] for paper in listed(tmp_path)] == ["paper-000001.png", "paper-000002.png"]


def test_numbering_goes_on_after_a_kill_that_cut_a_line_short(tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text('{"file": "paper-0000', encoding="utf-8")
    (tmp_path / "paper-000007.txt").write_text("half", encoding="utf-8")
    with program("--out", str(tmp_path)) as (_, port, _):
        assert exchange(port, job("a")) == b"\x00"
    last = (tmp_path / "papers.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["file"] == "paper-000008.png"


def test_switches_of_the_command_line_are_in_force_and_can_be_changed_by_the_control_port() -> None:
    with program("--paper", "out", "--columns", "42") as (_, port, control_port):
        assert exchange(port, ask(4)) == b"\x7e"
        (before,) = control(control_port, {"get": "state"})
        assert before["switches"]["paper"] == "out"
        assert before["state"]["ready"] is False
        (after,) = control(control_port, {"set": {"paper": "ok"}})
        assert after["switches"]["paper"] == "ok"
        assert exchange(port, job("a")) == b"\x00"
        (counted,) = control(control_port, {"get": "state"})
        assert counted["state"]["papers"] == 1


def test_bad_requests_are_answered_by_an_error_and_the_next_one_is_understood() -> None:
    with program() as (_, _, control_port):
        bad, unknown, wrong, listing, good = control(
            control_port,
            b"no json",
            {"set": {"papper": "out"}},
            {"set": {"paper": 3}},
            [],
            {"get": "state"},
        )
        assert all("error" in answer for answer in (bad, unknown, wrong, listing))
        assert good["switches"]["paper"] == "ok"


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_cannot_be_is_told_in_one_line(port: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.cli.main", "simulate", "printer", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("printer simulator:")
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "bridge.cli.main", "simulate", "printer", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
