"""Power cuts: every state that the disk may be left in opens, verifies and holds what was
acknowledged.

Two ways. The first cuts a recorded log of file operations at random points and loses, keeps or
tears what was not synced; it trusts what a sync promises and that SQLite's library is the one that
runs in the shop. The second needs no recording: it cuts and tears copies of the write-ahead log.
It says nothing of the database file and of lost earlier writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from bridge.journal import store
from bridge.journal.check import verify
from bridge.journal.event import Event, WriteSet
from bridge.journal.heads import load_heads
from bridge.journal.projections import Entries
from bridge.journal.reader import Reader
from bridge.journal.schema import open_writer
from drivers.contract.fault import Fault
from tests.conftest import Scale
from tests.journal.crash_states import Disk
from tests.journal.recording_vfs import Operation, Recorder, recorder
from tests.journal.support import Chain, events_in, note, opened, paths_in, writer_held


class LastText:
    """Keeps each register's last receipt: a projection with writes of its own."""

    name = "last"

    def apply(self, event: Event, entries: Entries) -> None:
        entries.put(event.register or "", event.body)


async def a_day(directory: Path, disk: Recorder, chance: random.Random) -> list[Event]:
    """Run a journal twice with single receipts, batches, projections and checkpoints; note each
    acknowledgement in the log; return all events."""
    paths = paths_in(directory)
    for _ in range(2):
        async with opened(paths, (LastText(),), uri_extra=disk.uri_extra) as journal:
            for event in journal.reader.events():
                disk.note("ack", event.seq)
            chains = [Chain(journal, name) for name in ("K1", "K2")]
            for chain in chains:
                chain.recover()
            for step in range(12):
                with writer_held(journal):
                    futures = [
                        journal.submit(chance.choice(chains).next(chance.randrange(3000)))
                        for _ in range(chance.choice((1, 1, 5)))
                    ]
                    futures.append(journal.submit(WriteSet((note(),))))
                for [event] in await asyncio.gather(*futures):
                    disk.note("ack", event.seq)
                if step % 5 == 4:
                    await journal.settle()
                    await journal._in_writer(lambda _: journal._writer._tidy(1, 0))
    disk.recording = False
    return events_in(paths.database)


def lost_after(disk: Disk, directory: Path, wrote: list[Event], chance: random.Random) -> int:
    """Leave one state of a disk in a directory, open it, check all of it, and return how many
    acknowledged events are gone."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    disk.cut(directory, chance)
    database = directory / "journal.db"
    with contextlib.closing(open_writer(database)) as connection:
        load_heads(connection, len(wrote))
        found = [Event(*row) for row in connection.execute("SELECT * FROM event ORDER BY seq")]
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    assert found == wrote[: len(found)]
    with Reader(database) as reader:
        assert verify(reader).events == len(found)
    return sum(seq > len(found) for seq in disk.acknowledged)


def seeded() -> random.Random:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    return random.Random(seed)


async def recorded_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chance: random.Random
) -> tuple[list[Operation], list[Event]]:
    sync_directory = store._sync_directory

    def noted(path: Path) -> None:
        sync_directory(path)
        if path.name == "box":
            disk.note("directory")

    monkeypatch.setattr(store, "_sync_directory", noted)
    with recorder() as disk:
        wrote = await a_day(tmp_path / "day", disk, chance)
    return disk.log, wrote


async def test_no_state_after_a_power_cut_lacks_an_acknowledged_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: Scale
) -> None:
    chance = seeded()
    log, wrote = await recorded_day(tmp_path, monkeypatch, chance)
    kinds = {operation.kind for operation in log}
    assert kinds >= {"open", "write", "sync", "delete", "ack", "directory"}
    rounds = scale.of(400, 10_000)
    points = sorted(chance.randrange(len(log) + 1) for _ in range(rounds))
    disk, played = Disk(), 0
    for point in points:
        for operation in log[played:point]:
            disk.play(operation)
        played = point
        assert lost_after(disk, tmp_path / "state", wrote, chance) == 0, f"cut at {point}"
    assert len(disk.acknowledged) > len(wrote) // 2


async def test_the_method_notices_a_journal_that_does_not_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = seeded()
    log, wrote = await recorded_day(tmp_path, monkeypatch, chance)
    disk, noticed = Disk(), 0
    synced = [operation for operation in log if operation.kind != "sync"]
    for count, operation in enumerate(synced):
        disk.play(operation)
        if count % 10 == 0 and disk.acknowledged:
            try:
                noticed += lost_after(disk, tmp_path / "state", wrote, chance) > 0
            except (AssertionError, sqlite3.DatabaseError, Fault):
                noticed += 1
    assert noticed > 20


async def test_the_directory_is_synced_before_the_first_receipt_of_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(store, "_sync_directory", synced.append)
    paths = paths_in(tmp_path / "new" / "deep")
    async with opened(paths):
        pass
    assert set(synced) == {tmp_path, tmp_path / "new", tmp_path / "new/deep", paths.database.parent}
    synced.clear()
    # A crash may have come right after the files were made, before their directory was synced.
    async with opened(paths):
        assert synced == [paths.database.parent]


async def test_a_log_cut_or_torn_anywhere_leaves_a_prefix_with_all_whole_transactions(
    tmp_path: Path, scale: Scale
) -> None:
    chance = seeded()
    paths = paths_in(tmp_path)
    sizes: list[int] = []
    copy = tmp_path / "copy"
    copy.mkdir()
    async with opened(paths) as journal:
        chain = Chain(journal, "K1")
        # So that the database has its tables whatever becomes of the log.
        await journal._in_writer(lambda _: journal._writer._checkpoint())
        for _ in range(25):
            await chain.sell(1, chance.randrange(4000))
            sizes.append(paths.log.stat().st_size)
        database, log = paths.database.read_bytes(), paths.log.read_bytes()
        wrote = list(journal.reader.events())
    frame = 24 + 2048
    borders = set(range(32, len(log) + 1, frame)) | set(range(0, len(log) + 1, 512))
    rounds = scale.of(150, len(borders))
    for cut in sorted(chance.sample(sorted(borders), min(rounds, len(borders)))):
        torn = bytearray(log[:cut])
        if chance.random() < 0.3 and cut >= 1024:
            torn[cut - 512 : cut] = bytes(512)
            cut -= 512
        for old in copy.iterdir():
            old.unlink()
        (copy / "journal.db").write_bytes(database)
        (copy / "journal.db-wal").write_bytes(torn)
        with contextlib.closing(open_writer(copy / "journal.db")) as connection:
            load_heads(connection, 100)
        found = events_in(copy / "journal.db")
        assert found == wrote[: len(found)]
        # A log is written in place: what is behind the last transaction may be older.
        assert len(found) >= sum(size <= cut for size in sizes if size < sizes[-1])
