"""The demo's counter: whatever appears among the open receipts is served, one after another."""

from __future__ import annotations

import asyncio

from bridge.cli.demo.operator import Operator
from bridge.cli.demo.shop import errand, practice, reference

LOOK_S = 0.02
"""Seconds between looks at an empty list."""

PRACTICE_EVERY = 12
"""After so many receipts the operator makes one for training."""


class Counter:
    """Knows which parked receipt is which errand."""

    def __init__(self, operator: Operator, seed: str, receipts: int) -> None:
        self._operator = operator
        self._seed = seed
        self._numbers = {reference(number): number for number in range(receipts)}
        self._served = 0

    async def serve(self) -> None:
        """Serve until cancelled, in the order in which receipts were opened."""
        while True:
            waiting = await self._operator.open_receipts()
            for receipt in sorted(waiting, key=lambda each: str(each["id"])):
                number = self._numbers.get(receipt["reference"] or "")
                if number is None:
                    continue
                await self._operator.serve(receipt["id"], errand(self._seed, number))
                self._served += 1
                if self._served % PRACTICE_EVERY == 0:
                    await self._practise(self._served)
            if not waiting:
                await asyncio.sleep(LOOK_S)

    async def _practise(self, number: int) -> None:
        lesson = practice(self._seed, number)
        opened = await self._operator.open_own(lesson)
        await self._operator.serve(opened["id"], lesson)
