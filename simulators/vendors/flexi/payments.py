"""The element ``hotovostni-uhrada``: checks it and pays invoices in cash."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from simulators.vendors.flexi import assumed
from simulators.vendors.flexi.books import (
    ISSUED,
    ZERO,
    CashDocument,
    Company,
    InternalDocument,
    Invoice,
    find,
)
from simulators.vendors.flexi.nodes import Node
from simulators.vendors.flexi.remainder import VALUES, AmountsRefused, settle

ELEMENT = "hotovostni-uhrada"
PAYING = "uhrazujiciDokl"
_ELEMENTS = frozenset(
    (PAYING, "pokladna", "typDokl", "rada", "kurzKDatuUhrady", "kurz", "kurzMnozstvi")
) | {"castka", "datumUhrady", "zbytek"}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CODE_LENGTH = 20


class ImportRefused(Exception):
    """Status 400; nothing is stored. ``field`` names the element, ``record`` the record's id."""

    def __init__(self, code: str, text: str, field: str = "", record: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.field = field
        self.record = record


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as ordered: the invoice and its element."""

    invoice: Invoice
    node: Node

    @property
    def amount(self) -> Decimal | None:
        """``castka``, ``None`` if it is absent. Raises ``ImportRefused``."""
        text = self.node.value("castka")
        return _positive("castka", text) if self.node.child("castka") is not None else None


def pay(company: Company, payments: Sequence[Payment], reading: str, today: date) -> None:
    """Carry out the payments of one import. Raises ``ImportRefused``; then the company must be
    thrown away."""
    for each in payments:
        _check_elements(each.node)
        _check_invoice(each.invoice)
    for group in _by_document(payments):
        ident = group[0].node.value(PAYING)
        existing = find(company.cash, ident) if ident else None
        if existing is not None:
            for each in group:
                _update(existing, each.invoice)
        else:
            _create(company, ident, group, reading, today)


def _by_document(payments: Sequence[Payment]) -> list[list[Payment]]:
    """Return payments that share a document together, all in the order of listing."""
    groups: list[list[Payment]] = []
    named: dict[str, list[Payment]] = {}
    for each in payments:
        ident = each.node.value(PAYING)
        if ident and ident in named and assumed.SHARED_DOCUMENT:
            named[ident].append(each)
            continue
        groups.append([each])
        named[ident] = groups[-1]
    return groups


def _check_elements(node: Node) -> None:
    for child in node.children:
        if child.tag not in _ELEMENTS:
            raise ImportRefused(
                assumed.CODE_UNKNOWN_ELEMENT, f"Unknown element [{child.tag}]", child.tag
            )
    for field in ("pokladna", "typDokl"):
        if not node.value(field):
            text = assumed.TEXT_REQUIRED.format(field=field)
            raise ImportRefused(assumed.CODE_REQUIRED, text, field)


def _check_invoice(invoice: Invoice) -> None:
    if invoice.cancelled:
        raise ImportRefused(assumed.CODE_LOCKED, f"{invoice.kod} is cancelled", "storno")
    if invoice.lock == "zamek.zamceno":
        raise ImportRefused(assumed.CODE_LOCKED, f"{invoice.kod} is locked", "zamekK")


def _update(document: CashDocument, invoice: Invoice) -> None:
    """Pay by what is available on an existing document only; what the request says is ignored."""
    key = (invoice.evidence, invoice.id)
    if key not in document.pays:
        raise ImportRefused(
            assumed.CODE_FOREIGN_DOCUMENT,
            f"{document.kod} does not pay {invoice.kod}",
            PAYING,
        )
    part = max(min(document.rest, invoice.open), ZERO)
    document.rest -= part
    document.pays[key] += part
    invoice.paid += part
    document.paired = document.paired or document.rest == 0


def _create(
    company: Company, ident: str, group: Sequence[Payment], reading: str, today: date
) -> None:
    first = group[0].node
    document = _new_document(company, ident, group, today)
    claims = [_claim(each, reading) for each in group]
    document.amount = first_amount if (first_amount := group[0].amount) else sum(claims, ZERO)
    if document.amount <= 0:
        raise ImportRefused(assumed.CODE_INVALID, "There is nothing to pay", "castka")
    value = first.value("zbytek") or assumed.DEFAULT_REMAINDER
    if value not in VALUES:
        raise ImportRefused(assumed.CODE_INVALID, f"Unknown value {value!r}", "zbytek")
    try:
        payout = settle(value, document.amount, claims)
    except AmountsRefused as refusal:
        raise ImportRefused(assumed.CODE_REMAINDER, str(refusal), "zbytek") from None
    for each, part in zip(group, payout.paid, strict=True):
        if part > 0:
            each.invoice.paid += part
            document.pays[each.invoice.evidence, each.invoice.id] = part
    document.paired = payout.paired
    document.rest = payout.rest
    company.cash.append(document)
    if payout.internal is not None:
        number = company.new_id()
        company.internal.append(
            InternalDocument(
                id=number,
                kod=f"ID{number}",
                amount=payout.internal,
                date=document.date,
                cash=document.kod,
            )
        )


def _claim(payment: Payment, reading: str) -> Decimal:
    """Return what is to be paid on an invoice, by the reading of ``castka``."""
    limit = payment.amount
    still_open = max(payment.invoice.open, ZERO)
    return still_open if limit is None or reading == "B" else min(limit, still_open)


def _new_document(
    company: Company, ident: str, group: Sequence[Payment], today: date
) -> CashDocument:
    node, invoice = group[0].node, group[0].invoice
    if any(each.invoice.evidence != invoice.evidence for each in group):
        raise ImportRefused(assumed.CODE_INVALID, "Invoices of two kinds share a document", PAYING)
    register = find(company.registers, node.value("pokladna"))
    kind = find(company.types, node.value("typDokl"))
    if register is None or kind is None:
        field = "pokladna" if register is None else "typDokl"
        raise ImportRefused(
            assumed.CODE_NOT_FOUND, f"There is no record {node.value(field)!r}", field
        )
    wanted = node.value("rada") or f"code:{kind.series or register.series}"
    series = find(company.series, wanted)
    if series is None:
        raise ImportRefused(assumed.CODE_NOT_FOUND, f"There is no record {wanted!r}", "rada")
    form, _, rest = ident.partition(":")
    if ident and (form not in ("code", "ext") or not rest):
        raise ImportRefused(assumed.CODE_NOT_FOUND, f"There is no record {ident!r}", PAYING)
    if form == "code" and len(rest) > _CODE_LENGTH:
        raise ImportRefused(assumed.CODE_INVALID, "kod is too long", PAYING)
    return CashDocument(
        id=company.new_id(),
        kod=rest if form == "code" else series.next(),
        ext=[rest] if form == "ext" else [],
        register=register.kod,
        type=kind.kod,
        series=series.kod,
        amount=ZERO,
        date=_date(node, today),
        direction="typPohybu.prijem" if invoice.evidence == ISSUED else "typPohybu.vydej",
        rate=_rate(node),
    )


def _date(node: Node, today: date) -> str:
    text = node.value("datumUhrady")
    if not text:
        return today.isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ImportRefused(assumed.CODE_INVALID, f"{text!r} is no date", "datumUhrady") from None


def _rate(node: Node) -> str:
    by_day = node.value("kurzKDatuUhrady")
    if by_day not in ("", "true", "false"):
        raise ImportRefused(assumed.CODE_INVALID, f"{by_day!r} is no boolean", "kurzKDatuUhrady")
    has_rate, has_amount = (node.child(each) is not None for each in ("kurz", "kurzMnozstvi"))
    if has_rate != has_amount:
        field = "kurzMnozstvi" if has_rate else "kurz"
        raise ImportRefused(assumed.CODE_INVALID, "kurz and kurzMnozstvi go together", field)
    if not has_rate:
        return ""
    return str(
        _positive("kurz", node.value("kurz"))
        / _positive("kurzMnozstvi", node.value("kurzMnozstvi"))
    )


def _positive(field: str, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ImportRefused(assumed.CODE_INVALID, f"{text!r} is no number", field)
    number = Decimal(text)
    if number <= 0:
        raise ImportRefused(assumed.CODE_INVALID, f"{text} is not above zero", field)
    return number
