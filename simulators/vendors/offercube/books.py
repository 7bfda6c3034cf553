"""Invoices, PDFs, mails, entries of incomes and expenses, and what the two actions do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from drivers.contract.clock import Clock
from simulators.vendors.offercube import assumed

LETTER, MAIL = 1, 2
SENDTYPES = {LETTER: "Brief", MAIL: "E-Mail"}
"""The enumeration ``sendtype`` of the schema."""


class Refusal(Exception):
    """An answer with ``error`` other than 0; nothing was done."""

    def __init__(self, error: tuple[int, str], **facts: str) -> None:
        super().__init__(error[1].format(**facts))
        self.number = error[0]


@dataclass(slots=True)
class Invoice:
    """``id`` is internal, ``number`` printed. Amounts are cents, times unix seconds. ``dunning``
    holds the extra metadata of a dunning letter."""

    id: int
    number: str
    customer: str
    items: tuple[tuple[str, int, int], ...]
    site_email: str = ""
    invoice_dt: int | None = None
    duepayment_dt: int | None = None
    paid_dt: int | None = None
    invoicepdf: int | None = None
    notes: list[str] = field(default_factory=list)
    dunning: Mapping[str, Any] | None = None

    @property
    def price(self) -> int:
        """Always computed."""
        return sum(quantity * cents for _, quantity, cents in self.items)

    def as_body(self) -> dict[str, Any]:
        """Return the record as the basic operation ``get`` shows it."""
        return {**asdict(self), "items": [list(each) for each in self.items], "price": self.price}


@dataclass(slots=True)
class Attachment:
    """A PDF. ``made`` counts how often it was generated, ``text`` is what is printed in it."""

    id: int
    invoice: int
    made: int = 0
    text: str = ""


class Books:
    """Everything that the vendor remembers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.invoices: dict[int, Invoice] = {}
        self.attachments: dict[int, Attachment] = {}
        self.mails: list[dict[str, Any]] = []
        self.inoutexpenses: list[dict[str, Any]] = []
        self.payment_target_offset = assumed.PAYMENT_TARGET_OFFSET_S
        self._next_attachment = 1
        self.reset()

    def reset(self) -> None:
        """Begin with three invoices and a dunning letter that nobody has sent or paid."""
        bread = ("Brotlieferung", 10, 350)
        self._begin(
            (
                Invoice(17, "202611001", "7", (bread,), "kunde@example.at"),
                Invoice(18, "202611002", "8", (bread, ("Semmeln", 200, 30))),
                Invoice(19, "202611003", "9", (("Torte", 1, 4200),), "torte@example.at"),
                Invoice(
                    20,
                    "202611004",
                    "7",
                    (bread, ("Mahnspesen", 1, 500)),
                    "kunde@example.at",
                    dunning={"level": 1, "fee": 5.0, "reminded_dt": 1_760_000_000},
                ),
            ),
            attachment=901,
        )

    def golden(self) -> None:
        """Hold the invoice of the vendor's example. Its internal id is not given there: here it is
        the number."""
        items = (("Dienstleistung", 1, 12_000),)
        example = Invoice(201502010, "201502010", "4", items, "kunde4@example.at")
        self._begin((example,), attachment=321)

    def _begin(self, invoices: tuple[Invoice, ...], attachment: int) -> None:
        self.invoices = {each.id: each for each in invoices}
        self.attachments.clear()
        self.mails.clear()
        self.inoutexpenses.clear()
        self.payment_target_offset = assumed.PAYMENT_TARGET_OFFSET_S
        self._next_attachment = attachment

    def now(self) -> int:
        """Return unix seconds."""
        return int(self._clock.now().timestamp())

    def send(self, invoice: Invoice, fields: Mapping[str, str]) -> None:
        """Make the PDF, and with ``sendtype`` 2 mail it. Raises ``Refusal``."""
        sendtype = _number(fields, "sendtype", LETTER)
        if sendtype not in SENDTYPES:
            raise Refusal(assumed.BAD_SENDTYPE)
        invoice_dt = _number(fields, "invoice_dt", self.now())
        due = _number(fields, "duepayment_dt", invoice_dt + self.payment_target_offset)
        to = fields.get("email") or invoice.site_email
        if sendtype == MAIL and not to:
            raise Refusal(assumed.NO_EMAIL)
        self._make(invoice, invoice_dt, due)
        if sendtype == MAIL:
            mail = {"to": to, "invoice": invoice.id, "attachment": invoice.invoicepdf}
            self.mails.append({**mail, "at": self.now()})

    def pay(self, invoice: Invoice, fields: Mapping[str, str]) -> None:
        """Mark as paid; each time with an entry of its own. Raises ``Refusal``."""
        paid_dt = _number(fields, "paid_dt", self.now())
        if invoice.invoicepdf is None:
            self._make(invoice, self.now(), self.now() + self.payment_target_offset)
        invoice.paid_dt = paid_dt
        if fields.get("annotation"):
            invoice.notes.append(fields["annotation"])
        self.inoutexpenses.append(
            {"invoice": invoice.id, "cents": invoice.price, "paid_dt": paid_dt}
        )

    def update(self, invoice: Invoice, fields: Mapping[str, str]) -> None:
        """Change a record. Raises ``Refusal`` for what the system computes."""
        if "price" in fields:
            raise Refusal(assumed.PRICE_COMPUTED)
        invoice.site_email = fields.get("site_email", invoice.site_email)

    def _make(self, invoice: Invoice, invoice_dt: int, due: int) -> None:
        invoice.invoice_dt, invoice.duepayment_dt = invoice_dt, due
        if invoice.invoicepdf is None:
            invoice.invoicepdf = self._next_attachment
            self._next_attachment += 1
        made = self.attachments.setdefault(
            invoice.invoicepdf, Attachment(invoice.invoicepdf, invoice.id)
        )
        made.made += 1
        made.text = f"{invoice.number} of {invoice_dt}, due {due}: {invoice.price} cents"

    def as_body(self) -> dict[str, Any]:
        """Return everything, for tests."""
        return {
            "invoices": [each.as_body() for each in self.invoices.values()],
            "attachments": [asdict(each) for each in self.attachments.values()],
            "mails": list(self.mails),
            "inoutexpenses": list(self.inoutexpenses),
        }


def _number(fields: Mapping[str, str], name: str, default: int) -> int:
    text = fields.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal():
        raise Refusal(assumed.BAD_FIELD, name=name)
    return int(text)
