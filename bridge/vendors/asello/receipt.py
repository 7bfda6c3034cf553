"""The receipt that a program hands over: checked, and passed on byte by byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from bridge.model.exchange import LocalCall
from bridge.model.money import format_cents
from bridge.vendors.asello.names import VAT_LABELS, Names
from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.engine.wire import json_body

REFERENCE_LENGTH = 64
"""assumed: longest reference."""

KEY_HEADER = "idempotency-key"
_MOST = Decimal(10) ** 9

_Number = Annotated[Decimal, Field(allow_inf_nan=False)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    name: StrictStr | None = None
    quantity: _Number | None = None
    vatcode: StrictStr | None = None
    articlenumber: StrictStr | None = None


class _Receipt(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    cash_register: Annotated[StrictInt, Field(alias="cashRegisterId")]
    payment_type: Annotated[StrictStr | None, Field(alias="paymentType", min_length=1)] = None
    items: Annotated[tuple[_Item, ...], Field(min_length=1)]
    annotation: StrictStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A receipt as it will be sent. ``derived``: it had no reference, the idempotency key became
    it. ``lines`` are texts with amounts in cents where they are known, ``notes`` what else is
    printed."""

    content: bytes
    reference: str
    derived: bool
    cash_register: int
    lines: tuple[tuple[str, int | None], ...]
    notes: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Return what a draft keeps for printing."""
        return {
            "reference": self.reference,
            "lines": [list(line) for line in self.lines],
            "notes": list(self.notes),
        }

    def warnings(self) -> tuple[Mapping[str, Any], ...]:
        """Return what the caller should know."""
        if not self.derived:
            return ()
        text = f'the receipt has no reference; "{self.reference}" was put in as its reference'
        return ({"code": "reference_derived", "text": text, "pointer": "/reference"},)


def handed(call: LocalCall, names: Names) -> Handed:
    """Read a call's body. Raises ``CallInvalid`` naming each wrong field."""
    try:
        receipt = _Receipt.model_validate_json(call.body)
    except ValidationError as error:
        raise CallInvalid.of(error) from None
    problems = [
        f"/items/{n}: {what}" for n, item in enumerate(receipt.items) for what in _wrong(item)
    ]
    given = (receipt.model_extra or {}).get(names.reference)
    key = call.headers.get(KEY_HEADER, "")
    reference = given if names.reference in (receipt.model_extra or {}) else key
    if not isinstance(reference, str) or not 0 < len(reference) <= REFERENCE_LENGTH:
        problems.append(f"/{names.reference}: must be a text of 1 to {REFERENCE_LENGTH} characters")
    elif not reference.isprintable():
        problems.append(f"/{names.reference}: must be printable")
    if problems:
        raise CallInvalid.listing(problems)
    derived = names.reference not in (receipt.model_extra or {})
    lines, sums = _lines(receipt.items, names)
    notes = [each for each in (receipt.annotation, *sums, receipt.payment_type) if each]
    return Handed(
        content=_with_reference(call.body, names, str(reference)) if derived else call.body,
        reference=str(reference),
        derived=derived,
        cash_register=receipt.cash_register,
        lines=tuple(lines),
        notes=tuple(notes),
    )


def _wrong(item: _Item) -> list[str]:
    found = []
    if not item.name and not item.articlenumber:
        found.append("needs a name, or the articlenumber of a known product")
    if item.quantity is not None and not item.quantity:
        found.append("quantity must not be zero")
    return found


def _with_reference(body: bytes, names: Names, reference: str) -> bytes:
    """Put the reference in as the first member; not a byte of the others is changed."""
    rest = body.lstrip(b" \t\r\n")[1:]
    return b"{" + json_body(names.reference) + b":" + json_body(reference) + b"," + rest


def _lines(
    items: tuple[_Item, ...], names: Names
) -> tuple[list[tuple[str, int | None]], list[str]]:
    """Return the lines as printed, and the gross sum of each VAT code where all are known."""
    lines: list[tuple[str, int | None]] = []
    sums: dict[str, int] = {}
    for item in items:
        cents = _cents(item, (item.model_extra or {}).get(names.price))
        quantity = Decimal(1) if item.quantity is None else item.quantity
        name = item.name or item.articlenumber or ""
        lines.append((f"{_plain(quantity)} {name}", cents))
        code = item.vatcode or ""
        sums[code] = sums.get(code, 0) + (cents or 0)
    if any(cents is None for _, cents in lines) or "" in sums:
        return lines, []
    return lines, [
        f"{VAT_LABELS.get(code, code)}: {format_cents(cents)}" for code, cents in sums.items()
    ]


def _cents(item: _Item, price: Any) -> int | None:
    """Return a line's amount, ``None`` when the price is not said in a way that we know."""
    if isinstance(price, bool) or not isinstance(price, int | float | str):
        return None
    try:
        unit = Decimal(str(price))
        amount = unit * (Decimal(1) if item.quantity is None else item.quantity)
        if not amount.is_finite() or abs(amount) > _MOST:
            return None
        return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except ArithmeticError:
        return None


def _plain(number: Decimal) -> str:
    if abs(number) > _MOST:
        return str(number)
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", ",")
