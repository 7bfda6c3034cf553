"""A cloud that sends more than is decent: the box keeps its measure and its memory."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from tests.conftest import Scale
from tests.flow.evidence import arrived, check, check_numbers
from tests.flow.link import Link
from tests.flow.raw import raw_command, taken
from tests.flow.stage import Stage
from tests.flow.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINKS = 2
"""The flooded one, and one beside it."""

PER_RECEIPT_KB = 50
"""Kilobytes of memory that an open receipt may cost: far above what it does cost."""

SPARE_KB = 30_000
"""What the process may grow by besides: buffers, caches, the heap's slack."""

AT_ONCE = 25
"""Calls that the external program makes at the same time."""


@pytest.fixture
def link(stage: Stage) -> Link:
    """The flooded one."""
    return stage.links[0]


async def test_hundreds_of_receipts_opened_at_once_are_each_opened_once(
    stage: Stage, link: Link, scale: Scale
) -> None:
    count = scale.of(500, 3000)
    before = stage.box.memory_kb()
    sales = await link.park("flood", count)
    for first in range(0, count, AT_ONCE):
        await asyncio.gather(*(link.open(sale) for sale in sales[first : first + AT_ONCE]))
        # Somebody sells at another register all the while.
        await stage.counter.sell(stage.links[1].register)

    async def all_open() -> bool:
        return bool((await link.state())["parked"].get("open") == count)

    await until(all_open, f"the cloud knows that {count} receipts are open")
    await link.at_counter(sales)
    grown = stage.box.memory_kb() - before
    print(f"{count} open receipts: {grown} kB more")
    assert grown < count * PER_RECEIPT_KB + SPARE_KB
    assert (await link.part())["level"] == "ok"
    # Most are taken back, all at once as well; the rest is sold.
    back, sold = sales[30:], sales[:30]
    for first in range(0, len(back), AT_ONCE):
        some = back[first : first + AT_ONCE]
        await asyncio.gather(*(link.program.discard(sale.parked) for sale in some))
    await link.serve(sold)
    await link.ended(sold)

    async def all_back() -> bool:
        return bool((await link.state())["parked"].get("withdrawn") == len(back))

    await until(all_back, "the cloud knows that the rest is withdrawn")
    await arrived(link, stage.box.rows())
    await check(stage.box, link, sold)
    assert not await stage.counter.open_receipts(link.register)
    opened = Counter(
        row["body"]["parked_id"]
        for row in stage.box.rows()
        if row["kind"] == "receipt.opened" and row["body"].get("origin") == link.name
    )
    assert all(opened[sale.parked] == 1 for sale in sales)


async def test_a_cloud_that_ignores_the_window_is_cut_off_and_nothing_is_taken_twice(
    stage: Stage, link: Link, scale: Scale
) -> None:
    link.mark()
    count = scale.of(400, 5000)
    before = stage.box.memory_kb()
    first = 1 + max(taken(link), default=0)
    # The second half goes on where a hole is: it can never be taken.
    numbers = [first + number + (number >= count // 2) for number in range(count)]
    for seq in numbers:
        data = {"parked_id": f"stubborn-{seq}", "lines": []}
        text = json.dumps(raw_command("receipt.open", seq, data))
        answer = await asyncio.to_thread(link.cloud.ask, do="send_raw", text=text)
        if "error" in answer:
            break
    await link.told("cloud_stream_broken")
    assert stage.box.memory_kb() - before < SPARE_KB
    await link.connected()
    times = Counter(taken(link))
    assert set(times.values()) == {1}
    assert sorted(times) == list(range(1, max(times) + 1)), "a number was passed over"
    for receipt in await stage.counter.open_receipts(link.register):
        await stage.counter.abort(receipt)
    sales = await link.opened("after-the-flood", 3)
    await link.serve(sales)
    await link.ended(sales)
    await check(stage.box, link, sales)
    check_numbers(stage.box.rows(), link.register)
