"""What became of a pushed receipt, found by the cloud's own id."""

from __future__ import annotations

from pathlib import Path

from bridge.cloud.inbox import INBOX
from bridge.model.receipt import State
from bridge.till.parked import ParkedFacts, parked_receipt
from tests.till.harness import Shop, new_key


def look(shop: Shop, parked_id: str, origin: str = "asello") -> ParkedFacts | None:
    return parked_receipt(shop.till, shop.journal.reader, INBOX, origin, parked_id)


async def test_what_never_came_here_is_not_claimed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.open(parked_id="P1", reference="R1", origin="other")
        await shop.open(reference="P2", note='"parked_id":"P2"', origin="asello")
        assert look(shop, "P1") is None
        assert look(shop, "P2") is None


async def test_an_open_one_is_open_also_while_it_is_paid(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(parked_id="P1", reference="R1", origin="asello")
        found = look(shop, "P1")
        assert found is not None
        assert (found.state, found.receipt, found.register) == ("open", receipt.id, "K1")
        assert (found.number, found.jws) == (None, None)
        await shop.do("pay", receipt=receipt.id, rev=receipt.rev, key=new_key(), payment={})
        found = look(shop, "P1")
        assert found is not None
        assert found.state == "open"


async def test_a_completed_one_has_number_register_and_signature(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(parked_id="P1", reference="R1", origin="asello")
        done = await shop.complete(receipt)
    async with shop.again() as later:
        assert look(later, "P1") == ParkedFacts(
            parked_id="P1",
            receipt=receipt.id,
            register="K1",
            state=State.COMPLETED,
            reference="R1",
            kassen_id="KASSE-K1",
            number=done.event.number,
            belegnummer="2",
            jws=done.event.jws,
        )


async def test_an_aborted_one_tells_why(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open(parked_id="P1", reference="R1", origin="asello")
        await shop.do(
            "abort", receipt=receipt.id, rev=receipt.rev, key=new_key(), reason="Kunde gegangen"
        )
        found = look(shop, "P1")
        assert found is not None
        assert (found.state, found.reason, found.reference) == ("aborted", "Kunde gegangen", "R1")


async def test_one_that_was_opened_again_counts_as_it_was_opened_last(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        first = await shop.open(parked_id="P1", origin="asello")
        await shop.do("withdraw", receipt=first.id, key=new_key())
        found = look(shop, "P1")
        assert found is not None
        assert found.state == "withdrawn"
        second = await shop.open(parked_id="P1", origin="asello")
        found = look(shop, "P1")
        assert found is not None
        assert (found.state, found.receipt) == ("open", second.id)
