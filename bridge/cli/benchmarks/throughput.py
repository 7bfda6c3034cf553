"""M2: receipts per second of one register that 32 tasks call, beside the peers' pattern."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.benchmarks.desk import REGISTER, Desk, open_desk, scratch, switch_interval
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.peer import WRITES, PeerReceipts
from bridge.cli.benchmarks.places import sync_p50_us
from bridge.journal.event import Event
from bridge.model.commands import parse_command

M2 = Spec(
    "M2",
    f"receipts/s, 32 tasks, real disk, by a peer's {WRITES} commits each, its default journal",
    "ratio",
    Target(45, at_most=False),
)
M2B = Spec(
    "M2b",
    "the same by the peer's write-ahead option",
    "ratio",
    Target(10, at_most=False),
)

TASKS = 32
RUNS = 7


@dataclass(frozen=True, slots=True)
class _Rates:
    """Receipts per second in one run."""

    own: float
    default: float
    ahead: float


@dataclass(frozen=True, slots=True)
class _Rivals:
    desk: Desk
    default: PeerReceipts
    ahead: PeerReceipts

    async def run(self, settings: Settings) -> _Rates:
        """Let each of the three make receipts for about the same time."""
        own, events = await self._own(settings.of(64, 640))
        default = self._peer(self.default, events[: settings.of(5, 80)])
        ahead = self._peer(self.ahead, events[: settings.of(10, 400)])
        return _Rates(own, default, ahead)

    async def _own(self, count: int) -> tuple[float, Sequence[Event]]:
        raws = await self.desk.park(count)
        number = self._last_number()
        waiting = iter(raws)

        async def work() -> None:
            for raw in waiting:
                await self.desk.till.execute(parse_command(raw))

        begin = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(TASKS)))
        rate = count / (time.perf_counter() - begin)
        on_disk = self._last_number() - number
        events = list(self.desk.journal.reader.numbered(REGISTER, number))
        # What was not stored does not count.
        return rate * on_disk / count, events

    def _last_number(self) -> int:
        event = self.desk.journal.reader.last_numbered(REGISTER)
        return 0 if event is None else event.number or 0

    def _peer(self, peer: PeerReceipts, events: Sequence[Event]) -> float:
        begin = time.perf_counter()
        for event in events:
            # The request is about as long as what is kept of it.
            peer.receipt(event.body, event, self.desk.new_key())
        return len(events) / (time.perf_counter() - begin)


@asynccontextmanager
async def _rivals(directory: Path, seed: int) -> AsyncIterator[_Rivals]:
    for name in ("own", "default", "ahead"):
        (directory / name).mkdir()
    with (
        closing(PeerReceipts(directory / "default" / "peer.db", "DELETE")) as default,
        closing(PeerReceipts(directory / "ahead" / "peer.db", "WAL")) as ahead,
    ):
        async with open_desk(directory / "own", seed) as desk:
            yield _Rivals(desk, default, ahead)


async def _measure(directory: Path, settings: Settings) -> list[_Rates]:
    async with _rivals(directory, settings.seed) as rivals:
        await rivals.run(settings)
        return [await rivals.run(settings) for _ in range(settings.of(2, RUNS))]


def run(settings: Settings) -> tuple[Figure, ...]:
    """Measure on the real disk, the three in turn."""
    disk = settings.places.disk
    if disk is None:
        return BENCHMARK.not_measured("no real disk to write to")
    with switch_interval(), scratch(disk) as name:
        rates = asyncio.run(_measure(Path(name), settings))
    sync = sync_p50_us(disk, settings.of(20, 300))
    own = statistics.median(each.own for each in rates)
    synced = {"receipts_per_s": own, "fdatasync_us": sync}
    default = {"receipts_per_s": statistics.median(each.default for each in rates)}
    ahead = {"receipts_per_s": statistics.median(each.ahead for each in rates)}
    return (
        Figure.of_runs(M2, [each.own / each.default for each in rates], default, synced),
        Figure.of_runs(M2B, [each.own / each.ahead for each in rates], ahead, synced),
    )


BENCHMARK = Benchmark((M2, M2B), run)
