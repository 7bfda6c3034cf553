"""Cancelling a completed receipt: what is left of it, and what its papers say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.till.faults import ReceiptUnknown, StornoImpossible
from bridge.till.register import Done
from tests.till.harness import Shop, line, new_key, until, writer_held


async def storno(shop: Shop, sold: Done, *lines: tuple[int, str], **fields: Any) -> Done:
    """Cancel a receipt, in full or by (line, quantity)."""
    wanted = [{"n": n, "quantity": quantity} for n, quantity in lines]
    fields = {"key": new_key(), **({"lines": wanted} if lines else {}), **fields}
    return await shop.do("storno", receipt=sold.event.receipt, **fields)


async def test_a_full_storno_is_the_exact_negative_and_names_the_receipt(tmp_path: Path) -> None:
    async with Shop(tmp_path, number_prefix="W-") as shop:
        receipt = await shop.open(
            line("Käse", 1990, "reduced1", quantity="0.333"),
            line("Messer", 3450, "normal", quantity="2", discount_percent="7.5"),
            line("Pfand", -25, "zero", quantity="-3"),
        )
        await shop.do("set_discount", receipt=receipt.id, rev=1, percent="3.33")
        sold = await shop.complete(shop.receipt(receipt.id))
        done = await storno(shop, sold, operator={"id": "9", "name": "Chef"})
        body, original = done.event.data(), sold.event.data()
        assert body["kind"] == "storno"
        assert body["storno_of"] == {"number": "W-2", "receipt": sold.event.receipt}
        assert body["total"] == -original["total"]
        assert body["operator"] == {"name": "Chef", "id": "9"}
        assert [each["cents"] for each in body["lines"]] == [
            -each["cents"] for each in original["lines"]
        ]
        assert body["payments"] == [
            {"n": len(original["lines"]) + 1, "kind": "cash", "cents": -original["total"]}
        ]
        bons = shop.bons()
        assert bons[2].amounts == tuple(-cents for cents in bons[1].amounts)
        assert bons[2].field_10 == "U1RP"
        assert shop.register().head.counter == 0
        await shop.sale()
        assert shop.bons()[-1].counter == 120


async def test_a_receipt_is_cancelled_once_only(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        await storno(shop, sold)
        for lines in ((), ((1, "1"),)):
            with pytest.raises(StornoImpossible):
                await storno(shop, sold, *lines)
        assert len(shop.bons()) == 3
    async with shop.again() as later:
        with pytest.raises(StornoImpossible):
            await storno(later, sold)


async def test_of_two_stornos_at_once_one_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        results = await asyncio.gather(
            *(storno(shop, sold) for _ in range(4)), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == [
            "Done",
            *["StornoImpossible"] * 3,
        ]
        assert shop.register().head.counter == 0


async def test_a_storno_waits_for_one_that_is_not_durable_yet(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        async with writer_held(shop):
            both = [asyncio.ensure_future(storno(shop, sold)) for _ in range(2)]
            await until(lambda: shop.register()._on_the_way > 0)
            for _ in range(50):
                await asyncio.sleep(0)
            assert shop.register()._on_the_way == 1
        results = await asyncio.gather(*both, return_exceptions=True)
        assert isinstance(results[0], Done)
        assert isinstance(results[1], StornoImpossible)
        assert shop.register().head.counter == 0


async def test_a_storno_by_lines_leaves_the_rest_to_be_cancelled(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale(line(cents=100, quantity="3"), line(cents=50, rate="normal"))
        part = await storno(shop, sold, (1, "1"))
        assert [each["cents"] for each in part.event.data()["lines"]] == [-100]
        with pytest.raises(StornoImpossible, match="2000 left"):
            await storno(shop, sold, (1, "2.001"))
    async with shop.again() as later:
        rest = await storno(later, sold)
        assert [(each["cancels"], each["cents"]) for each in rest.event.data()["lines"]] == [
            (1, -200),
            (2, -50),
        ]
        with pytest.raises(StornoImpossible):
            await storno(later, sold)
        assert later.register().head.counter == 0
        later.bons()


async def test_stornos_in_parts_give_back_what_was_paid_and_not_a_cent_more(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        # 3 x 0,33 less 10 % are 0,89; each piece alone would be 0,30.
        sold = await shop.sale(line(cents=33, quantity="3", discount_percent="10"))
        assert sold.event.data()["total"] == 89
        parts = [await storno(shop, sold, (1, "1")) for _ in range(3)]
        assert [part.event.data()["total"] for part in parts] == [-30, -29, -30]
        assert shop.register().head.counter == 0
        shop.bons()


async def test_the_discount_of_a_receipt_can_be_cancelled_as_a_line(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=1000), line(cents=1000))
        await shop.do("set_discount", receipt=receipt.id, rev=1, percent="50")
        sold = await shop.complete(shop.receipt(receipt.id))
        discount = next(each["n"] for each in sold.event.data()["lines"] if each["cents"] < 0)
        part = await storno(shop, sold, (1, "1"), (discount, "0.5"))
        assert part.event.data()["total"] == -500
        assert (await storno(shop, sold)).event.data()["total"] == -500


WRONG: tuple[tuple[tuple[tuple[int, str], ...], str], ...] = (
    (((1, "3"),), "2000 left"),
    (((1, "2.001"),), "2000 left"),
    (((3, "1"),), "0 left"),
    (((0, "1"),), "0 left"),
    (((1, "1"), (1, "1")), "named twice"),
)


@pytest.mark.parametrize(("lines", "reason"), WRONG)
async def test_more_than_is_left_cannot_be_cancelled(
    tmp_path: Path, lines: tuple[tuple[int, str], ...], reason: str
) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale(line(quantity="2"), line())
        with pytest.raises(StornoImpossible, match=reason):
            await storno(shop, sold, *lines)
        assert len(shop.bons()) == 2


async def test_what_is_no_sale_cannot_be_cancelled(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        cancelled = await storno(shop, sold)
        training = await shop.sale(kind="training")
        null = await shop.own("null")
        for done in (cancelled, training, null):
            with pytest.raises(StornoImpossible, match=done.event.data()["kind"]):
                await storno(shop, done)
        receipt = await shop.open()
        with pytest.raises(StornoImpossible, match="still open"):
            await shop.do("storno", receipt=receipt.id, key=new_key())
        aborted = await shop.do("abort", receipt=receipt.id, rev=1, reason="Irrtum", key=new_key())
        with pytest.raises(StornoImpossible, match="aborted"):
            await storno(shop, aborted)
        with pytest.raises(ReceiptUnknown):
            await shop.do("storno", receipt="nowhere", key=new_key())
        assert len(shop.bons()) == 5


async def test_a_receipt_of_an_older_till_is_cancelled_by_its_printed_number(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=5000))
        done = await shop.do(
            "storno_foreign",
            register_id="K1",
            number="ALT-77",
            lines=[line(cents=-1000), line(cents=-200, rate="normal")],
            key=new_key(),
        )
        body = done.event.data()
        assert body["storno_of"] == {"number": "ALT-77", "receipt": None}
        assert (body["kind"], body["total"]) == ("storno", -1200)
        bon = shop.bons()[-1]
        assert (bon.field_10, bon.amounts) == ("U1RP", (-200, -1000, 0, 0, 0))


async def test_a_receipt_entered_later_can_be_cancelled(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale(kind="reentry")
        await storno(shop, sold)
        assert shop.register().head.counter == 0


async def test_a_receipt_of_another_register_is_cancelled_there(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        sold = await shop.sale(register="K2")
        done = await storno(shop, sold)
        assert done.event.register == "K2"
        assert len(shop.bons("K1")) == 1
        assert len(shop.bons("K2")) == 3


async def test_a_storno_right_after_the_sale_sees_it(tmp_path: Path) -> None:
    """The sale is decided, but not durable yet when the storno of an earlier one is decided."""
    async with Shop(tmp_path) as shop:
        sold, receipt = await shop.sale(), await shop.open()
        completing = asyncio.ensure_future(shop.complete(receipt))
        await storno(shop, sold)
        done = await completing
        await storno(shop, done)
        assert shop.register().head.counter == 0
        assert len(shop.bons()) == 5
