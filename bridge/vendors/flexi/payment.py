"""The short form of a cash payment, and the XML that it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.engine.spec import Session
from bridge.vendors.flexi.names import (
    AMOUNT,
    CODE_LENGTH,
    EVIDENCES,
    PAYING,
    REMAINDER,
    reference,
)
from bridge.vendors.flexi.remainder import RemainderName
from bridge.vendors.flexi.xml_out import payment_document


def _amount(value: str) -> str:
    if not re.fullmatch(r"(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?", value) or Decimal(value) == 0:
        message = 'must be an amount above zero with a dot and no blanks, like "1000.00"'
        raise ValueError(message)
    return value


def _rate(value: str) -> str:
    if not re.fullmatch(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?", value) or Decimal(value) == 0:
        message = 'must be a number above zero with a dot, like "25.345"'
        raise ValueError(message)
    return value


def _day(value: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        message = 'must be a day like "2026-11-21"'
        raise ValueError(message)
    date.fromisoformat(value)
    return value


def _document(value: str) -> str:
    value = reference(value)
    if value.startswith("code:") and len(value) > len("code:") + CODE_LENGTH:
        message = f"must have {CODE_LENGTH} characters at most after code:"
        raise ValueError(message)
    return value


_Text = Annotated[str, Field(strict=True, max_length=200)]
_Reference = Annotated[_Text, AfterValidator(reference)]


class CashPayment(BaseModel):
    """The short form of a cash payment. Texts are sent as they stand; only the prefix of an id
    is brought into small letters, and ``code:`` put before an id without one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    invoice: Annotated[_Reference, Field(description="invoice: number, code:…, ext:…")]
    kind: Literal["issued", "received"] = "issued"
    amount: Annotated[
        Annotated[_Text, AfterValidator(_amount)] | None,
        Field(description="amount with a dot; absent: the whole open amount"),
    ] = None
    paid_on: Annotated[_Text, AfterValidator(_day), Field(description="day, YYYY-MM-DD")]
    cash_register: Annotated[
        _Reference | None, Field(alias="register", description="cash register in Flexi")
    ] = None
    document_type: Annotated[_Reference | None, Field(description="typ-pokladni-pohyb")] = None
    series: Annotated[_Reference | None, Field(description="rada-pokladni-pohyb")] = None
    remainder: RemainderName = "ne"
    rate: Annotated[_Text, AfterValidator(_rate)] | None = None
    rate_amount: Annotated[_Text, AfterValidator(_rate)] | None = None
    rate_of_day: StrictBool | None = None
    paying_document: Annotated[
        Annotated[_Text, AfterValidator(_document)] | None,
        Field(description="own id of the cash document; absent: derived from the key"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A payment with everything that goes into its XML."""

    payment: CashPayment
    document: str
    own: bool
    content: bytes

    @property
    def evidence(self) -> str:
        return EVIDENCES[self.payment.kind]


def ordered(call: LocalCall, session: Session, document: str) -> Ordered:
    """Read the short form; ``document`` is the id of the cash document unless the call names one.
    Raises ``CallInvalid``."""
    try:
        payment = CashPayment.model_validate_json(call.body)
    except ValidationError as error:
        raise CallInvalid.of(error) from None
    settings = session.settings
    register = payment.cash_register or settings.cash_register
    document_type = payment.document_type or settings.document_type
    problems = [
        f"/{name}: missing, and [vendor.options] has no {name}"
        for name, value in (("register", register), ("document_type", document_type))
        if not value
    ]
    if (payment.rate is None) != (payment.rate_amount is None):
        problems.append("/rate: rate and rate_amount go together")
    if payment.rate is not None and payment.rate_of_day:
        problems.append("/rate_of_day: a rate of one's own and the rate of the day exclude another")
    if problems:
        raise CallInvalid.listing(problems)
    document = payment.paying_document or document
    of_day = payment.rate_of_day
    elements = (
        (PAYING, document),
        ("pokladna", register),
        ("typDokl", document_type),
        ("rada", payment.series or settings.series),
        ("kurzKDatuUhrady", "" if of_day is None else str(of_day).lower()),
        ("kurz", payment.rate),
        ("kurzMnozstvi", payment.rate_amount),
        (AMOUNT, payment.amount),
        ("datumUhrady", payment.paid_on),
        (REMAINDER, payment.remainder),
    )
    given = [(name, text) for name, text in elements if text]
    return Ordered(
        payment=payment,
        document=document,
        own=payment.paying_document is None,
        content=payment_document(EVIDENCES[payment.kind], payment.invoice, given),
    )
