"""``kill -9`` again and again, with vendors in trouble: no order is done twice, none is lost."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Scale
from tests.vendors.trial import orders
from tests.vendors.trial.errands import SUCCEEDED, Errand, Program, judge, sent_twice
from tests.vendors.trial.mischief import troubled
from tests.vendors.trial.shop import Town, shop, town

OFTEN = 0.4
"""Share of requests that something happens to."""

LONGEST_S = 180.0
"""Seconds for all orders to be over once the vendors are well."""

DAY_S = 3600.0
"""An order may take as long as the box is killed again and again."""

MOST_REQUESTS = 40
"""The box is killed after so many requests to vendors at most, in the midst of the latest."""

UP_S, MIDST_S = 3.0, 0.1
"""It is killed after so long in any case; and the latest request is that old at most."""


class Day:
    """Orders of all kinds, some more before each kill; those of d.velop go one after the other,
    as one program sends them."""

    def __init__(self, there: Town, program: Program, orders_of_a_kind: int) -> None:
        self._program = program
        every = (orders.flexi, orders.cube_pays, orders.cube_mails, orders.returns, orders.receipts)
        self._kinds = [make(there, orders_of_a_kind) for make in every]
        lists = list(orders.lists(there, max(orders_of_a_kind // 10, 2)))
        clicks = list(orders.singles(there, max(orders_of_a_kind // 10, 3)))
        self.errands = [*lists, *clicks]
        self._working = [
            asyncio.create_task(self._one_by_one(lists)),
            asyncio.create_task(self._one_by_one(clicks)),
        ]

    def more(self) -> None:
        """Order one more of each kind."""
        for kind in self._kinds:
            for errand in itertools.islice(kind, 1):
                self.errands.append(errand)
                self._working.append(asyncio.create_task(self._program.get_done(errand)))

    async def _one_by_one(self, errands: Sequence[Errand]) -> None:
        for errand in errands:
            await self._program.get_done(errand)

    async def over(self) -> None:
        """Wait for the final word on all orders."""
        async with asyncio.timeout(LONGEST_S):
            await asyncio.gather(*self._working)

    async def end(self) -> None:
        """Go home, whatever is left."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def words(self) -> str:
        """Return how often which word was given, by kinds of orders."""
        found = Counter((each.key.rpartition("-")[0], each.word) for each in self.errands)
        return ", ".join(
            f"{kind} {word or 'open'}: {n}" for (kind, word), n in sorted(found.items())
        )


@pytest.mark.kill
async def test_a_box_that_is_killed_again_and_again_does_nothing_twice_and_forgets_nothing(
    scale: Scale, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    kills = scale.of(3, 100)
    async with town() as there, shop(tmp_path, there.urls) as at:
        mischief = [
            troubled(stage, chance.randrange(10**9), OFTEN) for stage in there.stages.values()
        ]
        program = Program(at.box.url, patience_s=DAY_S)
        day = Day(there, program, 2 * kills)
        try:
            for number in range(kills):
                day.more()
                day.more()
                await _busy(there, chance)
                await at.box.kill()
                print(f"kill {number}: {day.words()}")
                await at.box.start()
            for each in mischief:
                each.calm = True
            # The vendors are well: one that is left alone for a minute is asked at once.
            await at.box.kill()
            await at.box.start()
            await day.over()
        finally:
            await day.end()
            print(f"struck {[each.struck for each in mischief]}: {day.words()}")
        await _check(there, program, day.errands)
        await program.close()
        assert at.box.complaints() == []


async def _busy(there: Town, chance: random.Random) -> None:
    """Wait until the box is in the midst of its work."""
    enough = _received(there) + chance.randint(1, MOST_REQUESTS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UP_S):
            while _received(there) < enough:  # noqa: ASYNC110 - the log has no event to wait for
                await asyncio.sleep(0.005)
    await asyncio.sleep(chance.uniform(0, MIDST_S))


def _received(there: Town) -> int:
    return sum(len(each) for each in orders.requests(there).values())


async def _check(there: Town, program: Program, errands: Sequence[Errand]) -> None:
    log = orders.requests(there)
    wrong = [each for errand in errands for each in judge(errand, log[errand.vendor])]
    for errand in errands:
        if errand.vendor in ("offercube", "kassomat", "asello"):
            wrong += sent_twice(errand, log[errand.vendor])
        for run in errand.runs:
            state = (await program.run(run))["state"]
            if run == errand.runs[-1] and state != errand.word:
                wrong.append(f"{errand}: its run is {state}")
            elif run != errand.runs[-1] and state != "failed":
                wrong.append(f"{errand}: an earlier run is {state}")
    assert not wrong, "\n".join(wrong)
    assert orders.corrections(there) == []
    latest = [each for each in errands if each.key.startswith("list-") and each.word == SUCCEEDED]
    if latest:
        assert orders.held(there)["1000"] == latest[-1].body[0]["name"]
    assert any(errand.word == SUCCEEDED for errand in errands)
