"""The mirror notices an old copy, a lost journal, a moved one; and does not forget it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from bridge.journal.event import WriteSet
from bridge.journal.faults import JournalMissing
from bridge.journal.mirror import SLOT, Mirror, MirrorHead, RegisterMark
from bridge.journal.store import Journal, JournalPaths
from tests.journal.support import Chain, note, opened, paths_in


def copied(paths: JournalPaths, name: str) -> Path:
    """Copy the database of a closed journal."""
    assert not paths.log.exists()
    return Path(shutil.copy(paths.database, paths.database.with_name(name)))


def put_back(paths: JournalPaths, copy: Path) -> None:
    shutil.copy(copy, paths.database)


def remembered(paths: JournalPaths) -> MirrorHead:
    """Return what the mirror of a closed journal knows."""
    mirror = Mirror(paths.mirror, "")
    head = mirror.read()
    mirror.close()
    assert head is not None
    return head


async def sold(journal: Journal, register: str, count: int) -> None:
    chain = Chain(journal, register)
    chain.recover()
    await chain.sell(count)


async def test_an_old_copy_put_back_names_register_and_reason(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 5)
        await sold(journal, "K2", 2)
    copy = copied(paths, "old")
    async with opened(paths) as journal:
        assert journal.behind == {}
        await sold(journal, "K1", 3)
    put_back(paths, copy)
    async with opened(paths) as journal:
        assert journal.behind == {"K1": "the mirror knows receipt 8, the journal ends with 5"}


async def test_a_register_the_old_copy_does_not_know_at_all_is_named(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 1)
    copy = copied(paths, "old")
    async with opened(paths) as journal:
        await sold(journal, "K2", 1)
    put_back(paths, copy)
    async with opened(paths) as journal:
        assert journal.behind == {"K2": "the mirror knows receipt 1, the journal ends with 0"}


async def test_an_old_copy_is_found_again_at_every_start_whatever_was_written_meanwhile(
    tmp_path: Path,
) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 5)
    copy = copied(paths, "old")
    async with opened(paths) as journal:
        await sold(journal, "K1", 3)
    put_back(paths, copy)
    for round_ in range(1, 6):
        async with opened(paths) as journal:
            assert list(journal.behind) == ["K1"]
            # Other registers go on, and so does their own protection.
            await sold(journal, "K2", 3)
            for _ in range(4):
                await journal.submit(WriteSet((note(),)))
        numbers = {name: mark.number for name, mark in remembered(paths).registers.items()}
        assert numbers == {"K1": 8, "K2": 3 * round_}
    async with opened(paths) as journal:
        # Even if somebody made its numbers catch up.
        await sold(journal, "K1", 4)
    async with opened(paths) as journal:
        assert journal.behind == {"K1": "receipt 8 differs from the mirror's"}


async def test_the_newer_backup_ends_it(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 5)
    old = copied(paths, "old")
    async with opened(paths) as journal:
        await sold(journal, "K1", 3)
    new = copied(paths, "new")
    put_back(paths, old)
    async with opened(paths) as journal:
        assert journal.behind
    put_back(paths, new)
    async with opened(paths) as journal:
        assert journal.behind == {}
        await sold(journal, "K1", 1)
    async with opened(paths) as journal:
        assert journal.behind == {}


async def test_an_old_copy_that_lacks_no_receipt_but_other_events_stops_all(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 5)
    copy = copied(paths, "old")
    async with opened(paths) as journal:
        await journal.submit(WriteSet((note("a card payment"),)))
    put_back(paths, copy)
    for _ in range(3):
        async with opened(paths) as journal:
            assert list(journal.behind) == ["*"]
            await journal.submit(WriteSet((note("another"),)))


async def test_a_journal_that_went_another_way_since_the_copy_stops_all(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 5)
    copy = copied(paths, "old")
    async with opened(paths) as journal:
        await journal.submit(WriteSet((note("a card payment"),)))
    put_back(paths, copy)
    elsewhere = JournalPaths(paths.database, tmp_path / "elsewhere" / "mirror")
    async with opened(elsewhere) as journal:
        for _ in range(3):
            await journal.submit(WriteSet((note("what happened on another box"),)))
    async with opened(paths) as journal:
        assert journal.behind == {"*": "event 6 differs from the mirror's"}


async def test_a_deleted_journal_is_missing_and_not_begun_anew(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 1)
    paths.database.unlink()
    with pytest.raises(JournalMissing, match="remembers"):
        async with opened(paths):
            pass
    assert not paths.database.exists()
    paths.database.touch()
    with pytest.raises(JournalMissing, match="remembers"):
        async with opened(paths):
            pass
    assert not paths.database.read_bytes()


async def test_a_log_without_its_database_is_kept(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.database.parent.mkdir()
    paths.log.write_bytes(b"receipts that were not put into the database yet")
    with pytest.raises(JournalMissing, match="-wal remembers"):
        async with opened(paths):
            pass
    assert paths.log.stat().st_size


async def test_the_mirror_of_another_journal_stops_all_and_is_kept(tmp_path: Path) -> None:
    paths, other = paths_in(tmp_path / "a"), paths_in(tmp_path / "b")
    for each in (paths, other):
        async with opened(each) as journal:
            await sold(journal, "K1", 1)
    before = other.mirror.read_bytes()
    mixed = JournalPaths(paths.database, other.mirror)
    for _ in range(2):
        async with opened(mixed) as journal:
            assert list(journal.behind) == ["*"]
            assert "belongs to journal" in journal.behind["*"]
            await journal.submit(WriteSet((note(),)))
    assert other.mirror.read_bytes() == before


async def test_a_moved_journal_names_the_machine_it_was_bound_to(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    for machine, moved in (("one", None), ("one", None), ("two", "one"), ("", None)):
        async with opened(paths, machine=machine) as journal:
            assert journal.moved == moved


def corrupt(path: Path, *slots: int) -> None:
    content = bytearray(path.read_bytes().ljust(2 * SLOT, b"\0"))
    for slot in slots:
        content[slot * SLOT + 40] ^= 1
    path.write_bytes(content)


def marks(number: int) -> dict[str, RegisterMark]:
    return {"K1": RegisterMark(number, bytes([number] * 32))}


@pytest.mark.parametrize("torn", [0, 1])
def test_a_torn_slot_loses_one_step_only(tmp_path: Path, torn: int) -> None:
    mirror = Mirror(tmp_path / "mirror", "id")
    for seq in (1, 2, 3):
        mirror.write(seq, bytes(32), marks(seq))
    mirror.close()
    corrupt(tmp_path / "mirror", torn)
    head = Mirror(tmp_path / "mirror", "id").read()
    assert head is not None
    assert head.seq in (2, 3)
    assert head.registers == marks(head.seq)


def test_the_first_write_after_a_restart_spares_the_newest_slot(tmp_path: Path) -> None:
    for seq in range(1, 8):
        mirror = Mirror(tmp_path / "mirror", "id")
        head = mirror.read()
        assert (0 if head is None else head.seq) == seq - 1
        before = (tmp_path / "mirror").read_bytes().ljust(2 * SLOT, b"\0")
        mirror.write(seq, bytes(32), marks(seq))
        mirror.close()
        # Torn: of the write nothing but rubbish arrived.
        after = (tmp_path / "mirror").read_bytes().ljust(2 * SLOT, b"\0")
        place = next(at for at in range(len(after)) if after[at : at + 1] != before[at : at + 1])
        corrupt(tmp_path / "mirror", place // SLOT)
        torn = Mirror(tmp_path / "mirror", "id")
        head = torn.read()
        assert (0 if head is None else head.seq) == seq - 1
        torn.close()
        (tmp_path / "mirror").write_bytes(after)


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"0" * 16, b"\xff" * 2 * SLOT, b"-0000001" * 100]
)
def test_a_mirror_that_holds_rubbish_knows_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mirror").write_bytes(content)
    assert Mirror(tmp_path / "mirror", "id").read() is None


def test_a_write_torn_anywhere_leaves_the_step_before(tmp_path: Path) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    path = tmp_path / "mirror"
    mirror = Mirror(path, "id")
    for seq in range(1, 40):
        before = path.read_bytes()
        mirror.write(seq, bytes([seq] * 32), marks(seq))
        after = path.read_bytes()
        cut = chance.randrange(len(after))
        place = max(cut, len(before))
        # The first bytes of the new file, then what was there.
        path.write_bytes((after[:cut] + before[cut:]).ljust(place, b"\0"))
        fresh = Mirror(path, "id")
        head = fresh.read()
        assert (0 if head is None else head.seq) in (seq - 1, seq)
        fresh.close()
        path.write_bytes(after)
    mirror.close()


async def test_both_slots_torn_mean_that_nothing_is_known(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    async with opened(paths) as journal:
        await sold(journal, "K1", 3)
    corrupt(paths.mirror, 0, 1)
    async with opened(paths) as journal:
        assert journal.behind == {}
        await sold(journal, "K1", 1)
    assert remembered(paths).registers["K1"].number == 4


def test_many_registers_fit(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror", "id")
    registers = {f"register-{n:027}": RegisterMark(10**6, bytes(32)) for n in range(500)}
    mirror.write(1, bytes(32), registers)
    head = mirror.read()
    assert head is not None
    assert head.registers == registers
