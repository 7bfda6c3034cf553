"""What is taken of a cloud's stream: in any order, once each, also after a rebuild."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from bridge.cloud.inbox import INBOX, KEPT, Answers, Taken, Waiting
from bridge.journal.event import GENESIS, Event, NewEvent, WriteSet
from bridge.journal.projections import MemoryEntries
from bridge.model import events
from tests.till.harness import Shop


def taken_event(seq: int, number: int, peer: str = "asello", **more: Any) -> Event:
    body = {"peer": peer, "seq": number, "id": f"m-{number}", "type": "skip", "state": "done"}
    packed = json.dumps(body | more).encode()
    return Event(seq, events.CLOUD_TAKEN, 0, packed, None, None, None, None, GENESIS, GENESIS)


def test_any_order_ends_contiguous() -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    numbers = list(range(1, 200))
    random.Random(seed).shuffle(numbers)
    taken = Taken()
    seen: set[int] = set()
    for number in numbers:
        taken.add(number)
        taken.add(number)
        seen.add(number)
        assert all(taken.has(each) == (each in seen) for each in range(1, 201))
        assert all(each > taken.upto for each in taken.beyond)
    assert (taken.upto, taken.beyond) == (199, set())


def test_the_first_answer_stays_and_old_ones_are_dropped() -> None:
    entries = MemoryEntries()
    INBOX.apply(taken_event(10, 1), entries)
    INBOX.apply(taken_event(11, 1), entries)
    assert entries.get("asello/1") == b"10"
    INBOX.apply(taken_event(12, 1 + KEPT), entries)
    assert entries.get("asello/1") is None
    assert entries.get(f"asello/{1 + KEPT}") == b"12"


def test_peers_are_kept_apart() -> None:
    entries = MemoryEntries()
    INBOX.apply(taken_event(10, 1, "one"), entries)
    INBOX.apply(taken_event(11, 1, "two"), entries)
    assert (entries.get("one/1"), entries.get("two/1")) == (b"10", b"11")


async def test_the_state_is_the_same_when_read_at_once_later_and_rebuilt(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        reader = shop.journal.reader
        answers, others = Answers(reader, "asello"), Answers(reader, "other")
        assert answers.taken() is None
        joined = NewEvent(events.CLOUD_JOINED, 0, b'{"peer":"asello"}')
        [first] = await shop.journal.submit(WriteSet((joined,)))
        await shop.journal.submit(WriteSet((joined,)))
        for number in (2, 1, 4):
            event = taken_event(0, number)
            await shop.journal.submit(WriteSet((NewEvent(event.kind, 0, event.body),)))
        receipt = await shop.open(origin="asello", parked_id="P-1")
        for step in ("tail", "projected", "rebuilt"):
            for asked in (answers, Answers(reader, "asello")):
                assert asked.taken() == Taken(first.seq, 2, {4}), step
                answer = asked.to(4)
                assert answer is not None
                assert answer.data()["seq"] == 4
                assert asked.to(3) is None
                assert asked.last_opened("P-1") == receipt.id
            assert others.last_opened("P-1") is None
            await (shop.journal.settle() if step == "tail" else shop.journal.rebuild())


@pytest.mark.parametrize("limit", [1, 16])
def test_no_more_wait_than_there_is_room(limit: int) -> None:
    waiting: Waiting[str] = Waiting(limit)
    assert all(waiting.put(seq, "x") for seq in range(2, limit + 2))
    assert waiting.put(2, "again")
    assert not waiting.put(limit + 2, "y")
    assert len(waiting) == limit
    assert waiting.pop(2) == "x"
    assert waiting.pop(2) is None
