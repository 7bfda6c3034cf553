"""Nothing is changed afterwards, and what is changed behind SQLite's back is found."""

from __future__ import annotations

import contextlib
import random
import re
import sqlite3
from pathlib import Path

import pytest

from bridge.journal.check import verify
from bridge.journal.event import Event, NewEvent, WriteSet, event_hash
from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader
from bridge.journal.store import VERIFIED_AT_START, JournalPaths
from tests.journal.support import (
    Chain,
    change_behind_the_back,
    events_in,
    note,
    opened,
    paths_in,
)


async def filled(directory: Path, receipts: int) -> JournalPaths:
    """Make and close a journal with receipts of K1 with notes among them."""
    paths = paths_in(directory)
    async with opened(paths) as journal:
        chain = Chain(journal, "K1")
        futures = []
        for number in range(receipts):
            futures.append(journal.submit(chain.next(key=f"k{number}")))
            if number % 5 == 0:
                futures.append(journal.submit(WriteSet((note(str(number)),))))
        for future in futures:
            await future
    return paths


def complaint(paths: JournalPaths) -> str:
    """Return what the check of the whole journal says."""
    with Reader(paths.database) as reader, pytest.raises(JournalDamaged) as caught:
        verify(reader)
    return caught.value.detail


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body=x'7b7d' WHERE seq=1",
        "DELETE FROM event WHERE seq=1",
        "DELETE FROM event",
        "UPDATE key SET seq=2",
        "DELETE FROM key",
    ],
)
async def test_events_and_keys_can_be_neither_changed_nor_removed(
    tmp_path: Path, statement: str
) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        await journal.submit(Chain(journal, "K1").next(key="k"))
        connection = journal._writer._connection
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never"):
            connection.execute(statement)
        assert verify(journal.reader).events == 1


@pytest.mark.parametrize("seq", [1, 3], ids=["same place", "same number"])
async def test_an_event_cannot_be_replaced(tmp_path: Path, seq: int) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell(1)
        await journal.submit(WriteSet((note(),)))
        [first, _] = events_in(journal.paths.database)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            journal._writer._connection.execute(
                "REPLACE INTO event VALUES(?,?,?,?,?,?,?,?,?,?)", first._replace(seq=seq)
            )
        assert verify(journal.reader).events == 2


async def test_a_key_cannot_be_replaced(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        await journal.submit(Chain(journal, "K1").next(key="k"))
        with pytest.raises(sqlite3.IntegrityError, match="never removed"):
            journal._writer._connection.execute("REPLACE INTO key VALUES('k',x'00',7)")
        assert journal.reader.key("k") == (b"fingerprint", 1)


@pytest.mark.parametrize(
    "change",
    [
        "kind='x'",
        "time=time+1",
        "body=CAST(replace(CAST(body AS TEXT),'x','y') AS BLOB)",
        "body=CAST(body AS TEXT)",
        "body=42",
        "register='K2'",
        "register=NULL, number=NULL",
        "receipt='r99'",
        "jws=jws||'A'",
        "jws=NULL",
        "number=number+100",
        "hash=zeroblob(32)",
        "hash='text'",
        "prev=zeroblob(32)",
    ],
)
async def test_a_change_of_any_field_is_found_at_the_event_that_has_it(
    tmp_path: Path, change: str
) -> None:
    paths = await filled(tmp_path, 20)
    change_behind_the_back(paths.database, f"UPDATE event SET {change} WHERE seq=7")
    assert complaint(paths).startswith("event 7 ")
    with pytest.raises(JournalDamaged):
        async with opened(paths):
            pass


async def test_text_that_is_no_text_is_a_diagnosis(tmp_path: Path) -> None:
    paths = await filled(tmp_path, 20)
    change_behind_the_back(
        paths.database, "UPDATE event SET receipt=CAST(x'ff' AS TEXT) WHERE seq=7"
    )
    assert complaint(paths).startswith("event 7 cannot be read")
    with pytest.raises(JournalDamaged):
        async with opened(paths):
            pass


async def test_a_gap_is_found(tmp_path: Path) -> None:
    paths = await filled(tmp_path, 20)
    change_behind_the_back(paths.database, "DELETE FROM event WHERE seq=7")
    assert complaint(paths) == "event 8 follows event 6: events are missing"


async def test_a_missing_beginning_is_found(tmp_path: Path) -> None:
    paths = await filled(tmp_path, 20)
    change_behind_the_back(paths.database, "DELETE FROM event WHERE seq<=3")
    assert complaint(paths) == "event 4 follows event 0: events are missing"


async def test_a_swapped_pair_is_found(tmp_path: Path) -> None:
    paths = await filled(tmp_path, 20)
    change_behind_the_back(
        paths.database,
        "UPDATE event SET seq=1000 WHERE seq=7",
        "UPDATE event SET seq=7 WHERE seq=8",
        "UPDATE event SET seq=8 WHERE seq=1000",
    )
    assert complaint(paths) == "event 7 does not build on event 6"


async def test_a_number_left_out_by_a_consistent_forger_is_found(tmp_path: Path) -> None:
    """Somebody who works all hashes out anew can hide much, but not a gap in the numbers."""
    paths = await filled(tmp_path, 20)
    events = [each for each in events_in(paths.database) if each.number != 5]
    forged, previous = [], bytes(32)
    for seq, each in enumerate(events, 1):
        link = relinked(each, seq, previous)
        forged.append(link)
        previous = link.hash
    with contextlib.closing(sqlite3.connect(paths.database, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_no_delete")
        connection.execute("DELETE FROM event")
        connection.executemany("INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)", forged)
    assert complaint(paths) == "event 6: K1 goes to 6, not 5"


def relinked(event: Event, seq: int, previous: bytes) -> Event:
    new = NewEvent(*event[1:8])
    return Event(seq, *new, previous, event_hash(seq, new, previous))


async def test_start_checks_the_last_hundred_events_and_the_whole_check_all(
    tmp_path: Path,
) -> None:
    paths = await filled(tmp_path, 200)
    last = len(events_in(paths.database))
    oldest_checked = last - VERIFIED_AT_START + 1
    body = "UPDATE event SET body=x'7b7d' WHERE seq="
    change_behind_the_back(paths.database, f"{body}{oldest_checked - 2}")
    async with opened(paths):
        pass
    assert complaint(paths).startswith(f"event {oldest_checked - 2} was changed")
    change_behind_the_back(paths.database, f"{body}{oldest_checked}")
    with pytest.raises(JournalDamaged, match=f"event {oldest_checked} was changed"):
        async with opened(paths):
            pass


async def test_one_changed_byte_anywhere_in_the_events_of_the_file_is_found(
    tmp_path: Path,
) -> None:
    """Direct edits of the file: one bit of each event's fields."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    paths = await filled(tmp_path, 30)
    wrote = events_in(paths.database)
    original = paths.database.read_bytes()
    for event in wrote:
        # A row ends with its signature, its predecessor's hash and its own hash.
        row_end = (event.jws or "").encode() + event.prev + event.hash
        assert original.count(row_end) == 1
        changed = bytearray(original)
        at = original.index(row_end) + chance.randrange(-len(event.body), len(row_end))
        changed[at] ^= 1 << chance.randrange(8)
        paths.database.write_bytes(changed)
        assert re.match(rf"event {event.seq}\b", complaint(paths)), f"byte {at}"
    paths.database.write_bytes(original)
    with Reader(paths.database) as reader:
        assert verify(reader).events == len(wrote)


async def test_random_damage_of_the_file_is_found_or_outside_the_events(tmp_path: Path) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    paths = await filled(tmp_path, 60)
    wrote = events_in(paths.database)
    original = paths.database.read_bytes()
    found = 0
    for _ in range(150):
        changed = bytearray(original)
        at = chance.randrange(2048, len(original))
        changed[at] ^= 1 << chance.randrange(8)
        paths.database.write_bytes(changed)
        try:
            with Reader(paths.database) as reader:
                counted = verify(reader).events
                read = list(reader.events())
        except JournalDamaged:
            found += 1
            continue
        assert read == wrote[:counted]
        if counted < len(wrote):
            # A damaged last page can hide the end without a trace. The mirror knows of it.
            found += 1
            async with opened(paths) as journal:
                assert journal.behind
    print(f"{found} of 150 found, the others left every event as it was")
    assert found > 10
