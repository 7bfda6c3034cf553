"""A latch that was put on while the box ran: durable, lifted by a technician only."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.journal.faults import JournalBehind
from bridge.model import events
from bridge.till.faults import LatchStands, RegisterLatched, RegisterUnknown
from tests.till.harness import Shop, until


async def test_a_latch_outlives_a_restart_and_concerns_its_register_alone(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        shop.till.latch("K1", JournalBehind("asello knows receipt 9"))
        with pytest.raises(RegisterLatched, match="asello knows receipt 9"):
            await shop.sale()
        await shop.sale(register="K2")
    async with shop.again() as later:
        with pytest.raises(RegisterLatched, match="asello knows receipt 9"):
            await later.sale()
        await later.sale(register="K2")


async def test_a_reason_found_again_and_again_is_written_once(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        for _ in range(3):
            shop.till.latch("K1", JournalBehind("again"))
        shop.till.latch("unknown", JournalBehind("nobody"))
        await shop.open()
        assert len(shop.events(events.REGISTER_LATCHED)) == 1


async def test_a_technician_lifts_a_latch_for_good(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.till.latch("K1", JournalBehind("asello knows receipt 9"))
        await shop.till.unlatch("K1", "the cloud was restored from a backup", "workshop")
        await shop.sale()
        [lifted] = shop.events(events.REGISTER_UNLATCHED)
        assert lifted.data() == {
            "reason": "the cloud was restored from a backup",
            "by": "workshop",
        }
    async with shop.again() as later:
        await later.sale()
        later.till.latch("K1", JournalBehind("it says so again"))
        with pytest.raises(RegisterLatched, match="it says so again"):
            await later.sale()


async def test_what_the_box_finds_at_each_start_cannot_be_lifted(tmp_path: Path) -> None:
    async with Shop(tmp_path, machine="board-1"):
        pass
    async with Shop(tmp_path, machine="board-2", start=False) as moved:
        with pytest.raises(LatchStands, match="journal_moved"):
            await moved.till.unlatch("K1", "it is all right", "workshop")
        with pytest.raises(RegisterUnknown):
            await moved.till.unlatch("K9", "it is all right", "workshop")
        assert moved.register().latch is not None


async def test_a_register_that_is_not_latched_has_nothing_to_lift(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        with pytest.raises(LatchStands):
            await shop.till.unlatch("K1", "just in case", "workshop")
        await shop.sale()


async def test_a_latch_that_could_not_be_stored_holds_and_is_stored_the_next_time(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        held = await shop.open()
        shop.disk_full()
        shop.till.latch("K1", JournalBehind("asello knows receipt 9" + "!" * 50_000))
        await until(lambda: not shop.till._latches)
        assert not shop.events(events.REGISTER_LATCHED)
        with pytest.raises(RegisterLatched, match="asello knows receipt 9"):
            await shop.complete(held)
        shop.disk_full(full=False)
        shop.till.latch("K1", JournalBehind("asello still knows it"))
        await shop.open()
        [stored] = shop.events(events.REGISTER_LATCHED)
        assert stored.data()["reason"] == "journal_behind: asello still knows it"
