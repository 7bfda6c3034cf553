"""The external program takes receipts back, asks for the impossible, asks twice; and two of them,
and two clouds, do not get in each other's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulators.cloud.program import Item, Order
from simulators.cloud.program_faults import CloudRefused
from tests.flow.evidence import check
from tests.flow.link import UNKNOWN_REGISTER, Link, Sale, receipt_order
from tests.flow.raw import bread, result_of, send_raw
from tests.flow.stage import Stage
from tests.flow.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINKS = 2
"""The one that is used, and another whose register it must not touch."""


@pytest.fixture
def link(stage: Stage) -> Link:
    """One link is enough here."""
    return stage.links[0]


def _ends(stage: Stage, sale: Sale) -> list[str]:
    return [
        row["kind"]
        for row in stage.box.rows()
        if row["body"].get("parked_id") == sale.parked and row["kind"] != "receipt.opened"
    ]


async def test_a_receipt_that_nobody_touched_is_withdrawn_and_gone_from_the_counter(
    stage: Stage, link: Link
) -> None:
    (sale,) = await link.opened("untouched", 1)
    await link.program.discard(sale.parked)
    end = await link.program.ended(sale.parked)
    assert end.state == "withdrawn"
    waiting = await stage.counter.open_receipts(link.register)
    assert sale.reference not in {each["reference"] for each in waiting}
    assert _ends(stage, sale) == ["receipt.withdrawn"]


async def test_a_receipt_that_somebody_works_on_stays_and_the_program_sees_why(
    stage: Stage, link: Link
) -> None:
    (sale,) = await link.opened("touched", 1)
    receipt = (await link.at_counter([sale]))[sale.reference]
    touched = await stage.counter.add_line(receipt)
    await link.program.discard(sale.parked)

    async def refused() -> bool:
        error = (await link.parked(sale)).get("lastError", {})
        return bool(error.get("code") == "in_use")

    await until(refused, "the program sees that the receipt is in use")
    assert (await link.parked(sale))["state"] == "open"
    sale.answer = await stage.counter.complete(touched)
    await link.ended([sale])
    await check(stage.box, link, [sale])


async def test_a_completed_receipt_cannot_be_taken_back(stage: Stage, link: Link) -> None:
    (sale,) = await link.opened("completed", 1)
    await link.serve([sale])
    await link.ended([sale])
    with pytest.raises(CloudRefused) as refused:
        await link.program.discard(sale.parked)
    assert refused.value.facts["error"] == "receipt_completed"
    await check(stage.box, link, [sale])


async def test_a_withdrawal_that_crosses_the_completion_changes_nothing(
    stage: Stage, link: Link
) -> None:
    (sale,) = await link.opened("crossing", 1)
    receipt = (await link.at_counter([sale]))[sale.reference]
    sale.answer = await stage.counter.complete(receipt)
    # The cloud asks without having looked at what came.
    message = await send_raw(link, "receipt.withdraw", {"parked_id": sale.parked})
    result = await result_of(link, message)
    assert (result["state"], result["code"]) == ("refused", "receipt_not_open")
    await link.again()
    await link.ended([sale])
    assert _ends(stage, sale) == ["receipt.completed"]
    await check(stage.box, link, [sale])


async def test_opening_twice_and_by_two_programs_has_one_effect(stage: Stage, link: Link) -> None:
    heard: list[dict[str, Any]] = []
    other = await link.another_program("the other program", heard)
    try:
        (sale,) = await link.park("twice", 1)
        for _ in range(3):
            await link.open(sale)
            await other.open(sale.parked)
        own = await other.park(receipt_order("others-1"))
        await other.open(own)
        theirs = Sale("others-1", own)
        await link.serve([sale, theirs])
        await link.ended([sale])
        end = await other.ended(own)
        assert end.state == "completed"
        assert end.by_webhook
        assert end.document is not None
        document = await other.fetch(end.document)
        assert document["boxReceiptId"] == (theirs.answer or {})["id"]
        await check(stage.box, link, [sale])
    finally:
        await other.stop()


async def test_an_ended_receipt_is_not_opened_again(stage: Stage, link: Link) -> None:
    sales = await link.opened("ended", 3)
    await link.serve(sales)
    await link.ended(sales)
    for sale in sales:
        with pytest.raises(CloudRefused) as refused:
            await link.program.open(sale.parked)
        assert refused.value.facts["error"] == f"receipt_{(sale.answer or {})['state']}"
    await check(stage.box, link, sales)


IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "no such register": ({"cash_register": UNKNOWN_REGISTER}, "register_unknown"),
    "a quantity beyond all measure": (
        {"items": (Item("Schraube", 1, "A", "9999999"),)},
        "command_invalid",
    ),
    "a price beyond all measure": ({"items": (Item("Haus", 10**11),)}, "command_invalid"),
    "a text of many lines": ({"items": (Item("a\nb", 100),)}, "command_invalid"),
    "a text without end": ({"items": (Item("x" * 5000, 100),)}, "command_invalid"),
    "a note without end": ({"annotation": "x" * 5000}, "command_invalid"),
    "an article number without end": (
        {"items": (Item("Ding", 100, article="7" * 200),)},
        "command_invalid",
    ),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
async def test_what_the_till_refuses_is_told_to_the_program_and_not_opened(
    stage: Stage, link: Link, what: str
) -> None:
    changes, code = IMPOSSIBLE[what]
    reference = f"impossible-{what}"[:64]
    order = replace(Order((Item("Semmel", 49),), reference), **changes)
    sale = Sale(reference, await link.program.park(order))
    await link.open(sale)
    seen = await link.seen(sale, state="parked")
    assert seen["lastError"]["code"] == code
    assert seen["lastError"]["detail"]
    assert seen["lastError"]["retryable"] is False
    assert not [row for row in stage.box.rows() if row["body"].get("parked_id") == sale.parked]


HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown rate": ({"lines": [bread(rate="luxury")]}, "rate_unknown"),
    "no quantity at all": ({"lines": [bread(quantity="0.000")]}, "command_invalid"),
    "a quantity of letters": ({"lines": [bread(quantity="NaN")]}, "command_invalid"),
    "cents with a fraction": ({"lines": [bread(unit_cents=1.5)]}, "frame_invalid"),
    "too many lines": ({"lines": [bread()] * 1000}, "frame_invalid"),
    "an empty name": ({"parked_id": ""}, "frame_invalid"),
    "lines that are none": ({"lines": "all of them"}, "frame_invalid"),
    "another cloud's register": ({"register": "R1"}, "register_unknown"),
}


async def test_commands_that_no_decent_cloud_sends_are_each_refused_by_name(
    stage: Stage, link: Link
) -> None:
    before = [row["kind"] for row in stage.box.rows()].count("receipt.opened")
    for what, (changes, code) in HOSTILE.items():
        message = await send_raw(
            link, "receipt.open", {"parked_id": f"hostile-{code}", "lines": [bread()], **changes}
        )
        result = await result_of(link, message)
        assert (result["state"], result["code"]) == ("refused", code), what
    kinds = [row["kind"] for row in stage.box.rows()]
    assert kinds.count("receipt.opened") == before
    await link.again()
    (sale,) = await link.opened("after-hostile", 1)
    await link.serve([sale])
    await link.ended([sale])
    await check(stage.box, link, [sale])
