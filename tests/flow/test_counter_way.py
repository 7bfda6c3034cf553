"""asello's second way, whole: an external program parks, the cloud has it opened, the operator of
the box ends it, and the program hears of it by webhook and by asking."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.cloud import assumed
from tests.flow.evidence import check
from tests.flow.link import Link, Sale, receipt_order
from tests.flow.stage import Stage
from tests.flow.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINKS = 1


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.links[0]


async def one_open(link: Link, case: str) -> tuple[Sale, dict[str, Any]]:
    """Return a receipt that is at the counter, as the program and as the operator see it."""
    (sale,) = await link.opened(case, 1)
    return sale, (await link.at_counter([sale]))[sale.reference]


async def heard(link: Link, sale: Sale) -> list[dict[str, Any]]:
    """Wait for webhooks about a receipt; return them."""

    async def look() -> list[dict[str, Any]]:
        return [each for each in link.heard if each.get("reference") == sale.reference]

    return await until(look, f"a webhook tells of {sale.reference}")


async def documents(link: Link, reference: str) -> list[dict[str, Any]]:
    """Return all documents with a reference, as the cloud has them."""
    answer = await link.program._call(
        "GET", assumed.PATH_RECEIPTS, params={assumed.REFERENCE: reference}
    )
    found: list[dict[str, Any]] = answer["items"]
    return found


async def settled(link: Link) -> None:
    """Wait until all that happened until now has come through, by a receipt that is ended after
    it."""
    sale, receipt = await one_open(link, f"settled-{len(link.sales)}")
    sale.answer = await link.operator.complete(receipt)
    await link.ended([sale])
    await heard(link, sale)


@pytest.mark.covers("A-21", "A-22", "A-48")
async def test_parking_alone_opens_nothing_and_signs_nothing(stage: Stage, link: Link) -> None:
    (sale,) = await link.park("parked-only", 1)
    await settled(link)
    parked = await link.parked(sale)
    assert parked["state"] == "parked"
    assert "documentId" not in parked
    assert await documents(link, sale.reference) == []
    assert sale.reference not in str(stage.box.rows())
    assert not [each for each in link.heard if each["reference"] == sale.reference]


@pytest.mark.covers("A-17", "A-23", "A-24", "A-25", "A-26", "A-49")
async def test_a_further_call_has_it_opened_at_the_counter_over_the_websocket(
    stage: Stage, link: Link
) -> None:
    (sale,) = await link.park("opened", 1)
    before = len(stage.box.rows())
    state = await link.program.open(sale.parked)
    assert state == "opening"
    receipt = (await link.at_counter([sale]))[sale.reference]

    async def durable() -> list[dict[str, Any]]:
        # The counter sees a receipt an instant before it is on the disk.
        return stage.box.rows()[before:]

    rows = await until(durable, "the opening is durable")
    kinds = [row["kind"] for row in rows]
    assert kinds == ["receipt.opened", "cloud.taken"], "nobody at the counter did anything"
    taken = rows[1]["body"]
    assert (taken["type"], taken["state"], taken["peer"]) == ("receipt.open", "done", link.name)
    assert rows[0]["body"]["origin"] == link.name
    assert rows[0]["body"]["parked_id"] == sale.parked
    sale.answer = await link.operator.complete(receipt)
    await link.ended([sale])
    await check(stage.box, link, [sale])


@pytest.mark.covers("A-27", "A-28", "A-30", "A-31", "A-32", "A-33", "A-51")
async def test_an_abort_creates_nothing_uses_no_number_and_is_told_as_such(
    stage: Stage, link: Link
) -> None:
    await settled(link)
    numbers = [row["number"] for row in stage.box.rows() if row["number"] is not None]
    last = (await documents(link, link.sales[-1].reference))[0]["id"]
    sale, receipt = await one_open(link, "aborted")
    sale.answer = await link.operator.abort(receipt)
    await link.ended([sale])
    told = await heard(link, sale)
    assert told == [
        {"action": "receipt.aborted", "id": sale.parked, "reference": sale.reference},
    ]
    parked = await link.parked(sale)
    assert (parked["state"], parked["reason"]) == ("aborted", "Kunde ist gegangen")
    assert await documents(link, sale.reference) == []
    after = [row["number"] for row in stage.box.rows() if row["number"] is not None]
    assert after == numbers
    await settled(link)
    assert (await documents(link, link.sales[-1].reference))[0]["id"] == last + 1
    await check(stage.box, link, [sale])


@pytest.mark.covers("A-28", "A-51")
async def test_where_no_abort_is_notified_silence_decides_nothing_and_asking_does(
    stage: Stage, link: Link
) -> None:
    await link.set(silent_abort=True)
    try:
        sale, receipt = await one_open(link, "silent")
        sale.answer = await link.operator.abort(receipt)
        parked = await link.seen(sale, state="aborted")
        await settled(link)
    finally:
        await link.set(silent_abort=False)
    assert "documentId" not in parked
    assert not [each for each in link.heard if each["reference"] == sale.reference]
    assert [row["kind"] for row in stage.box.rows() if row["receipt"] == receipt["id"]] == [
        "receipt.opened",
        "receipt.aborted",
    ]


@pytest.mark.covers("A-20", "A-29", "A-30", "A-31", "A-32", "A-33", "A-34", "A-36", "A-52", "A-54")
async def test_a_completion_with_a_further_position_is_told_and_fetched_both_ways(
    stage: Stage, link: Link
) -> None:
    sale, receipt = await one_open(link, "more")
    receipt = await link.operator.add_line(receipt)
    await link.seen(sale, state="open")
    assert not [each for each in link.heard if each["reference"] == sale.reference]
    sale.answer = await link.operator.complete(receipt)
    await link.ended([sale])
    (told,) = await heard(link, sale)
    assert told["action"] == "receipt.created"
    assert told["reference"] == sale.reference
    by_id = await link.program.fetch(told["id"])
    by_reference = await link.program.fetch_by_reference(sale.reference)
    assert by_id == by_reference
    ordered = sum(round(item.cents * float(item.quantity)) for item in receipt_order(None).items)
    assert by_id["totalCents"] == ordered + 30, "the operator's line is in it"
    parked = await link.parked(sale)
    assert (parked["state"], parked["documentId"]) == ("completed", told["id"])
    await settled(link)
    assert len(await heard(link, sale)) == 1
    await check(stage.box, link, [sale])


@pytest.mark.covers("A-37", "A-55")
async def test_a_program_without_webhook_sees_each_state_by_asking_which_changes_nothing(
    stage: Stage, link: Link
) -> None:
    completed, aborted = await link.park("asked", 2)
    for sale in (completed, aborted):
        assert (await link.parked(sale))["state"] == "parked"
        await link.open(sale)
    waiting = await link.at_counter([completed, aborted])
    for sale in (completed, aborted):
        await link.seen(sale, state="open")
    before = len(stage.box.rows())
    for _ in range(20):
        assert (await link.parked(completed))["state"] == "open"
    assert len(stage.box.rows()) == before
    more = await link.operator.add_line(waiting[completed.reference])
    completed.answer = await link.operator.complete(more)
    aborted.answer = await link.operator.abort(waiting[aborted.reference])
    found = await link.seen(completed, state="completed")
    assert (await link.program.fetch(found["documentId"]))["reference"] == completed.reference
    assert "documentId" not in await link.seen(aborted, state="aborted")


@pytest.mark.covers("A-35", "A-53")
async def test_receipts_of_the_counter_itself_are_told_too_and_are_nobodys(
    stage: Stage, link: Link
) -> None:
    sale, receipt = await one_open(link, "mine")
    sold = await link.operator.sell(link.register)

    async def of_the_counter() -> list[dict[str, Any]]:
        found = [each for each in link.heard if not each.get("reference")]
        read = [await link.program.fetch(each["id"]) for each in found]
        return [each for each in read if each["boxReceiptId"] == sold["id"]]

    (document,) = await until(of_the_counter, "a webhook tells of the counter's receipt")
    assert document["receiptNumber"] == sold["belegnummer"]
    assert (await link.parked(sale))["state"] == "open", "the program's own is not touched"
    sale.answer = await link.operator.complete(receipt)
    await link.ended([sale])


@pytest.mark.covers("A-59")
async def test_both_ways_are_used_side_by_side_on_one_register(stage: Stage, link: Link) -> None:
    sale, receipt = await one_open(link, "beside")
    body = receipt_order(f"{link.name}-in-the-cloud").as_body()
    created = await link.program._call("POST", f"{assumed.PATH_RECEIPTS}/create", body)
    assert created["cashRegister"] == "ASELLO-34950"
    sale.answer = await link.operator.complete(receipt)
    await link.ended([sale])
    here = await link.program.fetch((await link.parked(sale))["documentId"])
    assert here["cashRegister"] == link.register
    assert created["qrCode"] != here["qrCode"]
    await check(stage.box, link, [sale])
