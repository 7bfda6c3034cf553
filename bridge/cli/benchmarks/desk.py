"""A till for benchmarks: the box's parts, a signing unit by function call, a follower."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.app import PROJECTIONS
from bridge.fiscal.rksv.code import FIRST_DAY
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.session import RksvRegime
from bridge.fiscal.rksv.units import SharedUnit, UnitPool
from bridge.journal.event import Event
from bridge.journal.store import Journal, JournalPaths
from bridge.model.commands import parse_command
from bridge.model.ids import new_id
from bridge.model.register import Register
from bridge.till.register import RegisterTill
from bridge.till.till import Till
from drivers.contract.clock import SystemClock
from simulators.soft_unit import SoftUnit

REGISTER = "BENCH"

SWITCH_INTERVAL_S = 0.0005
"""The interpreter's switch interval, as the daemon sets it at start."""

ARTICLES = (
    ("Melange", "1", 420, "normal"),
    ("Apfelstrudel mit Schlag", "2", 560, "reduced1"),
    ("Mineralwasser 0,33 l", "1", 310, "normal"),
    ("Bergkäse offen", "0.285", 2490, "reduced1"),
    ("Blaufränkisch ab Hof", "1.000", 1180, "reduced2"),
)
"""The five lines of every receipt."""


class Follower:
    """Reads the journal as a printing or cloud follower does, and notes how far it is."""

    def __init__(self, journal: Journal) -> None:
        self.seen = journal.last_seq
        self._journal = journal
        self._wanted: dict[int, asyncio.Future[None]] = {}

    async def run(self) -> None:
        """Follow for ever."""
        async for event in self._journal.follow(self.seen):
            self.seen = event.seq
            waiting = self._wanted.pop(event.seq, None)
            if waiting is not None:
                waiting.set_result(None)

    async def reached(self, seq: int) -> None:
        """Wait until an event has been seen."""
        if self.seen < seq:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._wanted[seq] = future
            await future


class Desk:
    """A started register with one follower. ``journal`` and ``till`` are its parts."""

    def __init__(self, directory: Path, unit: SharedUnit, seed: int) -> None:
        clock = SystemClock()
        self.paths = JournalPaths(directory / "journal.db", directory / "mirror" / "journal.mirror")
        self.journal = Journal.open(self.paths, clock, PROJECTIONS)
        regime = RksvRegime(CounterCipher(random.Random(seed).randbytes(32)), UnitPool([unit]))  # noqa: S311 - a test key
        register = RegisterTill(
            Register(REGISTER, "BENCH-KASSE-1"), self.journal, regime, clock, not_before=FIRST_DAY
        )
        self.till = Till(self.journal, [register], clock)
        self.till.load()
        self.follower = Follower(self.journal)
        self._clock = clock

    async def complete(self, raw: bytes) -> Event:
        """Carry a command out until it is durable and the follower has seen it."""
        done = await self.till.execute(parse_command(raw))
        await self.follower.reached(done.event.seq)
        return done.event

    async def park(self, count: int) -> list[bytes]:
        """Open receipts of five lines; return the commands that complete them."""
        return list(await asyncio.gather(*(self._park() for _ in range(count))))

    async def _park(self) -> bytes:
        opened = await self.complete(
            _json(
                type="open",
                register_id=REGISTER,
                lines=[
                    {"text": text, "quantity": quantity, "unit_cents": cents, "rate": rate}
                    for text, quantity, cents, rate in ARTICLES
                ],
            )
        )
        return _json(
            type="complete",
            receipt=opened.receipt,
            rev=1,
            key=self.new_key(),
            payments=[{"kind": "cash", "given_cents": 10000}],
        )

    def new_key(self) -> str:
        """Return a fresh idempotency key that begins with the time."""
        return new_id(int(self._clock.now().timestamp() * 1000))

    async def start_register(self) -> None:
        """Make the Startbeleg."""
        raw = _json(type="register_receipt", register_id=REGISTER, kind="start", key=self.new_key())
        await self.complete(raw)


@asynccontextmanager
async def open_desk(directory: Path, seed: int) -> AsyncIterator[Desk]:
    """Run a desk on the journal of a directory; a new one gets its Startbeleg."""
    unit = SharedUnit(SoftUnit("card", f"benchmark {seed}"))
    await unit.wake()
    desk = Desk(directory, unit, seed)
    following = asyncio.get_running_loop().create_task(desk.follower.run())
    try:
        if not desk.journal.last_seq:
            await desk.start_register()
        yield desk
    finally:
        await desk.till.finish()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await desk.journal.close()


@contextmanager
def switch_interval() -> Iterator[None]:
    """Set the daemon's switch interval for a while."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def scratch(directory: Path) -> TemporaryDirectory[str]:
    """Return a directory that is removed after use."""
    return TemporaryDirectory(prefix="bonbridge-bench-", dir=directory)


def _json(**command: object) -> bytes:
    return json.dumps(command, separators=(",", ":")).encode()
