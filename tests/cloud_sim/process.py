"""The cloud simulator as a real process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.vectors import ROOT

LONGEST_S = 30.0


class CloudProcess:
    """Runs ``bonbridge simulate cloud``; ready when the constructor returns."""

    def __init__(self, data: Path, *options: str, leave_with_parent: bool = False) -> None:
        leave = ["--leave-with-parent"] if leave_with_parent else []
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bridge.cli.main", "simulate", *leave, "cloud"),
                *("--data", str(data), "--control-port", "0", *options),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        self.ready: dict[str, Any] = json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait(LONGEST_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request to the control port."""
        port = int(self.ready["control"])
        with socket.create_connection(("127.0.0.1", port), LONGEST_S) as wire:
            wire.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(wire.makefile("rb").readline())
        assert isinstance(answer, dict)
        return answer

    def kill(self) -> None:
        """SIGKILL, as a power cut would do it."""
        self.process.kill()
        self.process.wait(LONGEST_S)

    def token(self, box: str = "demo-box") -> str:
        """The token of a box, from the file that the ready line names."""
        return Path(self.ready["token_files"][box]).read_text(encoding="utf-8")
