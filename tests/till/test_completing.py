"""Completing a receipt: its number, its time, what it comes to, what is paid, what is signed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.fiscal.rksv.counter import CounterOverflow
from bridge.model import events
from bridge.till.faults import (
    ClockWrong,
    PaymentExceeds,
    PaymentMissing,
    PaymentUnsupported,
    RateUnknown,
    ReceiptEmpty,
    Refused,
    RegisterUnknown,
    TotalMismatch,
)
from tests.till.harness import START, FakeClock, Shop, line, new_key


async def test_fifty_at_once_on_one_register_are_numbered_without_gap(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipts = [await shop.open(line(cents=100 + n)) for n in range(50)]
        done = await asyncio.gather(*(shop.complete(receipt) for receipt in receipts))
        assert sorted(each.event.number or 0 for each in done) == list(range(2, 52))
        bons = shop.bons()
        assert len(bons) == 51
        assert bons[-1].counter == sum(100 + n for n in range(50))


async def test_two_registers_side_by_side_have_a_chain_each(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        receipts = [await shop.open(register=f"K{n % 2 + 1}") for n in range(40)]
        await asyncio.gather(*(shop.complete(receipt) for receipt in receipts))
        assert len(shop.bons("K1")) == len(shop.bons("K2")) == 21
    async with shop.again() as later:
        assert [register.head.number for register in later.till.registers.values()] == [21, 21]
        await later.sale(register="K2")
        assert len(later.bons("K2")) == 22
        assert len(later.bons("K1")) == 21


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for _ in range(3):
        async with shop:
            await shop.sale()
            await shop.sale(line(cents=-50))
            await shop.sale(kind="training")
        shop = shop.again()
    async with shop:
        bons = shop.bons()
        assert len(bons) == 10
        assert shop.register().head.counter == 3 * 70


async def test_what_is_completed_is_recorded_in_full(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(
            line("Käse", 1990, "reduced1", quantity="0.350", article="4711"),
            line("Messer", 3450, "normal", discount_percent="10"),
            operator={"id": "7", "name": "Dóra"},
            customer={"name": "Gasthof", "address": ["Platz 1", "1010 Wien"], "uid": "ATU1"},
            parked_id="p-1",
            reference="R-1",
            note="Danke",
            origin="cloud",
        )
        body = done.event.data()
        assert body["totals"] == {"reduced1": 697, "normal": 3105}
        assert body["total"] == 3802
        assert body["operator"] == {"name": "Dóra", "id": "7"}
        assert body["customer"]["uid"] == "ATU1"
        assert (body["parked_id"], body["reference"]) == ("p-1", "R-1")
        assert (body["note"], body["origin"]) == ("Danke", "cloud")
        assert body["lines"][0]["article"] == "4711"
        assert body["payments"] == [{"n": 3, "kind": "cash", "cents": 3802}]
        assert shop.bons()[-1].amounts == (3105, 697, 0, 0, 0)


async def test_each_rate_counts_in_its_bucket_and_4_9_percent_in_the_special_one(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(
            line(cents=1, rate="normal"),
            line(cents=20, rate="reduced1"),
            line(cents=300, rate="reduced2"),
            line(cents=4000, rate="zero"),
            line(cents=50000, rate="special"),
            line(cents=600000, rate="special49"),
        )
        assert shop.bons()[-1].amounts == (1, 20, 300, 4000, 650000)
        assert done.event.data()["totals"]["special49"] == 600000


@pytest.mark.parametrize(
    ("utc", "lawful"),
    [
        # Midnight of the first of July in Vienna, summer time.
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 30, 22, 0, 0, tzinfo=UTC), True),
    ],
)
async def test_4_9_percent_begin_at_local_midnight(
    tmp_path: Path, utc: datetime, lawful: bool
) -> None:
    clock = FakeClock(utc)
    async with Shop(tmp_path, clock=clock, not_before=utc.date()) as shop:
        if lawful:
            await shop.sale(line(rate="special49"))
            return
        receipt = await shop.open(line(rate="normal"))
        with pytest.raises(RateUnknown, match="2026-06-30"):
            await shop.open(line(rate="special49"))
        with pytest.raises(RateUnknown):
            await shop.do(
                "add_line", receipt=receipt.id, rev=receipt.rev, line=line(rate="special49")
            )
        with pytest.raises(RateUnknown, match="normal, reduced1"):
            await shop.open(line(rate="Normal"))


async def test_the_time_of_a_receipt_is_never_before_the_last_one(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
        shop.clock.time = START - timedelta(days=3, hours=5)
        done = await shop.sale()
        assert done.event.data()["time"] == "2026-11-21T10:00:00"
    async with shop.again() as later:
        await later.sale()
        later.clock.time = START + timedelta(seconds=1)
        assert (await later.sale()).event.data()["time"] == "2026-11-21T10:00:01"
        assert [bon.time[11:] for bon in later.bons()] == ["10:00:00"] * 4 + ["10:00:01"]


async def test_the_hour_that_october_repeats_does_not_go_back(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2027, 10, 31, 0, 30, tzinfo=UTC))
    async with Shop(tmp_path, clock=clock) as shop:
        for _ in range(6):
            await shop.sale()
            clock.advance(20 * 60)
        assert [bon.time[11:16] for bon in shop.bons()] == [
            "02:30",
            "02:30",
            "02:50",
            "02:50",  # 02:10 a second time
            "02:50",  # 02:30 a second time
            "02:50",
            "03:10",
        ]


async def test_the_hour_that_march_leaves_out_is_never_stamped(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC))
    async with Shop(tmp_path, clock=clock) as shop:
        clock.advance(1)
        await shop.sale()
        assert [bon.time[11:] for bon in shop.bons()] == ["01:59:59", "03:00:00"]


async def test_a_clock_before_the_softwares_build_is_not_believed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        sold = await shop.sale()
        # A board without a battery, after a cold start.
        shop.clock.time = datetime(1970, 1, 1, tzinfo=UTC)
        before = len(shop.events())
        for refused in (
            shop.complete(receipt),
            shop.own("null"),
            shop.do("storno", receipt=sold.event.receipt, key=new_key()),
        ):
            with pytest.raises(ClockWrong):
                await refused
        assert len(shop.events()) == before
        shop.clock.time = START
        await shop.complete(receipt)
        assert len(shop.bons()) == 3


async def test_a_wrong_total_is_refused_with_the_right_one(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=120), line(cents=30))
        with pytest.raises(TotalMismatch) as caught:
            await shop.complete(receipt, total_cents=149)
        assert caught.value.facts["total_cents"] == 150
        await shop.complete(receipt, total_cents=150)


PAID: tuple[tuple[int, list[dict[str, Any]], list[tuple[int, int | None]]], ...] = (
    (120, [{}], [(120, None)]),
    (120, [{"given_cents": 120}], [(120, 120)]),
    (120, [{"given_cents": 500}], [(120, 500)]),
    (120, [{"cents": 120}], [(120, None)]),
    (120, [{"cents": 50}, {"cents": 70}], [(50, None), (70, None)]),
    (120, [{"cents": 50, "given_cents": 60}, {"given_cents": 100}], [(50, 60), (70, 100)]),
    (120, [{"given_cents": 100}, {"given_cents": 20}], [(100, 100), (20, 20)]),
    (0, [], []),
    (0, [{}], [(0, None)]),
    (-120, [{}], [(-120, None)]),
    (-120, [{"cents": -20}, {"cents": -100}], [(-20, None), (-100, None)]),
)


@pytest.mark.parametrize(("cents", "payments", "recorded"), PAID)
async def test_a_receipt_is_paid_exactly(
    tmp_path: Path,
    cents: int,
    payments: list[dict[str, Any]],
    recorded: list[tuple[int, int | None]],
) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.complete(await shop.open(line(cents=cents)), payments=payments)
        body = done.event.data()
        assert [(each["cents"], each.get("given_cents")) for each in body["payments"]] == recorded
        assert sum(each["cents"] for each in body["payments"]) == cents


NOT_PAID: tuple[tuple[int, list[dict[str, Any]], type[Refused]], ...] = (
    (120, [], PaymentMissing),
    (120, [{"cents": 119}], PaymentMissing),
    (120, [{"given_cents": 100}], PaymentMissing),
    (120, [{"cents": 121}], PaymentExceeds),
    (120, [{"cents": 100}, {"cents": 100}], PaymentExceeds),
    (120, [{"cents": 120, "given_cents": 100}], PaymentExceeds),
    (120, [{"cents": -1}], PaymentExceeds),
    (-120, [], PaymentMissing),
    (-120, [{"cents": -121}], PaymentExceeds),
    (-120, [{"cents": 1}], PaymentExceeds),
    (-120, [{"given_cents": 0}], PaymentExceeds),
    (120, [{"kind": "card"}], PaymentUnsupported),
    (120, [{"kind": "card", "cents": 120}], PaymentUnsupported),
)


@pytest.mark.parametrize(("cents", "payments", "refusal"), NOT_PAID)
async def test_a_receipt_not_paid_exactly_stays_open(
    tmp_path: Path, cents: int, payments: list[dict[str, Any]], refusal: type[Refused]
) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=cents))
        before = len(shop.events())
        with pytest.raises(refusal):
            await shop.complete(receipt, payments=payments)
        assert len(shop.events()) == before
        assert shop.receipt(receipt.id) == receipt


async def test_payments_recorded_before_count(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=1000))
        of = {"receipt": receipt.id}
        await shop.do("pay", **of, rev=1, key=new_key(), payment={"cents": 300})
        await shop.do("pay", **of, rev=2, key=new_key(), payment={"given_cents": 2000})
        with pytest.raises(PaymentExceeds):
            await shop.do("pay", **of, rev=3, key=new_key(), payment={"cents": 1})
        # The customer puts something back: more lies on the counter than is due.
        await shop.do("add_line", **of, rev=3, line=line(cents=-400))
        with pytest.raises(PaymentExceeds):
            await shop.complete(shop.receipt(receipt.id), payments=[])
        await shop.do("remove_payment", **of, rev=4, n=3)
        assert shop.receipt(receipt.id).paid == 300
        done = await shop.complete(shop.receipt(receipt.id))
        assert [each["cents"] for each in done.event.data()["payments"]] == [300, 300]
    async with shop.again() as later:
        assert not later.register().open


async def test_too_much_already_paid_is_told_as_such_when_money_goes_back(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=500))
        await shop.do("pay", receipt=receipt.id, rev=1, key=new_key(), payment={})
        await shop.do("add_line", receipt=receipt.id, rev=2, line=line(cents=-5000))
        with pytest.raises(PaymentExceeds):
            await shop.complete(shop.receipt(receipt.id), payments=[])


async def test_a_receipt_without_lines_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.do("open", register_id="K1")
        with pytest.raises(ReceiptEmpty):
            await shop.complete(shop.receipt(str(done.event.receipt)))


async def test_amounts_that_cancel_out_are_signed_as_they_are(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=500), line(cents=-500))
        await shop.sale(line(cents=500, rate="normal"), line(cents=-700, rate="zero"))
        assert [bon.amounts for bon in shop.bons()[1:]] == [
            (0, 0, 0, 0, 0),
            (500, 0, 0, -700, 0),
        ]


async def test_the_turnover_may_fall_below_zero(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=-47131))
        assert shop.bons()[-1].counter == -47131
        await shop.sale(line(cents=100))
        assert shop.bons()[-1].counter == -47031


async def test_a_turnover_that_the_counter_cannot_hold_is_refused(tmp_path: Path) -> None:
    # Five bytes hold 549 755 813 887 cents.
    async with Shop(tmp_path, counter_length=5) as shop:
        full = [line(cents=10**9)] * 549
        await shop.sale(*full, line(cents=755_813_887))
        receipt = await shop.open(line(cents=1))
        with pytest.raises(CounterOverflow):
            await shop.complete(receipt)
        assert receipt.id in shop.register().open
        assert shop.bons()[-1].counter == 2**39 - 1
        await shop.sale(line(cents=-1))
        await shop.complete(receipt)
        assert [bon.counter for bon in shop.bons()[1:]] == [2**39 - 1, 2**39 - 2, 2**39 - 1]


async def test_training_is_marked_signed_and_leaves_the_turnover_alone(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=1000))
        await shop.sale(line(cents=777), kind="training")
        await shop.sale(line(cents=1))
        bons = shop.bons()
        assert [bon.counter for bon in bons] == [0, 1000, None, 1001]
        assert bons[2].field_10 == "VFJB"
        assert bons[2].amounts == (0, 777, 0, 0, 0)
        assert bons[2].signed


async def test_a_receipt_entered_later_counts_as_any_other(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(kind="reentry", note="Handschriftlich Nr. 12 vom 20.11.")
        assert done.event.data()["kind"] == "reentry"
        assert shop.bons()[-1].counter == 120


async def test_a_discount_becomes_one_line_per_rate(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(
            line(cents=1000, rate="normal"), line(cents=500), line(cents=-300, rate="zero")
        )
        of = {"receipt": receipt.id}
        await shop.do("set_discount", **of, rev=1, percent="10")
        done = await shop.complete(shop.receipt(receipt.id), total_cents=1080)
        cut = [each for each in done.event.data()["lines"] if each["text"] == "Rabatt"]
        # 10 % of 12,00 taken from the 15,00 of the positive rates: 80 and 40.
        assert {each["rate"]: each["cents"] for each in cut} == {"normal": -80, "reduced1": -40}
        assert shop.bons()[-1].amounts == (920, 460, 0, -300, 0)


async def test_an_unknown_register_is_named(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        with pytest.raises(RegisterUnknown, match="K9"):
            await shop.do("open", register_id="K9")


async def test_the_unit_is_recorded_once_with_its_certificate(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
    async with shop.again() as later:
        await later.sale()
        recorded = later.events(events.UNIT_RECORDED)
        assert len(recorded) == 1
        assert recorded[0].data()["serial"] == later.bons()[0].serial
        assert recorded[0].data()["certificate"]


@pytest.mark.parametrize("prefix", ["", "W7-"])
async def test_the_counter_is_encrypted_with_the_printed_number(
    tmp_path: Path, prefix: str
) -> None:
    async with Shop(tmp_path, number_prefix=prefix) as shop:
        await shop.sale()
        assert [bon.number for bon in shop.bons()] == [f"{prefix}1", f"{prefix}2"]
