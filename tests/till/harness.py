"""A box in one process for tests: journal in a folder, a clock that is set, units in memory."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from bridge.app import PROJECTIONS
from bridge.devices.units import UnitWatch
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.session import RksvRegime
from bridge.fiscal.rksv.units import SharedUnit, UnitPool
from bridge.health import HealthBoard
from bridge.journal.event import Event
from bridge.journal.store import Journal, JournalPaths
from bridge.journal.writer import Task
from bridge.model.commands import AnyCommand, parse_command
from bridge.model.receipt import Receipt
from bridge.model.register import Register
from bridge.till.register import Done, RegisterTill
from bridge.till.till import Till
from simulators.soft_unit import SoftUnit
from tests.till.dep import Bon, checked

AES_KEY = bytes(range(32))
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""Ten o'clock in Vienna."""

_KEYS = itertools.count(1)


def new_key() -> str:
    """Return an idempotency key that no test has used."""
    return f"test-key-{next(_KEYS):08d}"


class FakeClock:
    """Stands still until it is set or advanced; who sleeps wakes when its time has come."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, waking))
        await waking

    @property
    def sleeping(self) -> list[float]:
        """Seconds that each sleeper still has to sleep."""
        return [until - self._monotonic for until, waking in self._sleepers if not waking.done()]

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._monotonic += seconds
        self.time += timedelta(seconds=seconds)
        due = [each for each in self._sleepers if each[0] <= self._monotonic]
        self._sleepers = [each for each in self._sleepers if each[0] > self._monotonic]
        for _, waking in due:
            if not waking.done():
                waking.set_result(None)


class HeldUnit(SoftUnit):
    """A unit that signs only while ``gate`` is open; ``asked`` counts requests."""

    def __init__(self, name: str, seed: str) -> None:
        super().__init__(name, seed)
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.asked = 0

    async def sign(self, digest: bytes) -> bytes:
        self.asked += 1
        self.entered.set()
        await self.gate.wait()
        return await super().sign(digest)


class SwappedUnit(SoftUnit):
    """A unit whose card was swapped after its certificate was read."""

    def __init__(self, name: str, seed: str) -> None:
        super().__init__(name, seed)
        self._other = SoftUnit(name, f"{seed}/other")
        self.swapped = False

    async def sign(self, digest: bytes) -> bytes:
        return await (self._other.sign(digest) if self.swapped else super().sign(digest))


class Shop:
    """Registers on one journal. Use as ``async with Shop(tmp_path) as shop``.

    Entering opens the journal, reads the units and loads the till; unless told otherwise a
    register without Startbeleg gets one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        registers: Sequence[str] = ("K1",),
        units: Sequence[SoftUnit] | None = None,
        clock: FakeClock | None = None,
        start: bool = True,
        outage_limit_s: float = 30.0,
        queue_limit_s: float = 30.0,
        machine: str = "",
        number_prefix: str = "",
        counter_length: int = 8,
        **options: Any,
    ) -> None:
        self.folder = folder
        self.names = tuple(registers)
        self.soft = [SoftUnit("card", "card")] if units is None else list(units)
        self.clock = FakeClock() if clock is None else clock
        self.start = start
        self.outage_limit_s, self.queue_limit_s = outage_limit_s, queue_limit_s
        self.machine = machine
        self.number_prefix = number_prefix
        self.counter_length = counter_length
        self.options = options
        self.journal: Journal
        self.till: Till
        self.units: list[SharedUnit]
        self.board = HealthBoard(self.clock)
        self.returns = 0

    async def __aenter__(self) -> Self:
        paths = JournalPaths(self.folder / "journal.db", self.folder / "mirror" / "head")
        self.journal = Journal.open(paths, self.clock, PROJECTIONS, machine=self.machine)
        self.units = [
            SharedUnit(unit, outage_limit_s=self.outage_limit_s, queue_limit_s=self.queue_limit_s)
            for unit in self.soft
        ]
        for unit in self.units:
            await unit.wake()
        self.till = Till(self.journal, [self._register(name) for name in self.names], self.clock)
        self.till.load()
        for name in self.names if self.start else ():
            if not self.till.registers[name].head.number:
                await self.own("start", register=name)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.till.finish()
        await self.journal.close()

    def again(self, **changes: Any) -> Shop:
        """Return a box that starts anew on the same journal, with the same units and clock."""
        settings: dict[str, Any] = {
            "registers": self.names,
            "units": self.soft,
            "clock": self.clock,
            "start": False,
            "machine": self.machine,
            "number_prefix": self.number_prefix,
            "counter_length": self.counter_length,
            "outage_limit_s": self.outage_limit_s,
            "queue_limit_s": self.queue_limit_s,
            **self.options,
        }
        return Shop(self.folder, **{**settings, **changes})

    def _register(self, name: str) -> RegisterTill:
        cipher = CounterCipher(AES_KEY, self.counter_length)
        regime = RksvRegime(cipher, UnitPool(self.units))
        register = Register(name, f"KASSE-{name}", number_prefix=self.number_prefix)
        return RegisterTill(register, self.journal, regime, self.clock, **self.options)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[list[UnitWatch]]:
        """Watch the units as the box does: those that are out are looked for every 30 seconds."""
        watches = [
            UnitWatch(
                unit,
                self.board,
                self.clock,
                lambda: 0.5,
                interval_s=30.0,
                on_return=self._unit_back,
            )
            for unit in self.units
        ]
        running = [asyncio.ensure_future(watch.run()) for watch in watches]
        try:
            yield watches
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _unit_back(self) -> None:
        await self.till.end_outages()
        self.returns += 1

    async def look(self) -> bool:
        """Look once for the units that are out; return whether one came back."""
        returns = self.returns
        out = [f"unit:{unit.name}" for unit in self.units if not unit.usable]
        async with self.watching() as watches:
            await until(lambda: all(self._tries(name) == 1 for name in out))
            for watch in watches:
                watch.wake()
            left = len(out)
            await until(
                lambda: self.returns - returns + sum(self._tries(name) == 2 for name in out) == left
            )
        return self.returns > returns

    def _tries(self, part: str) -> int:
        found = self.board.part(part)
        return 0 if found is None else found.facts.get("tries", 0)

    # Commands

    async def do(self, type_: str, **fields: Any) -> Done:
        """Send a command as JSON."""
        return await self.till.execute(command(type_, **fields))

    async def open(self, *lines: dict[str, Any], register: str = "K1", **fields: Any) -> Receipt:
        """Open a receipt with lines (default: one of 1,20) and return it."""
        fields = {"lines": list(lines) or [line()], **fields}
        done = await self.do("open", register_id=register, **fields)
        return self.receipt(str(done.event.receipt))

    def receipt(self, receipt_id: str) -> Receipt:
        """Return an open receipt."""
        found, _ = self.till.receipt(receipt_id)
        assert found is not None, f"{receipt_id} is not open"
        return found

    async def complete(self, receipt: Receipt, **fields: Any) -> Done:
        """Complete a receipt, paid exactly in cash unless ``payments`` are given."""
        fields = {"payments": [{"kind": "cash"}], "key": new_key(), "rev": receipt.rev, **fields}
        return await self.do("complete", receipt=receipt.id, **fields)

    async def sale(self, *lines: dict[str, Any], register: str = "K1", **fields: Any) -> Done:
        """Open and complete a receipt."""
        return await self.complete(await self.open(*lines, register=register, **fields))

    async def own(self, kind: str, register: str = "K1", **fields: Any) -> Done:
        """Make a receipt of the register's own."""
        fields = {"key": new_key(), **fields}
        return await self.do("register_receipt", register_id=register, kind=kind, **fields)

    # What came of it

    def register(self, name: str = "K1") -> RegisterTill:
        """Return a register."""
        return self.till.registers[name]

    def events(self, kind: str | None = None) -> list[Event]:
        """Return all durable events, or those of one kind."""
        found = self.journal.reader.events()
        return [event for event in found if kind is None or event.kind == kind]

    def bons(self, register: str = "K1") -> list[Bon]:
        """Return a register's receipts, checked by the independent checker and for gaps."""
        numbered = list(self.journal.reader.numbered(register))
        assert [event.number for event in numbered] == list(range(1, len(numbered) + 1))
        keys = {}
        for unit in self.soft:
            keys[unit._record.serial] = unit._record.public_key
        bons = checked(
            (event.jws or "" for event in numbered),
            kassen_id=f"KASSE-{register}",
            key=AES_KEY,
            public_keys=keys,
        )
        for event, bon in zip(numbered, bons, strict=True):
            body = event.data()
            assert bon.number == body["belegnummer"]
            assert bon.amounts == tuple(body["amounts"])
            assert sum(bon.amounts) == body["total"]
            assert bon.time == body["time"]
            assert bon.signed is body["signed"]
            assert body["total"] == sum(line["cents"] for line in body["lines"])
        return bons

    def disk_full(self, full: bool = True) -> None:
        """Let no page be added to the journal any more, or lift that again.

        Only receipts of many lines are sure to need a new page: use ``big()``.
        """
        connection = self.journal._writer._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if full else 2**30
        connection.execute(f"PRAGMA max_page_count={pages}")


def command(type_: str, **fields: Any) -> AnyCommand:
    """Return a command as it comes from outside."""
    return parse_command(json.dumps({"type": type_, **fields}))


def line(
    text: str = "Semmel", cents: int = 120, rate: str = "reduced1", **fields: Any
) -> dict[str, Any]:
    """Return a line of a command."""
    return {"text": text, "unit_cents": cents, "rate": rate, **fields}


def big(lines: int = 60) -> list[dict[str, Any]]:
    """Return the lines of a receipt that needs several pages of the journal."""
    return [line("Kaiserschmarrn mit Zwetschkenröster und allem Drum und Dran" * 2)] * lines


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until a condition holds; a test that hangs here has failed."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    message = "the condition never came to hold"
    raise AssertionError(message)


@asynccontextmanager
async def writer_held(shop: Shop) -> AsyncIterator[None]:
    """Hold the journal's writer: what is submitted meanwhile waits and is committed together."""
    release, entered = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        entered.set()
        release.wait(30)

    task = Task(hold)
    shop.journal._writer.run(task)
    await asyncio.to_thread(entered.wait, 30)
    try:
        yield
    finally:
        release.set()
