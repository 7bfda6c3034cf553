"""Followers see every event exactly once, in order, from wherever they begin."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bridge.journal import store
from bridge.journal.event import Event
from bridge.journal.store import Journal
from tests.journal.support import Chain, opened, paths_in, writer_held


async def followed(journal: Journal, after: int, upto: int, *, pause: int = 0) -> list[Event]:
    """Follow to an event; with ``pause`` let others run at every so-manieth one."""
    seen: list[Event] = []
    async for event in journal.follow(after):
        seen.append(event)
        if pause and event.seq % pause == 0:
            await asyncio.sleep(0)
        if event.seq == upto:
            return seen
    raise AssertionError


@pytest.mark.parametrize(("recent", "chunk"), [(4096, 500), (16, 7), (1, 2)])
async def test_many_followers_from_anywhere_while_writes_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recent: int, chunk: int
) -> None:
    monkeypatch.setattr(store, "RECENT", recent)
    monkeypatch.setattr(store, "FOLLOW_CHUNK", chunk)
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    total = 400
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell(60)
    async with opened(paths) as journal:
        chain = Chain(journal, "K1", 60)
        tasks: dict[asyncio.Task[list[Event]], int] = {}
        while journal.last_seq < total:
            after = chance.choice((0, journal.last_seq, chance.randrange(journal.last_seq + 1)))
            pause = chance.choice((0, 1, 5))
            task = asyncio.create_task(followed(journal, after, total, pause=pause))
            tasks[task] = after
            count = min(chance.randrange(1, 30), total - journal.last_seq)
            if chance.random() < 0.5:
                await chain.sell(count)
            else:
                await asyncio.gather(*[journal.submit(chain.next()) for _ in range(count)])
        truth = list(journal.reader.events())
        for task, after in tasks.items():
            assert await task == truth[after:]
        assert len(tasks) > 5


async def test_a_follower_sees_only_what_is_durable(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        task = asyncio.create_task(followed(journal, 0, 1))
        with writer_held(journal):
            future = journal.submit(chain.next())
            await asyncio.sleep(0)
            assert not task.done()
            assert journal.last_seq == 0
        await future
        assert (await task)[0] == journal.reader.event(1)


async def test_a_follower_may_begin_beyond_the_end(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        task = asyncio.create_task(followed(journal, 5, 7))
        await Chain(journal, "K1").sell(8)
        assert [event.seq for event in await task] == [6, 7]


async def test_a_failed_write_set_is_seen_by_no_follower(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        task = asyncio.create_task(followed(journal, 0, 3))
        await chain.sell(2)
        chain.number += 1
        assert await asyncio.gather(journal.submit(chain.next()), return_exceptions=True)
        chain.recover()
        await chain.sell()
        assert [event.number for event in await task] == [1, 2, 3]


async def test_followers_that_give_up_leave_nothing_behind(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        for _ in range(20):
            task = asyncio.create_task(followed(journal, 0, 1))
            await asyncio.sleep(0)
            assert len(journal._waiting) == 1
            task.cancel()
            await asyncio.wait([task])
        assert not journal._waiting
