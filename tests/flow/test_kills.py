"""kill -9 of the cloud, of the box and of both while a shop sells: nothing lost, nothing twice.

Card, program and operator survive. The operator repeats what was not answered under the same key,
the program asks again for what it was not told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.cloud.program_faults import CloudNotReached
from tests.conftest import Scale
from tests.flow.evidence import check
from tests.flow.link import Link, Sale, receipt_order
from tests.flow.stage import Stage, set_up
from tests.flow.waiting import LONGEST_S, LOOK_S, until

AT_ONCE = 4
"""Receipts that the program has under way."""

LONGEST_PAUSE_S = 1.5
"""The next kill comes at a random moment before this time, counted from a working link or not."""


class Shop:
    """Sells until it is told to stop."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.closing = False
        self._number = 0

    @contextlib.asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Sell while the block runs; then the receipts under way are ended."""
        serving = [asyncio.create_task(self._serve()), asyncio.create_task(self._connect())]
        buying = [asyncio.create_task(self._buy()) for _ in range(AT_ONCE)]
        try:
            yield
            self.closing = True
            async with asyncio.timeout(LONGEST_S):
                await asyncio.gather(*buying)
        finally:
            for task in (*serving, *buying):
                task.cancel()
            outcomes = await asyncio.gather(*serving, *buying, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _buy(self) -> None:
        while not self.closing:
            reference = f"{self.link.name}-{self._number}"
            self._number += 1
            sale = Sale(reference, await self._park(reference))
            self.link.sales.append(sale)
            await self.link.open(sale)
            end = await self.link.program.ended(sale.parked)
            assert end.state in ("completed", "aborted"), end

    async def _park(self, reference: str) -> str:
        parked: list[str] = []

        async def accepted() -> bool:
            # A lost answer leaves a parked receipt behind that nobody opens.
            with contextlib.suppress(CloudNotReached):
                parked.append(await self.link.program.park(receipt_order(reference)))
            return bool(parked)

        await until(accepted, f"{reference} is parked")
        return parked[-1]

    async def _serve(self) -> None:
        while True:
            by_reference = {sale.reference: sale for sale in self.link.sales}
            waiting = await self.link.operator.open_receipts()
            for receipt in waiting:
                sale = by_reference.get(receipt["reference"])
                if sale is None or sale.answer is not None:
                    continue
                number = int(sale.reference.rpartition("-")[2])
                end = self.link.operator.abort if number % 4 == 3 else self.link.operator.complete
                sale.answer = await end(receipt, key=f"end-of-{sale.reference}")
            await asyncio.sleep(LOOK_S)

    async def _connect(self) -> None:
        """Somebody is waiting all the time."""
        while True:
            if (await self.link.part()).get("phase") == "waiting":
                await self.link.operator.connect_now()
            await asyncio.sleep(LOOK_S)


async def _kill(stage: Stage, link: Link, victims: str) -> None:
    if victims != "box":
        await asyncio.to_thread(link.cloud.kill)
    if victims != "cloud":
        await stage.box.kill()
    if victims != "box":
        link.cloud.__exit__(None, None, None)
        await link.start_cloud()
    if victims != "cloud":
        await stage.box.start()


@pytest.mark.kill
async def test_a_cloud_and_a_box_that_are_killed_again_and_again_agree_in_the_end(
    scale: Scale, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with set_up(tmp_path, ["A"], patient=True) as stage:
        (link,) = stage.links
        shop = Shop(link)
        async with shop.busy():
            for _ in range(scale.of(5, 60)):
                if chance.random() < 0.7:
                    await link.connected()
                await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_S))
                victims = chance.choice(("cloud", "cloud", "both", "box"))
                print("kill", victims, "with", len(link.sales), "receipts")
                await _kill(stage, link, victims)
            await link.connected()
        served = [sale for sale in link.sales if sale.answer is not None]
        assert len(served) == len(link.sales) >= AT_ONCE
        await check(stage.box, link, served)
        assert not stage.box.logged("Traceback")
        assert not stage.box.logged("CRITICAL")
