"""What the counter does with a receipt that asello has opened there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.journal.event import Event
from bridge.model import events
from bridge.model.receipt import Receipt
from bridge.till.faults import ReceiptNotOpen
from tests.printing.harness import FakePrinter, printing
from tests.till.harness import Shop, line, new_key


async def pushed(shop: Shop, **fields: Any) -> Receipt:
    """Open a receipt as the cloud room does."""
    expires = (shop.clock.now() + timedelta(minutes=5)).isoformat()
    names = {"parked_id": "P1", "reference": "R1", "origin": "asello"}
    return await shop.open(**{**names, "receipt_expires": expires, **fields})


def ends(shop: Shop) -> list[Event]:
    kinds = (events.COMPLETED, events.ABORTED, events.WITHDRAWN, events.EXPIRED)
    return [each for each in shop.events() if each.kind in kinds]


@pytest.mark.covers("A-18")
async def test_it_is_printed_and_signed_by_the_counters_own_devices(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            await shop.complete(await pushed(shop))
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 2 sale"]
        assert shop.soft[0].signatures == 2
        assert all(bon.signed for bon in shop.bons())


@pytest.mark.covers("A-50", "A-27")
async def test_no_time_out_completes_what_an_operator_works_on(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await pushed(shop)
        await shop.do("add_line", receipt=receipt.id, rev=receipt.rev, line=line())
        for _ in range(7):
            shop.clock.advance(86_400)
            assert await shop.till.expire() == []
        assert [each.kind for each in ends(shop)] == [events.COMPLETED], "only the Startbeleg"
        assert shop.receipt(receipt.id).state == "open"
    async with shop.again() as later:
        assert later.receipt(receipt.id).state == "open", "nor does a restart"


@pytest.mark.covers("A-50")
async def test_what_nobody_touched_expires_and_is_never_completed_by_itself(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await pushed(shop)
        shop.clock.advance(86_400)
        await shop.till.expire()
        assert ends(shop)[-1].kind == events.EXPIRED
        assert ends(shop)[-1].receipt == receipt.id
        assert len(shop.bons()) == 1


@pytest.mark.covers("A-29")
async def test_what_is_completed_stays_completed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await pushed(shop)
        await shop.complete(receipt)
        rev = receipt.rev + 1
        for command, fields in (
            ("abort", {"rev": rev, "reason": "doch nicht"}),
            ("add_line", {"rev": rev, "line": line()}),
            ("withdraw", {}),
        ):
            with pytest.raises(ReceiptNotOpen):
                await shop.do(command, receipt=receipt.id, key=new_key(), **fields)
        assert [each.kind for each in ends(shop)] == [events.COMPLETED] * 2


@pytest.mark.covers("A-51", "A-28")
async def test_an_abort_uses_no_number_of_the_counter(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await pushed(shop)
        await shop.do("abort", receipt=receipt.id, rev=receipt.rev, key=new_key(), reason="Kunde")
        assert [bon.number for bon in shop.bons()] == ["1"]
        await shop.sale()
        assert [bon.number for bon in shop.bons()] == ["1", "2"]
