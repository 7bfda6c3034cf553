"""M1b: bytes that one receipt adds to SQLite's write-ahead log, counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.benchmarks.desk import Desk, open_desk, scratch
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target

M1B = Spec(
    "M1b",
    "bytes in the write-ahead log per completed receipt of 5 lines, with key",
    "bytes",
    Target(12_000),
)

TRIES = 5
"""How often a count is taken again because the writer tidied up in between."""

_CHECKPOINTS = slice(12, 16)
"""The checkpoint sequence number in the header of SQLite's log."""


@dataclass(frozen=True, slots=True)
class _Count:
    opening: float
    completing: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """The log's size, and what would show that it was not only receipts that filled it."""

    size: int
    checkpoints: bytes
    projected: int

    @staticmethod
    def of(desk: Desk) -> _Mark:
        log = desk.paths.log
        with log.open("rb") as file:
            header = file.read(32)
        projected = desk.journal.reader.cursor("receipts")
        return _Mark(log.stat().st_size, header[_CHECKPOINTS], projected)

    def undisturbed_until(self, later: _Mark) -> bool:
        return (self.checkpoints, self.projected) == (later.checkpoints, later.projected)


async def _count(directory: Path, settings: Settings) -> _Count | None:
    """Return bytes per opening and completion; ``None`` if something else was written, too."""
    size = settings.of(20, 150)
    async with open_desk(directory, settings.seed) as desk:
        begin = _Mark.of(desk)
        raws = []
        for _ in range(size):
            # One by one: a shared commit would write shared pages once.
            raws += await desk.park(1)
        middle = _Mark.of(desk)
        for raw in raws:
            await desk.complete(raw)
        end = _Mark.of(desk)
    if not begin.undisturbed_until(end):
        return None
    return _Count((middle.size - begin.size) / size, (end.size - middle.size) / size)


def run(settings: Settings) -> tuple[Figure, ...]:
    """Count on a log that has never been reset: its growth is what was written."""
    counts = []
    for _ in range(settings.of(2, 5)):
        for _ in range(TRIES):
            with scratch(settings.places.memory) as name:
                count = asyncio.run(_count(Path(name), settings))
            if count is not None:
                counts.append(count)
                break
    if not counts:
        return BENCHMARK.not_measured("the writer tidied up during every count")
    opening = sum(count.opening for count in counts) / len(counts)
    notes = [f"opening the receipt: {opening:.0f} bytes more"]
    return (Figure.of_runs(M1B, [count.completing for count in counts], notes=notes),)


BENCHMARK = Benchmark((M1B,), run)
