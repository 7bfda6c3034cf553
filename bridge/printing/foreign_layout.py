"""A foreign receipt as a page: number, register, lines, total and code as the system that signed
it gave them, between the shop's own head and foot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bridge.fiscal.rksv.code import VIENNA
from bridge.journal.event import Event
from bridge.model import events
from bridge.model.money import format_cents
from bridge.printing import words
from bridge.printing.layout import Sheet, Shop, Style, receipt_page
from drivers.contract.page import Feed, Item, Page


def page_of(event: Event, kassen_id: str, shop: Shop, style: Style, *, copy: bool = False) -> Page:
    """Lay out the receipt that an event holds: one of the box's own, or a foreign one.

    ``kassen_id`` is that of the event's register.
    """
    if event.kind == events.FOREIGN_RECEIPT:
        return foreign_page(event.data(), shop, style, copy=copy)
    return receipt_page(event.data(), event.jws or "", kassen_id, shop, style, copy=copy)


def foreign_page(body: dict[str, Any], shop: Shop, style: Style, *, copy: bool = False) -> Page:
    """Lay a foreign receipt out. ``body`` is that of its ``foreign.receipt`` event."""
    kassen_id, number = _plain(body["kassen_id"]), _plain(body["belegnummer"])
    return Page(
        title=f"{kassen_id} {number}{' KOPIE' if copy else ''}",
        columns=style.columns,
        items=tuple(_Foreign(body, shop, style, copy).items()),
    )


class _Foreign(Sheet):
    def __init__(self, body: dict[str, Any], shop: Shop, style: Style, copy: bool) -> None:
        super().__init__(shop, style)
        self._body = body
        self._copy = copy

    def items(self) -> Iterator[Item]:
        yield from self.shop_head()
        yield from self._marks()
        yield self.rule()
        for text, cents in self._body["lines"]:
            if cents is None:
                yield from self.wrapped(_plain(text))
            else:
                yield from self.priced(_plain(text), format_cents(cents))
        yield self.rule()
        if self._body["total"] is not None:
            yield self.total(self._body["total"])
        for note in self._body["notes"]:
            yield from self.wrapped(_plain(note))
        yield Feed()
        yield self.code(self._body["code"])
        yield from self.shop_foot()

    def _marks(self) -> Iterator[Item]:
        if self._copy:
            yield self.mark(self.word(words.COPY))
        body = self._body
        number, kassen_id = _plain(body["belegnummer"]), _plain(body["kassen_id"])
        yield from self.pair(f"{self.word(words.RECEIPT)} {number}", _time(body["time"]))
        yield from self.wrapped(f"{self.word(words.REGISTER)} {kassen_id}")
        if "reference" in body:
            yield from self.wrapped(f"{self.word(words.REFERENCE)} {_plain(body['reference'])}")


def _time(text: str) -> str:
    """Return a time as on the box's own receipts, in Austrian local time; what is no ISO 8601
    stays as it is."""
    try:
        time = datetime.fromisoformat(text)
        local = time if time.tzinfo is None else time.astimezone(VIENNA)
    except (ValueError, OverflowError):
        return _plain(text)
    return local.strftime("%d.%m.%Y %H:%M:%S")


def _plain(text: str) -> str:
    """Return a foreign text as one line that a printer takes for nothing but text."""
    return "".join(each if each.isprintable() else " " for each in text).strip()
