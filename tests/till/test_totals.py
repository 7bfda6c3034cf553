"""What a shop turned over in a calendar month, from its own receipts."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader
from bridge.till import totals
from bridge.till.amounts import Settling
from bridge.till.totals import month_totals, steps
from tests.till.harness import Shop, line, new_key


def naive(reader: Reader, year: int, month: int) -> dict[str, int]:
    """Add the month up by looking at every event there is."""
    found: Counter[str] = Counter()
    for event in reader.events():
        if event.kind == "receipt.completed":
            body = event.data()
            if body["time"].startswith(f"{year}-{month:02d}-") and body["kind"] != "training":
                for each in body["lines"]:
                    found[each["rate"]] += each["cents"]
    return dict(found)


async def test_sales_count_by_rate_and_stornos_subtract(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale(line(cents=500), line("Messer", 2000, "normal"))
        await shop.sale(line(cents=120))
        await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        await shop.sale(line("Gabel", 700, "normal"))
        assert month_totals(shop.journal.reader, 2026, 11) == {"reduced1": 120, "normal": 700}


async def test_more_stornos_than_sales_give_a_sum_below_zero(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale(line(cents=500))
        shop.clock.time = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
        await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        assert month_totals(shop.journal.reader, 2026, 11) == {"reduced1": 500}
        assert month_totals(shop.journal.reader, 2026, 12) == {"reduced1": -500}


async def test_discounts_count_as_they_were_split(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(line(cents=1000), line("Messer", 3000, "normal"))
        await shop.do("set_discount", receipt=receipt.id, rev=1, percent="10")
        await shop.complete(shop.receipt(receipt.id))
        assert month_totals(shop.journal.reader, 2026, 11) == {"reduced1": 900, "normal": 2700}


async def test_training_and_receipts_without_turnover_do_not_count(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=500), kind="training")
        for kind in ("null", "month", "year"):
            await shop.own(kind)
        aborted = await shop.open(line(cents=900))
        await shop.do("abort", receipt=aborted.id, rev=aborted.rev, reason="x", key=new_key())
        assert month_totals(shop.journal.reader, 2026, 11) == {}


async def test_receipts_entered_later_count(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=500), kind="reentry")
        assert month_totals(shop.journal.reader, 2026, 11) == {"reduced1": 500}


async def test_a_month_begins_and_ends_at_local_midnight(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        # Vienna is one hour ahead of UTC in winter, two in summer.
        for moment, cents in (
            (datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), 1),
            (datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC), 10),
            (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), 100),
            (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), 1000),
            (datetime(2027, 6, 30, 21, 59, 59, tzinfo=UTC), 10000),
            (datetime(2027, 6, 30, 22, 0, 0, tzinfo=UTC), 100000),
        ):
            shop.clock.time = moment
            await shop.sale(line(cents=cents))
        reader = shop.journal.reader
        found = {
            (year, month): month_totals(reader, year, month).get("reduced1", 0)
            for year, month in ((2026, 11), (2026, 12), (2027, 1), (2027, 6), (2027, 7))
        }
        assert found == {
            (2026, 11): 1,
            (2026, 12): 110,
            (2027, 1): 1000,
            (2027, 6): 10000,
            (2027, 7): 100000,
        }


async def test_all_registers_count(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        await shop.sale(line(cents=500), register="K1")
        await shop.sale(line(cents=30), register="K2")
        assert month_totals(shop.journal.reader, 2026, 11) == {"reduced1": 530}


async def test_months_without_receipts_and_empty_journals_are_empty(tmp_path: Path) -> None:
    async with Shop(tmp_path, start=False) as shop:
        assert month_totals(shop.journal.reader, 2026, 11) == {}
    async with shop.again() as shop:
        await shop.own("start")
        await shop.sale()
        assert month_totals(shop.journal.reader, 2026, 10) == {}
        assert month_totals(shop.journal.reader, 2026, 12) == {}


async def test_a_clock_that_goes_back_leaves_receipts_in_the_month_on_their_paper(
    tmp_path: Path,
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        for n in range(150):
            if n == 75:
                shop.clock.time += timedelta(days=40)
            shop.clock.time += timedelta(hours=chance.choice((1, 5, 30, 200, -20, -100)))
            shop.clock.time = max(shop.clock.time, datetime(2026, 11, 2, tzinfo=UTC))
            rate = chance.choice(("normal", "reduced1", "zero"))
            register = chance.choice(("K1", "K2"))
            await shop.sale(line(cents=chance.randrange(1, 9999), rate=rate), register=register)
        reader = shop.journal.reader
        months = [(2026, 11), (2026, 12), *((2027, month) for month in range(1, 13))]
        found = {each: month_totals(reader, *each) for each in months}
        assert found == {each: naive(reader, *each) for each in months}
        assert sum(map(bool, found.values())) >= 2


async def test_a_walk_pauses_and_holds_no_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "STEP", 2)
    async with Shop(tmp_path) as shop:
        for _ in range(5):
            await shop.sale(line(cents=100))
        walk = steps(shop.journal.reader, 2026, 11)
        first = dict(next(walk))
        assert first["reduced1"] < 500
        assert not shop.journal.reader._connection.in_transaction
        *_, last = walk
        assert last == {"reduced1": 500}


async def test_only_the_month_is_read(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        for _ in range(64):
            await shop.sale()
        shop.clock.time = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
        await shop.sale(line(cents=7))
        reader = shop.journal.reader
        asked: list[str] = []
        reader._connection.set_trace_callback(asked.append)
        try:
            assert month_totals(reader, 2026, 12) == {"reduced1": 7}
        finally:
            reader._connection.set_trace_callback(None)
        assert len(asked) < 15


async def test_a_missing_receipt_is_said(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        for _ in range(3):
            await shop.sale()
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute("DROP TRIGGER event_no_delete")
    connection.execute("DELETE FROM event WHERE number IN (2, 3)")
    connection.commit()
    connection.close()
    with Reader(tmp_path / "journal.db") as reader, pytest.raises(JournalDamaged):
        month_totals(reader, 2026, 11)


async def test_there_are_twelve_months(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        for month in (0, 13):
            with pytest.raises(ValueError, match="month"):
                month_totals(shop.journal.reader, 2026, month)


@pytest.mark.parametrize("rate", ["zero", "normal"])
async def test_the_payment_of_an_invoice_is_no_turnover(tmp_path: Path, rate: str) -> None:
    settling = Settling(frozenset({"flexi"}), rate)
    async with Shop(tmp_path, settling=settling) as shop:
        paid = line("Rechnung FV1", 5000, rate, settles={"vendor": "flexi", "invoice": "FV1"})
        sold = await shop.sale(line(cents=120), line("Messer", 700, "normal"), paid)
        found = month_totals(shop.journal.reader, 2026, 11)
        assert {name: cents for name, cents in found.items() if cents} == {
            "reduced1": 120,
            "normal": 700,
        }
        await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        assert set(month_totals(shop.journal.reader, 2026, 11).values()) == {0}
