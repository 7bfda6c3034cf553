"""Projections: they lag, are complete when read, cost a receipt nothing and can be rebuilt."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from bridge.journal import projections, writer
from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.faults import JournalUnwritable, ProjectionBroken
from bridge.journal.projections import Entries, Projection, load, look_up
from bridge.journal.reader import Reader
from bridge.journal.store import Journal
from bridge.journal.writer import Job
from tests.journal.support import NOON, Chain, Statements, note, opened, paths_in, writer_held

WRONG: Any = {"not": "bytes"}
"""What a program without type checks might put into an entry."""

KEYS = [f"key-{n}" for n in range(12)]


class Sums:
    """Adds numbers by key: applying an event twice would show."""

    name: str = "sums"

    def apply(self, event: Event, entries: Entries) -> None:
        if event.kind == "add":
            body = event.data()
            before = int(entries.get(body["key"]) or b"0")
            entries.put(body["key"], b"%d" % (before + body["amount"]))
        elif event.kind == "forget":
            entries.drop(event.data()["key"])


class Fragile:
    """Does not understand one event."""

    name = "fragile"

    def __init__(self) -> None:
        self.repaired = False

    def apply(self, event: Event, entries: Entries) -> None:
        if event.kind == "forget" and not self.repaired:
            raise KeyError("what is this?")
        entries.put("last", b"%d" % event.seq)


def random_event(chance: random.Random) -> NewEvent:
    body = {"key": chance.choice(KEYS), "amount": chance.randrange(-50, 100)}
    kind = chance.choices(("add", "forget", "other"), (8, 1, 1))[0]
    return NewEvent(kind, NOON, json.dumps(body).encode())


def derived(events: list[Event], projection: Projection) -> dict[str, bytes]:
    """Return the entries by the plainest way: all events on an empty dictionary."""
    entries = projections.MemoryEntries()
    for event in events:
        projection.apply(event, entries)
    return {key: body for key, body in entries.changed.items() if body is not None}


def stored(reader: Reader, name: str) -> dict[str, bytes]:
    return reader.states(name)


async def submit_random(journal: Journal, chance: random.Random, count: int) -> None:
    await asyncio.gather(*[journal.submit(WriteSet((random_event(chance),))) for _ in range(count)])


async def execute(journal: Journal, statement: str) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute(statement)

    await journal._in_writer(work)


def seeded() -> random.Random:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    return random.Random(seed)


async def test_a_lagging_projection_is_complete_when_read(tmp_path: Path) -> None:
    chance = seeded()
    async with opened(paths_in(tmp_path), (Sums(),)) as journal:
        for _ in range(20):
            await submit_random(journal, chance, chance.randrange(1, 30))
            if chance.random() < 0.3:
                await journal.settle()
                assert journal.reader.cursor("sums") == journal.last_seq
            wanted = derived(list(journal.reader.events()), Sums())
            assert load(journal.reader, Sums()) == wanted
            for key in KEYS:
                assert look_up(journal.reader, Sums(), key) == wanted.get(key)
        assert journal.reader.cursor("sums") <= journal.last_seq


async def test_rebuilding_gives_the_same_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.journal.projector.MAX_LAG", 64)
    chance = seeded()
    async with opened(paths_in(tmp_path), (Sums(),)) as journal:
        await submit_random(journal, chance, 1)
        for _ in range(10):
            await submit_random(journal, chance, 50)
            await journal.settle()
        before = stored(journal.reader, "sums")
        assert before == derived(list(journal.reader.events()), Sums())
        await execute(journal, "UPDATE state SET body=x'39'")
        assert stored(journal.reader, "sums") != before
        await journal.rebuild()
        assert stored(journal.reader, "sums") == before
        assert journal.reader.cursor("sums") == journal.last_seq


async def test_rebuilding_leaves_what_is_not_derived_here(tmp_path: Path) -> None:
    """Cursors of followers cannot be derived from the events."""
    async with opened(paths_in(tmp_path), (Sums(),)) as journal:
        await submit_random(journal, seeded(), 10)
        await execute(journal, "INSERT INTO cursor VALUES('link',7)")
        await journal.rebuild()
        assert journal.reader.cursor("link") == 7
        assert journal.reader.cursor("sums") == 10


async def test_a_projection_that_joins_later_catches_up_chunk_by_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.journal.projector.MAX_LAG", 32)
    monkeypatch.setattr(writer, "MAX_LAG", 32)
    chance = seeded()
    paths = paths_in(tmp_path)
    early = Sums()
    early.name = "early"
    async with opened(paths, (early,)) as journal:
        await submit_random(journal, chance, 300)
    async with opened(paths, (early, Sums())) as journal:
        assert journal.reader.cursor("early") == 300
        assert journal.reader.cursor("sums") == 0
        assert load(journal.reader, Sums()) == derived(list(journal.reader.events()), Sums())
        with writer_held(journal):
            futures = [journal.submit(WriteSet((note(),))) for _ in range(2)]
        await asyncio.gather(*futures)
        await journal.settle()
        assert journal.reader.cursor("sums") == journal.reader.cursor("early") == 302
        assert stored(journal.reader, "early") == stored(journal.reader, "sums")
        assert stored(journal.reader, "sums") == derived(list(journal.reader.events()), Sums())


async def test_while_others_wait_a_projection_takes_one_chunk_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.journal.projector.MAX_LAG", 32)
    monkeypatch.setattr(writer, "MAX_LAG", 32)
    monkeypatch.setattr(writer, "MAX_BATCH", 1)
    chance = seeded()
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await submit_random(journal, chance, 320)
    async with opened(paths, (Sums(),)) as journal:
        seen = Statements(journal)
        gate = threading.Event()
        finished = journal._writer._finished

        def hold(jobs: list[Job]) -> None:
            gate.wait()
            finished(jobs)

        monkeypatch.setattr(journal._writer, "_finished", hold)
        # Whichever of them the writer holds, the others wait behind it.
        futures = [journal.submit(WriteSet((note(),))) for _ in range(4)]
        gate.set()
        await asyncio.gather(*futures)
        inserts = [
            index for index, each in enumerate(seen.seen) if each.startswith("INSERT INTO event")
        ]
        assert len(inserts) == 4
        chunks = [
            sum(each.startswith("SELECT * FROM event") for each in seen.seen[one:following])
            for one, following in itertools.pairwise(inserts)
        ]
        assert chunks == [1, 1, 1]


async def test_a_receipt_alone_causes_no_second_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "IDLE_S", 0.01)
    async with opened(paths_in(tmp_path), (Sums(),)) as journal:
        tidied = asyncio.Event()
        tidy = journal._writer._tidy
        loop = asyncio.get_running_loop()

        def noticed(project_from: int, checkpoint_from: int) -> None:
            tidy(project_from, checkpoint_from)
            loop.call_soon_threadsafe(tidied.set)

        monkeypatch.setattr(journal._writer, "_tidy", noticed)
        seen = Statements(journal)
        chain = Chain(journal, "K1")
        await chain.sell()
        # Wait until the writer has been idle, and looked.
        await tidied.wait()
        assert seen.count("COMMIT") == 1
        assert seen.count("PRAGMA wal_checkpoint") == 0
        assert journal.reader.cursor("sums") == 0
        # With enough behind it is worth it.
        tidied.clear()
        await asyncio.gather(*[journal.submit(chain.next()) for _ in range(writer.PROJECT_IDLE)])
        await tidied.wait()
        assert journal.reader.cursor("sums") == journal.last_seq


async def test_a_busy_writer_projects_when_the_lag_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_LAG", 50)
    async with opened(paths_in(tmp_path), (Sums(),)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(48)
        assert journal.reader.cursor("sums") == 0
        await chain.sell(4)
        assert journal.reader.cursor("sums") >= 50


async def test_a_projection_that_fails_stops_neither_receipts_nor_the_others(
    tmp_path: Path,
) -> None:
    paths = paths_in(tmp_path)
    fragile = Fragile()
    async with opened(paths, (fragile, Sums())) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(3)
        await journal.settle()
        await journal.submit(WriteSet((NewEvent("forget", NOON, b'{"key":"a"}'),)))
        for _ in range(2):
            with pytest.raises(ProjectionBroken, match="fragile: KeyError"):
                await journal.settle()
        await chain.sell(3)
        with pytest.raises(ProjectionBroken):
            await journal.settle()
        assert journal.reader.cursor("fragile") == 3
        assert journal.reader.cursor("sums") == 7
        fragile.repaired = True
        await journal.rebuild()
        assert journal.reader.state("fragile", "last") == b"7"
        await journal.settle()


async def test_a_projection_with_entries_nobody_can_store_does_not_stop_receipts(
    tmp_path: Path,
) -> None:
    class Unstorable:
        name = "unstorable"

        def apply(self, event: Event, entries: Entries) -> None:
            entries.put("key", WRONG)

    async with opened(paths_in(tmp_path), (Unstorable(),)) as journal:
        chain = Chain(journal, "K1")
        for _ in range(3):
            await chain.sell()
            with pytest.raises(JournalUnwritable):
                await journal.settle()
            assert not journal._writer._connection.in_transaction
        await chain.sell()


async def test_reading_a_projection_is_not_fooled_by_the_writer_in_between(
    tmp_path: Path,
) -> None:
    """Entries, cursor and events must be of one moment."""

    class Interrupted(Reader):
        def states(self, name: str) -> dict[str, bytes]:
            found = super().states(name)
            self.interrupt()
            return found

        def cursor(self, name: str) -> int:
            found = super().cursor(name)
            self.interrupt()
            return found

        def interrupt(self) -> None:
            with contextlib.closing(sqlite3.connect(paths.database)) as other:
                journal._writer._projector.advance()
                assert other.execute("SELECT max(seq) FROM cursor").fetchone()[0] > 20

    chance = seeded()
    paths = paths_in(tmp_path)
    async with opened(paths, (Sums(),)) as journal:
        await submit_random(journal, chance, 20)
        await journal.settle()
        await submit_random(journal, chance, 20)
        wanted = derived(list(journal.reader.events()), Sums())
        with Interrupted(paths.database) as reader:
            assert load(reader, Sums()) == wanted
    async with opened(paths_in(tmp_path / "b"), (Sums(),)) as journal:
        paths = journal.paths
        await submit_random(journal, chance, 20)
        await journal.settle()
        await submit_random(journal, chance, 20)
        wanted = derived(list(journal.reader.events()), Sums())
        with Interrupted(paths.database) as reader:
            assert look_up(reader, Sums(), KEYS[0]) == wanted.get(KEYS[0])
