"""Flexi's own XML as a program in the shop gives it: what it would pay, and whether a repetition
would pay again. The bytes themselves are sent as they are."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.vendors.engine.faults import CallInvalid, DuplicateRisk
from bridge.vendors.flexi.names import AMOUNT, EVIDENCES, PAYING, PAYMENT, ROOT
from bridge.vendors.flexi.xml_in import Element, XmlUnreadable, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A document. ``payments`` are the cash payments in it (evidence, invoice, amount and id of
    the cash document, empty where not given). ``plain``: its records say which invoices are paid
    and nothing else. ``repeatable``: the same bytes again change nothing."""

    payments: tuple[dict[str, str], ...]
    records: tuple[str, ...]
    plain: bool
    repeatable: bool

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of the cash documents, each once."""
        return tuple(dict.fromkeys(each["paying"] for each in self.payments if each["paying"]))


def inspect(content: bytes) -> Given:
    """Read a document. Raises ``CallInvalid`` when it is not XML or no ``winstrom``."""
    try:
        root = read(content)
    except XmlUnreadable as error:
        raise CallInvalid.at("", f"the body is no XML that can be sent: {error}") from None
    if root.name != ROOT:
        raise CallInvalid.at("", f"the root element must be {ROOT}")
    payments = [
        _payment(record, element)
        for record in root.children
        for element in record.walk()
        if _is_payment(element)
    ]
    plain = bool(payments) and all(_only_pays(record) for record in root.children)
    return Given(
        payments=tuple(payments),
        records=tuple(dict.fromkeys(record.name for record in root.children)),
        plain=plain,
        repeatable=plain and all(each["paying"] for each in payments),
    )


def refuse_duplicates(given: Given, *, allowed: bool) -> None:
    """Raise ``DuplicateRisk`` if a repetition would pay again, unless that is expressly allowed."""
    without = sum(not each["paying"] for each in given.payments)
    if without and not allowed:
        raise DuplicateRisk.at("", f"{without} x {PAYMENT} without {PAYING}")


def _is_payment(element: Element) -> bool:
    return element.name.rpartition(":")[2] == PAYMENT


def _payment(record: Element, element: Element) -> dict[str, str]:
    return {
        "evidence": record.name,
        "invoice": record.value("id"),
        "amount": element.value(AMOUNT),
        "paying": element.value(PAYING),
    }


def _only_pays(record: Element) -> bool:
    return (
        record.name in EVIDENCES.values()
        and len(record.all("id")) == 1
        and record.value("id") != ""
        and all(each.name in ("id", PAYMENT) for each in record.children)
        and bool(record.all(PAYMENT))
    )
