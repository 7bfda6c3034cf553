"""Simulated devices as real processes, and waiting for what they cause."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from drivers.ports import TcpPort
from drivers.printers.conversation import Limits
from drivers.printers.escpos_tcp import EscPosPrinter
from tests.house.source import ROOT

LONGEST_S = 60.0
"""A device that has not done its part by then never will."""

QUICK = Limits(connect_s=0.3, connect_try_s=10, retry_pause_s=0.05, status_s=10, confirm_s=30)
"""A dead port is told at once by the system; only answers that do come need patience."""


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until processes and sockets made a condition true."""
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came to hold"
        await asyncio.sleep(0.005)


class PrinterProcess:
    """``bonbridge simulate printer``; ready when the constructor returns."""

    def __init__(self, port: int = 0, *options: str) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bridge.cli.main", "simulate", "printer"),
                *("--port", str(port), "--control-port", "0", *options),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:3] == ["printer", "simulator", "ready"], words
        self.port = int(words[3].rpartition(":")[2])
        control = next(word for word in words if word.startswith("control="))
        address = ("127.0.0.1", int(control.removeprefix("control=")))
        self._control = socket.create_connection(address, LONGEST_S)
        self._lines = self._control.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _ask(self, **request: Any) -> dict[str, Any]:
        self._control.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._lines.readline())
        assert "error" not in answer, answer
        return answer

    def set(self, **switches: Any) -> None:
        """Change fault switches."""
        self._ask(set=switches)

    def state(self) -> dict[str, Any]:
        """Return the printer's counters."""
        found: dict[str, Any] = self._ask(get="state")["state"]
        return found

    def driver(self, name: str = "bar") -> EscPosPrinter:
        """Return the real driver of this printer."""
        return EscPosPrinter(name, TcpPort("127.0.0.1", self.port), limits=QUICK)

    def kill(self) -> None:
        """SIGKILL, as a pulled plug does it."""
        self._process.kill()
        self._process.wait()
        self._lines.close()
        self._control.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
