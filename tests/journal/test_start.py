"""A start costs the same however long the journal is."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bridge.journal import reader, store
from bridge.journal.reader import Reader
from tests.journal.support import Chain, opened, paths_in


class Steps:
    """Counts what SQLite's virtual machine does on every connection of a journal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for module, name in ((store, "open_writer"), (reader, "open_reader")):
            monkeypatch.setattr(module, name, self._counted(getattr(module, name)))

    def _counted(self, connect: object) -> object:
        def counted(path: Path, extra: str = "") -> sqlite3.Connection:
            assert callable(connect)
            connection: sqlite3.Connection = connect(path, extra)
            connection.set_progress_handler(self._step, 1)
            return connection

        return counted

    def _step(self) -> int:
        self.count += 1
        return 0


async def test_a_start_reads_no_more_of_a_long_journal_than_of_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = paths_in(tmp_path)
    steps = Steps(monkeypatch)
    costs = []
    sold = 0
    for receipts in (150, 3000):
        async with opened(paths) as journal:
            chains = [Chain(journal, name, sold) for name in ("K1", "K2")]
            futures = [journal.submit(each.next()) for _ in range(receipts) for each in chains]
            await asyncio.gather(*futures)
            sold += receipts
        steps.count = 0
        async with opened(paths) as journal:
            costs.append(steps.count)
            assert journal.behind == {}
            heads = journal._writer.heads
            assert {name: mark.number for name, mark in heads.registers.items()} == {
                "K1": sold,
                "K2": sold,
            }
            assert heads.seq == journal.last_seq == 2 * sold
    short, long = costs
    print(f"{short} and {long} steps")
    assert short > 100
    assert long <= short * 1.02


async def test_the_counting_sees_a_start_that_reads_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(monkeypatch)
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        chain = Chain(journal, "K1")
        await asyncio.gather(*[journal.submit(chain.next()) for _ in range(1000)])
    monkeypatch.setattr(store, "VERIFIED_AT_START", 10**6)
    steps.count = 0
    async with opened(paths):
        assert steps.count > 5000


async def test_heads_are_those_of_each_registers_last_receipt(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        for name, count in (("K1", 3), ("a-z", 1), ("Ä", 2)):
            await Chain(journal, name).sell(count)
        before = journal._writer.heads
    async with opened(paths) as journal:
        heads = journal._writer.heads
        assert (heads.seq, heads.hash, heads.registers) == (
            before.seq,
            before.hash,
            before.registers,
        )
        with Reader(paths.database) as other:
            assert sorted(other.registers()) == ["K1", "a-z", "Ä"]
