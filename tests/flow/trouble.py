"""One link under one fault, from opened receipts to everything being where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.flow.evidence import check
from tests.flow.link import Link
from tests.flow.stage import Stage
from tests.flow.waiting import side_by_side

LOG_LINES = 8
"""Lines that one fault of one link may leave in the log: lost, each diagnosis once, back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``switches`` are what is wrong as long as they are on: each new connection meets it.
    ``code`` is what the board shall show."""

    name: str
    code: str
    switches: dict[str, Any]


async def survives(stage: Stage, link: Link, fault: Fault) -> None:
    """Open receipts, have the fault happen and last, serve most receipts meanwhile, switch the
    fault off, serve the last: then everything is everywhere exactly once."""
    before = len(stage.box.logged(f"cloud:{link.name}:"))
    sales = await link.opened(fault.name, 5)
    await link.set(**fault.switches)
    await link.do("drop")
    part = await link.shown(fault.code)
    assert part["level"] == "failed"
    _check_advice(part)
    # The counter goes on while the fault lasts: nobody has switched it off before this is done.
    await link.serve(sales[:-1])
    await stage.counter.sell(link.register)
    assert (await link.part())["fault"]["code"] == fault.code
    await link.calm()
    await link.connected()
    await link.serve(sales[-1:])
    await link.ended(sales)
    await check(stage.box, link, sales)
    logged = stage.box.logged(f"cloud:{link.name}:")[before:]
    assert len(logged) <= LOG_LINES, logged


def _check_advice(part: dict[str, Any]) -> None:
    fault = part["fault"]
    assert len(fault["title"]) > 5, fault
    assert len(fault["advice"]) > 10, fault


async def all_survive(stage: Stage, faults: Iterable[Fault]) -> None:
    """Deal faults out to the links; each link has one after the other, all links at once."""
    dealt = list(faults)
    count = len(stage.links)
    hands = [(link, dealt[number::count]) for number, link in enumerate(stage.links)]
    await side_by_side(
        (f"{link.name}: {[fault.name for fault in hand]}", _one_by_one(stage, link, hand))
        for link, hand in hands
    )
    assert stage.box.is_running
    assert not stage.box.logged("Traceback")


async def _one_by_one(stage: Stage, link: Link, hand: Sequence[Fault]) -> None:
    for fault in hand:
        try:
            await survives(stage, link, fault)
        except Exception as error:
            error.add_note(f"fault: {fault.name}")
            raise


Case = Callable[[Stage, Link], Coroutine[Any, Any, None]]


async def all_hold(stage: Stage, cases: Sequence[Case]) -> None:
    """Deal cases out to the links, as ``all_survive`` does with faults."""
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
