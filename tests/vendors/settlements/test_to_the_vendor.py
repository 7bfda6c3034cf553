"""From the counter to the vendor's books: real receipts, the engine, offer-cube's simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.model.exchange import RunView
from bridge.till.amounts import Settling
from bridge.till.register import Done
from bridge.vendors.settlements import Settlements
from simulators.vendors.kit import Stage
from tests.till.harness import START, Shop, line, new_key
from tests.vendors.harness import Counter, FakeClock
from tests.vendors.offercube.boxes import Box, box
from tests.vendors.settlements.shop import key, payment, soon

SECOND = int(START.timestamp())
"""When everything begins, unix seconds."""


@dataclass
class Place:
    """A shop and its vendor."""

    shop: Shop
    vendor: Box

    @property
    def counter(self) -> Counter:
        return self.vendor.counter

    @property
    def stage(self) -> Stage:
        return self.vendor.stage

    async def run_of(self, done: Done, n: int = 1) -> RunView:
        """Return the run by which a line of a receipt is reported, once there is one."""
        found: list[RunView] = []
        async with asyncio.timeout(30):
            while not found:
                found = [each for each in await self.counter.runs() if each.key == key(done, n)]
                await asyncio.sleep(0.005)
        assert len(found) == 1
        return found[0]

    async def ended(self, done: Done, n: int = 1, *, step_s: float = 0.0) -> RunView:
        """Return that run once it is over."""
        run = await self.run_of(done, n)
        return await self.counter.ended(run.id, step_s=step_s)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Hand settlements over meanwhile; then stop as hard as a power cut."""
        made = Settlements(
            self.shop.journal,
            self.counter.desk,
            self.counter.desk.settles(),
            {"K1": "KASSE-K1"},
            self.shop.board,
            self.counter.clock,
            lambda: 0.5,
        )
        await made.start()
        running = asyncio.ensure_future(made.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """Open a shop in which invoices of offer-cube may be paid."""
    settling = Settling(frozenset({"offercube"}))
    async with box(folder) as vendor:
        clock: FakeClock = vendor.counter.clock
        async with Shop(folder / "shop", settling=settling, clock=clock) as shop:
            yield Place(shop, vendor)


async def test_an_invoice_paid_at_the_counter_is_paid_at_the_vendor(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.following():
        done = await at.shop.sale(line(), payment("offercube", "17", 3500))
        assert (await at.ended(done, 2)).state == "succeeded"
        invoice = at.vendor.invoice(17)
        assert invoice.paid_dt == SECOND
        assert invoice.notes == ["Beleg 2, Kasse KASSE-K1, EUR 35,00"]
        assert len(at.vendor.books.inoutexpenses) == 1
        at.shop.bons()


async def test_a_vendor_that_is_away_holds_no_receipt_up_and_hears_of_it_with_its_time(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as at, at.following():
        await at.vendor.line_down()
        done = await at.shop.sale(payment("offercube", "17"))
        assert (await at.run_of(done)).state in ("queued", "sending")
        await at.vendor.pass_time(3 * 3600)
        assert len(at.shop.bons()) == 2
        await at.vendor.line_up()
        assert (await at.ended(done, step_s=60)).state == "succeeded"
        assert at.vendor.invoice(17).paid_dt == SECOND


async def test_an_invoice_that_is_none_becomes_a_failed_run_and_the_receipt_stands(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as at, at.following():
        for invoice, code in (("FV 1/2026", "call_invalid"), ("999", "vendor_rejected")):
            done = await at.shop.sale(payment("offercube", invoice))
            run = await at.ended(done)
            assert run.state == "failed"
            assert run.problem is not None
            assert run.problem["code"] == code
        good = await at.shop.sale(payment("offercube", "17"))
        assert (await at.ended(good)).state == "succeeded"
        assert len(at.shop.bons()) == 4


async def test_an_answer_that_is_lost_is_left_to_a_person(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.following():
        at.stage.fault("drop_after", path="/demo/s/invoice")
        done = await at.shop.sale(payment("offercube", "17"))
        assert (await at.ended(done)).state == "unknown"
        await at.vendor.pass_time(3600)
        assert len(at.vendor.acts()) == 1


async def test_the_same_invoice_is_not_paid_by_two_receipts(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.following():
        first = await at.shop.sale(payment("offercube", "17"))
        assert (await at.ended(first)).state == "succeeded"
        second = await at.shop.sale(payment("offercube", "17"))
        run = await at.ended(second)
        assert run.state == "failed"
        assert run.problem is not None
        assert run.problem["code"] == "already_done"
        assert len(at.vendor.books.inoutexpenses) == 1


async def test_restarts_at_any_place_report_no_payment_twice(tmp_path: Path) -> None:
    async with place(tmp_path) as at:
        sold = {}
        for invoice in (17, 18, 19):
            async with at.following():
                sold[invoice] = await at.shop.sale(payment("offercube", str(invoice)))
            # Whatever was noted: the walk begins before all of them.
            await at.shop.journal.keep_cursor("settlements:offercube", 1)
            await at.counter.restart()
        async with at.following():
            sold[20] = await at.shop.sale(payment("offercube", "20"))
            states = {invoice: (await at.ended(done)).state for invoice, done in sold.items()}
            last = sold[20].event.seq
            await soon(lambda: at.shop.journal.reader.cursor("settlements:offercube") >= last)
        paid = [each["invoice"] for each in at.vendor.books.inoutexpenses]
        assert len(set(paid)) == len(paid)
        for invoice, state in states.items():
            # A restart that met the request on its way leaves it to a person.
            assert state in ("succeeded", "unknown")
            assert invoice in paid or state == "unknown"
        assert len(await at.counter.runs()) == len(sold)
        assert states[20] == "succeeded"


async def test_a_storno_leaves_the_vendors_payment_and_says_so(tmp_path: Path) -> None:
    async with place(tmp_path) as at, at.following():
        done = await at.shop.sale(payment("offercube", "17"))
        await at.ended(done)
        await at.shop.do("storno", receipt=done.event.receipt, key=new_key())
        await soon(lambda: at.shop.board.part("settlement:offercube") is not None)
        assert at.vendor.invoice(17).paid_dt == SECOND
        assert len(at.vendor.acts()) == 1
