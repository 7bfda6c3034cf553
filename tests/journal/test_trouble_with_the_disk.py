"""Full disk, write and sync errors at every single write: all or nothing, and it goes on after."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bridge.journal.check import verify
from bridge.journal.event import Event, WriteSet
from bridge.journal.faults import DiskFull, JournalUnwritable
from bridge.journal.projections import Entries, load
from bridge.journal.store import Journal
from bridge.journal.writer import Task
from drivers.contract.fault import Fault
from tests.journal.recording_vfs import FULL, SYNC_ERROR, WRITE_ERROR, recorder
from tests.journal.support import Chain, note, opened, paths_in, writer_held


class Kinds:
    """Counts events by kind."""

    name = "kinds"

    def apply(self, event: Event, entries: Entries) -> None:
        entries.put(event.kind, b"%d" % (int(entries.get(event.kind) or b"0") + 1))


async def batch(journal: Journal, chains: list[Chain], size: int) -> list[Any]:
    """Submit three receipts of each register and an event without stream as one transaction."""
    with writer_held(journal):
        futures = [journal.submit(chain.next(size)) for _ in range(3) for chain in chains]
        futures.append(journal.submit(WriteSet((note(),))))
    return await asyncio.gather(*futures, return_exceptions=True)


async def in_writer(journal: Journal, *statements: str) -> None:
    def work(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement).fetchall()

    await journal._in_writer(work)


def check_nothing_happened(journal: Journal, chains: list[Chain], before: int) -> None:
    """Check that heads, numbers and events are those of before a failed batch."""
    assert journal.last_seq == before
    assert journal.reader.last_seq() == before
    assert journal._writer.heads.seq == before
    assert not journal._writer._connection.in_transaction
    for chain in chains:
        chain.recover()
    assert verify(journal.reader).events == before


async def test_a_disk_full_at_any_page_of_a_batch_fails_all_of_it_and_nothing_is_half_written(
    tmp_path: Path,
) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chains = [Chain(journal, "K1"), Chain(journal, "K2")]
        for chain in chains:
            await chain.sell(2)
        refused = 0
        for spare in range(60):
            before = journal.last_seq
            pages = journal._writer._connection.execute("PRAGMA page_count").fetchone()[0]
            await in_writer(journal, f"PRAGMA max_page_count={pages + spare}")
            done = await batch(journal, chains, 5000)
            await in_writer(journal, "PRAGMA max_page_count=1000000")
            if isinstance(done[0], list):
                break
            refused += 1
            assert {type(each) for each in done} == {DiskFull}
            check_nothing_happened(journal, chains, before)
        else:
            pytest.fail("no space was enough")
        assert refused > 15
        assert journal.last_seq == before + 7
        for chain in chains:
            [event] = await chain.sell()
            assert event.number == 6
    async with opened(paths_in(tmp_path)) as journal:
        assert verify(journal.reader).registers == {"K1": 6, "K2": 6}


@pytest.mark.parametrize(
    ("error", "fault"),
    [(FULL, DiskFull), (WRITE_ERROR, JournalUnwritable), (SYNC_ERROR, JournalUnwritable)],
    ids=["full", "write error", "sync error"],
)
async def test_trouble_at_every_write_and_sync_of_a_batch_is_all_or_nothing(
    tmp_path: Path, error: int, fault: type[Fault]
) -> None:
    paths = paths_in(tmp_path)
    with recorder() as disk:
        async with opened(paths, uri_extra=disk.uri_extra) as journal:
            chains = [Chain(journal, "K1"), Chain(journal, "K2")]
            for chain in chains:
                await chain.sell(2)
            disk.error = error
            refused = 0
            for nth in range(1, 200):
                before = journal.last_seq
                disk.fail_at = nth
                done = await batch(journal, chains, 900)
                hit, disk.fail_at, disk.failed = disk.failed, None, 0
                if not hit:
                    break
                refused += 1
                assert {type(each) for each in done} == {fault}
                check_nothing_happened(journal, chains, before)
            assert refused > 10
            assert [len(each) for each in done] == [1] * 7
            for chain in chains:
                chain.recover()
                await chain.sell()
    async with opened(paths) as journal:
        assert verify(journal.reader).registers == {"K1": 6, "K2": 6}


async def test_a_lone_receipt_meets_a_full_disk_at_each_of_its_writes(tmp_path: Path) -> None:
    with recorder() as disk:
        async with opened(paths_in(tmp_path), uri_extra=disk.uri_extra) as journal:
            chain = Chain(journal, "K1")
            await chain.sell(3)
            for nth in range(1, 50):
                disk.fail_at = nth
                [done] = await asyncio.gather(journal.submit(chain.next()), return_exceptions=True)
                hit, disk.fail_at, disk.failed = disk.failed, None, 0
                if not hit:
                    break
                assert isinstance(done, DiskFull)
                check_nothing_happened(journal, [chain], 3)
            assert nth > 4
            assert isinstance(done, list)
            assert done[0].number == 4


async def test_every_write_of_projecting_and_checkpointing_may_fail_without_harm(
    tmp_path: Path,
) -> None:
    def tidy(_connection: sqlite3.Connection) -> None:
        journal._writer._tidy(1, 0)

    with recorder() as disk:
        async with opened(paths_in(tmp_path), (Kinds(),), uri_extra=disk.uri_extra) as journal:
            chain = Chain(journal, "K1")
            await chain.sell(5)
            hits = []
            for nth in range(1, 60):
                await chain.sell(2)
                disk.fail_at = nth
                task = Task(tidy)
                journal._writer.run(task)
                await asyncio.to_thread(task.done.wait)
                hits.append(disk.failed)
                disk.fail_at, disk.failed = None, 0
                assert journal._writer._ended is None
                assert not journal._writer._connection.in_transaction
                await chain.sell()
                if not hits[-1]:
                    break
            assert len(hits) > 8
            assert load(journal.reader, Kinds()) == {"receipt.completed": b"%d" % journal.last_seq}
            await journal.settle()
            assert journal.reader.cursor("kinds") == journal.last_seq
            assert verify(journal.reader).registers == {"K1": journal.last_seq}


async def test_settling_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with recorder() as disk:
        async with opened(paths_in(tmp_path), (Kinds(),), uri_extra=disk.uri_extra) as journal:
            await Chain(journal, "K1").sell()
            disk.fail_at = 1
            with pytest.raises(DiskFull):
                await journal.settle()
            with pytest.raises(DiskFull):
                await journal.rebuild()
            disk.fail_at = None
            await journal.rebuild()
            assert journal.reader.cursor("kinds") == 1


async def test_trouble_after_which_sqlite_keeps_the_transaction_open_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(2)
        monkeypatch.setattr("bridge.journal.writer._INSERT_KEY", "INSERT INTO gone VALUES(?,?,?)")
        with writer_held(journal):
            futures = [journal.submit(chain.next()), journal.submit(chain.next(key="k"))]
        done = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(each) for each in done] == [JournalUnwritable] * 2
        monkeypatch.undo()
        check_nothing_happened(journal, [chain], 2)
        await journal.submit(chain.next(key="k"))


async def test_a_disk_that_stays_full_ends_neither_the_writer_nor_the_orderly_stop(
    tmp_path: Path,
) -> None:
    with recorder() as disk:
        async with opened(paths_in(tmp_path), (Kinds(),), uri_extra=disk.uri_extra) as journal:
            await Chain(journal, "K1").sell(3)
            disk.fail_at = 1
            for _ in range(3):
                chain = Chain(journal, "K1", 3)
                with pytest.raises(DiskFull):
                    await chain.sell()
        assert disk.failed > 3
        disk.fail_at = None
        async with opened(paths_in(tmp_path)) as journal:
            assert verify(journal.reader).registers == {"K1": 3}


async def test_an_unwritable_directory_is_a_diagnosis(tmp_path: Path) -> None:
    (tmp_path / "box").write_text("a file where the directory should be")
    with pytest.raises(JournalUnwritable, match="box"):
        async with opened(paths_in(tmp_path)):
            pass


async def test_an_unwritable_mirror_is_a_diagnosis_and_the_lock_is_given_back(
    tmp_path: Path,
) -> None:
    paths = paths_in(tmp_path)
    paths.mirror.parent.write_text("a file where the directory should be")
    with pytest.raises(JournalUnwritable, match="mirror"):
        async with opened(paths):
            pass
    paths.mirror.parent.unlink()
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell()
