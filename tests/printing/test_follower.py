"""Papers: printed once, in order, and never claimed or repeated blindly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bridge.devices.printers import READY_POLL_S
from bridge.health import Level
from bridge.journal.faults import DiskFull
from bridge.model import events
from bridge.printing.follower import DISK_POLL_S, MAX_COPIES
from bridge.printing.papers import DuePaper, PaperState
from bridge.supervisor import full_jitter
from drivers.contract.page import Page
from drivers.contract.printer import Outcome
from tests.printing.harness import (
    FakePrinter,
    PageImpossible,
    PaperOut,
    asleep,
    left,
    looks,
    noted,
    paper_events,
    pausing,
    printing,
    state,
)
from tests.till.harness import Shop, big, new_key, until

SENT = events.PAPER_SENDING
PRINTED, NOT_PRINTED = events.PAPER_PRINTED, events.PAPER_NOT_PRINTED
UNKNOWN = events.PAPER_UNKNOWN


async def test_every_receipt_is_printed_once_in_order(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            for _ in range(5):
                await shop.sale()
            await follower.idle()
            assert printer.papers == ["K1 1 start", *(f"K1 {n} sale" for n in range(2, 7))]
            assert paper_events(shop) == [SENT, PRINTED] * 6
            assert not left(shop)
    async with shop.again() as later:
        async with printing(later, printer) as follower:
            await follower.idle()
        assert len(printer.papers) == 6


async def test_sending_is_durable_before_the_first_byte(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.gate.clear()
        async with printing(shop, printer) as follower:
            await until(lambda: printer.begun == 1)
            assert paper_events(shop) == [SENT]
            assert [paper.state for paper in left(shop)] == [PaperState.SENDING]
            printer.gate.set()
            await follower.idle()
            assert paper_events(shop) == [SENT, PRINTED]


async def test_the_outcome_names_paper_printer_and_fault(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.NOT_PRINTED]
        async with printing(shop, printer) as follower:
            shop.clock.advance(await pausing(shop))
            await follower.idle()
        receipt = shop.journal.reader.by_number("K1", 1)
        assert receipt is not None
        bodies = [event.data() for event in shop.events() if event.kind.startswith("paper.")]
        base = {"paper": receipt.receipt, "printer": "counter"}
        assert bodies == [
            base,
            {**base, "fault": "fake_paper_out"},
            base,
            {**base, "copy": False},
        ]


async def test_what_was_not_printed_is_tried_again_after_a_while(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.NOT_PRINTED] * 3
        async with printing(shop, printer) as follower:
            await shop.sale()
            waits = []
            for tried in range(1, 4):
                await noted(shop, NOT_PRINTED, tried)
                waits.append(await pausing(shop))
                assert isinstance(state(shop).fault, PaperOut)
                shop.clock.advance(waits[-1])
            await follower.idle()
            assert state(shop).level is Level.OK
        assert waits == pytest.approx(READY_POLL_S[:3])
        # An original, since nothing of it can have reached the paper; and before the next one.
        assert printer.papers == ["K1 1 start", "K1 2 sale"]
        assert paper_events(shop) == [*[SENT, NOT_PRINTED] * 3, *[SENT, PRINTED] * 2]


async def test_a_paper_that_can_never_be_printed_is_put_aside_and_tried_again_later(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.NOT_PRINTED]
        printer.reason = PageImpossible("fake")
        later = full_jitter(0, printer.reason, 0.5)
        async with printing(shop, printer) as follower:
            await shop.sale()
            await follower.idle()
            assert printer.papers == ["K1 2 sale"]
            assert [paper.state for paper in left(shop)] == [PaperState.DUE]
            await until(lambda: state(shop).fault is printer.reason)
            assert state(shop).level is Level.DEGRADED, "it still prints all others"
            await asleep(shop, later)
            shop.clock.advance(later)
            await until(lambda: len(printer.papers) == 2)
            await follower.idle()
            await until(lambda: state(shop).level is Level.OK)
        assert printer.papers == ["K1 2 sale", "K1 1 start"]
        assert not left(shop)


async def test_a_receipt_that_cannot_be_laid_out_keeps_no_other_from_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            await follower.idle()
            lay_out = follower.page
            broken = [True]

            def page(paper: DuePaper, columns: int) -> Page:
                if broken and broken.pop():
                    raise KeyError("a defect")
                return lay_out(paper, columns)

            monkeypatch.setattr(follower, "page", page)
            await shop.sale()
            await shop.sale()
            await follower.idle()
            assert printer.papers == ["K1 1 start", "K1 3 sale"]


async def test_an_unknown_paper_waits_for_a_person_and_holds_up_nobody(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.UNKNOWN]
        async with printing(shop, printer) as follower:
            await shop.sale()
            await follower.idle()
            assert printer.papers == ["K1 1 start", "K1 2 sale"]
            assert [paper.state for paper in left(shop)] == [PaperState.UNKNOWN]
            assert paper_events(shop) == [SENT, UNKNOWN, SENT, PRINTED]
    async with shop.again() as later:
        async with printing(later, printer) as follower:
            await later.sale()
            await follower.idle()
            assert printer.papers == ["K1 1 start", "K1 2 sale", "K1 3 sale"]
            # The person decides: one more paper, marked as copy.
            start = later.journal.reader.by_number("K1", 1)
            assert start is not None
            await later.do("reprint", receipt=start.receipt, key=new_key())
            await follower.idle()
        assert printer.papers[3:] == ["K1 1 start KOPIE"]
        assert not left(later)


async def test_with_the_policy_copy_an_unknown_paper_is_followed_by_a_copy(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.UNKNOWN]
        async with printing(shop, printer, "copy") as follower:
            await shop.sale()
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 1 start KOPIE", "K1 2 sale"]
        assert not left(shop)


async def test_a_printer_that_never_confirms_does_not_print_copies_without_end(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.UNKNOWN] * 100
        async with printing(shop, printer, "copy") as follower:
            await follower.idle()
        assert printer.papers == ["K1 1 start", *["K1 1 start KOPIE"] * MAX_COPIES]
        assert [paper.state for paper in left(shop)] == [PaperState.UNKNOWN]


async def test_a_copy_that_was_not_printed_stays_a_copy(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.UNKNOWN, Outcome.NOT_PRINTED]
        async with printing(shop, printer, "copy"):
            await noted(shop, NOT_PRINTED, 1)
        # The box is switched off before the second try.
    async with shop.again() as later:
        async with printing(later, printer, "copy") as follower:
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 1 start KOPIE"]


async def crash_between(shop: Shop, printer: FakePrinter) -> None:
    """Let the box die after the first byte and before the outcome: no orderly stop."""
    printer.gate.clear()
    async with printing(shop, printer) as follower:
        await until(lambda: printer.begun == 1)
        # The power fails: nothing more is written.
        follower.note = never  # type: ignore[method-assign]  # stands for a dead process
        printer.gate.set()
        await until(lambda: bool(printer.papers))


async def never(*_: object, **__: object) -> None:
    raise asyncio.CancelledError


async def test_a_crash_between_sending_and_outcome_means_unknown(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        await crash_between(shop, printer)
        assert [paper.state for paper in left(shop)] == [PaperState.SENDING]
    async with shop.again() as later:
        async with printing(later, printer) as follower:
            await follower.idle()
        assert printer.papers == ["K1 1 start"]
        assert paper_events(later) == [SENT, UNKNOWN]
        assert [paper.state for paper in left(later)] == [PaperState.UNKNOWN]


async def test_after_a_crash_the_policy_copy_prints_a_copy(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        await crash_between(shop, printer)
        await shop.sale()
    async with shop.again() as later:
        async with printing(later, printer, "copy") as follower:
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 1 start KOPIE", "K1 2 sale"]
        assert paper_events(later) == [SENT, UNKNOWN, SENT, PRINTED, SENT, PRINTED]


async def test_a_crash_before_sending_means_not_sent(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
    async with shop.again() as later:
        printer = FakePrinter()
        async with printing(later, printer) as follower:
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 2 sale"]


async def test_a_paper_under_way_is_finished_when_the_box_stops(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        await shop.sale()
        printer.gate.clear()
        stopping = asyncio.Event()

        async def stop() -> None:
            async with printing(shop, printer):
                await until(lambda: printer.begun == 1)
                stopping.set()

        stopped = asyncio.ensure_future(stop())
        await stopping.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not stopped.done()
        printer.gate.set()
        await stopped
        assert printer.papers == ["K1 1 start"]
        assert paper_events(shop) == [SENT, PRINTED]
        assert [paper.state for paper in left(shop)] == [PaperState.DUE]


async def test_a_printer_that_cannot_print_holds_its_papers_and_recovers(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.trouble = PaperOut("empty")
        async with printing(shop, printer) as follower:
            await shop.sale()
            waits = []
            # The first look was before the paper was handed out.
            for looked in range(2, 9):
                await looks(shop, looked)
                waits.append(await pausing(shop))
                shop.clock.advance(waits[-1])
            assert waits == pytest.approx([*READY_POLL_S, READY_POLL_S[-1], READY_POLL_S[-1]])
            assert state(shop).fault is printer.trouble
            assert not printer.papers
            assert not paper_events(shop)
            await looks(shop, 9)
            printer.trouble = None
            shop.clock.advance(await pausing(shop))
            await follower.idle()
            assert state(shop).level is Level.OK
        assert printer.papers == ["K1 1 start", "K1 2 sale"]


async def test_the_till_does_not_wait_for_the_printer(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.gate.clear()
        async with printing(shop, printer) as follower:
            for _ in range(10):
                await shop.sale()
            assert len(shop.bons()) == 11
            assert printer.begun <= 1
            printer.gate.set()
            await follower.idle()
        assert len(printer.papers) == 11


async def outage_and_return(shop: Shop) -> None:
    shop.soft[0].damaged = True
    await shop.sale()
    shop.soft[0].damaged = False
    await shop.look()


async def own(shop: Shop, kind: str) -> None:
    await shop.own(kind)


KINDS: tuple[tuple[str, Callable[[Shop], Awaitable[object]], bool], ...] = (
    ("sale", lambda shop: shop.sale(), True),
    ("training", lambda shop: shop.sale(kind="training"), True),
    ("reentry", lambda shop: shop.sale(kind="reentry"), True),
    ("null", lambda shop: own(shop, "null"), True),
    ("month", lambda shop: own(shop, "month"), False),
    ("year", lambda shop: own(shop, "year"), True),
    ("closing", lambda shop: own(shop, "closing"), True),
    ("collective", outage_and_return, False),
)


@pytest.mark.parametrize(("kind", "make", "on_paper"), KINDS, ids=[each[0] for each in KINDS])
async def test_sammelbeleg_and_monatsbeleg_are_the_only_ones_not_printed(
    tmp_path: Path, kind: str, make: Callable[[Shop], Awaitable[object]], on_paper: bool
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            await make(shop)
            await follower.idle()
        assert any(kind in paper for paper in printer.papers) is on_paper


async def test_a_storno_is_printed(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            sold = await shop.sale()
            await shop.do("storno", receipt=sold.event.receipt, key=new_key())
            await follower.idle()
        assert printer.papers[-1] == "K1 3 storno"


async def test_a_reprint_is_a_copy_in_the_order_of_the_wish(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        await shop.sale()
        await shop.do("reprint", receipt=sold.event.receipt, key=new_key())
        await shop.sale()
        await shop.do("reprint", receipt=sold.event.receipt, key=new_key())
    wanted = [
        "K1 1 start",
        "K1 2 sale",
        "K1 3 sale",
        "K1 2 sale KOPIE",
        "K1 4 sale",
        "K1 2 sale KOPIE",
    ]
    async with shop.again() as later:
        printer = FakePrinter()
        async with printing(later, printer) as follower:
            await follower.idle()
        assert printer.papers == wanted
        assert not left(later)


async def test_two_registers_on_one_printer_keep_its_order(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2", "K3")) as shop:
        printer = FakePrinter()
        async with printing(shop, printer, registers=("K1", "K2")) as follower:
            for n in range(6):
                await shop.sale(register=f"K{n % 3 + 1}")
            await follower.idle()
        # The third register has no printer.
        assert printer.papers == [
            "K1 1 start",
            "K2 1 start",
            "K1 2 sale",
            "K2 2 sale",
            "K1 3 sale",
            "K2 3 sale",
        ]


async def test_a_full_disk_holds_papers_back_and_repeats_none(tmp_path: Path) -> None:
    """Without its intent nothing is sent; an outcome is kept until it can be written."""
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.gate.clear()
        async with printing(shop, printer) as follower:
            await until(lambda: printer.begun == 1)
            await shop.sale()
            real = shop.journal.submit
            fail = True

            def submit(*arguments: object, **named: object) -> asyncio.Future[object]:
                if not fail:
                    return real(*arguments, **named)  # type: ignore[arg-type,return-value]  # passed on
                refused = asyncio.get_running_loop().create_future()
                refused.set_exception(DiskFull("fake"))
                return refused

            shop.journal.submit = submit  # type: ignore[assignment,method-assign]  # a full disk
            printer.gate.set()
            for pause in DISK_POLL_S[:-1]:
                await asleep(shop, pause)
                shop.clock.advance(pause)
            await asleep(shop, DISK_POLL_S[-1])
            assert printer.papers == ["K1 1 start"]
            assert paper_events(shop) == [SENT]
            fail = False
            shop.clock.advance(DISK_POLL_S[-1])
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 2 sale"]
        assert paper_events(shop) == [SENT, PRINTED] * 2


async def test_a_box_with_a_full_disk_can_stop(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        await shop.open(*big())

        def submit(*_: object, **__: object) -> asyncio.Future[object]:
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(DiskFull("fake"))
            return refused

        real = shop.journal.submit
        shop.journal.submit = submit  # type: ignore[assignment,method-assign]  # a full disk

        async def stop() -> None:
            async with printing(shop, printer):
                await asleep(shop, DISK_POLL_S[0])

        stopped = asyncio.ensure_future(stop())
        await asleep(shop, DISK_POLL_S[0])
        for _ in range(20):
            await asyncio.sleep(0)
        shop.clock.advance(DISK_POLL_S[0])
        await stopped
        shop.journal.submit = real  # type: ignore[method-assign]  # the disk again
        assert not printer.papers
