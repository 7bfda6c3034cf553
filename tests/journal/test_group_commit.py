"""Group commit: what waits together is written together, and a broken write-set fails alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.journal.check import verify
from bridge.journal.event import Key, NewEvent, WriteSet
from bridge.journal.faults import (
    HeadMoved,
    JournalClosed,
    JournalEnded,
    KeyTaken,
    WriteRefused,
)
from bridge.journal.store import Journal
from bridge.journal.writer import MAX_BATCH
from drivers.contract.fault import Fault
from tests.journal.support import (
    NOON,
    Chain,
    Statements,
    note,
    opened,
    paths_in,
    receipt,
    writer_held,
)

WRONG: Any = None
TEXT: Any = "{}"
"""What a program without type checks might hand over."""


async def outcome(future: asyncio.Future[Any]) -> type[BaseException] | int:
    """Return the number of events written, or the class of the fault."""
    try:
        return len(await future)
    except Fault as fault:
        return type(fault)


async def test_many_waiting_write_sets_share_one_transaction(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        seen = Statements(journal)
        with writer_held(journal):
            futures = [journal.submit(chain.next()) for _ in range(100)]
        events = [event for [event] in await asyncio.gather(*futures)]
        assert seen.count("COMMIT") == 1
        assert [event.number for event in events] == list(range(1, 101))
        assert [event.seq for event in events] == list(range(1, 101))
        assert journal.last_seq == 100
        assert verify(journal.reader).registers == {"K1": 100}


async def test_a_transaction_has_a_largest_size(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        seen = Statements(journal)
        with writer_held(journal):
            futures = [journal.submit(chain.next()) for _ in range(MAX_BATCH + 1)]
        await asyncio.gather(*futures)
        assert seen.count("COMMIT") == 2


async def test_a_receipt_alone_is_one_transaction_of_one_row_each_without_savepoint(
    tmp_path: Path,
) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        seen = Statements(journal)
        await journal.submit(chain.next(key="k"))
        await journal.settle()
        assert [each.split("(")[0] for each in seen.seen] == [
            "BEGIN IMMEDIATE",
            "INSERT INTO event VALUES",
            "INSERT INTO key VALUES",
            "COMMIT",
        ]


def broken_ones() -> dict[str, tuple[WriteSet, type[Fault]]]:
    """Write-sets that cannot be written beside receipts 1 to 3 of K1, and why."""
    good = receipt("K2", 1)
    return {
        "expected version": (WriteSet((good,), "K2", 7), HeadMoved),
        "taken key": (WriteSet((good,), "K2", 0, Key("taken", b"f")), KeyTaken),
        "number gap": (WriteSet((receipt("K2", 2),), "K2", 0), HeadMoved),
        "number again": (WriteSet((receipt("K1", 1),), "K2", 0), HeadMoved),
        "gap after a good event": (WriteSet((good, receipt("K2", 3)), "K2", 0), HeadMoved),
        "no events": (WriteSet((), "K2", 0, Key("new", b"f")), WriteRefused),
        "number without register": (
            WriteSet((good._replace(register=None),), "K2", 0),
            WriteRefused,
        ),
        "no kind": (
            WriteSet((good, NewEvent(WRONG, NOON, b"{}")), "K2", 0),
            WriteRefused,
        ),
        "time beyond 64 bits": (WriteSet((good._replace(time=2**63),), "K2", 0), WriteRefused),
        "half a character": (WriteSet((good._replace(receipt="\ud800"),), "K2", 0), WriteRefused),
        "text as body": (
            WriteSet((good._replace(body=TEXT),), "K2", 0),
            WriteRefused,
        ),
        "no fingerprint": (
            WriteSet((good,), "K2", 0, Key("new", WRONG)),
            WriteRefused,
        ),
    }


@pytest.mark.parametrize("together", [True, False], ids=["in a batch", "alone"])
@pytest.mark.parametrize("name", broken_ones())
async def test_a_broken_write_set_fails_alone(tmp_path: Path, name: str, together: bool) -> None:
    broken, fault = broken_ones()[name]
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await journal.submit(chain.next(key="taken"))
        if together:
            with writer_held(journal):
                futures = [
                    journal.submit(chain.next()),
                    journal.submit(broken),
                    journal.submit(chain.next()),
                ]
            assert [await outcome(each) for each in futures] == [1, fault, 1]
        else:
            assert await outcome(journal.submit(broken)) is fault
            await chain.sell(2)
        assert [event.number for event in journal.reader.events()] == [1, 2, 3]
        assert verify(journal.reader).registers == {"K1": 3}
        assert journal.last_seq == 3
        assert journal.reader.key("new") is None
        # The broken one used neither a number nor a version.
        assert journal.forgive("K2") == 0
        await Chain(journal, "K2").sell()
    async with opened(paths_in(tmp_path)) as journal:
        assert verify(journal.reader).registers == {"K1": 3, "K2": 1}


async def test_what_is_queued_behind_a_failed_write_set_fails_with_it_until_forgiven(
    tmp_path: Path,
) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        one, other = Chain(journal, "K1"), Chain(journal, "K2")
        await one.sell(2)
        with writer_held(journal):
            futures = [journal.submit(one.next())]
            one.number += 1
            futures += [journal.submit(one.next()) for _ in range(3)]
            others = [journal.submit(other.next()) for _ in range(3)]
        done = await asyncio.gather(*futures, return_exceptions=True)
        assert isinstance(done[0], list)
        assert isinstance(done[1], HeadMoved)
        assert done[2] is done[1]
        assert done[3] is done[1]
        assert [await outcome(each) for each in others] == [1, 1, 1]
        late = (await asyncio.gather(journal.submit(one.next()), return_exceptions=True))[0]
        assert late is done[1]
        assert [await outcome(journal.submit(WriteSet((note(),))))] == [1]
        one.recover()
        assert (one.number, one.version) == (3, 3)
        [event] = await one.sell()
        assert event.number == 4


async def test_a_caller_that_is_cancelled_takes_nothing_back(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        with writer_held(journal):
            futures = [journal.submit(chain.next()) for _ in range(3)]
            futures[1].cancel()
        assert len(await futures[2]) == 1
        assert [event.number for event in journal.reader.numbered("K1")] == [1, 2, 3]
        assert journal.last_seq == 3
        await chain.sell()


async def test_closing_commits_what_is_queued_and_refuses_what_comes_later(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        futures = [journal.submit(chain.next()) for _ in range(50)]
        await journal.close()
        assert [await outcome(each) for each in futures] == [1] * 50
        assert await outcome(journal.submit(chain.next())) is JournalClosed
        with pytest.raises(JournalClosed):
            await journal.settle()
        await journal.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_a_writer_that_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> bytes:
        raise MemoryError

    async with opened(paths_in(tmp_path)) as journal:
        chain = Chain(journal, "K1")
        await chain.sell()
        monkeypatch.setattr("bridge.journal.writer.event_hash", die)
        with writer_held(journal):
            futures = [journal.submit(chain.next()) for _ in range(3)]
        done = [await outcome(each) for each in futures]
        assert done == [JournalEnded] * 3
        assert await outcome(journal.submit(chain.next())) is JournalEnded
        with pytest.raises(JournalEnded):
            await journal.settle()
    monkeypatch.undo()
    async with opened(paths_in(tmp_path)) as journal:
        await Chain(journal, "K1", 1).sell()


async def test_a_sum_of_versions_is_counted_from_the_start_of_the_daemon(tmp_path: Path) -> None:
    async with opened(paths_in(tmp_path)) as journal:
        await Chain(journal, "K1").sell(3)
        assert journal.forgive("K1") == 3
    async with opened(paths_in(tmp_path)) as journal:
        assert isinstance(journal, Journal)
        assert journal.forgive("K1") == 0
        await Chain(journal, "K1", 3).sell()
