"""The service manager's end of sd_notify: a real datagram socket."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

LONGEST_S = 30.0
"""Seconds after which something that should have come is missing."""


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, however long other threads take."""
    async with asyncio.timeout(LONGEST_S):
        for _ in itertools.count():
            if condition():
                return
            await asyncio.sleep(0.001)


class NotifySocket:
    """Collects datagrams. ``address`` is what ``$NOTIFY_SOCKET`` is set to."""

    def __init__(self, *, abstract: bool = False) -> None:
        # Not in pytest's folder: its path may be too long for a socket.
        self._folder = Path(tempfile.mkdtemp(prefix="notify-"))
        path = str(self._folder / "s")
        self.address = f"@bonbridge-test{path}" if abstract else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0bonbridge-test{path}" if abstract else path)
        self.seen: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        shutil.rmtree(self._folder)

    def wait_for(self, **wanted: str) -> dict[str, str]:
        """Return the next message that has these assignments."""
        until = time.monotonic() + LONGEST_S
        while True:
            message = self.next(until - time.monotonic())
            if message is None:
                failure = f"{wanted} never came, only {self.seen}"
                raise AssertionError(failure)
            if wanted.items() <= message.items():
                return message

    def next(self, timeout_s: float) -> dict[str, str] | None:
        """Return the next message, ``None`` if none comes in time."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return None
        message = dict(line.split("=", 1) for line in data.decode().split("\n"))
        self.seen.append(message)
        return message

    def waiting(self) -> list[dict[str, str]]:
        """Return all messages that have arrived by now."""
        found = []
        while (message := self.next(0)) is not None:
            found.append(message)
        return found
