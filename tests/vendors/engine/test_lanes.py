"""Order and places, without a vendor."""

from __future__ import annotations

import asyncio
import random

from bridge.vendors.engine.lanes import Item, Lanes
from bridge.vendors.engine.slots import Slots


def test_each_order_keeps_its_order_whatever_happens() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    lanes = Lanes()
    added: dict[str, list[str]] = {}
    sent: dict[str, list[str]] = {}
    under_way: list[Item] = []
    now = 0.0
    for n in range(5000):
        now += dice.random()
        match dice.randrange(5):
            case 0 | 1:
                order = dice.choice(["", "a", "b", "c"])
                lanes.add(Item(f"r{n}", "op", order))
                added.setdefault(order, []).append(f"r{n}")
            case 2 if (item := lanes.take(now)) is not None:
                assert all(each.order != item.order or not item.order for each in under_way)
                under_way.append(item)
            case 3 if under_way:
                item = under_way.pop(dice.randrange(len(under_way)))
                sent.setdefault(item.order, []).append(item.id)
                lanes.release(item)
            case 4 if under_way:
                item = under_way.pop(dice.randrange(len(under_way)))
                item.due = now + dice.random() * 3
                lanes.add(item, first=True)
                lanes.release(item)
    while len(lanes) or under_way:
        now += 10
        item = lanes.take(now) or under_way.pop()
        sent.setdefault(item.order, []).append(item.id)
        lanes.release(item)
    assert {order: sorted(ids) for order, ids in sent.items()} == {
        order: sorted(ids) for order, ids in added.items()
    }
    for order in "abc":
        assert sent[order] == added[order]
    assert lanes._lanes == {}


def test_a_block_stands_until_all_that_is_unknown_is_decided() -> None:
    lanes = Lanes()
    lanes.block("a", "u1")
    lanes.block("a", "u2")
    lanes.add(Item("r1", "op", "a"))
    lanes.add(Item("r2", "op", "b"))
    assert lanes.blocker("a") in ("u1", "u2")
    assert lanes.ahead("a", "r1", 0.0)
    first = lanes.take(0.0)
    assert first is not None
    assert first.id == "r2"
    assert lanes.take(0.0) is None
    lanes.unblock("a", "u1")
    assert lanes.take(0.0) is None
    lanes.unblock("a", "u2")
    second = lanes.take(0.0)
    assert second is not None
    assert second.id == "r1"


def test_a_run_taken_back_makes_room_for_the_next() -> None:
    lanes = Lanes()
    lanes.add(Item("r1", "op", "a", due=50.0))
    lanes.add(Item("r2", "op", "a"))
    assert lanes.take(1.0) is None
    assert lanes.next_due() == 50.0
    lanes.remove("a", "r1")
    found = lanes.take(1.0)
    assert found is not None
    assert found.id == "r2"
    lanes.remove("a", "nothing")


def test_what_is_due_later_can_be_hastened() -> None:
    lanes = Lanes()
    lanes.add(Item("r1", "op", "a", due=50.0))
    assert lanes.take(1.0) is None
    lanes.hasten()
    assert lanes.take(1.0) is not None


async def test_places_are_given_in_turn_and_come_back_when_a_waiter_gives_up() -> None:
    slots = Slots(2)
    slots.narrow()
    inside: list[int] = []
    leave = [asyncio.Event() for _ in range(4)]

    async def use(n: int) -> None:
        async with slots.one():
            inside.append(n)
            await leave[n].wait()

    tasks = []
    for n in range(4):
        tasks.append(asyncio.create_task(use(n)))
        await asyncio.sleep(0)
    assert inside == [0]
    tasks[1].cancel()
    await asyncio.sleep(0)
    leave[0].set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == [0, 2]
    slots.widen()
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == [0, 2, 3]
    for each in leave:
        each.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert slots.taken == 0
