"""What may be done to an open receipt, and who may take it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.model import events
from bridge.till.amounts import MAX_LINES
from bridge.till.faults import (
    AmountLimit,
    ClockWrong,
    DiscountImpossible,
    LineLimit,
    LineUnknown,
    PaymentUnknown,
    ReceiptInUse,
    ReceiptNotCompleted,
    ReceiptNotOpen,
    ReceiptUnknown,
)
from tests.till.harness import START, Shop, line, new_key


async def test_lines_keep_their_numbers_whatever_is_removed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line("a"), line("b"), line("c"))
        of = {"receipt": receipt.id}
        await shop.do("remove_line", **of, rev=1, n=3)
        await shop.do("add_line", **of, rev=2, line=line("d"))
        await shop.do("change_line", **of, rev=3, n=2, line=line("B", 5))
        found = shop.receipt(receipt.id)
        assert [(each.n, each.text) for each in found.lines] == [(1, "a"), (2, "B"), (4, "d")]
        for type_, fields in (("remove_line", {"n": 3}), ("change_line", {"n": 9, "line": line()})):
            with pytest.raises(LineUnknown):
                await shop.do(type_, **of, rev=4, **fields)
        with pytest.raises(PaymentUnknown):
            await shop.do("remove_payment", **of, rev=4, n=1)


async def test_999_lines_fit_on_a_receipt_and_no_more(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(*[line(cents=1)] * (MAX_LINES - 1))
        of = {"receipt": receipt.id}
        await shop.do("add_line", **of, rev=1, line=line(cents=1))
        with pytest.raises(LineLimit):
            await shop.do("add_line", **of, rev=2, line=line())
        with pytest.raises(LineLimit):
            await shop.open(*[line()] * (MAX_LINES + 1))
        # A discount is written as lines apart from the 999.
        await shop.do("set_discount", **of, rev=2, cents=9)
        done = await shop.complete(shop.receipt(receipt.id), total_cents=990)
        assert len(done.event.data()["lines"]) == MAX_LINES + 1
        cancelled = await shop.do("storno", receipt=receipt.id, key=new_key())
        assert cancelled.event.data()["total"] == -990
        shop.bons()


@pytest.mark.parametrize(
    ("quantity", "cents", "lawful"),
    [
        ("1", 10**9, True),
        ("-1", 10**9, True),
        ("1000000", 1000, True),
        ("0.5", 10**9, True),
        ("1000000", 1001, False),
        ("1.001", 10**9, False),
        ("-2", 10**9, False),
    ],
)
async def test_a_line_holds_ten_million_euros_and_not_a_cent_more(
    tmp_path: Path, quantity: str, cents: int, lawful: bool
) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        wanted = line(cents=cents, quantity=quantity)
        adding = shop.do("add_line", receipt=receipt.id, rev=1, line=wanted)
        if lawful:
            await adding
            await shop.open(wanted)
            return
        with pytest.raises(AmountLimit):
            await adding
        with pytest.raises(AmountLimit):
            await shop.open(wanted)
        with pytest.raises(AmountLimit):
            await shop.do("change_line", receipt=receipt.id, rev=1, n=1, line=wanted)


async def test_a_discount_beyond_the_amount_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=100), line(cents=-40, rate="zero"))
        of = {"receipt": receipt.id}
        with pytest.raises(DiscountImpossible):
            await shop.do("set_discount", **of, rev=1, cents=101)
        await shop.do("set_discount", **of, rev=1, cents=100)
        await shop.do("remove_line", **of, rev=2, n=1)
        with pytest.raises(DiscountImpossible):
            await shop.complete(shop.receipt(receipt.id))
        await shop.do("set_discount", **of, rev=3)
        assert shop.receipt(receipt.id).discount is None
        await shop.complete(shop.receipt(receipt.id), total_cents=-40)


async def test_an_ended_receipt_takes_no_command(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done, aborted = await shop.sale(), await shop.open()
        await shop.do("abort", receipt=aborted.id, rev=1, reason="x", key=new_key())
        for receipt_id in (done.event.receipt, aborted.id):
            of: dict[str, Any] = {"receipt": receipt_id, "rev": 2}
            for type_, fields in (
                ("add_line", {"line": line()}),
                ("pay", {"key": new_key()}),
                ("complete", {"key": new_key()}),
                ("abort", {"key": new_key(), "reason": "x"}),
            ):
                with pytest.raises(ReceiptNotOpen):
                    await shop.do(type_, **of, **fields)
            with pytest.raises(ReceiptNotOpen):
                await shop.do("withdraw", receipt=receipt_id)
        with pytest.raises(ReceiptUnknown):
            await shop.do("add_line", receipt="nowhere", rev=1, line=line())
        with pytest.raises(ReceiptUnknown):
            shop.till.receipt("nowhere")


async def test_the_till_tells_where_a_receipt_is(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        assert shop.till.receipt(receipt.id) == (receipt, None)
        done = await shop.complete(receipt)
        assert shop.till.receipt(receipt.id) == (None, done.event)


PARKED = {"parked_id": "p-7", "reference": "R-7", "origin": "cloud"}
NAMES = {"parked_id": "p-7", "reference": "R-7"}


async def test_a_parked_receipt_is_withdrawn_while_nobody_works_on_it(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(**PARKED)
        done = await shop.do("withdraw", receipt=receipt.id)
        assert done.event.kind == events.WITHDRAWN
        assert done.event.data() == {"rev": 2, **NAMES}
        assert not shop.register().open


TOUCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("add_line", {"line": line()}),
    ("change_line", {"n": 1, "line": line("x")}),
    ("remove_line", {"n": 1}),
    ("set_discount", {"percent": "1"}),
    ("set_customer", {"customer": {"name": "A"}}),
    ("pay", {"key": "a-key-of-its-own", "payment": {"cents": 1}}),
)


@pytest.mark.parametrize(("type_", "fields"), TOUCHES, ids=[name for name, _ in TOUCHES])
async def test_a_receipt_somebody_works_on_is_neither_withdrawn_nor_expired(
    tmp_path: Path, type_: str, fields: dict[str, Any]
) -> None:
    shop = Shop(tmp_path)
    async with shop:
        expires = (START + timedelta(hours=1)).isoformat()
        receipt = await shop.open(receipt_expires=expires, **PARKED)
        await shop.do(type_, receipt=receipt.id, rev=1, **fields)
    async with shop.again() as later:
        with pytest.raises(ReceiptInUse):
            await later.do("withdraw", receipt=receipt.id)
        later.clock.advance(7200)
        assert await later.till.expire() == []
        assert receipt.id in later.register().open


async def test_a_payment_given_back_still_counts_as_touched(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(**PARKED)
        of = {"receipt": receipt.id}
        await shop.do("pay", **of, rev=1, key=new_key(), payment={"cents": 1})
        await shop.do("remove_payment", **of, rev=2, n=2)
        with pytest.raises(ReceiptInUse):
            await shop.do("withdraw", **of)


async def test_a_parked_receipt_expires_when_its_time_is_over(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        expires = (START + timedelta(hours=1)).isoformat()
        parked = await shop.open(receipt_expires=expires, **PARKED)
        other = await shop.open(register="K2", receipt_expires=expires)
        stays = await shop.open()
        shop.clock.advance(3599)
        assert await shop.till.expire() == []
        shop.clock.advance(1)
        done = await shop.till.expire()
        assert {each.event.receipt for each in done} == {parked.id, other.id}
        assert {each.event.kind for each in done} == {events.EXPIRED}
        ended = next(each.event for each in done if each.event.receipt == parked.id)
        assert ended.data() == {"rev": 2, **NAMES}
        assert list(shop.register().open) == [stays.id]
        assert not shop.register("K2").open
    async with shop.again() as later:
        assert await later.till.expire() == []
        assert list(later.register().open) == [stays.id]


async def test_nothing_expires_by_a_clock_that_is_wrong(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        expires = datetime(2026, 11, 1, tzinfo=UTC).isoformat()
        receipt = await shop.open(receipt_expires=expires)
        shop.clock.time = datetime(2000, 1, 1, tzinfo=UTC)
        with pytest.raises(ClockWrong):
            await shop.till.expire()
        assert receipt.id in shop.register().open


async def test_an_abort_tells_its_reason_and_the_senders_names(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(**PARKED)
        done = await shop.do("abort", receipt=receipt.id, rev=1, reason="Kunde ging", key=new_key())
        assert done.event.data() == {"rev": 2, "reason": "Kunde ging", **NAMES}
        assert len(shop.bons()) == 1


async def test_only_completed_receipts_are_printed_again(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold, receipt = await shop.sale(), await shop.open()
        done = await shop.do("reprint", receipt=sold.event.receipt, key=new_key())
        assert done.event.kind == events.REPRINT_WANTED
        assert done.event.data() == {"completed": sold.event.seq}
        with pytest.raises(ReceiptNotCompleted):
            await shop.do("reprint", receipt=receipt.id, key=new_key())
        await shop.do("abort", receipt=receipt.id, rev=1, reason="x", key=new_key())
        with pytest.raises(ReceiptNotCompleted):
            await shop.do("reprint", receipt=receipt.id, key=new_key())
        with pytest.raises(ReceiptUnknown):
            await shop.do("reprint", receipt="nowhere", key=new_key())
