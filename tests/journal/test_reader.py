"""Readers never write, go in chunks, and see what is committed and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bridge.journal import reader as reader_module
from bridge.journal.check import verify
from bridge.journal.event import NewEvent, WriteSet
from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader
from tests.journal.support import Chain, change_behind_the_back, note, opened, paths_in


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO meta VALUES('x','y')",
        "DELETE FROM state",
        "DROP TRIGGER event_no_update",
        "CREATE TABLE t(x)",
        "PRAGMA user_version=9",
    ],
)
async def test_a_reader_cannot_write_even_if_it_tries(tmp_path: Path, statement: str) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        with (
            Reader(journal.paths.database) as reader,
            pytest.raises(sqlite3.OperationalError, match="readonly"),
        ):
            reader._connection.execute(statement)
        # Not even if it forgets what it promised: the file itself is open for reading only.
        with Reader(journal.paths.database) as reader:
            reader._connection.execute("PRAGMA query_only=0")
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader._connection.execute(statement)


async def test_a_reader_works_beside_the_daemon_and_after_it(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(3)
        with Reader(paths.database) as reader:
            assert reader.last_seq() == 3
            await chain.sell(2)
            assert verify(reader).registers == {"K1": 5}
            assert reader.registers() == ["K1"]
    content = paths.database.read_bytes()
    with Reader(paths.database) as reader:
        assert verify(reader).registers == {"K1": 5}
        assert [event.number for event in reader.numbered("K1", 3)] == [4, 5]
        found = reader.by_number("K1", 4)
        assert found is not None
        assert found == reader.event(found.seq)
        last = reader.last_numbered("K1")
        assert last is not None
        assert last.number == 5
        assert reader.last_numbered("K2") is None
        assert reader.event(99) is None
        assert reader.key("k") is None
    assert paths.database.read_bytes() == content


async def test_a_reader_left_open_does_not_hinder_the_next_start(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell(3)
    with Reader(paths.database) as reader:
        async with opened(paths) as journal:
            await Chain(journal, "K1", 3).sell(2)
            assert reader.last_seq() == 5
        assert verify(reader).events == 5


async def test_nothing_uncommitted_is_seen(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        await Chain(journal, "K1").sell(1)
        seen: list[int] = []

        def look(connection: sqlite3.Connection) -> None:
            row = (2, "note", 1, b"{}", None, None, None, None, b"", b"")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)", row)
            with Reader(journal.paths.database) as reader:
                seen.append(reader.last_seq())
            connection.execute("ROLLBACK")

        await journal._in_writer(look)
        assert seen == [1]


async def test_walks_go_in_chunks_and_end_where_they_were_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "CHUNK", 10)
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(35)
        with Reader(journal.paths.database) as reader:
            statements: list[str] = []
            reader._connection.set_trace_callback(statements.append)
            walk = reader.events()
            first = next(walk)
            # Between chunks no transaction is open, and the end was fixed at the beginning.
            assert not reader._connection.in_transaction
            await chain.sell(10)
            assert [first, *walk] == list(journal.reader.events(0, 35))
            assert sum("FROM event WHERE" in each for each in statements) == 4
            assert [event.seq for event in reader.events(7, 29)] == list(range(8, 30))
            assert [event.seq for event in reader.events(40)] == list(range(41, 46))
            assert list(reader.events(45)) == []
            assert [event.number for event in reader.numbered("K1")] == list(range(1, 46))
            assert [event.number for event in reader.numbered("K1", 30)] == list(range(31, 46))


async def test_a_walk_of_one_register_sees_no_other(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        for name in ("K1", "K10", "K"):
            await Chain(journal, name).sell(4)
        extra = NewEvent("receipt.opened", 1, b"{}", "K1", "r")
        await journal.submit(WriteSet((extra, note())))
        for name in ("K1", "K10", "K"):
            numbered = list(journal.reader.numbered(name))
            assert [event.number for event in numbered] == [1, 2, 3, 4]
            assert {event.register for event in numbered} == {name}


async def test_a_snapshot_shows_one_moment_and_may_be_nested(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(2)
        reader = journal.reader
        with reader.snapshot():
            assert reader.last_seq() == 2
            with reader.snapshot():
                await chain.sell(2)
                assert reader.last_seq() == 2
            assert reader.last_seq() == 2
        assert reader.last_seq() == 4
        with pytest.raises(ZeroDivisionError), reader.snapshot():
            _ = 1 / 0
        assert not reader._connection.in_transaction


async def test_a_walk_that_ends_too_early_is_not_taken_for_the_end(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell(5)

    class Forgetful(Reader):
        def last_seq(self) -> int:
            return super().last_seq() + 1

    change_behind_the_back(paths.database, "DELETE FROM event WHERE seq=5")
    with Forgetful(paths.database) as reader:
        with pytest.raises(JournalDamaged, match="event 5 is missing"):
            list(reader.events())
        with pytest.raises(JournalDamaged, match="event 5 is missing"):
            verify(reader)
