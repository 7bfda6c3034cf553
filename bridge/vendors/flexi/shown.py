"""An invoice in words that are not Flexi's, for whoever takes the money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bridge.vendors.flexi.lookups import is_true
from bridge.vendors.flexi.names import CANCELLED, OPEN

_PAID = frozenset({"stavUhr.uhrazeno", "stavUhr.uhrazenoRucne"})
_PARTLY_PAID = "stavUhr.castUhr"
_LOCKED = "zamek.zamceno"


def neutral(invoice: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every vendor's invoice has for the counter.

    ``invoice`` is what a line that settles it names; ``state`` is ``open``, ``partly_paid``,
    ``paid`` or ``cancelled``; ``locked`` ones take no payment. Amounts are cents of the company's
    own currency, ``currency`` is the invoice's (ISO 4217). ``None``: Flexi does not say.
    """
    total, left = _cents(invoice.get("sumCelkem")), _cents(invoice.get(OPEN))
    code = str(invoice.get("kod") or "")
    currency = str(invoice.get("mena") or "").removeprefix("code:")
    return {
        "invoice": (f"code:{code}" if ":" in code else code) or None,
        "customer": str(invoice.get("nazFirmy") or "") or None,
        "total_cents": total,
        "open_cents": left,
        "currency": currency or None,
        "state": _state(invoice, total, left),
        "locked": invoice.get("zamekK") == _LOCKED,
    }


def _state(invoice: Mapping[str, Any], total: int | None, left: int | None) -> str:
    if is_true(invoice.get(CANCELLED)):
        return "cancelled"
    said = invoice.get("stavUhrK")
    if said in _PAID or left == 0:
        return "paid"
    fewer = total is not None and left is not None and 0 < left < total
    return "partly_paid" if said == _PARTLY_PAID or fewer else "open"


def _cents(value: Any) -> int | None:
    try:
        amount = Decimal(str(value))
        return int(amount.scaleb(2).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        return None
