"""The demo's desk: card and printer simulators as processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bridge.cli.demo.faults import SimulatorFailed

PIN = "907341"
"""The simulated card's PIN; a real card's PIN is in a file that only the box reads."""

STOP_S = 5.0
"""Seconds a simulator gets to end by itself."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the devices are: the reader's ``HOST:PORT`` (the box listens, the card connects), the
    printer's address, and the card's control port."""

    reader: str
    printer: str
    card_control: int

    @staticmethod
    def load(path: Path) -> Desk:
        """Read a desk written by ``save``."""
        return Desk(**json.loads(path.read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        """Write the desk for another program."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def simulated_desk(out: Path, columns: int, *, leave_with_parent: bool = True) -> Iterator[Desk]:
    """Start both simulators; end them when the block ends.

    The printer puts its pictures into ``out/receipts``, the card remembers itself in
    ``out/card.json``. Raises ``SimulatorFailed``.
    """
    reader = f"127.0.0.1:{free_port()}"
    running: list[subprocess.Popen[str]] = []
    try:
        printer_line = _start(
            running,
            leave_with_parent,
            "printer",
            *("--port", "0", "--out", str(out / "receipts"), "--columns", str(columns)),
        )
        card_line = _start(
            running,
            leave_with_parent,
            "card",
            *("--connect", reader, "--state", str(out / "card.json"), "--control-port", "0"),
            *("--delay-ms", "5", "--pin", PIN),
        )
        printer = next(word for word in printer_line.split() if word.startswith("tcp:"))
        control = next(word for word in card_line.split() if word.startswith("control="))
        yield Desk(reader, printer, int(control.removeprefix("control=")))
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
            if process.stdin is not None:
                process.stdin.close()


def _start(running: list[subprocess.Popen[str]], leave_with_parent: bool, *arguments: str) -> str:
    """Start ``bonbridge simulate …`` and return the line it prints when it is ready."""
    command = [sys.executable, "-m", "bridge.cli.main", "simulate"]
    if leave_with_parent:
        command.append("--leave-with-parent")
    process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    running.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    if "ready" not in line:
        message = f"simulate {arguments[0]} said {line.strip()!r}"
        raise SimulatorFailed(message)
    return line


def tell(port: int, **settings: Any) -> None:
    """Set fault switches of a simulator through its control port."""
    with socket.create_connection(("127.0.0.1", port), timeout=STOP_S) as connection:
        stream = connection.makefile("rw", encoding="utf-8")
        stream.write(json.dumps({"set": settings}) + "\n")
        stream.flush()
        stream.readline()
