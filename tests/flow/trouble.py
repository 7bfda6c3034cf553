"""Links under faults, many at the same time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from tests.flow.evidence import check
from tests.flow.link import CALM, Link
from tests.flow.stage import Stage
from tests.flow.waiting import side_by_side

Case = Callable[[Stage, Link], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """``switches`` are what each new connection meets, ``code`` is what the board shall show."""

    name: str
    code: str
    switches: dict[str, Any]


async def survives(stage: Stage, link: Link, faults: Sequence[Fault]) -> None:
    """Open receipts, let one fault follow the other, serve receipts under each of them, and the
    last ones when the cloud is well again: then everything is everywhere exactly once."""
    before = len(stage.box.logged(f" cloud:{link.name}: "))
    sales = await link.opened("-".join(fault.name for fault in faults), 2 * len(faults) + 2)
    left = list(sales)
    for number, fault in enumerate(faults):
        await link.set(**{**CALM, **fault.switches})
        if not number:
            await link.do("drop")
        await link.fails_with(fault.code)
        # The fault lasts while the counter goes on: it is switched off only afterwards.
        await link.serve([left.pop(0), left.pop(0)])
        await stage.counter.sell(link.register)
    await link.calm()
    await link.connected()
    await link.serve(left)
    await link.ended(sales)
    await check(stage.box, link, sales)
    logged = stage.box.logged(f" cloud:{link.name}: ")[before:]
    # Lost, each diagnosis, and for each greeting that was no good: well, and lost again.
    assert len(logged) <= 4 + 5 * len(faults), logged


async def all_survive(stage: Stage, hands: Sequence[Sequence[Fault]]) -> None:
    """Give each link a hand of faults, all links at once."""
    assert len(hands) <= len(stage.links)
    await side_by_side(
        (f"{link.name}: {[fault.name for fault in hand]}", survives(stage, link, hand))
        for link, hand in zip(stage.links, hands, strict=False)
    )
    assert stage.box.is_running
    assert not stage.box.logged("Traceback")


async def all_hold(stage: Stage, cases: Sequence[Case]) -> None:
    """Deal cases out to the links; each link has its own one after the other, all links at once."""
    count = len(stage.links)

    async def hand(link: Link, its: Sequence[Case]) -> None:
        for case in its:
            link.mark()
            try:
                await case(stage, link)
            except Exception as error:
                error.add_note(f"case: {case.__name__}")
                raise

    await side_by_side(
        (f"{link.name}: {[each.__name__ for each in its]}", hand(link, its))
        for number, link in enumerate(stage.links)
        if (its := cases[number::count])
    )
    assert stage.box.is_running
    assert not stage.box.logged("Traceback")
