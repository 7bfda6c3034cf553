"""Receipts of the register's own, its end, and what forbids it to sign."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bridge.fiscal.rksv.unit_faults import SigningBusy
from bridge.model import events
from bridge.till.faults import (
    OpenReceiptsLeft,
    RegisterClosed,
    RegisterLatched,
    RegisterStarted,
)
from tests.till.harness import Shop, line, new_key


async def test_the_startbeleg_is_first_signed_and_zero(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        bon = shop.bons()[0]
        assert (bon.number, bon.amounts, bon.counter, bon.signed) == ("1", (0,) * 5, 0, True)


async def test_a_second_startbeleg_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        with pytest.raises(RegisterStarted):
            await shop.own("start")
    async with shop.again() as later:
        with pytest.raises(RegisterStarted):
            await later.own("start")


@pytest.mark.parametrize("kind", ["null", "month", "year"])
async def test_receipts_without_turnover_are_zero_signed_and_numbered(
    tmp_path: Path, kind: str
) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=500))
        done = await shop.own(kind)
        assert done.event.data()["kind"] == kind
        bon = shop.bons()[-1]
        assert (bon.number, bon.amounts, bon.counter, bon.signed) == ("3", (0,) * 5, 500, True)


async def test_the_schlussbeleg_waits_for_open_receipts(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        with pytest.raises(OpenReceiptsLeft):
            await shop.own("closing")
        await shop.do("abort", receipt=receipt.id, rev=1, reason="Ende", key=new_key())
        done = await shop.own("closing")
        assert done.event.data()["closed"] is True


async def test_after_the_schlussbeleg_nothing_is_signed_any_more(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        await shop.own("closing")
    for box in (shop.again(), shop.again()):
        async with box as later:
            receipt = await later.open()
            with pytest.raises(RegisterClosed):
                await later.complete(receipt)
            with pytest.raises(RegisterClosed):
                await later.do("storno", receipt=sold.event.receipt, key=new_key())
            for kind in ("start", "null", "month", "year", "collective", "closing"):
                with pytest.raises(RegisterClosed):
                    await later.own(kind)
            assert len(later.bons()) == 3


async def test_nothing_follows_a_schlussbeleg_made_in_an_outage(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.own("closing")
        shop.soft[0].damaged = False
        assert await shop.look()
        assert [bon.signed for bon in shop.bons()] == [True, False]


@pytest.mark.parametrize("why", ["journal_behind", "journal_moved"])
async def test_a_latched_register_does_not_sign_but_still_edits(tmp_path: Path, why: str) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    async with Shop(folder, machine="board-1") as shop:
        sold = await shop.sale()
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        receipt = await shop.open()
    if why == "journal_behind":
        shutil.copy(folder / "journal.db", tmp_path / "old.db")
        async with shop.again() as more:
            await more.sale()
        shutil.copy(tmp_path / "old.db", folder / "journal.db")
        box = shop.again()
    else:
        box = shop.again(machine="board-2")
    async with box as later:
        before = len(later.bons())
        for refused in (
            later.complete(receipt),
            later.do("storno", receipt=sold.event.receipt, key=new_key()),
            later.do("storno_foreign", register_id="K1", number="9", lines=[line()], key=new_key()),
            later.own("null"),
            later.own("collective"),
            later.own("closing"),
        ):
            with pytest.raises(RegisterLatched, match=why):
                await refused
        # The unit that comes back must not write onto a chain that may have gone on elsewhere.
        assert later.register().head.outage is not None
        later.units[0]._out(SigningBusy("as if it had been out"))
        assert await later.look()
        assert await later.till.end_outages() == []
        assert len(later.bons()) == before
        await later.do("add_line", receipt=receipt.id, rev=1, line=line("noch etwas"))
        await later.do("pay", receipt=receipt.id, rev=2, key=new_key(), payment={"cents": 1})
        await later.do("reprint", receipt=sold.event.receipt, key=new_key())
        await later.do("abort", receipt=receipt.id, rev=3, reason="gesperrt", key=new_key())
        opened = await later.open()
        assert later.receipt(opened.id).rev == 1
        assert len(later.bons()) == before
        assert later.events(events.ABORTED)


async def test_a_latch_concerns_the_registers_that_are_behind(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    async with Shop(folder, registers=("K1", "K2")) as shop:
        pass
    shutil.copy(folder / "journal.db", tmp_path / "old.db")
    async with shop.again() as more:
        await more.sale(register="K2")
    shutil.copy(tmp_path / "old.db", folder / "journal.db")
    async with shop.again() as later:
        assert later.register("K2").latch is not None
        with pytest.raises(RegisterLatched):
            await later.sale(register="K2")
        await later.sale(register="K1")
