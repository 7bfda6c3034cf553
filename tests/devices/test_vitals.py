"""Registers, journal and disk on the health board."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.health import Level, Part
from bridge.vitals import (
    DISK_FULL_BYTES,
    DISK_LOOK_S,
    DISK_LOW_BYTES,
    Vitals,
    report_journal,
    report_registers,
)
from tests.till.harness import Shop, until


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` returns."""

    total: int
    used: int
    free: int


@asynccontextmanager
async def reporting(shop: Shop) -> AsyncIterator[Vitals]:
    """Let a shop's vitals be reported."""
    vitals = Vitals(shop.till, shop.journal, shop.board, shop.clock)
    running = asyncio.ensure_future(vitals.run())
    try:
        await until(lambda: shop.board.part("disk") is not None)
        yield vitals
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def part(shop: Shop, name: str) -> Part:
    """Return what the board says of a part."""
    found = shop.board.part(name)
    assert found is not None, [each.name for each in shop.board.parts()]
    return found


def said(shop: Shop, name: str) -> tuple[Level, str, str | None]:
    """Return level, phase and fault code of a part."""
    found = part(shop, name)
    return found.level, found.phase, None if found.fault is None else found.fault.code


async def test_a_register_says_where_it_is_in_its_life(tmp_path: Path) -> None:
    async with Shop(tmp_path, start=False) as shop, reporting(shop):
        assert said(shop, "register:K1") == (Level.DEGRADED, "not_started", "register_not_started")
        await shop.own("start")
        await until(lambda: said(shop, "register:K1") == (Level.OK, "ready", None))
        assert part(shop, "register:K1").facts == {"kassen_id": "KASSE-K1"}
        await shop.own("closing")
        await until(lambda: said(shop, "register:K1") == (Level.OFF, "closed", None))


async def test_an_outage_is_on_the_board_while_it_lasts(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, reporting(shop):
        shop.soft[0].damaged = True
        await shop.sale()
        await shop.sale()
        outage = (Level.DEGRADED, "outage", "outage_running")
        await until(lambda: said(shop, "register:K1") == outage)
        await until(lambda: part(shop, "register:K1").facts["outage_receipts"] == 2)
        shop.soft[0].damaged = False
        await shop.look()
        await until(lambda: said(shop, "register:K1") == (Level.OK, "ready", None))


async def test_a_latch_is_a_failure_that_names_its_reason(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.register().latch = "journal_behind: the mirror knows receipt 7"
        report_registers(shop.till, shop.board)
        assert said(shop, "register:K1") == (Level.FAILED, "latched", "register_latched")
        assert "receipt 7" in str(part(shop, "register:K1").fault)


async def test_the_journal_says_whether_its_whole_chain_was_checked(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, reporting(shop) as vitals:
        assert said(shop, "journal") == (Level.OK, "checking", None)
        vitals.checked(None)
        assert said(shop, "journal") == (Level.OK, "checked", None)
        shop.register().latch = "damaged"
        vitals.checked("event 3 was changed")
        assert said(shop, "journal") == (Level.FAILED, "checked", "journal_damaged")
        assert "event 3" in str(part(shop, "journal").fault)
        assert part(shop, "register:K1").level is Level.FAILED


async def test_an_old_or_foreign_journal_is_a_failure(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.journal.behind = {"K1": "the mirror knows receipt 7"}
        report_journal(shop.journal, shop.board)
        assert said(shop, "journal") == (Level.DEGRADED, "checking", "journal_behind")
        shop.journal.behind = {"*": "the mirror knows event 90"}
        report_journal(shop.journal, shop.board)
        assert part(shop, "journal").level is Level.FAILED
        shop.journal.behind = {}
        shop.journal.moved = "board-1"
        report_journal(shop.journal, shop.board)
        assert said(shop, "journal") == (Level.FAILED, "checking", "journal_moved")


async def test_a_disk_that_fills_up_is_told_before_receipts_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Shop(tmp_path) as shop:
        free = [DISK_LOW_BYTES]
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free[0]))
        async with reporting(shop):
            assert part(shop, "disk").level is Level.OK
            for left, level, code in (
                (DISK_LOW_BYTES - 1, Level.DEGRADED, "disk_low"),
                (DISK_FULL_BYTES - 1, Level.FAILED, "disk_full"),
                (DISK_LOW_BYTES, Level.OK, None),
            ):
                free[0] = left
                await until(lambda: DISK_LOOK_S in shop.clock.sleeping)
                shop.clock.advance(DISK_LOOK_S)
                await until(lambda level=level: part(shop, "disk").level is level)  # type: ignore[misc]  # a loop variable
                assert said(shop, "disk")[2] == code
