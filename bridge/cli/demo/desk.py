"""The demo's desk: card, printer and cloud simulators as processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.cli.demo.faults import SimulatorFailed

PIN = "907341"
"""The simulated card's PIN; a real card's PIN is in a file that only the box reads."""

BOX = "demo-box"
"""The box's name at the cloud."""

STOP_S = 5.0
"""Seconds a simulator gets to end by itself."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the cloud is: for the box, for external programs, for fault switches; and its secrets:
    the box's token and the file with the programs' login."""

    websocket: str
    http: str
    control: int
    box_token: str
    login_file: Path


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the devices are: the reader's ``HOST:PORT`` (the box listens, the card connects), the
    printer's address, the card's control port, and the cloud."""

    reader: str
    printer: str
    card_control: int
    cloud: Cloud


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def simulated_desk(out: Path, columns: int) -> Iterator[Desk]:
    """Start all simulators; end them when the block ends.

    The printer puts its pictures into ``out/receipts``, the card remembers itself in
    ``out/card.json``, the cloud in ``out/cloud``. Raises ``SimulatorFailed``.
    """
    reader = f"127.0.0.1:{free_port()}"
    running: list[subprocess.Popen[str]] = []
    try:
        starting = [
            _start(
                running,
                *("printer", "--port", "0", "--out", str(out / "receipts")),
                *("--columns", str(columns)),
            ),
            _start(
                running,
                *("card", "--connect", reader, "--state", str(out / "card.json")),
                *("--control-port", "0", "--delay-ms", "5", "--pin", PIN),
            ),
            _start(
                running,
                *("cloud", "--data", str(out / "cloud"), "--control-port", "0", "--box", BOX),
            ),
        ]
        printer_line, card_line, cloud_line = (_ready(process) for process in starting)
        printer = next(word for word in printer_line.split() if word.startswith("tcp:"))
        control = next(word for word in card_line.split() if word.startswith("control="))
        yield Desk(
            reader, printer, int(control.removeprefix("control=")), _cloud(json.loads(cloud_line))
        )
    finally:
        for process in running:
            process.terminate()
        for process in running:
            _end(process)


def _cloud(said: dict[str, Any]) -> Cloud:
    token = Path(said["token_files"][BOX]).read_text(encoding="utf-8").strip()
    return Cloud(said["ws"], said["http"], said["control"], token, Path(said["login_file"]))


def _start(running: list[subprocess.Popen[str]], *arguments: str) -> subprocess.Popen[str]:
    """Start ``bonbridge simulate …``; it ends with this program, however that ends."""
    command = [sys.executable, "-m", "bridge.cli.main", "simulate", "--leave-with-parent"]
    process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    running.append(process)
    return process


def _ready(process: subprocess.Popen[str]) -> str:
    """Return the line that a simulator prints when it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if "ready" not in line:
        message = f"{process.args!r} said {line.strip()!r}"
        raise SimulatorFailed(message)
    return line


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stdin):
        if stream is not None:
            stream.close()


def tell(port: int, **settings: Any) -> None:
    """Set fault switches of a simulator through its control port."""
    with socket.create_connection(("127.0.0.1", port), timeout=STOP_S) as connection:
        stream = connection.makefile("rw", encoding="utf-8")
        stream.write(json.dumps({"set": settings}) + "\n")
        stream.flush()
        stream.readline()
