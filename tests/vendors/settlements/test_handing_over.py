"""Each paid invoice becomes one order of its vendor, whatever stands in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.health import Level
from bridge.model.faults import VendorNotConfigured
from bridge.till.amounts import Settling
from bridge.vendors import settlements
from bridge.vendors.engine.faults import (
    QueueFull,
    RunKeyReused,
    RunsUnwritable,
    VendorAuthFailed,
    VendorDisabled,
    VendorSetup,
    VendorUnreachable,
)
from tests.till.harness import Shop, line, new_key
from tests.vendors.settlements.shop import (
    SETTLING,
    ScriptedDesk,
    board,
    code,
    cursor,
    key,
    payment,
    settle,
    settling,
    shop_at,
    soon,
)


async def test_a_paid_invoice_is_reported_with_all_that_the_receipt_says(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        done = await shop.sale(line(), payment("alpha", "FV1", 12_345))
        await soon(lambda: bool(desk.orders))
        order = desk.orders[0]
        assert (order.vendor, order.operation, order.key) == ("alpha", "pay", key(done, 2))
        assert json.loads(order.call.body) == {
            "invoice": "FV1",
            "kind": "issued",
            "cents": 12_345,
            "time": done.event.time,
            "date": "2026-11-21",
            "receipt": done.event.receipt,
            "number": done.event.number,
            "register": "KASSE-K1",
        }


async def test_each_line_goes_to_its_own_vendor_once(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        done = await shop.sale(payment("alpha", "A"), payment("beta", "B"), payment("alpha", "C"))
        await soon(lambda: len(desk.orders) == 3)
        alpha = [each.key for each in desk.orders if each.vendor == "alpha"]
        assert alpha == [key(done, 1), key(done, 3)]
        assert key(done, 2) in desk.keys
        assert board(shop) is None


async def test_the_day_is_that_of_the_shop(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        # 23:30 UTC is half past midnight in Vienna.
        shop.clock.advance((14 * 60 + 30) * 60)
        await shop.sale(payment())
        await soon(lambda: bool(desk.orders))
        assert json.loads(desk.orders[0].call.body)["date"] == "2026-11-22"


async def test_only_completed_receipts_that_took_money_are_reported(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        await shop.sale(payment(), kind="training")
        aborted = await shop.open(payment())
        await shop.do("abort", receipt=aborted.id, rev=1, key=new_key(), reason="Irrtum")
        await shop.sale(line('"settles":'))
        later = await shop.sale(payment(), kind="reentry")
        await soon(lambda: bool(desk.orders))
        assert desk.keys == [key(later)]


async def test_what_was_taken_before_a_stop_is_not_ordered_again(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop:
        async with settling(shop, desk):
            first = await shop.sale(payment())
            await soon(lambda: cursor(shop) == first.event.seq)
        # Completed while nobody listened.
        second = await shop.sale(payment())
    async with shop.again() as shop, settling(shop, desk):
        await soon(lambda: len(desk.orders) == 2)
        assert desk.keys == [key(first), key(second)]
        assert desk.asked == 2


async def test_a_crash_before_the_place_was_noted_orders_the_same_key_again(
    tmp_path: Path,
) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        before = cursor(shop)
        done = await shop.sale(payment())
        await soon(lambda: cursor(shop) == done.event.seq)
        await shop.journal.keep_cursor("settlements:alpha", before)
    async with shop.again() as shop, settling(shop, desk):
        await soon(lambda: desk.asked == 2)
        assert desk.keys == [key(done)]


async def test_a_new_vendor_begins_at_the_end_of_the_journal(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop:
        async with settling(shop, desk, {"alpha": settle}):
            await shop.sale(payment("alpha"))
            await shop.sale(payment("beta"))
            await soon(lambda: bool(desk.orders))
        async with settling(shop, desk):
            last = await shop.sale(payment("beta"))
            await soon(lambda: key(last) in desk.keys)
            assert [each.vendor for each in desk.orders] == ["alpha", "beta"]


async def test_a_journal_that_begins_with_the_vendor_loses_nothing(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    shop = Shop(tmp_path, start=False, settling=SETTLING)
    async with shop:
        async with settling(shop, desk):
            assert cursor(shop) == 1
        await shop.own("start")
        done = await shop.sale(payment())
    async with shop.again() as again, settling(again, desk):
        await soon(lambda: desk.keys == [key(done)])


async def test_long_stretches_without_settlement_are_not_walked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlements, "CURSOR_EVENTS", 10)
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        began = cursor(shop)
        for _ in range(8):
            await shop.sale()
        await soon(lambda: cursor(shop) >= began + 10)
        assert not desk.asked


CURED = [
    QueueFull("10000 wait"),
    RunsUnwritable("disk full"),
    VendorUnreachable("no network"),
    VendorNotConfigured("no table"),
    VendorDisabled("broken file"),
    VendorAuthFailed("wrong password"),
    VendorSetup("no licence"),
    TypeError("a defect of the vendor's file"),
]


@pytest.mark.parametrize("trouble", CURED, ids=lambda each: type(each).__name__)
async def test_trouble_that_may_pass_is_waited_out_and_shown(
    tmp_path: Path, trouble: Exception
) -> None:
    desk = ScriptedDesk(trouble={"alpha": trouble})
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        first = await shop.sale(payment("alpha"))
        other = await shop.sale(payment("beta"))
        second = await shop.sale(payment("alpha"))
        await soon(lambda: code(shop) == "settlement_waits" and key(other) in desk.keys)
        part = board(shop)
        assert part is not None
        assert part.level is Level.FAILED
        assert "FV1" in str(part.fault)
        assert cursor(shop) < first.event.seq
        await soon(lambda: bool(shop.clock.sleeping))
        asked = desk.asked
        desk.trouble.clear()
        shop.clock.advance(900)
        await soon(lambda: key(second) in desk.keys)
        assert desk.asked == asked + 2
        assert desk.keys == [key(other), key(first), key(second)]
        assert board(shop) is None


async def test_a_settlement_that_waits_survives_a_restart(tmp_path: Path) -> None:
    desk = ScriptedDesk(trouble={"alpha": VendorNotConfigured("no table")})
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        done = await shop.sale(payment())
        await soon(lambda: code(shop) == "settlement_waits")
    desk.trouble.clear()
    async with shop.again() as shop, settling(shop, desk):
        await soon(lambda: desk.keys == [key(done)])


async def test_a_vendor_taken_out_of_the_configuration_hears_of_it_when_it_is_back(
    tmp_path: Path,
) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop:
        async with settling(shop, desk):
            receipt = await shop.open(payment())
        done = await shop.complete(receipt)
    async with shop.again(settling=Settling()) as shop, settling(shop, desk, {}):
        await shop.sale()
    async with shop.again() as shop, settling(shop, desk):
        await soon(lambda: desk.keys == [key(done)])


async def test_an_order_that_an_earlier_version_worded_otherwise_is_done(tmp_path: Path) -> None:
    desk = ScriptedDesk(trouble={"alpha": RunKeyReused("other body")})
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        done = await shop.sale(payment())
        await soon(lambda: cursor(shop) == done.event.seq)
        assert board(shop) is None


async def test_a_storno_is_shown_because_the_vendors_payment_stands(tmp_path: Path) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        sold = await shop.sale(payment())
        await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        await soon(lambda: code(shop) == "settlement_stands")
        part = board(shop)
        assert part is not None
        assert part.level is Level.DEGRADED
        assert "invoice FV1" in str(part.fault)
        assert desk.keys == [key(sold)]
        assert board(shop, "beta") is None


async def test_a_disk_that_refuses_the_place_holds_no_order_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop, settling(shop, desk):

        async def refuse(_name: str, _seq: int) -> None:
            raise RunsUnwritable("disk full")

        with monkeypatch.context() as broken:
            broken.setattr(shop.journal, "keep_cursor", refuse)
            first = await shop.sale(payment())
            await soon(lambda: key(first) in desk.keys)
        second = await shop.sale(payment())
        await soon(lambda: cursor(shop) == second.event.seq)


async def test_receipts_never_wait_for_a_vendor(tmp_path: Path) -> None:
    desk = ScriptedDesk(trouble={"alpha": VendorUnreachable("black hole")})
    async with shop_at(tmp_path) as shop, settling(shop, desk):
        for _ in range(20):
            await shop.sale(payment())
        assert len(shop.bons()) == 21


async def test_a_disk_that_refuses_at_the_start_loses_nothing_of_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ScriptedDesk()
    async with shop_at(tmp_path) as shop:
        real, broken = shop.journal.keep_cursor, True

        async def refuse(name: str, seq: int) -> None:
            if broken:
                raise RunsUnwritable("disk full")
            await real(name, seq)

        monkeypatch.setattr(shop.journal, "keep_cursor", refuse)
        async with settling(shop, desk):
            first = await shop.sale(payment())
            await soon(lambda: key(first) in desk.keys)
            assert not cursor(shop)
            broken = False
            plain = await shop.sale()
            await soon(lambda: cursor(shop) > first.event.seq)
            assert cursor(shop) <= plain.event.seq
