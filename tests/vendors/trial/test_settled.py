"""Invoices paid at the till while vendors are away and the box is killed: each is reported once,
with the day and the amount of its sale, and the receipts do not notice."""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.vendors.offercube.books import Invoice
from tests.flow.box import Counter, Refused
from tests.flow.evidence import check_numbers
from tests.flow.waiting import until
from tests.vendors.trial.errands import OVER
from tests.vendors.trial.shop import REGISTER, Shop, Town, shop, town

RECEIPTS = 12


async def pay_invoices(operator: Counter, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Sell, to a customer who pays invoices, too; whatever happens to the box meanwhile."""
    key = uuid.uuid4().hex
    order = {"register_id": REGISTER, "lines": lines}
    opened = await operator.ask("POST", "/v1/receipts", order, key=f"open-{key}")
    return await operator.complete(opened, key=f"complete-{key}")


def settling(vendor: str, invoice: str, cents: int) -> dict[str, Any]:
    """Return the line by which an invoice is paid."""
    return {
        "text": f"Rechnung {invoice}",
        "unit_cents": cents,
        "settles": {"vendor": vendor, "invoice": invoice},
    }


async def reported(at: Shop, count: int) -> list[dict[str, Any]]:
    """Return the runs of settlements, once there are so many and all are over."""

    async def over() -> list[dict[str, Any]] | None:
        found = (await at.operator.ask("GET", "/v1/runs?limit=200"))["runs"]
        done = [each for each in found if each["state"] in OVER]
        return done if len(done) >= count else None

    return await until(over, f"{count} settlements are over")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One kind of absence; in proofs also that in which a vendor is left alone for a minute."""
    if "absence" in metafunc.fixturenames:
        proofs = metafunc.config.getoption("--proofs")
        metafunc.parametrize("absence", ["black hole", *(["line down"] if proofs else [])])


@pytest.mark.kill
async def test_invoices_paid_while_the_vendors_are_away_and_the_box_is_killed_are_reported_once(
    tmp_path: Path, absence: str
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with town() as there, shop(tmp_path, there.urls, patient=True) as at:
        cents = itertools.count(101)
        paid: dict[int, dict[str, Any]] = {}
        flexi_cents: dict[int, dict[str, Any]] = {}

        async def customers() -> None:
            for number in range(RECEIPTS):
                invoice, amount = 3000 + number, next(cents)
                there.cube.books.invoices[invoice] = Invoice(
                    invoice, str(invoice), "7", (("Brot", 1, amount),)
                )
                lines = [
                    settling("offercube", str(invoice), amount),
                    {"text": "Semmel", "unit_cents": 49, "rate": "reduced1"},
                    settling("flexi", f"FV{number % 4 + 1}", amount),
                ]
                done = await pay_invoices(at.operator, lines)
                paid[invoice] = flexi_cents[amount] = done

        await _away(there, absence)
        selling = asyncio.create_task(customers())
        try:
            for number in range(2):
                await until(lambda: _enough(paid, 3 * (number + 1)), "some have paid")  # noqa: B023 - awaited here
                await asyncio.sleep(chance.uniform(0, 0.2))
                await at.box.kill()
                await at.box.start()
            await selling
        finally:
            selling.cancel()
            await asyncio.gather(selling, return_exceptions=True)
        await at.box.kill()
        await _back(there, absence)
        await at.box.start()
        runs = await reported(at, 2 * RECEIPTS)
        _check_vendors(there, runs, paid, flexi_cents)
        rows = at.box.rows()
        check_numbers(rows, REGISTER)
        sold = [row for row in rows if row["kind"] == "receipt.completed" and row["number"]]
        assert len(sold) == RECEIPTS + 1
        assert all(row["jws"] for row in sold)
        assert at.box.complaints() == []


async def _enough(paid: dict[int, Any], count: int) -> bool:
    return len(paid) >= count


SETTLING = ("flexi", "offercube")


async def _away(there: Town, absence: str) -> None:
    """Let the vendors' lines be down, or let them take everything and never answer."""
    for stage in map(there.stages.__getitem__, SETTLING):
        if absence == "line down":
            await stage.down()
        else:
            stage.fault("delay", -1, delay_s=3600)


async def _back(there: Town, absence: str) -> None:
    for stage in map(there.stages.__getitem__, SETTLING):
        stage.no_faults()
        if absence == "line down":
            await stage.up()


def _check_vendors(
    there: Town,
    runs: list[dict[str, Any]],
    paid: dict[int, dict[str, Any]],
    flexi_cents: dict[int, dict[str, Any]],
) -> None:
    assert len(runs) == 2 * RECEIPTS, runs
    states = {(each["vendor"], each["state"]) for each in runs}
    assert states == {("offercube", "succeeded"), ("flexi", "succeeded")}, runs
    entries = there.cube.books.inoutexpenses
    assert sorted(each["invoice"] for each in entries) == sorted(paid)
    for invoice, receipt in paid.items():
        record = there.cube.books.invoices[invoice]
        assert record.paid_dt == receipt["ended"] // 1000
        (note,) = record.notes
        assert f"Beleg {receipt['belegnummer']}, " in note
    documents = {each.amount: each for each in there.flexi.company.cash if each.id > 2000}
    assert len(documents) == len([each for each in there.flexi.company.cash if each.id > 2000])
    assert sorted(documents) == sorted(Decimal(each) / 100 for each in flexi_cents)
    for amount, receipt in flexi_cents.items():
        assert documents[Decimal(amount) / 100].date == receipt["time"][:10]


async def test_a_receipt_that_pays_an_invoice_of_an_unknown_vendor_is_refused_and_nothing_is_open(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path, {}) as at:
        with pytest.raises(Refused):
            await pay_invoices(at.operator, [settling("offercube", "17", 100)])
        assert await at.operator.open_receipts() == []
