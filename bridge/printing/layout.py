"""A completed receipt as a page: what § 132a BAO and § 11 RKSV ask for, in a readable order.

Company, Kassen-ID, Belegnummer, date and time, quantity and name of each item, the amount split
by tax rate, the machine-readable code; the marks of training, storno, copy and outage
(rksv.md section 5).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.fiscal.rksv.code import qr_code
from bridge.model.money import QUANTITY_SCALE, format_cents, format_quantity, round_half_up
from bridge.model.rates import AUSTRIA_TABLE, Rate
from bridge.model.receipt import Kind, Line, Payment, Settles
from bridge.printing import words
from drivers.contract.fault import Text
from drivers.contract.page import Align, Feed, Item, Page, QrCode, TextLine

RATE_LETTERS = {
    "normal": "A",
    "reduced1": "B",
    "reduced2": "C",
    "zero": "D",
    "special": "E",
    "special49": "F",
}
"""How a line shows its rate; the table below the total explains the letters."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The company as printed."""

    name: str
    address: tuple[str, ...] = ()
    uid: str = ""
    footer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """Columns of the paper (font A) and the language of the words the law does not fix."""

    columns: int = 48
    language: str = "de"


def receipt_page(
    body: dict[str, Any], jws: str, kassen_id: str, shop: Shop, style: Style, *, copy: bool = False
) -> Page:
    """Lay a completed receipt out. ``body`` is that of its ``receipt.completed`` event."""
    paper = _Paper(body, jws, kassen_id, shop, style, copy)
    return Page(
        title=f"{kassen_id} {body['belegnummer']}{' KOPIE' if copy else ''}",
        columns=style.columns,
        items=tuple(paper.items()),
    )


class Sheet:
    """What papers of all kinds have in common: the shop's head and foot, marks, pairs of texts,
    lines that fit the paper's columns."""

    def __init__(self, shop: Shop, style: Style) -> None:
        self.shop = shop
        self.width = style.columns
        self.language = style.language

    def shop_head(self) -> Iterator[Item]:
        """Name, address and UID of the company."""
        for part in textwrap.wrap(self.shop.name, self.width // 2) or [""]:
            yield TextLine(part, align="center", bold=True, wide=True, tall=True)
        for line in self.shop.address:
            yield from self.wrapped(line, align="center")
        if self.shop.uid:
            yield from self.wrapped(f"UID: {self.shop.uid}", align="center")
        yield Feed()

    def mark(self, text: str) -> TextLine:
        """A word that nobody can overlook."""
        return TextLine(f" {text} ", align="center", bold=True, wide=True, tall=True, invert=True)

    def total(self, cents: int) -> TextLine:
        """The sum, large where it fits."""
        total = format_cents(cents)
        label = self.word(words.TOTAL)
        wide = len(label) + 1 + len(total) <= self.width // 2
        room = (self.width // 2 if wide else self.width) - len(total)
        return TextLine(label.ljust(room) + total, bold=True, wide=wide, tall=True)

    def code(self, text: str) -> QrCode:
        """The machine-readable code."""
        return QrCode(text, level="M" if self.width >= 48 else "L")

    def shop_foot(self) -> Iterator[Item]:
        """The shop's own words at the end."""
        if self.shop.footer:
            yield Feed()
        for line in self.shop.footer:
            yield from self.wrapped(line, align="center")

    def pair(self, left: str, right: str) -> Iterator[Item]:
        """Both on one line when they fit, else below each other: nothing is cut off."""
        room = self.width - len(right)
        if not right:
            yield from self.wrapped(left)
        elif len(left) < room:
            yield TextLine(left.ljust(room) + right)
        else:
            yield from self.wrapped(left)
            yield from self.wrapped(right, align="right")

    def priced(self, text: str, amount: str) -> Iterator[Item]:
        """A text of any length with an amount beside its first line."""
        first, *rest = textwrap.wrap(text, self.width - len(amount) - 1) or [""]
        yield from self.pair(first, amount)
        for part in rest:
            yield TextLine(part)

    def rule(self) -> TextLine:
        """A line across the paper."""
        return TextLine("-" * self.width)

    def wrapped(self, text: str, align: Align = "left") -> Iterator[Item]:
        """A text in as many lines as it needs."""
        for part in textwrap.wrap(text, self.width) or [""]:
            yield TextLine(part, align=align)

    def word(self, text: Text) -> str:
        """A word in the paper's language."""
        return text.in_language(self.language)


class _Paper(Sheet):
    def __init__(
        self,
        body: dict[str, Any],
        jws: str,
        kassen_id: str,
        shop: Shop,
        style: Style,
        copy: bool,
    ) -> None:
        super().__init__(shop, style)
        self.body = body
        self.jws = jws
        self.kassen_id = kassen_id
        self.copy = copy
        self.kind = Kind(body["kind"])
        self.time = datetime.fromisoformat(body["time"])

    def items(self) -> Iterator[Item]:
        yield from self.shop_head()
        yield from self._marks()
        yield self.rule()
        if self.kind in words.ARTICLES:
            yield from self._article()
        else:
            yield from self._lines()
        yield self.rule()
        yield from self._totals()
        yield from self._foot()

    def _marks(self) -> Iterator[Item]:
        marks = []
        if self.copy:
            marks.append(self.word(words.COPY))
        if self.kind in words.BANNERS:
            marks.append(self.word(words.BANNERS[self.kind]))
        for mark in marks:
            yield self.mark(mark)
        yield from self.pair(
            f"{self.word(words.RECEIPT)} {self.body['belegnummer']}",
            self.time.strftime("%d.%m.%Y %H:%M:%S"),
        )
        operator = self.body.get("operator", {})
        who = operator.get("name") or operator.get("id", "")
        yield from self.pair(
            f"{self.word(words.REGISTER)} {self.kassen_id}",
            f"{self.word(words.OPERATOR)} {who}" if who else "",
        )
        if "storno_of" in self.body:
            number = self.body["storno_of"]["number"]
            yield from self.wrapped(f"{self.word(words.CANCELS)} {number}")
        if "reference" in self.body:
            yield from self.wrapped(f"{self.word(words.REFERENCE)} {self.body['reference']}")
        if "customer" in self.body:
            yield from self._customer(self.body["customer"])
        if "note" in self.body:
            yield from self.wrapped(self.body["note"])

    def _customer(self, customer: dict[str, Any]) -> Iterator[Item]:
        yield from self.wrapped(f"{self.word(words.CUSTOMER)}: {customer['name']}")
        for line in customer.get("address", ()):
            yield from self.wrapped(f"  {line}")
        if "uid" in customer:
            yield from self.wrapped(f"  UID: {customer['uid']}")

    def _article(self) -> Iterator[Item]:
        yield TextLine(words.ARTICLES[self.kind], bold=True, wide=True, tall=True)
        if "ended_outage" in self.body:
            outage = self.body["ended_outage"]
            text = self.word(words.OUTAGE_ENDED)
            yield from self.wrapped(text.format(first=outage["first"], last=outage["last"]))

    def _lines(self) -> Iterator[Item]:
        for stored in self.body["lines"]:
            line = Line.from_body(stored)
            amount = f"{format_cents(line.cents)} {RATE_LETTERS.get(line.rate, '?')}"
            yield from self.priced(_quantity_and_name(line), amount)
            detail = self._detail(line)
            if detail:
                yield from self.wrapped(f"  {detail}")
            if line.settles is not None:
                yield from self._settled(line.settles, cancelled=line.cancels is not None)

    def _settled(self, settles: Settles, *, cancelled: bool) -> Iterator[Item]:
        text = self.word(words.SETTLEMENT_STANDS if cancelled else words.SETTLES)
        named = text.format(invoice=settles.invoice, vendor=settles.vendor)
        for part in textwrap.wrap(named, self.width - 2):
            yield TextLine(f"  {part}")

    def _detail(self, line: Line) -> str:
        parts = []
        if abs(line.quantity) != QUANTITY_SCALE or line.discount:
            parts.append(f"{format_quantity(line.quantity)} x {format_cents(line.unit_cents)}")
        if line.discount:
            percent = format_cents(line.discount).removesuffix(",00")
            parts.append(f"-{percent} % {self.word(words.DISCOUNT)}")
        return "  ".join(parts)

    def _totals(self) -> Iterator[Item]:
        yield self.total(self.body["total"])
        for stored in self.body.get("payments", ()):
            yield from self._payment(Payment.from_body(stored))
        if self.body["totals"]:
            yield Feed()
            yield from self._rates()

    def _payment(self, payment: Payment) -> Iterator[Item]:
        if payment.cents < 0:
            yield from self.pair(self.word(words.PAID_OUT), format_cents(-payment.cents))
            return
        label = words.CASH if payment.kind == "cash" else words.CARD
        yield from self.pair(self.word(label), format_cents(payment.cents))
        if payment.given_cents is not None and payment.change_cents:
            given, change = format_cents(payment.given_cents), format_cents(payment.change_cents)
            yield from self.pair(f"  {self.word(words.GIVEN)}", given)
            yield from self.pair(f"  {self.word(words.CHANGE)}", change)

    def _rates(self) -> Iterator[Item]:
        yield from self._columns(self.word(words.RATE), *self._amount_words())
        for name, gross in self.body["totals"].items():
            rate = AUSTRIA_TABLE.find(name, self.time.date())
            if rate is not None:
                yield from self._rate_row(name, rate, gross)

    def _rate_row(self, name: str, rate: Rate, gross: int) -> Iterator[Item]:
        net = round_half_up(gross * 1000, 1000 + rate.permille)
        label = f"{RATE_LETTERS.get(name, '?')} {rate.label}"
        amounts = [format_cents(cents) for cents in (net, gross - net, gross)]
        if max(len(amount) for amount in amounts) < self._column():
            yield from self._columns(label, *amounts)
            return
        yield TextLine(label)
        for word, amount in zip(self._amount_words(), amounts, strict=True):
            yield from self.pair(f"  {word}", amount)

    def _amount_words(self) -> list[str]:
        return [self.word(word) for word in (words.NET, words.TAX, words.GROSS)]

    def _foot(self) -> Iterator[Item]:
        if not self.body["signed"]:
            yield Feed()
            for part in textwrap.wrap(words.OUTAGE, self.width - 2):
                yield TextLine(f" {part} ", align="center", bold=True, tall=True, invert=True)
        yield Feed()
        yield self.code(qr_code(self.jws))
        yield from self.shop_foot()

    def _column(self) -> int:
        return (self.width - self.width // 4) // 3

    def _columns(self, first: str, *others: str) -> Iterator[Item]:
        rest = "".join(other.rjust(self._column()) for other in others)
        yield TextLine(first.ljust(self.width - len(rest)) + rest)


def _quantity_and_name(line: Line) -> str:
    """Return what was sold, and how much of it (§ 132a Abs. 3 BAO).

    A discount has no quantity: its bare -1 is not shown, the amount's sign says enough.
    """
    if line.quantity == -QUANTITY_SCALE and line.cancels is None:
        return line.text
    return f"{format_quantity(line.quantity)} {line.text}"
