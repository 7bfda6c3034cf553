"""One daemon per journal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.journal.faults import JournalLocked, JournalUnwritable
from bridge.journal.lock import JournalLock
from bridge.journal.reader import Reader
from tests.journal.support import Chain, opened, paths_in
from tests.journal.test_kill import start


async def test_a_second_daemon_in_another_process_is_told_who_holds_the_journal(
    tmp_path: Path,
) -> None:
    holder = start(tmp_path, "hold")
    with pytest.raises(JournalLocked) as caught:
        async with opened(paths_in(tmp_path)):
            pass
    assert caught.value.code == "journal_locked"
    assert caught.value.exit_code == 3
    assert str(holder.pid) in caught.value.detail
    # The first one is not disturbed, and readers need no lock.
    with Reader(paths_in(tmp_path).database) as reader:
        assert reader.last_seq() == 0
    holder.communicate("")
    assert holder.returncode == 0
    async with opened(paths_in(tmp_path)) as journal:
        await Chain(journal, "K1").sell()


async def test_the_lock_goes_with_its_holders_death(tmp_path: Path) -> None:
    holder = start(tmp_path, "hold")
    holder.kill()
    holder.communicate()
    async with opened(paths_in(tmp_path)) as journal:
        await Chain(journal, "K1").sell()


async def test_a_second_daemon_in_the_same_process_is_refused_and_harms_nothing(
    tmp_path: Path,
) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        for _ in range(2):
            with pytest.raises(JournalLocked, match=str(os.getpid())):
                async with opened(paths):
                    pass
        await Chain(journal, "K1").sell()
    async with opened(paths) as journal:
        assert journal.last_seq == 1


def test_a_lock_file_that_cannot_be_made_is_a_diagnosis(tmp_path: Path) -> None:
    with pytest.raises(JournalUnwritable):
        JournalLock(tmp_path / "absent" / "journal.lock")


def test_a_longer_number_of_an_earlier_holder_does_not_remain(tmp_path: Path) -> None:
    path = tmp_path / "journal.lock"
    path.write_text("99999999999999999999")
    lock = JournalLock(path)
    assert path.read_text() == str(os.getpid())
    lock.release()
