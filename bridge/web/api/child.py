"""Programs that write an export: started a few at once, read chunk by chunk, ended by all means."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Final

from bridge.web.api.faults import ExportBusy, ExportFailed

CHUNK: Final = 65_536
"""Bytes taken from a program at once."""

AT_ONCE: Final = 2
"""Exports at once: each takes memory (about 40 MB) and a core of the box."""

BUSY_S: Final = 10
"""Seconds after which it is worth asking again."""

ERROR_BYTES: Final = 2000
"""Of what a failing program says at most this, its end, is handed on."""

COMMAND_LINE: Final = (sys.executable, "-m", "bridge.cli.main")
"""How the box's own commands are called."""


class Child:
    """A running program. ``first`` are its first bytes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.first = b""
        self._process = process
        self._said = asyncio.create_task(self._listen(), name="errors of an export")

    async def begin(self) -> None:
        """Wait for the first bytes. Raises ``ExportFailed`` when there are none."""
        self.first = await self._read()
        if not self.first:
            raise await self.failure() or ExportFailed("nothing was written")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Walk the output from its first byte to its end."""
        chunk = self.first
        while chunk:
            yield chunk
            chunk = await self._read()

    async def failure(self) -> ExportFailed | None:
        """Wait for the end and return why it is a bad one."""
        code = await self._process.wait()
        if code == 0:
            return None
        said = (await self._said).decode(errors="replace").split()
        return ExportFailed(f"exit code {code}: {' '.join(said)}")

    async def end(self) -> None:
        """End the program if it still runs, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        # Its pipes are closed once all that is left in them was taken.
        while await self._read():
            pass
        await asyncio.gather(self._said, self._process.wait())

    async def _read(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.read(CHUNK)

    async def _listen(self) -> bytes:
        assert self._process.stderr is not None
        said = b""
        while chunk := await self._process.stderr.read(CHUNK):
            said = (said + chunk)[-ERROR_BYTES:]
        return said


class Exporter:
    """Starts export programs. ``command`` is how the box's own commands are called."""

    def __init__(self, command: Sequence[str] = COMMAND_LINE) -> None:
        self._command = tuple(command)
        self._running = 0

    async def start(self, *arguments: str) -> Child:
        """Start a program and wait for its first bytes; whoever gets it has to ``stop`` it.

        Raises ``ExportBusy``, and ``ExportFailed`` when it writes nothing.
        """
        if self._running >= AT_ONCE:
            message = f"{self._running} exports are running"
            raise ExportBusy(message, retry_after=BUSY_S)
        self._running += 1
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=CHUNK,
            )
        except BaseException:
            self._running -= 1
            raise
        child = Child(process)
        try:
            await child.begin()
        except BaseException:
            await self.stop(child)
            raise
        return child

    async def stop(self, child: Child) -> None:
        """End a program if it still runs, and make room for the next."""
        self._running -= 1
        await child.end()
