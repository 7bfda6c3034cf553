"""The books of one company: invoices, cash documents, internal documents, registers, series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

ISSUED = "faktura-vydana"
RECEIVED = "faktura-prijata"
INVOICES = (ISSUED, RECEIVED)
ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Record:
    """What all records have: internal id, ``kod``, foreign ids as ``SYSTEM:ID``."""

    id: int
    kod: str
    ext: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Invoice(Record):
    """``total`` and ``paid`` are amounts in the invoice's currency."""

    evidence: str
    total: Decimal
    paid: Decimal = ZERO
    name: str = ""
    currency: str = "EUR"
    cancelled: bool = False
    lock: str = "zamek.otevreno"

    @property
    def open(self) -> Decimal:
        return self.total - self.paid


@dataclass(slots=True, kw_only=True)
class Series(Record):
    """Numbers documents: ``prefix`` and a counter."""

    prefix: str
    used: int = 0

    def next(self) -> str:
        """Return the next document's code."""
        self.used += 1
        return f"{self.prefix}{self.used:05d}"


@dataclass(slots=True, kw_only=True)
class CashRegister(Record):
    """``series`` is the code of the one it numbers in when the type says nothing."""

    series: str


@dataclass(slots=True, kw_only=True)
class DocumentType(Record):
    """``series`` is empty when the register's is used."""

    series: str = ""


@dataclass(slots=True, kw_only=True)
class CashDocument(Record):
    """A movement of cash. ``rest`` is what other payments may still take of ``amount``; ``pays``
    what each invoice (evidence, id) has got of it."""

    register: str
    type: str
    series: str
    amount: Decimal
    date: str
    direction: str
    rate: str = ""
    rest: Decimal = ZERO
    paired: bool = False
    pays: dict[tuple[str, int], Decimal] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class InternalDocument(Record):
    """Posts the ``amount`` by which a payment and its invoices differ; negative: too little was
    paid. ``cash`` is the code of the paying document."""

    amount: Decimal
    date: str
    cash: str


@dataclass(slots=True, kw_only=True)
class Company:
    """Everything of one company. A copy of it is a transaction."""

    name: str
    invoices: list[Invoice] = field(default_factory=list)
    cash: list[CashDocument] = field(default_factory=list)
    internal: list[InternalDocument] = field(default_factory=list)
    registers: list[CashRegister] = field(default_factory=list)
    types: list[DocumentType] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    last_id: int = 2000

    def new_id(self) -> int:
        """Return an internal id that no record has."""
        self.last_id += 1
        return self.last_id

    def of_evidence(self, evidence: str) -> list[Record] | None:
        """Return the records of an evidence, ``None`` if there is no such evidence."""
        if evidence in INVOICES:
            return [each for each in self.invoices if each.evidence == evidence]
        others: dict[str, list[Record]] = {
            "pokladni-pohyb": [*self.cash],
            "interni-doklad": [*self.internal],
            "pokladna": [*self.registers],
            "typ-pokladni-pohyb": [*self.types],
            "rada-pokladni-pohyb": [*self.series],
        }
        return others.get(evidence)


_Found = TypeVar("_Found", bound=Record)


def find(records: Iterable[_Found], ident: str) -> _Found | None:
    """Return the record with an id in one of the usual forms: a number, ``code:``, ``ext:``."""
    kind, colon, rest = ident.partition(":")
    for each in records:
        if colon and kind == "code" and each.kod == rest:
            return each
        if colon and kind == "ext" and rest in each.ext:
            return each
        if not colon and ident == str(each.id):
            return each
    return None


def example_company(name: str) -> Company:
    """Return the data set of the examples: ``FAKTURA1`` over 1000.00 is number 1129."""
    return Company(
        name=name,
        series=[
            Series(id=11, kod="POKLADNA+", prefix="POKLADNA"),
            Series(id=12, kod="CASH+", prefix="CASH"),
            Series(id=13, kod="STD+", prefix="STD"),
        ],
        registers=[
            CashRegister(id=21, kod="POKLADNA KČ", series="POKLADNA+"),
            CashRegister(id=22, kod="CASH", series="CASH+"),
        ],
        types=[
            DocumentType(id=31, kod="STANDARD", series="STD+"),
            DocumentType(id=32, kod="PLAIN"),
        ],
        invoices=[
            *(
                Invoice(id=number, kod=code, evidence=evidence, total=Decimal(total), name=who)
                for number, code, evidence, total, who in (
                    (1129, "FAKTURA1", ISSUED, "1000.00", "Novák s.r.o."),
                    (1130, "FV1", ISSUED, "1000.00", "Müller & Sohn"),
                    (1131, "FV2", ISSUED, "600.00", "Müller & Sohn"),
                    (1132, "FV3", ISSUED, "300.00", "Müller & Sohn"),
                    (1133, "FV4", ISSUED, "500.00", "Müller & Sohn"),
                    (1140, "FP1", RECEIVED, "1000.00", "Rychlý kurýr"),
                    (1141, "FP2", RECEIVED, "80.50", "Rychlý kurýr"),
                )
            ),
            Invoice(
                id=1134,
                kod="FV-STORNO",
                evidence=ISSUED,
                total=Decimal("50.00"),
                cancelled=True,
            ),
            Invoice(
                id=1135,
                kod="FV-LOCKED",
                evidence=ISSUED,
                total=Decimal("50.00"),
                lock="zamek.zamceno",
            ),
            Invoice(
                id=1136,
                kod="FV-GREW",
                evidence=ISSUED,
                total=Decimal("700.00"),
                paid=Decimal("500.00"),
            ),
        ],
        cash=[
            CashDocument(
                id=1501,
                kod="P0042",
                ext=["SHOP:42"],
                register="CASH",
                type="STANDARD",
                series="CASH+",
                amount=Decimal("800.00"),
                date="2026-10-01",
                direction="typPohybu.prijem",
                rest=Decimal("300.00"),
                pays={(ISSUED, 1136): Decimal("500.00")},
            )
        ],
    )
