"""Holds journal, cloud and webhooks against each other: all once, and everywhere the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.demo.evidence import qr_of
from tests.flow.box import Box
from tests.flow.link import Link, Sale
from tests.flow.waiting import until

ENDS = ("receipt.completed", "receipt.aborted", "receipt.withdrawn")


async def check(box: Box, link: Link, sales: Sequence[Sale], *, told_twice: bool = False) -> None:
    """Check that each of these receipts, served all of them, was opened once and ended once, in
    the journal, in the cloud and by webhook, with the same content everywhere.

    ``told_twice``: the cloud has forgotten something meanwhile, and may tell the program again.
    """
    rows = box.rows()
    await arrived(link, rows)
    frames = await link.frames()
    for sale in sales:
        await _check_sale(link, sale, rows, frames)
    await _check_webhooks(link, sales, told_twice=told_twice)
    check_numbers(rows, link.register)


async def arrived(link: Link, rows: Sequence[dict[str, Any]]) -> None:
    """Wait until the cloud has every report of the receipts that it parked."""
    wanted = {
        (row["kind"], row["receipt"])
        for row in rows
        if row["kind"] in (*ENDS, "receipt.opened")
        and row["body"].get("reference", "").startswith(f"{link.name}-")
    }

    async def all_there() -> bool:
        frames = await link.frames()
        return wanted <= {(each["type"], each["data"].get("receipt_id")) for each in frames}

    await until(all_there, f"{link.name} has all reports")


async def _check_sale(
    link: Link, sale: Sale, rows: Sequence[dict[str, Any]], frames: Sequence[dict[str, Any]]
) -> None:
    opened = [
        row
        for row in rows
        if row["kind"] == "receipt.opened"
        and row["body"].get("parked_id") == sale.parked
        and row["body"]["origin"] == link.name
    ]
    receipts = {row["receipt"] for row in opened}
    ended = [row for row in rows if row["kind"] in ENDS and row["receipt"] in receipts]
    assert len(opened) == 1, f"{sale.reference}: opened {len(opened)} times"
    assert len(ended) == 1, f"{sale.reference}: ended {[row['kind'] for row in ended]}"
    (end,) = ended
    assert opened[0]["register"] == link.register
    assert sale.answer is not None, f"{sale.reference} was not served"
    assert end["kind"] == f"receipt.{sale.answer['state']}"
    assert end["receipt"] == sale.answer["id"]

    reported = Counter(
        each["type"] for each in frames if each["data"].get("parked_id") == sale.parked
    )
    assert reported == {"receipt.opened": 1, end["kind"]: 1}, f"{sale.reference}: {reported}"
    parked = await link.parked(sale)
    assert parked["state"] == sale.answer["state"], f"{sale.reference}: {parked}"
    if end["kind"] == "receipt.completed":
        document = await link.program.fetch(parked["documentId"])
        assert document["reference"] == sale.reference
        assert document["boxReceiptId"] == end["receipt"]
        assert document["receiptNumber"] == end["body"]["belegnummer"] == sale.answer["belegnummer"]
        assert document["totalCents"] == end["body"]["total"]
        assert document["qrCode"] == qr_of(end["jws"])


async def _check_webhooks(link: Link, sales: Sequence[Sale], *, told_twice: bool) -> None:
    wanted = {
        sale.reference: "receipt.created"
        if sale.answer["state"] == "completed"
        else "receipt.aborted"
        for sale in sales
        if sale.answer is not None
    }

    async def heard_of_all() -> bool:
        return set(wanted) <= {each.get("reference") for each in link.heard}

    await until(heard_of_all, f"webhooks told of {sorted(wanted)}")
    told: dict[str, list[str]] = {reference: [] for reference in wanted}
    for each in link.heard:
        if each.get("reference") in told:
            told[each["reference"]].append(each["action"])
    for reference, actions in told.items():
        assert set(actions) == {wanted[reference]}, f"{reference}: webhooks {actions}"
        assert told_twice or len(actions) == 1, f"{reference}: webhooks {actions}"


def check_numbers(rows: Sequence[dict[str, Any]], register: str) -> None:
    """Check that a register's receipts are numbered without gap."""
    numbers = [
        row["number"] for row in rows if row["register"] == register and row["number"] is not None
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def check_privacy(links: Sequence[Link], frames: Sequence[Sequence[dict[str, Any]]]) -> None:
    """Check that no cloud was told of a receipt that another one parked."""
    for link, its in zip(links, frames, strict=True):
        others = {sale.parked for each in links if each is not link for sale in each.sales}
        told = {each["data"].get("parked_id") for each in its}
        assert not others & told, f"{link.name} was told of {others & told}"
