"""A realistic Austrian receipt, and codes as long as those of the RKSV."""

from __future__ import annotations

import random

from drivers.contract.page import Feed, Item, Page, QrCode, TextLine

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def rksv_code(length: int, seed: int = 1) -> str:
    """Return a text of that many characters in the form of an RKSV code."""
    chance = random.Random(seed)
    head = "_R1-AT1_KASSE-01_4711_2026-11-21T10:15:42_3,80_12,40_0,00_0,00_-1,20_"
    tail = "_2f8e1a7c_"
    filler = "".join(chance.choice(_BASE64) for _ in range(length - len(head) - len(tail)))
    return head + filler[:24] + tail + filler[24:]


def pair(columns: int, left: str, right: str) -> TextLine:
    """Text on both edges."""
    return TextLine(left.ljust(columns - len(right)) + right)


def receipt(columns: int = 48, number: int = 4711, code: str | None = None) -> Page:
    """Return a whole receipt with umlauts, euro sign and code."""
    rule = TextLine("-" * columns)
    lines = (
        ("Kürbiskernöl g.g.A. 0,5 l", "12,90 B"),
        ("Süßer Germstriezel", "4,80 B"),
        ("Käse, Stück 0,320 kg x 18,90", "6,05 B"),
        ("Grüner Veltliner 0,75 l", "9,50 A"),
        ("Papiertragetasche groß", "0,40 A"),
        ("Rabatt Stammkunde", "-1,20 B"),
    )
    total = "€ 32,45"
    items: tuple[Item, ...] = (
        TextLine("Bäckerei Müßig", align="center", bold=True, wide=True, tall=True),
        TextLine("Große Neugasse 12, 1040 Wien", align="center"),
        TextLine("UID: ATU12345678", align="center"),
        Feed(),
        pair(columns, f"Beleg {number}", "21.11.2026 10:15:42"),
        pair(columns, "Kasse KASSE-01", "Es bediente Zoë"),
        rule,
        *(pair(columns, left, right) for left, right in lines),
        rule,
        TextLine("SUMME".ljust(columns // 2 - len(total)) + total, bold=True, wide=True, tall=True),
        pair(columns, "Bar", "32,45"),
        pair(columns, "  Gegeben", "50,00"),
        pair(columns, "  Rückgeld", "17,55"),
        Feed(),
        TextLine(pair(columns, "Satz        Netto", "Steuer    Brutto").text, underline=True),
        pair(columns, "A 20 %       8,25", "1,65      9,90"),
        pair(columns, "B 10 %      20,50", "2,05     22,55"),
        TextLine(" KOPIE ", align="center", bold=True, wide=True, invert=True),
        QrCode(code or rksv_code(231), level="M" if columns >= 48 else "L"),
        TextLine("Danke für Ihren Einkauf!", align="center"),
        TextLine("Öffnungszeiten: Mo–Fr 6–18 Uhr", align="center", tall=True),
    )
    return Page(title=f"KASSE-01 {number}", columns=columns, items=items)


def texts_of(page: Page) -> list[str]:
    """Return the lines that must stand on the paper, transliterated by hand."""
    by_hand = str.maketrans({"–": "-"})
    return [item.text.translate(by_hand) for item in page.items if isinstance(item, TextLine)]
