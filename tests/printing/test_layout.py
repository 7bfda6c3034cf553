"""The page: what the law wants is on it in both languages; no line is longer than the paper."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge.journal.event import Event
from bridge.printing.layout import Shop as Company
from bridge.printing.layout import Style, receipt_page
from drivers.contract.page import Page, QrCode, TextLine
from tests.conftest import Scale
from tests.till.dep import unpadded
from tests.till.harness import Shop, line, new_key

COMPANY = Company(
    "Greißlerei Bonbridge",
    ("Am Markt 1", "1010 Wien"),
    "ATU12345678",
    ("Danke für Ihren Einkauf!",),
)
STYLES = [Style(columns, language) for columns in (42, 48) for language in ("de", "en")]
OUTAGE = "Sicherheitseinrichtung ausgefallen"


def page(event: Event, style: Style, company: Company = COMPANY, *, copy: bool = False) -> Page:
    """Lay a receipt of register K1 out."""
    kassen_id = "KASSE-K1"
    return receipt_page(event.data(), event.jws or "", kassen_id, company, style, copy=copy)


def texts(laid_out: Page) -> list[str]:
    """Return all lines of text."""
    return [item.text for item in laid_out.items if isinstance(item, TextLine)]


def text(laid_out: Page) -> str:
    """Return the text without regard to where lines were broken."""
    return " ".join(" ".join(texts(laid_out)).split())


def assert_fits(laid_out: Page) -> None:
    """No line is longer than the paper; wide characters take two columns."""
    for item in laid_out.items:
        if isinstance(item, TextLine):
            room = laid_out.columns // 2 if item.wide else laid_out.columns
            assert len(item.text) <= room, f"{len(item.text)} > {room}: {item.text!r}"
            assert item.text.isprintable(), item.text


def code(laid_out: Page) -> str:
    """Return the one QR code of the page."""
    codes = [item.data for item in laid_out.items if isinstance(item, QrCode)]
    assert len(codes) == 1
    return codes[0]


async def sale(shop: Shop) -> Event:
    """Sell with every rate, a quantity, discounts, change."""
    receipt = await shop.open(
        line("Käse", 2490, "reduced1", quantity="0.250"),
        line("Messer", 3450, "normal", discount_percent="7.5"),
        line("Blumen", 1890, "reduced2"),
        line("Briefmarke", 120, "zero", quantity="3"),
        line("Jungholzer Brot", 500, "special"),
        line("Milch 1 l", 159, "special49"),
        operator={"id": "7", "name": "Dóra"},
        customer={"name": "Gasthof Post", "address": ["Platz 3", "8010 Graz"], "uid": "ATU999"},
        reference="R-1000",
        note="Bitte bis Freitag abholen",
    )
    await shop.do("set_discount", receipt=receipt.id, rev=1, cents=300)
    paid = [{"given_cents": 10_000}]
    return (await shop.complete(shop.receipt(receipt.id), payments=paid)).event


@pytest.mark.parametrize("style", STYLES, ids=str)
async def test_a_sale_shows_everything_the_law_asks_for(tmp_path: Path, style: Style) -> None:
    async with Shop(tmp_path) as shop:
        event = await sale(shop)
        laid_out = page(event, style)
        assert_fits(laid_out)
        found = text(laid_out)
        english = style.language == "en"
        for wanted in (
            *("Greißlerei Bonbridge", "Am Markt 1", "1010 Wien", "UID: ATU12345678"),
            "Receipt 2" if english else "Beleg 2",
            "Register KASSE-K1" if english else "Kasse KASSE-K1",
            "21.11.2026 10:00:00",
            "Operator Dóra" if english else "Bediener Dóra",
            "Total EUR" if english else "Summe EUR",
            *("Gasthof Post", "Platz 3", "8010 Graz", "UID: ATU999", "R-1000"),
            "Bitte bis Freitag abholen",
            "Danke für Ihren Einkauf!",
        ):
            assert wanted in found
        for unwanted in (OUTAGE, "KOPIE", "Trainingsbuchung", "Stornobuchung"):
            assert unwanted not in found
        assert code(laid_out).startswith("_R1-AT100_KASSE-K1_2_2026-11-21T10:00:00_")


@pytest.mark.parametrize("columns", [42, 48])
async def test_a_sale_reads_like_this(tmp_path: Path, columns: int) -> None:
    async with Shop(tmp_path) as shop:
        laid_out = page(await sale(shop), Style(columns, "de"))
        lines = texts(laid_out)
        start = next(n for n, each in enumerate(lines) if set(each) == {"-"})
        body = [" ".join(each.split()) for each in lines[start + 1 :]]
        # 67,23 before, 3,00 off: in proportion, floored, the remaining 2 cents to the largest.
        assert body[:20] == [
            "0,250 Käse 6,23 B",
            "0,250 x 24,90",
            "1 Messer 31,91 A",
            "1 x 34,50 -7,50 % Rabatt",
            "1 Blumen 18,90 C",
            "3 Briefmarke 3,60 D",
            "3 x 1,20",
            "1 Jungholzer Brot 5,00 E",
            "1 Milch 1 l 1,59 F",
            "Rabatt -0,27 B",
            "Rabatt -1,44 A",
            "Rabatt -0,84 C",
            "Rabatt -0,16 D",
            "Rabatt -0,22 E",
            "Rabatt -0,07 F",
            "-" * columns,
            "Summe EUR 64,23",
            "Bar 64,23",
            "Gegeben 100,00",
            "Rückgeld 35,77",
        ]
        assert body[20:27] == [
            "Satz Netto USt. Brutto",
            "B 10 % 5,42 0,54 5,96",
            "A 20 % 25,39 5,08 30,47",
            "C 13 % 15,98 2,08 18,06",
            "D 0 % 3,44 0,00 3,44",
            "E 19 % 4,02 0,76 4,78",
            "F 4,9 % 1,45 0,07 1,52",
        ]


async def test_the_rates_add_up_to_the_total(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        event = await sale(shop)
        rows = [row.split() for row in texts(page(event, Style(48))) if re.match("[A-F] .* %", row)]
        assert len(rows) == 6
        for row in rows:
            net, tax, gross = (int(each.replace(",", "")) for each in row[-3:])
            assert net + tax == gross
        assert sum(int(row[-1].replace(",", "")) for row in rows) == event.data()["total"]


async def training(shop: Shop) -> Event:
    return (await shop.sale(kind="training")).event


async def reentry(shop: Shop) -> Event:
    return (await shop.sale(kind="reentry", note="Handschriftlich Nr. 12")).event


async def storno(shop: Shop) -> Event:
    sold = await shop.sale(line("Käse", 2490, quantity="2"))
    return (await shop.do("storno", receipt=sold.event.receipt, key=new_key())).event


async def outage(shop: Shop) -> Event:
    shop.soft[0].damaged = True
    return (await shop.sale()).event


async def collective(shop: Shop) -> Event:
    for _ in range(3):
        await outage(shop)
    shop.soft[0].damaged = False
    await shop.look()
    event = shop.journal.reader.last_numbered("K1")
    assert event is not None
    return event


def own(kind: str) -> Callable[[Shop], Coroutine[Any, Any, Event]]:
    async def make(shop: Shop) -> Event:
        return (await shop.own(kind)).event

    return make


async def start(shop: Shop) -> Event:
    event = shop.journal.reader.by_number("K1", 1)
    assert event is not None
    return event


MARKS: tuple[tuple[str, Callable[[Shop], Coroutine[Any, Any, Event]], str, str], ...] = (
    ("training", training, "Trainingsbuchung", "Trainingsbuchung"),
    ("storno", storno, "Stornobuchung", "Stornobuchung"),
    ("storno names its original", storno, "Storno zu Beleg 2", "Cancels receipt 2"),
    ("storno is paid out", storno, "Bar ausbezahlt 49,80", "Paid out in cash 49,80"),
    ("storno shows what is cancelled", storno, "-2 Käse -49,80", "-2 Käse -49,80"),
    ("reentry", reentry, "Nacherfassung", "Nacherfassung"),
    ("reentry names the original", reentry, "Handschriftlich Nr. 12", "Handschriftlich Nr. 12"),
    ("outage", outage, OUTAGE, OUTAGE),
    ("start", start, "Startbeleg", "Startbeleg"),
    ("null", own("null"), "Nullbeleg", "Nullbeleg"),
    ("month", own("month"), "Monatsbeleg", "Monatsbeleg"),
    ("year", own("year"), "Jahresbeleg", "Jahresbeleg"),
    ("closing", own("closing"), "Schlussbeleg", "Schlussbeleg"),
    ("collective", collective, "Sammelbeleg", "Sammelbeleg"),
    (
        "collective names the outage",
        collective,
        "Ausfall beendet: Belege 2 bis 4",
        "Outage: receipts 2 to 4",
    ),
)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize(
    ("make", "german", "english"), [each[1:] for each in MARKS], ids=[each[0] for each in MARKS]
)
async def test_each_kind_bears_its_mark(
    tmp_path: Path,
    make: Callable[[Shop], Coroutine[Any, Any, Event]],
    german: str,
    english: str,
    style: Style,
) -> None:
    async with Shop(tmp_path) as shop:
        event = await make(shop)
        laid_out = page(event, style)
        assert_fits(laid_out)
        assert (german if style.language == "de" else english) in text(laid_out)
        # What every receipt has, whatever its kind.
        number = event.data()["belegnummer"]
        found = text(laid_out)
        assert re.search(rf"(Beleg|Receipt) {number} 21\.11\.2026 10:00:00", found)
        assert "KASSE-K1" in found
        assert COMPANY.name in found
        payload = unpadded((event.jws or "").split(".")[1]).decode()
        assert code(laid_out).startswith(f"{payload}_")
        assert ("KOPIE" in found) is False
        marked = page(event, style, copy=True)
        assert_fits(marked)
        assert "KOPIE" in text(marked)
        assert text(marked).replace("KOPIE ", "") == found
        assert "KOPIE" in marked.title


async def test_the_outage_text_is_clearly_visible(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        laid_out = page(await outage(shop), Style(42))
        shown = [
            item
            for item in laid_out.items
            if isinstance(item, TextLine) and item.text.strip() == OUTAGE
        ]
        assert len(shown) == 1
        assert shown[0].bold
        assert shown[0].tall
        assert code(laid_out).endswith("_U2ljaGVyaGVpdHNlaW5yaWNodHVuZyBhdXNnZWZhbGxlbg==")


LONG = "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselanhänger"
NAME = "Maximilian-Ferdinand von und zu Hohenstein-Waldburg junior, Filialleiter Wien-Mitte"


@pytest.mark.parametrize("style", STYLES, ids=str)
async def test_the_longest_texts_wrap_and_lose_nothing(tmp_path: Path, style: Style) -> None:
    company = Company(f"{LONG} GmbH", (LONG * 2,), "U" * 60, (LONG, NAME))
    async with Shop(tmp_path) as shop:
        done = await shop.sale(
            line(f"{LONG} {LONG} extra lang", 129),
            line("x" * 200, 10**9, "normal"),
            operator={"name": NAME},
            customer={"name": "K" * 100, "address": ["A" * 200], "uid": "U" * 64},
            reference="R" * 64,
            note=f"{LONG} " * 6 + "Ende",
        )
        kassen_id = "KASSE-MIT-EINER-SEHR-LANGEN-KENNUNG-0123456789"
        body = {**done.event.data(), "belegnummer": "FILIALE-WIEN-MITTE-2026-000000123"}
        laid_out = receipt_page(body, done.event.jws or "", kassen_id, company, style)
        assert_fits(laid_out)
        glued = "".join(text(laid_out).split())
        for wanted in (
            *(company.name, *company.address, company.uid, *company.footer),
            *(kassen_id, "FILIALE-WIEN-MITTE-2026-000000123", "21.11.2026 10:00:00"),
            *(NAME, "K" * 100, "A" * 200, "U" * 64, "R" * 64, "Ende"),
        ):
            assert "".join(wanted.split()) in glued, wanted
        # An item's amount stands beside the first part of its name.
        assert "x" * 200 in re.sub(r"10000000,00A", "", glued)
        assert "10000000,00 A" in text(laid_out)


@pytest.mark.parametrize("style", STYLES, ids=str)
async def test_999_lines_of_the_largest_amount_fit(tmp_path: Path, style: Style) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(*[line(f"Ware {n}", 10**9, "normal") for n in range(999)])
        laid_out = page(done.event, style)
        assert_fits(laid_out)
        lines = texts(laid_out)
        assert sum(each.startswith("1 Ware ") for each in lines) == 999
        found = text(laid_out)
        total = "Summe EUR" if style.language == "de" else "Total EUR"
        assert f"{total} 9990000000,00" in found
        assert re.search(r"(Brutto|Gross) 9990000000,00", found)
        assert re.search(r"(Netto|Net) 8325000000,00", found)
        cancelled = await shop.do("storno", receipt=done.event.receipt, key=new_key())
        assert_fits(page(cancelled.event, style))
        assert f"{total} -9990000000,00" in text(page(cancelled.event, style))


@pytest.mark.parametrize(
    "cents", [1, 99_999, 999_999, 9_999_999, 99_999_999, 999_999_999, -999_999_999]
)
@pytest.mark.parametrize("columns", [42, 48])
async def test_amounts_of_any_size_never_touch_each_other(
    tmp_path: Path, columns: int, cents: int
) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(*[line("Ware", cents, "normal")] * 10)
        laid_out = page(done.event, Style(columns))
        assert_fits(laid_out)
        for row in texts(laid_out):
            assert not re.search(r",\d\d[^ ]", row), row
            assert not re.search(r"[A-Za-z]-?\d+,", row), row


@pytest.mark.parametrize("columns", [42, 48])
async def test_what_stands_on_one_line_is_apart_or_goes_on_two(
    tmp_path: Path, columns: int
) -> None:
    async with Shop(tmp_path) as shop:
        for length in range(1, 60):
            done = await shop.sale(operator={"name": "N" * length})
            laid_out = page(done.event, Style(columns))
            assert_fits(laid_out)
            lines = texts(laid_out)
            row = next(each for each in lines if each.startswith("Kasse KASSE-K1"))
            assert re.fullmatch(r"Kasse KASSE-K1( +Bediener N+)?", row)
            assert sum(each.count("N") for each in lines if "Netto" not in each) == length


async def test_euro_sign_umlauts_and_other_letters_reach_the_page(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(line("Ährenöl „Süße“ à 5 € – Žižkov ½ ’s"))
        assert "1 Ährenöl „Süße“ à 5 € – Žižkov ½ ’s" in text(page(done.event, Style(48)))


async def test_an_operator_without_a_name_is_shown_by_number(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        assert "Bediener 1" in text(page((await shop.sale()).event, Style(42)))


async def test_a_zero_total_and_goods_brought_back_are_shown_as_they_are(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        done = await shop.sale(
            line("Pfandflasche", 25, "normal", quantity="-4"), line("Bier", 100, "normal")
        )
        found = text(page(done.event, Style(42)))
        assert "-4 Pfandflasche -1,00 A" in found
        assert "Summe EUR 0,00" in found


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with Shop(tmp_path) as opened:
        yield opened


async def test_no_page_of_any_shop_is_wider_than_its_paper(shop: Shop, scale: Scale) -> None:
    seed = 5
    chance = random.Random(seed)
    for _ in range(scale.of(25, 500)):
        lines = [
            line(
                chance.choice(("x", "Wort " * 30 + "e", LONG))[: chance.randint(1, 150)].strip(),
                chance.randint(-(10 ** chance.randint(1, 9)), 10 ** chance.randint(1, 9)),
                chance.choice(("normal", "reduced1", "zero", "special49")),
                quantity=chance.choice(("1", "-1", "0.999", "-0.001")),
                discount_percent=chance.choice(("0", "5", "99.99")),
            )
            for _ in range(chance.randint(1, 12))
        ]
        done, again = await asyncio.gather(
            shop.sale(*lines, operator={"name": NAME[: chance.randint(0, 80)].strip()}),
            shop.sale(*lines[:1]),
        )
        cancelled = await shop.do("storno", receipt=done.event.receipt, key=new_key())
        for event in (done.event, again.event, cancelled.event):
            for style in STYLES:
                assert_fits(page(event, style, copy=chance.random() < 0.5))
