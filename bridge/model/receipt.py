"""A receipt while it is open, and what is frozen of it when it is completed.

Amounts are integer gross cents; quantities are thousandths; times are UTC milliseconds unless a
name says ``local``. These are plain values: what may happen to them is decided by the till.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bridge.model.money import line_cents


class Kind(StrEnum):
    """What a receipt is for (rksv.md section 4). Values are stored: never rename."""

    SALE = "sale"
    TRAINING = "training"
    STORNO = "storno"
    REENTRY = "reentry"
    START = "start"
    NULL = "null"
    MONTH = "month"
    YEAR = "year"
    COLLECTIVE = "collective"
    CLOSING = "closing"

    @property
    def is_null(self) -> bool:
        """Whether the receipt has no turnover by its nature (Start-, Null-, Sammelbeleg …)."""
        return self in _NULL_KINDS


_NULL_KINDS = frozenset(
    {Kind.START, Kind.NULL, Kind.MONTH, Kind.YEAR, Kind.COLLECTIVE, Kind.CLOSING}
)


class State(StrEnum):
    """Where a receipt is in its life (till-rules.md section 4)."""

    OPEN = "open"
    PAYING = "paying"
    COMPLETED = "completed"
    ABORTED = "aborted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Settles:
    """The open invoice that a line is the payment of (line kind ``invoice_settlement``).

    ``vendor`` is the service that holds it, ``invoice`` its name there, ``kind`` is ``issued``: an
    invoice that the shop wrote and the customer pays.
    """

    vendor: str
    invoice: str
    kind: str = "issued"

    def as_body(self) -> dict[str, str]:
        """Return what is stored."""
        return {"vendor": self.vendor, "invoice": self.invoice, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``n`` is its stable number in the receipt, ``cents`` its rounded gross.

    ``discount`` is in hundredths of a percent and already taken off in ``cents``.
    ``cancels`` names the line of the original receipt in a storno, ``taken_before`` is the
    quantity that earlier stornos took back of it, with the sign of ``quantity``: rounded on top
    of it, the amounts of all stornos of a line add up to the line. A line that ``settles`` an
    invoice is no turnover of its own: no discount touches it.
    """

    n: int
    text: str
    quantity: int
    unit_cents: int
    rate: str
    discount: int = 0
    article: str | None = None
    cancels: int | None = None
    taken_before: int = 0
    settles: Settles | None = None
    cents: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        cents = line_cents(self.quantity + self.taken_before, self.unit_cents, self.discount)
        if self.taken_before:
            cents -= line_cents(self.taken_before, self.unit_cents, self.discount)
        object.__setattr__(self, "cents", cents)

    def as_body(self) -> dict[str, Any]:
        """Return what is stored; fields at their default are left out."""
        body: dict[str, Any] = {
            "n": self.n,
            "text": self.text,
            "quantity": self.quantity,
            "unit_cents": self.unit_cents,
            "rate": self.rate,
            "cents": self.cents,
        }
        if self.discount:
            body["discount"] = self.discount
        if self.article is not None:
            body["article"] = self.article
        if self.cancels is not None:
            body["cancels"] = self.cancels
        if self.taken_before:
            body["taken_before"] = self.taken_before
        if self.settles is not None:
            body["settles"] = self.settles.as_body()
        return body

    @staticmethod
    def from_body(body: dict[str, Any]) -> Line:
        """Read a stored line."""
        settles = body.get("settles")
        return Line(
            body["n"],
            body["text"],
            body["quantity"],
            body["unit_cents"],
            body["rate"],
            body.get("discount", 0),
            body.get("article"),
            body.get("cancels"),
            body.get("taken_before", 0),
            None if settles is None else Settles(**settles),
        )


@dataclass(frozen=True, slots=True)
class Payment:
    """Money for a receipt: ``cents`` count towards the total, ``given_cents`` is what lay on the
    counter (cash only; the difference was given back)."""

    n: int
    kind: str
    cents: int
    given_cents: int | None = None

    @property
    def change_cents(self) -> int:
        """What was given back."""
        return 0 if self.given_cents is None else self.given_cents - self.cents

    def as_body(self) -> dict[str, Any]:
        """Return what is stored."""
        body: dict[str, Any] = {"n": self.n, "kind": self.kind, "cents": self.cents}
        if self.given_cents is not None:
            body["given_cents"] = self.given_cents
        return body

    @staticmethod
    def from_body(body: dict[str, Any]) -> Payment:
        """Read a stored payment."""
        return Payment(body["n"], body["kind"], body["cents"], body.get("given_cents"))


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount on the whole receipt: either hundredths of a percent or cents."""

    percent: int = 0
    cents: int = 0

    def as_body(self) -> dict[str, int]:
        """Return what is stored."""
        return {"percent": self.percent, "cents": self.cents}


@dataclass(frozen=True, slots=True)
class Person:
    """Operator or customer as printed."""

    name: str
    id: str = ""
    address: tuple[str, ...] = ()
    uid: str = ""

    def as_body(self) -> dict[str, Any]:
        """Return what is stored; empty fields are left out."""
        body: dict[str, Any] = {"name": self.name}
        if self.id:
            body["id"] = self.id
        if self.address:
            body["address"] = list(self.address)
        if self.uid:
            body["uid"] = self.uid
        return body

    @staticmethod
    def from_body(body: dict[str, Any]) -> Person:
        """Read a stored person."""
        return Person(
            body["name"], body.get("id", ""), tuple(body.get("address", ())), body.get("uid", "")
        )


DEFAULT_OPERATOR = Person(name="", id="1")


@dataclass(frozen=True, slots=True)
class Reference:
    """The earlier receipt that a storno cancels. ``receipt`` is its id in this journal, or ``None``
    for a receipt of another register or an older till, known by its printed number only."""

    number: str
    receipt: str | None = None

    def as_body(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"number": self.number, "receipt": self.receipt}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the till holds it. ``rev`` counts its events; each command names it.

    ``opened`` is UTC ms. ``origin`` says who asked for it (``operator``, ``cloud`` …);
    ``parked_id`` and ``reference`` are the external program's names for it. ``next_n`` is the
    number that the next line or payment gets; numbers are never reused.
    """

    id: str
    register: str
    opened: int
    kind: Kind = Kind.SALE
    state: State = State.OPEN
    rev: int = 0
    lines: tuple[Line, ...] = ()
    payments: tuple[Payment, ...] = ()
    discount: Discount | None = None
    operator: Person = DEFAULT_OPERATOR
    customer: Person | None = None
    origin: str = "operator"
    parked_id: str | None = None
    reference: str | None = None
    note: str | None = None
    expires: int | None = None
    storno_of: Reference | None = None
    touched: bool = False
    next_n: int = 1

    def changed(self, **changes: Any) -> Receipt:
        """Return a copy with these fields changed."""
        return replace(self, **changes)

    @property
    def gross(self) -> int:
        """Sum of the lines in cents, before the receipt discount."""
        return sum(line.cents for line in self.lines)

    @property
    def paid(self) -> int:
        """Sum of the payments in cents."""
        return sum(payment.cents for payment in self.payments)

    def line(self, n: int) -> Line | None:
        """Return the line with that number."""
        return next((line for line in self.lines if line.n == n), None)
