"""Files that are no journal, a newer one, or a damaged one; and what an own one is opened with."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from bridge.journal import schema
from bridge.journal.check import verify
from bridge.journal.faults import JournalDamaged, JournalForeign, JournalMissing
from bridge.journal.reader import Reader
from bridge.journal.store import JournalPaths
from tests.journal.support import Chain, change_behind_the_back, opened, paths_in


def digests(directory: Path) -> dict[str, bytes]:
    """Return what is in a directory, without what only serves SQLite's connections."""
    return {
        each.name: hashlib.sha256(each.read_bytes()).digest()
        for each in directory.iterdir()
        if not each.name.endswith(("-shm", ".lock")) and each.stat().st_size
    }


async def refused(paths: JournalPaths) -> None:
    """Check that neither a writer nor a reader takes the file, and that it stays as it is."""
    before = digests(paths.database.parent)
    for _ in range(2):
        with pytest.raises(JournalForeign):
            async with opened(paths):
                pass
        with pytest.raises(JournalForeign):
            Reader(paths.database)
    assert digests(paths.database.parent) == before


@pytest.mark.parametrize("text", [b"[box]\nname = 'x'\n" * 100, b"x", b"\0" * 5000])
async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, text: bytes) -> None:
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    paths.database.write_bytes(text)
    await refused(paths)


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_a_database_of_another_program_is_left_alone(tmp_path: Path, mode: str) -> None:
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    with contextlib.closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={mode}")
        other.execute("CREATE TABLE customer(name TEXT)")
        other.execute("INSERT INTO customer VALUES('Huber')")
        # It runs: its log holds what is not in its database yet.
        await refused(paths)


async def test_the_log_of_a_program_that_died_is_not_put_into_its_database(tmp_path: Path) -> None:
    origin = tmp_path / "origin.db"
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    with contextlib.closing(sqlite3.connect(origin, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=wal")
        other.execute("CREATE TABLE customer(name TEXT)")
        for suffix in ("", "-wal"):
            shutil.copy(f"{origin}{suffix}", f"{paths.database}{suffix}")
    assert paths.log.stat().st_size
    await refused(paths)


async def test_another_programs_database_with_our_mark_is_refused(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    with contextlib.closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
        other.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        other.execute("CREATE TABLE customer(name TEXT)")
    await refused(paths)


async def test_a_journal_that_needs_a_newer_reader_is_left_alone(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell()
    change_behind_the_back(paths.database, "UPDATE meta SET value=2 WHERE name='minimum_reader'")
    await refused(paths)


async def test_a_newer_journal_that_this_version_can_read_is_read_but_not_written(
    tmp_path: Path,
) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell()
    change_behind_the_back(paths.database, f"PRAGMA user_version={schema.VERSION + 1}")
    before = digests(paths.database.parent)
    with pytest.raises(JournalForeign, match="schema version 2"):
        async with opened(paths):
            pass
    with Reader(paths.database) as reader:
        assert verify(reader).registers == {"K1": 1}
    assert digests(paths.database.parent) == before


async def test_a_refused_file_leaves_neither_lock_nor_connection(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    paths.database.write_text("not a journal")
    with pytest.raises(JournalForeign):
        async with opened(paths):
            pass
    paths.database.unlink()
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell()


async def test_a_journal_with_ruined_pages_is_damaged(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell(30)
    content = bytearray(paths.database.read_bytes())
    for page in range(1, len(content) // schema.PAGE_SIZE):
        content[page * schema.PAGE_SIZE : page * schema.PAGE_SIZE + 16] = b"\xff" * 16
    paths.database.write_bytes(content)
    with pytest.raises(JournalDamaged):
        async with opened(paths):
            pass
    with pytest.raises(JournalDamaged), Reader(paths.database) as reader:
        verify(reader)


async def test_a_journal_cut_short_is_damaged(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await Chain(journal, "K1").sell(100)
    content = paths.database.read_bytes()
    paths.database.write_bytes(content[: len(content) // 2])
    with pytest.raises(JournalDamaged):
        async with opened(paths):
            pass


def test_a_reader_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing):
        Reader(tmp_path / "journal.db")
    assert not list(tmp_path.iterdir())
    (tmp_path / "journal.db").touch()
    with pytest.raises(JournalMissing):
        Reader(tmp_path / "journal.db")


async def test_durability_is_read_back(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        connection = journal._writer._connection

        def pragma(name: str) -> object:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2
        assert pragma("wal_autocheckpoint") == 0
        assert pragma("page_size") == schema.PAGE_SIZE
        assert pragma("application_id") == schema.APPLICATION_ID
        assert pragma("user_version") == schema.VERSION


async def test_pragmas_that_do_not_hold_keep_the_box_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(schema._REQUIRED, "synchronous", 3)
    with pytest.raises(JournalDamaged, match="synchronous"):
        async with opened(paths_in(tmp_path)):
            pass
    monkeypatch.undo()
    async with opened(paths_in(tmp_path)):
        pass


async def test_a_journal_has_an_identity_that_stays(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths, machine="one") as journal:
        first = [journal.reader.meta(name) for name in ("journal_id", "created", "machine")]
    async with opened(paths, machine="one") as journal:
        again = [journal.reader.meta(name) for name in ("journal_id", "created", "machine")]
    assert first == again
    assert None not in first
