"""What became of every paper, as the journal tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_core import to_json

from bridge.journal.event import NewEvent, WriteSet
from bridge.journal.projections import load
from bridge.model import events
from bridge.printing.paper_log import MAX_PAPERS, PaperLog, PaperRecord, papers_of
from bridge.printing.papers import due_paper
from drivers.contract.printer import Outcome
from tests.printing.harness import FakePrinter, printing
from tests.till.harness import Shop, new_key
from tests.web_api.desk import desk


async def note(shop: Shop, kind: str, paper: str, **facts: object) -> None:
    """Write what the printing follower writes of a paper."""
    now = int(shop.clock.now().timestamp() * 1000)
    body = to_json({"paper": paper, "printer": "counter", **facts})
    new = NewEvent(kind, now, body, "K1", paper.partition("/")[0])
    await shop.journal.submit(WriteSet((new,)))


def states(shop: Shop, receipt: str) -> list[tuple[str, bool]]:
    """Return state and copy of each paper."""
    return [(each.state, each.copy) for each in papers_of(shop.journal.reader, receipt)]


async def test_a_paper_is_followed_from_due_to_printed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        assert states(shop, receipt) == [("due", False)]
        await note(shop, events.PAPER_SENDING, receipt)
        assert states(shop, receipt) == [("sending", False)]
        shop.clock.advance(3)
        await note(shop, events.PAPER_PRINTED, receipt, copy=False)
        now = int(shop.clock.now().timestamp() * 1000)
        printed = PaperRecord(receipt, "printed", copy=False, time=now)
        assert papers_of(shop.journal.reader, receipt) == [printed]


async def test_a_paper_that_was_not_printed_is_tried_again(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        await note(shop, events.PAPER_SENDING, receipt)
        await note(shop, events.PAPER_NOT_PRINTED, receipt, fault="printer_paper_out")
        assert states(shop, receipt) == [("not_printed", False)]
        await note(shop, events.PAPER_SENDING, receipt)
        await note(shop, events.PAPER_PRINTED, receipt, copy=False)
        assert states(shop, receipt) == [("printed", False)]


async def test_an_unknown_paper_stays_unknown_beside_the_copy_that_a_person_wanted(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        await note(shop, events.PAPER_SENDING, receipt)
        await note(shop, events.PAPER_UNKNOWN, receipt, again=False)
        assert states(shop, receipt) == [("unknown", False)]
        wanted = await shop.do("reprint", receipt=receipt, key=new_key())
        copy = due_paper(wanted.event)
        assert copy is not None
        await note(shop, events.PAPER_PRINTED, copy.paper, copy=True)
        assert states(shop, receipt) == [("unknown", False), ("printed", True)]
        assert [each.paper for each in papers_of(shop.journal.reader, receipt)] == [
            receipt,
            copy.paper,
        ]


async def test_a_paper_that_is_printed_after_an_unknown_one_is_a_copy(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        await note(shop, events.PAPER_UNKNOWN, receipt, again=True)
        assert states(shop, receipt) == [("unknown", False)]
        await note(shop, events.PAPER_SENDING, receipt)
        assert states(shop, receipt) == [("sending", True)]
        await note(shop, events.PAPER_NOT_PRINTED, receipt)
        assert states(shop, receipt) == [("not_printed", True)]


async def test_the_first_and_the_latest_papers_are_remembered(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        await note(shop, events.PAPER_PRINTED, receipt, copy=False)
        for _ in range(MAX_PAPERS + 5):
            last = await shop.do("reprint", receipt=receipt, key=new_key())
        papers = papers_of(shop.journal.reader, receipt)
        assert len(papers) == MAX_PAPERS
        assert papers[0].state == "printed"
        assert papers[-1].paper == f"{receipt}/{last.event.seq}"


async def test_receipts_that_are_not_on_paper_have_none(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        month = str((await shop.own("month")).event.receipt)
        assert states(shop, month) == []
        assert states(shop, "unknown") == []


async def test_the_log_survives_a_restart_and_a_rebuild(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = str((await shop.sale()).event.receipt)
        await note(shop, events.PAPER_UNKNOWN, receipt, again=False)
        await shop.journal.settle()
        before = load(shop.journal.reader, PaperLog())
    async with shop.again() as later:
        assert load(later.journal.reader, PaperLog()) == before
        await later.journal.rebuild()
        assert load(later.journal.reader, PaperLog()) == before
        assert states(later, receipt) == [("unknown", False)]


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [([], "printed"), ([Outcome.UNKNOWN], "unknown")],
    ids=["confirmed", "silent"],
)
async def test_what_the_printers_really_do_is_in_the_receipt(
    tmp_path: Path, outcomes: list[Outcome], state: str
) -> None:
    async with desk(tmp_path) as it:
        printer = FakePrinter()
        async with printing(it.shop, printer) as follower:
            await follower.idle()
            printer.outcomes = outcomes
            sale = await it.completed()
            await follower.idle()
        view = (await it.call("GET", f"/receipts/{sale['id']}")).json()
        assert [each["state"] for each in view["papers"]] == [state]
