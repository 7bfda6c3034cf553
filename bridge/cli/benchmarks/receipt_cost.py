"""M1: what one Austrian receipt costs, beside the least it can cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.benchmarks.bare import BareReceipts
from bridge.cli.benchmarks.desk import Desk, open_desk, scratch, switch_interval
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.pairing import RUNS, Run, Series, take_runs
from bridge.cli.benchmarks.places import sync_p50_us
from bridge.model.commands import Complete, parse_command

M1 = Spec(
    "M1",
    "one receipt: command → durable, signed, verified, seen by a follower; own cost",
    "ratio",
    Target(1.8),
)

PACE_S = 0.02
"""Pause before each operation of the paced figure: a till is never as warm as a tight loop."""


@dataclass(frozen=True, slots=True)
class _Pair:
    desk: Desk
    bare: BareReceipts

    async def run(self, pairs: int, pace_s: float = 0.0) -> Run:
        """Take pairs, one receipt of ours and one of the reference in turn."""
        before = self.desk.journal.last_seq
        raws = await self.desk.park(pairs)
        await self.desk.follower.reached(self.desk.journal.last_seq)
        self.bare.copy(list(self.desk.journal.reader.events(before)))
        own, reference = [], []
        for raw in raws:
            if pace_s:
                await asyncio.sleep(pace_s)
            begin = time.perf_counter_ns()
            event = await self.desk.complete(raw)
            own.append((time.perf_counter_ns() - begin) / 1000)
            message = (event.jws or "").rpartition(".")[0].encode()
            command = parse_command(raw)
            key = command.key if isinstance(command, Complete) else ""
            if pace_s:
                await asyncio.sleep(pace_s)
            begin = time.perf_counter_ns()
            self.bare.receipt(message, event, key)
            reference.append((time.perf_counter_ns() - begin) / 1000)
            self.bare.tidy()
        return Run(own, reference)


@asynccontextmanager
async def _pair(directory: Path, seed: int) -> AsyncIterator[_Pair]:
    (directory / "own").mkdir()
    (directory / "bare").mkdir()
    with closing(BareReceipts(directory / "bare" / "journal.db")) as bare:
        async with open_desk(directory / "own", seed) as desk:
            # The Startbeleg's row belongs into both.
            bare.copy(list(desk.journal.reader.events()))
            yield _Pair(desk, bare)


async def _series(directory: Path, settings: Settings) -> tuple[Series, Run | None]:
    with scratch(directory) as name:
        async with _pair(Path(name), settings.seed) as pair:
            await pair.run(settings.of(5, 450))
            series = await take_runs(RUNS, lambda: pair.run(settings.of(10, 300)))
            paced = None if settings.quick else await pair.run(100, PACE_S)
    return series, paced


def run(settings: Settings) -> tuple[Figure, ...]:
    """Measure on the memory file system, then on the real disk beside its own sync."""
    with switch_interval():
        series, paced = asyncio.run(_series(settings.places.memory, settings))
        notes = [*settings.places.notes(), *series.notes]
        notes.append(f"own cost {series.own_p50:.0f} µs, back to back")
        if paced is not None:
            notes.append(
                f"one every {2 * PACE_S * 1000:.0f} ms: {paced.own_p50:.0f} µs, "
                f"reference {paced.reference_p50:.0f} µs, ratio {paced.ratio:.2f}"
            )
        synced, more = _on_disk(settings)
    reference = {"receipt_us": series.reference_p50}
    return (Figure.of_runs(M1, series.ratios, reference, synced, [*notes, *more]),)


def _on_disk(settings: Settings) -> tuple[dict[str, float] | None, list[str]]:
    disk = settings.places.disk
    if disk is None:
        return None, ["no real disk to write to: no synced figure"]
    probes = settings.of(20, 300)
    before = sync_p50_us(disk, probes)
    series, _ = asyncio.run(_series(disk, settings))
    after = sync_p50_us(disk, probes)
    synced = {
        "receipt_us": series.own_p50,
        "reference_us": series.reference_p50,
        "ratio": series.ratio,
        "fdatasync_us": (before + after) / 2,
    }
    return synced, [f"on the real disk: {note}" for note in series.notes]


BENCHMARK = Benchmark((M1,), run)
