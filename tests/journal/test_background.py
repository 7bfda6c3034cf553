"""The check of the whole chain in a child process: sound, damaged, or nobody knows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.journal.background import verify_in_background
from bridge.journal.event import WriteSet
from bridge.journal.faults import JournalUnchecked
from tests.journal.support import note, opened, paths_in


async def written(directory: Path) -> Path:
    """Return a journal of three events."""
    paths = paths_in(directory)
    async with opened(paths) as journal:
        for text in ("one", "two", "three"):
            await journal.submit(WriteSet((note(text),)))
    return paths.database


async def test_a_sound_journal_has_no_damage(tmp_path: Path) -> None:
    assert await verify_in_background(await written(tmp_path)) is None


async def test_a_changed_event_is_named(tmp_path: Path) -> None:
    database = await written(tmp_path)
    with closing(sqlite3.connect(database)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE event SET time=time+1 WHERE seq=2")
        connection.commit()
    damage = await verify_in_background(database)
    assert damage is not None
    assert "event 2" in damage


async def test_a_check_that_could_not_be_made_is_no_verdict_of_damage(tmp_path: Path) -> None:
    with pytest.raises(JournalUnchecked):
        await verify_in_background(tmp_path / "not-there.db")
