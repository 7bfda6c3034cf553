"""M17: what a receipt costs while all five vendors hang, beside the same without vendors.

Each till is a process of its own, and they take turns: what one does in the background does not
disturb the other by more than it would disturb a neighbour on the machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bridge.cli.benchmarks.desk import scratch
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.pairing import RUNS, Run, Series, take_runs

M17 = Spec(
    "M17",
    "one receipt while five vendors never answer, with orders waiting for them; own cost",
    "ratio",
    Target(1.05),
)

TURN = 5
"""Receipts that one till makes before the other has its turn."""

CHILD = "bridge.cli.benchmarks.vendors_child"


class _Till:
    """A till in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ready(self) -> None:
        """Wait until it is set up. Raises ``EOFError`` if it ended instead."""
        if (await self._line()).strip() != "ready":
            raise EOFError("the till of the benchmark did not start")

    async def receipts(self, count: int) -> list[float]:
        """Make receipts and return their µs."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n".encode())
        await self._process.stdin.drain()
        times: list[float] = json.loads(await self._line())
        return times

    async def stop(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode()


@asynccontextmanager
async def _till(directory: Path, seed: int, port: int | None) -> AsyncIterator[_Till]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", CHILD, str(directory), str(seed)),
        *(() if port is None else (str(port),)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    till = _Till(process)
    try:
        await till.ready()
        yield till
    finally:
        await till.stop()


async def _swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and never answer."""
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _run(own: _Till, reference: _Till, receipts: int) -> Run:
    owns: list[float] = []
    references: list[float] = []
    for turn in range(max(1, receipts // TURN)):
        first, second = (own, reference) if turn % 2 else (reference, own)
        for till in (first, second):
            (owns if till is own else references).extend(await till.receipts(TURN))
    return Run(owns, references)


async def _series(directory: Path, settings: Settings) -> Series:
    hole = await asyncio.start_server(_swallow, "127.0.0.1", 0)
    port = int(hole.sockets[0].getsockname()[1])
    with scratch(directory) as name:
        place = Path(name)
        async with (
            _till(place / "own", settings.seed, port) as own,
            _till(place / "reference", settings.seed, None) as reference,
        ):
            await _run(own, reference, settings.of(5, 300))
            series = await take_runs(RUNS, lambda: _run(own, reference, settings.of(10, 300)))
    hole.close()
    return series


def run(settings: Settings) -> tuple[Figure, ...]:
    """Measure on the memory file system."""
    series = asyncio.run(_series(settings.places.memory, settings))
    notes = [*settings.places.notes(), *series.notes, f"own cost {series.own_p50:.0f} µs"]
    reference = {"receipt_us": series.reference_p50}
    return (Figure.of_runs(M17, series.ratios, reference, None, notes),)


BENCHMARK = Benchmark((M17,), run)
