"""A counter where invoices are paid: pages, till, engine, and the vendors' simulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.config import Secret, VendorSettings
from bridge.health import HealthBoard
from bridge.model.exchange import RunView
from bridge.model.receipt import Line
from bridge.till.amounts import Settling
from bridge.vendors.engine.desk import Desk
from bridge.vendors.settlements import Settlements
from drivers.contract.clock import SystemClock
from simulators.vendors import flexi, offercube
from simulators.vendors.flexi import FlexiSurface
from simulators.vendors.flexi.books import Invoice
from simulators.vendors.kit import SimClock, Stage, Surface
from tests.vendors.flexi import samples as of_flexi
from tests.vendors.harness import FakeHost
from tests.vendors.offercube import samples as of_cube
from tests.web_pages.boxes import Counter

OPTIONS = {"flexi": of_flexi.OPTIONS, "offercube": of_cube.OPTIONS}
SECRETS = {"flexi": of_flexi.SECRETS, "offercube": of_cube.SECRETS}


@dataclass
class Place:
    """The box, Flexi on its port (``stage``) with its books (``flexi``), the engine (``desk``)."""

    box: Counter
    stage: Stage
    flexi: FlexiSurface
    desk: Desk

    def invoice(self, code: str) -> Invoice:
        """Return an invoice of Flexi's books."""
        return next(each for each in self.flexi.company.invoices if each.kod == code)

    async def ordered(self) -> RunView:
        """Wait until the engine has an order and return it."""
        async with asyncio.timeout(20):
            while not (  # noqa: ASYNC110 - the engine has nothing to wait for
                found := await self.desk.runs(vendor=None, state=None, limit=1, language="en")
            ):
                await asyncio.sleep(0.02)
        return found[0]

    def lines(self) -> list[Line]:
        """Return the lines of the one receipt that is open."""
        (receipt,) = self.box.open_receipts()
        return list(receipt.lines)


@asynccontextmanager
async def settling(
    folder: Path,
    registers: Collection[str] = ("K1",),
    vendors: Collection[str] = ("flexi",),
    settles: Collection[str] | None = None,
) -> AsyncIterator[Place]:
    """Open such a counter. ``settles`` are the vendors that lines may name, left out: all."""
    clock, board = SimClock(), HealthBoard(SystemClock())
    books = flexi.make(clock)
    surfaces: dict[str, Surface] = {"flexi": books, "offercube": offercube.make(clock)}
    async with AsyncExitStack() as stack:
        stages = {
            name: await stack.enter_async_context(Stage(each, clock))
            for name, each in surfaces.items()
        }
        desk = Desk(
            [
                VendorSettings(
                    name=name,
                    url=stages[name].url,
                    simulator=True,
                    secrets={each: f"{name}.{each}" for each in SECRETS[name]},
                    options=dict(OPTIONS[name]),
                )
                for name in vendors
            ],
            lambda name: Secret(SECRETS[name.split(".")[0]][name.split(".")[1]]),
            folder / "vendors.db",
            SystemClock(),
            lambda: 0.0,
            board,
            FakeHost(),
            user_agent="bonbridge/test",
            watch=False,
        )
        await desk.start()
        stack.push_async_callback(desk.stop, grace_s=0)
        box = await stack.enter_async_context(
            Counter(folder, tuple(registers), vendors=desk if vendors else None)
        )
        named = frozenset(desk.settles() if settles is None else settles)
        for register in box.shop.till.registers.values():
            register.settling = Settling(named)
        kassen_ids = {name: f"KASSE-{name}" for name in registers}
        told = Settlements(
            box.shop.journal,
            desk,
            desk.settles(),
            kassen_ids,
            box.shop.board,
            SystemClock(),
            lambda: 0.0,
        )
        await told.start()
        running = asyncio.ensure_future(told.run())
        try:
            yield Place(box, stages["flexi"], books, desk)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
