"""Receipts signed by another system: printed once, reprinted as copies, never the till's own."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bridge.cloud.outbox import Peer, Sources, report
from bridge.exports import export_dep7
from bridge.journal.event import Event
from bridge.journal.faults import DiskFull
from bridge.model import events
from bridge.printing.foreign import (
    MAX_CENTS,
    MAX_CODE_BYTES,
    ForeignNotValid,
    ForeignPapers,
    ForeignPrinterMissing,
)
from bridge.printing.foreign_layout import foreign_page, page_of
from bridge.printing.layout import Shop as Company
from bridge.printing.layout import Style
from bridge.printing.papers import PaperState
from bridge.till.faults import ReceiptUnknown
from bridge.till.projections import where_is
from bridge.web.api.live import frame
from drivers.contract.page import Page, QrCode, TextLine
from drivers.contract.printer import Outcome
from tests.printing.harness import FakePrinter, left, paper_events, printing
from tests.till.harness import Shop, big, until

COMPANY = Company("Blumen Huber", ("Gasse 1", "8010 Graz"), "ATU12345678", ("Danke!",))


@dataclass(frozen=True)
class Foreign:
    """A foreign receipt as tests hand it over."""

    id: str = "asello-7"
    number: str = "4711"
    register: str = "ASELLO-34950"
    code: str = "_R1-AT1_ASELLO-34950_4711_…"
    time: str = "2026-11-21T10:11:12+01:00"
    lines: tuple[tuple[str, int | None], ...] = (("2 Blumentopf", 3980), ("Gruß", None))
    total: int | None = 3980
    notes: tuple[str, ...] = ("20 %: 39,80",)
    register_id: str | None = None
    reference: str | None = "R001"


def papers(shop: Shop, *registers: str) -> ForeignPapers:
    return ForeignPapers(shop.journal, registers or ("K1",), shop.clock)


async def test_a_foreign_receipt_is_printed_once_however_often_it_is_handed_over(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            await asyncio.gather(*(papers(shop).take(Foreign()) for _ in range(5)))
            await papers(shop).take(Foreign(number="another content"))
            await follower.idle()
            assert printer.papers == ["K1 1 start", "K1 4711 foreign"]
            found = papers(shop).papers("asello-7")
            assert found is not None
            assert found["state"] == "printed"
    async with shop.again() as later:
        async with printing(later, printer) as follower:
            await papers(later).take(Foreign())
            await follower.idle()
        assert len(printer.papers) == 2


async def test_it_is_durable_when_taken_and_printed_after_a_restart(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await papers(shop).take(Foreign())
        found = papers(shop).papers("asello-7")
        assert found is not None
        assert (found["state"], found["register"]) == ("due", "K1")
    printer = FakePrinter()
    async with shop.again() as later, printing(later, printer) as follower:
        await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 4711 foreign"]


async def test_a_reprint_is_a_marked_copy(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        async with printing(shop, printer) as follower:
            await papers(shop).take(Foreign())
            assert await papers(shop).again("asello-7")
            await follower.idle()
            assert printer.papers[1:] == ["K1 4711 foreign", "K1 4711 foreign KOPIE"]
            found = papers(shop).papers("asello-7")
            assert found is not None
            assert [(each["state"], each["copy"]) for each in found["papers"]] == [
                ("printed", False),
                ("printed", True),
            ]


async def test_what_was_never_handed_over_has_no_papers_and_no_copies(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sale = await shop.sale()
        for name in ("asello-8", str(sale.event.receipt)):
            assert papers(shop).papers(name) is None
            assert not await papers(shop).again(name)
        assert not shop.events(events.REPRINT_WANTED)


async def test_nobody_knows_whether_it_was_printed_after_a_crash_on_the_way(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.outcomes = [Outcome.PRINTED, Outcome.UNKNOWN]
        async with printing(shop, printer) as follower:
            await papers(shop).take(Foreign())
            await follower.idle()
        assert [paper.state for paper in left(shop)] == [PaperState.UNKNOWN]
        found = papers(shop).papers("asello-7")
        assert found is not None
        assert found["state"] == "unknown"
    async with shop.again() as later:
        async with printing(later, printer) as follower:
            await follower.idle()
            assert len(printer.papers) == 2, "it is not printed again by itself"
            await papers(later).again("asello-7")
            await follower.idle()
        assert printer.papers[-1] == "K1 4711 foreign KOPIE"
        assert not left(later), "the copy has answered the question"


async def test_it_is_printed_at_the_register_that_was_named(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2")) as shop:
        await papers(shop, "K1", "K2").take(Foreign(register_id="K2"))
        (event,) = shop.events(events.FOREIGN_RECEIPT)
        assert event.register == "K2"
        with pytest.raises(ForeignPrinterMissing, match="K9"):
            await papers(shop, "K1").take(Foreign(id="x", register_id="K9"))
        with pytest.raises(ForeignPrinterMissing):
            await ForeignPapers(shop.journal, (), shop.clock).take(Foreign(id="x"))
        assert len(shop.events(events.FOREIGN_RECEIPT)) == 1


async def test_without_a_code_it_is_not_printed_as_valid(tmp_path: Path) -> None:
    wrong = (
        Foreign(code=""),
        Foreign(number=""),
        Foreign(register=""),
        Foreign(id=""),
        Foreign(id="a/b"),
        Foreign(id="x" * 129),
        Foreign(code="x" * (MAX_CODE_BYTES + 1)),
        Foreign(total=MAX_CENTS + 1),
        Foreign(lines=(("zu viel", -MAX_CENTS - 1),)),
    )
    async with Shop(tmp_path) as shop:
        before = len(shop.events())
        for each in wrong:
            with pytest.raises(ForeignNotValid):
                await papers(shop).take(each)
        assert len(shop.events()) == before


async def test_when_the_disk_is_full_nothing_is_claimed_and_it_can_be_handed_over_again(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale(*big())
        shop.disk_full()
        large = Foreign(lines=tuple((f"{n} {'x' * 400}", n) for n in range(60)))
        with pytest.raises(DiskFull):
            await papers(shop).take(large)
        assert papers(shop).papers("asello-7") is None
        shop.disk_full(full=False)
        await papers(shop).take(large)
        assert papers(shop).papers("asello-7") is not None


async def test_numbers_exports_clouds_and_receipts_know_nothing_of_it(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
        before, head = _dep7(shop), shop.register().head
        await papers(shop).take(Foreign())
        await papers(shop).again("asello-7")
        assert shop.register().head == head
        assert _dep7(shop) == before
        (event,) = shop.events(events.FOREIGN_RECEIPT)
        assert (event.number, event.jws) == (None, None)
        with pytest.raises(ReceiptUnknown):
            where_is(shop.journal.reader, str(event.receipt))
        sources = Sources(lambda _: "asello", lambda _: "code")
        for each in shop.events()[-2:]:
            assert report(each, Peer("asello", ("K1",)), sources) is None
        await shop.sale()
        assert [bon.number for bon in shop.bons()] == ["1", "2", "3"]
    async with shop.again() as later:
        await later.sale()
        assert len(later.bons()) == 4


def _dep7(shop: Shop) -> bytes:
    out = io.BytesIO()
    export_dep7(shop.journal.reader, "K1", out)
    return out.getvalue()


async def test_only_technicians_see_it_among_live_events(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await papers(shop).take(Foreign())
        (event,) = shop.events(events.FOREIGN_RECEIPT)
        assert frame(event, sees_all=False) is None
        shown = frame(event, sees_all=True)
        assert shown is not None
        assert b"4711" in shown


# Layout


def body(**changes: object) -> dict[str, object]:
    return {
        "belegnummer": "4711",
        "kassen_id": "ASELLO-34950",
        "time": "2026-11-21T09:11:12Z",
        "code": "_R1-AT1_ASELLO-34950_4711_…",
        "lines": [["2 Blumentopf", 3980], ["Gruß", None]],
        "total": 3980,
        "notes": ["20 %: 39,80"],
        "reference": "R001",
        **changes,
    }


def texts(page: Page) -> list[str]:
    return [item.text for item in page.items if isinstance(item, TextLine)]


def assert_fits(page: Page) -> None:
    for item in page.items:
        if isinstance(item, TextLine):
            assert len(item.text) <= (page.columns // 2 if item.wide else page.columns)
            assert item.text.isprintable()


@pytest.mark.parametrize("columns", [42, 48])
def test_the_page_has_number_register_code_lines_and_total(columns: int) -> None:
    page = foreign_page(body(), COMPANY, Style(columns))
    assert_fits(page)
    shown = "\n".join(texts(page))
    for wanted in (
        "Blumen Huber",
        "UID: ATU12345678",
        "Beleg 4711",
        "21.11.2026 10:11:12",
        "Kasse ASELLO-34950",
        "Referenz R001",
        "2 Blumentopf",
        "39,80",
        "Gruß",
        "Summe EUR",
        "20 %: 39,80",
        "Danke!",
    ):
        assert wanted in shown, wanted
    assert [item.data for item in page.items if isinstance(item, QrCode)] == [body()["code"]]
    assert "KOPIE" not in shown
    assert page.title == "ASELLO-34950 4711"


def test_a_copy_says_so() -> None:
    page = foreign_page(body(), COMPANY, Style(), copy=True)
    assert " KOPIE " in texts(page)
    assert page.title.endswith("KOPIE")


def test_foreign_texts_cannot_command_the_printer_and_nothing_is_cut_off() -> None:
    nasty = "Topf\x1b@\n\r\x1dV\x00 " + "lang " * 40
    page = foreign_page(
        body(
            belegnummer="1\x1b@",
            kassen_id="K\n1",
            time="gestern\x07",
            lines=[[nasty, 10**13], [nasty, None]],
            notes=[nasty],
            reference="R\x1b",
            total=None,
        ),
        COMPANY,
        Style(42),
    )
    assert_fits(page)
    shown = " ".join(texts(page))
    assert shown.count("lang") == 120
    assert "gestern" in shown
    assert "Summe" not in shown


async def test_each_event_is_laid_out_as_what_it_is(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sale: Event = (await shop.sale()).event
        await papers(shop).take(replace(Foreign(), time="kein Datum"))
        (foreign,) = shop.events(events.FOREIGN_RECEIPT)
    assert page_of(sale, "KASSE-K1", COMPANY, Style()).title == "KASSE-K1 2"
    page = page_of(foreign, "KASSE-K1", COMPANY, Style(), copy=True)
    assert page.title == "ASELLO-34950 4711 KOPIE"
    assert "kein Datum" in " ".join(texts(page))


async def test_foreign_papers_keep_their_place_among_the_own_ones(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        printer = FakePrinter()
        printer.gate.clear()
        async with printing(shop, printer) as follower:
            await until(lambda: printer.begun == 1)
            await papers(shop).take(Foreign())
            await shop.sale()
            printer.gate.set()
            await follower.idle()
        assert printer.papers == ["K1 1 start", "K1 4711 foreign", "K1 2 sale"]
        assert paper_events(shop).count(events.PAPER_PRINTED) == 3
