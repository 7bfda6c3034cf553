"""The card simulator as a real process, and its control channel."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.vectors import ROOT


class SimulatorProcess:
    """Runs ``python -m simulators.card``; ready when the constructor returns."""

    def __init__(self, port: int, state: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "simulators.card",
                "--connect",
                f"127.0.0.1:{port}",
                "--state",
                str(state),
                "--control-port",
                "0",
                *options,
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert ready.startswith("card simulator ready"), ready
        words = dict(word.split("=", 1) for word in ready.split() if "=" in word)
        self.cin = words["cin"]
        self._control = socket.create_connection(("127.0.0.1", int(words["control"])), 10)
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

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one control request and return the answer."""
        self._control.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        assert isinstance(answer, dict)
        return answer

    def set(self, **switches: Any) -> None:
        """Change fault switches."""
        answer = self.ask(set=switches)
        assert "error" not in answer, answer

    def state(self) -> dict[str, Any]:
        """The card's counters."""
        state = self.ask(get="state")["state"]
        assert isinstance(state, dict)
        return state

    def kill(self) -> None:
        """SIGKILL, as a power cut would do it."""
        self._process.kill()
        self._release()

    def terminate(self) -> int:
        """SIGTERM; return the exit code."""
        self._process.terminate()
        code = self._process.wait(10)
        self._release()
        return code

    def _release(self) -> None:
        self._process.wait(10)
        self._lines.close()
        self._control.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
