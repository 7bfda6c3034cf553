"""Commands: what a cloud, a program in the shop or an operator may ask of the till.

Validated at the border with pydantic; unknown fields are refused. Amounts are integer gross
cents, quantities text with up to three decimals (``"1.000"``), percentages text with up to two.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bridge.model.faults import CommandInvalid
from bridge.model.money import MAX_LINE_CENTS, PERCENT_SCALE, QUANTITY_SCALE


def _clean(value: str) -> str:
    if value != value.strip():
        message = "blanks at the ends are not allowed"
        raise ValueError(message)
    if not value.isprintable():
        message = "control characters are not allowed"
        raise ValueError(message)
    return value


def _no_underscore(value: str) -> str:
    if "_" in value:
        message = "'_' is not allowed: it separates the fields of the signed code"
        raise ValueError(message)
    return value


def _decimal(text: str, scale: int, what: str) -> int:
    whole, _, fraction = text.partition(".")
    digits = len(str(scale)) - 1
    negative = whole.startswith("-")
    whole = whole.removeprefix("-")
    if not whole.isdecimal() or not whole.isascii() or len(fraction) > digits:
        message = f"{what} must look like 1 or 1.{'0' * digits}"
        raise ValueError(message)
    if fraction and not (fraction.isdecimal() and fraction.isascii()):
        message = f"{what} must look like 1 or 1.{'0' * digits}"
        raise ValueError(message)
    value = int(whole) * scale + int(fraction.ljust(digits, "0") or "0")
    return -value if negative else value


def parse_quantity(text: str) -> int:
    """Return ``"1.500"`` as 1500 thousandths. Raises ``ValueError``."""
    return _decimal(text, QUANTITY_SCALE, "quantity")


def parse_percent(text: str) -> int:
    """Return ``"10"`` or ``"2.50"`` as hundredths of a percent. Raises ``ValueError``."""
    return _decimal(text, PERCENT_SCALE, "percent")


def _quantity(text: str) -> str:
    value = parse_quantity(text)
    if value == 0 or abs(value) > 10**9:
        message = "quantity must not be zero and at most a million"
        raise ValueError(message)
    return text


def _percent(text: str) -> str:
    if not 0 <= parse_percent(text) <= 100 * PERCENT_SCALE:
        message = "percent must be from 0 to 100"
        raise ValueError(message)
    return text


def _is_none(value: object) -> bool:
    return value is None


IdempotencyKey = Annotated[StrictStr, Field(min_length=8, max_length=128), AfterValidator(_clean)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(_clean)]
OwnId = Annotated[Name, AfterValidator(_no_underscore)]
LineText = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(_clean)]
Note = Annotated[StrictStr, Field(min_length=1, max_length=500), AfterValidator(_clean)]
Count = Annotated[StrictInt, Field(ge=0, le=10**9)]
Moment = Annotated[AwareDatetime, Field(strict=True)]
Cents = Annotated[StrictInt, Field(ge=-MAX_LINE_CENTS, le=MAX_LINE_CENTS)]
Quantity = Annotated[StrictStr, Field(max_length=14), AfterValidator(_quantity)]
Percent = Annotated[StrictStr, Field(max_length=6), AfterValidator(_percent)]


class Part(BaseModel):
    """Base of all parts of commands."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonData(Part):
    """An operator or a customer."""

    name: Annotated[StrictStr, Field(max_length=100), AfterValidator(_clean)] = ""
    id: OwnId | None = None
    address: tuple[LineText, ...] = Field(default=(), max_length=6)
    uid: Name | None = None


class SettlesData(Part):
    """The open invoice that a line is the payment of: the vendor (``[[vendor]]`` of the
    configuration) that holds it, and its name there."""

    vendor: Name
    invoice: Name
    kind: Literal["issued"] = "issued"


class LineData(Part):
    """A line to add, or the new content of one. ``unit_cents`` is gross.

    With ``settles`` it is the payment of an invoice: one piece of a positive amount, without
    discount; its ``rate`` is the one that the configuration gives, and may be left out.
    """

    text: LineText
    quantity: Quantity = "1"
    unit_cents: Cents
    settles: Annotated[SettlesData | None, Field(exclude_if=_is_none)] = None
    rate: Annotated[Name | None, Field(exclude_if=_is_none, validate_default=True)] = None
    discount_percent: Percent | None = None
    article: Name | None = None

    @field_validator("rate")
    @classmethod
    def _has_a_rate(cls, rate: str | None, info: ValidationInfo) -> str | None:
        if rate is None and info.data.get("settles", ...) is None:
            raise PydanticCustomError("missing", "Field required")
        return rate

    @model_validator(mode="after")
    def _settlement(self) -> Self:
        if self.settles is None:
            return self
        discount = 0 if self.discount_percent is None else parse_percent(self.discount_percent)
        if parse_quantity(self.quantity) != QUANTITY_SCALE or self.unit_cents <= 0 or discount:
            message = "the payment of an invoice is one piece, positive, without discount"
            raise ValueError(message)
        return self


class PaymentData(Part):
    """A payment. Cash: ``given_cents`` is what was handed over, or ``cents`` exactly.

    Without either the rest of the receipt is paid exactly.
    """

    kind: Literal["cash", "card"] = "cash"
    cents: Cents | None = None
    given_cents: Annotated[StrictInt, Field(ge=0, le=MAX_LINE_CENTS)] | None = None


class Command(Part):
    """Base of all commands. ``key`` makes a command have its effect once; ``expires`` is the last
    moment (with time zone) at which it may be carried out."""

    key: IdempotencyKey | None = None
    expires: Moment | None = None


class OfReceipt(Command):
    """Base of commands on an open receipt. ``rev`` is the state the sender has seen."""

    receipt: Name
    rev: Count


class Open(Command):
    """Open a receipt at a register."""

    type: Literal["open"] = "open"
    register_id: OwnId
    kind: Literal["sale", "training", "reentry"] = "sale"
    lines: tuple[LineData, ...] = ()
    operator: PersonData | None = None
    customer: PersonData | None = None
    origin: Name = "operator"
    parked_id: Name | None = None
    reference: Name | None = None
    note: Note | None = None
    receipt_expires: Moment | None = None


class AddLine(OfReceipt):
    """Add a line."""

    type: Literal["add_line"] = "add_line"
    line: LineData


class ChangeLine(OfReceipt):
    """Replace the content of a line."""

    type: Literal["change_line"] = "change_line"
    n: Count
    line: LineData


class RemoveLine(OfReceipt):
    """Remove a line."""

    type: Literal["remove_line"] = "remove_line"
    n: Count


class SetDiscount(OfReceipt):
    """Set the discount on the whole receipt; neither value removes it."""

    type: Literal["set_discount"] = "set_discount"
    percent: Percent | None = None
    cents: Annotated[StrictInt, Field(ge=0, le=MAX_LINE_CENTS)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.percent is not None and self.cents is not None:
            message = "either percent or cents, not both"
            raise ValueError(message)
        return self


class SetCustomer(OfReceipt):
    """Set or remove the customer."""

    type: Literal["set_customer"] = "set_customer"
    customer: PersonData | None = None


class Pay(OfReceipt):
    """Record a payment."""

    type: Literal["pay"] = "pay"
    key: IdempotencyKey
    payment: PaymentData = PaymentData()


class RemovePayment(OfReceipt):
    """Give a cash payment back."""

    type: Literal["remove_payment"] = "remove_payment"
    n: Count


class Complete(OfReceipt):
    """Number, sign and finish the receipt. ``payments`` are recorded with it; ``total_cents``,
    when given, must be the receipt's total."""

    type: Literal["complete"] = "complete"
    key: IdempotencyKey
    payments: tuple[PaymentData, ...] = Field(default=(), max_length=20)
    total_cents: Annotated[StrictInt, Field(ge=-(10**13), le=10**13)] | None = None


class Abort(OfReceipt):
    """Give the receipt up."""

    type: Literal["abort"] = "abort"
    key: IdempotencyKey
    reason: Note


class Withdraw(Command):
    """The sender takes a parked receipt back; refused once somebody works on it."""

    type: Literal["withdraw"] = "withdraw"
    receipt: Name


class CancelledLine(Part):
    """How much of which line of the original is cancelled."""

    n: Count
    quantity: Quantity


class Storno(Command):
    """Cancel a completed receipt, in full or by lines (``lines`` not given: all that is left)."""

    type: Literal["storno"] = "storno"
    key: IdempotencyKey
    receipt: Name
    lines: tuple[CancelledLine, ...] | None = None
    operator: PersonData | None = None


class StornoForeign(Command):
    """Cancel a receipt that is not in this journal, known by the number on its paper only:
    a register that was replaced, an older till. ``lines`` carry their own signs."""

    type: Literal["storno_foreign"] = "storno_foreign"
    key: IdempotencyKey
    register_id: OwnId
    number: Name
    lines: tuple[LineData, ...] = Field(min_length=1)
    operator: PersonData | None = None


class RegisterReceipt(Command):
    """Make a receipt of the register's own: Null-, Monats-, Jahres-, Schlussbeleg …"""

    type: Literal["register_receipt"] = "register_receipt"
    key: IdempotencyKey
    register_id: OwnId
    kind: Literal["start", "null", "month", "year", "collective", "closing"]


class Reprint(Command):
    """Print a completed receipt once more, marked as copy."""

    type: Literal["reprint"] = "reprint"
    key: IdempotencyKey
    receipt: Name


AnyCommand = Annotated[
    Open
    | AddLine
    | ChangeLine
    | RemoveLine
    | SetDiscount
    | SetCustomer
    | Pay
    | RemovePayment
    | Complete
    | Abort
    | Withdraw
    | Storno
    | StornoForeign
    | RegisterReceipt
    | Reprint,
    Field(discriminator="type"),
]

_ADAPTER: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)

MAX_COMMAND_BYTES = 4_000_000
"""Largest command read at all: 999 lines of the longest texts fit in."""


def parse_command(raw: bytes | str) -> AnyCommand:
    """Validate a command from JSON. Raises ``CommandInvalid`` naming every wrong field."""
    if len(raw) > MAX_COMMAND_BYTES:
        message = f"command: longer than {MAX_COMMAND_BYTES} bytes"
        raise CommandInvalid(message, problems=[message])
    try:
        return _ADAPTER.validate_json(raw)
    except ValidationError as error:
        raise CommandInvalid.of(error) from error
