"""The demo's box: the real daemon as a process of its own, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from bridge.cli.demo.faults import BoxFailed

READY_S = 60.0
"""Seconds the box gets to become ready."""

STOP_S = 30.0
"""Seconds it gets to stop in order."""

LONGEST_S = 2.5
"""A box to be killed is killed at a random moment before this time, start-up included."""


class BoxProcess:
    """``bonbridge run``; ``kills`` counts how often it was killed on purpose, ``started`` is called
    whenever it was started again after that."""

    def __init__(self, config: Path, log: Path) -> None:
        self.kills = 0
        self.started: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._greeting: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._config = config
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        # An abstract name: the path of a socket file may be longer than a socket can bear.
        self._notify = f"\0bonbridge-demo-{os.getpid()}-{secrets.token_hex(4)}"

    async def start(self) -> None:
        """Start the daemon and wait until it says that it is ready. Raises ``BoxFailed``."""
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.setblocking(False)
        self._told.bind(self._notify)
        self._listening = asyncio.create_task(self._listen(self._told))
        process = await self._spawn()
        ended = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait((ended, ready), timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, ready):
            task.cancel()
        await asyncio.gather(ended, ready, return_exceptions=True)
        if not self._ready.is_set():
            if process.returncode is None:
                process.kill()
                await process.wait()
            await self._hang_up()
            message = f"the box is not ready; see {self._log}"
            raise BoxFailed(message)

    async def stop(self) -> None:
        """Stop the daemon in order. Raises ``BoxFailed`` when it does not end well."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise BoxFailed("the box did not stop in time") from None
        finally:
            await self._hang_up()
        if code != 0:
            message = f"the box ended with {code}; see {self._log}"
            raise BoxFailed(message)

    @contextlib.asynccontextmanager
    async def killed(self, times: int, chance: random.Random) -> AsyncIterator[None]:
        """Kill the daemon that often at random moments from now on, and start it again at once each
        time, as systemd does. The block ends when all kills are done, with a box that is starting.
        Raises ``BoxFailed`` when the box ends by itself.
        """
        killer = asyncio.create_task(self._kill(times, chance))
        try:
            yield
            await killer
        finally:
            killer.cancel()
            await asyncio.gather(killer, return_exceptions=True)

    async def _kill(self, times: int, chance: random.Random) -> None:
        for _ in range(times):
            await asyncio.sleep(chance.uniform(0.1, LONGEST_S))
            assert self._process is not None
            self._process.kill()
            code = await self._process.wait()
            if code != -signal.SIGKILL:
                message = f"the box ended by itself with {code}; see {self._log}"
                raise BoxFailed(message)
            self.kills += 1
            await self._spawn()
            self._greet()

    def _greet(self) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
        if self.started is not None:
            self._greeting = asyncio.create_task(self.started())

    async def _spawn(self) -> asyncio.subprocess.Process:
        environment = {**os.environ, "NOTIFY_SOCKET": "@" + self._notify[1:]}
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bridge.cli.main", "run", "--config", str(self._config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        return self._process

    async def _listen(self, told: socket.socket) -> None:
        """Hear what the daemon tells its service manager."""
        loop = asyncio.get_running_loop()
        while True:
            if b"READY=1" in (await loop.sock_recv(told, 4096)).split(b"\n"):
                self._ready.set()

    async def _hang_up(self) -> None:
        for task in (self._listening, self._greeting):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._told.close()
