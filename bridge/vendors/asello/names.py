"""What no page of asello says: addresses, field names, words. Changed here or by the options.

Documented are the token call, ``POST /api/v2/receipts/create``, ``paymentType``,
``cashRegisterId``, ``items[]`` with ``name`` and ``description``, the webhook's body and headers;
for the older API ``reference``, ``quantity``, ``vatcode`` (A, D, E) and ``articlenumber``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.spec import Draft, Run, Settings

CREATE = "/api/v2/receipts/create"
"""Documented; the verb (POST) is inferred from the body that is shown."""

VAT_LABELS: Mapping[str, str] = {"A": "20 %", "D": "10 %", "E": "0 %"}
"""Codes of the older API's samples; others are printed as they are."""


class Names(BaseModel):
    """assumed: everything in here. Each can be replaced in ``[vendor.options.names]``.

    Paths are below the vendor's address. ``price`` is the gross unit price of an item in euros,
    ``document_total`` the total of a document in cents. ``entries`` holds the entries of a list.
    ``no_box``, ``completed_error`` and ``aborted_error`` are values of ``error``; ``aborted`` is
    the event of an abort, of which no page speaks: where it is not sent, silence is undecided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    parked_path: str = "/api/v2/parked"
    receipts_path: str = "/api/v2/receipts"
    entries: str = "items"
    reference: str = "reference"
    price: str = "grossprice"
    parked_id: str = "id"
    parked_state: str = "state"
    parked_document: str = "documentId"
    parked_reason: str = "reason"
    document_id: str = "id"
    document_parked: str = "parkedId"
    document_number: str = "receiptNumber"
    document_register: str = "cashRegister"
    document_code: str = "qrCode"
    document_time: str = "date"
    document_total: str = "totalCents"
    error: str = "error"
    no_box: str = "box_not_connected"
    completed_error: str = "receipt_completed"
    aborted_error: str = "receipt_aborted"
    aborted: str = "receipt.aborted"


class Options(Settings):
    """``[vendor.options]``. ``cloud`` is the name of the ``[[cloud]]`` that pushes asello's
    receipts to this box. ``print_receipts``: put what the cloud signed on paper here, at the
    printer of the register ``register`` (none named: the first one that has a printer)."""

    cloud: str = "asello"
    print_receipts: bool = True
    register_id: str | None = None
    names: Names = Names()


def kept(names: Names) -> dict[str, Any]:
    """Return names as a draft keeps them for hooks without settings: those that were replaced."""
    return names.model_dump(exclude_defaults=True)


def names_of(draft: Draft) -> Names:
    """Return the names that a draft was made with."""
    return Names(**draft.facts.get("names", {}))


def of_run(run: Run) -> Names:
    """Return the names that a run was made with."""
    return names_of(run.draft)


def object_in(value: Any) -> dict[str, Any]:
    """Return a JSON object. Raises ``VendorBroken``."""
    if not isinstance(value, dict):
        message = f"a JSON {type(value).__name__} where an object should be"
        raise VendorBroken(message)
    return value


def entries_in(value: Any, names: Names) -> list[dict[str, Any]]:
    """Return the entries of a list. Raises ``VendorBroken``."""
    found = object_in(value).get(names.entries)
    if not isinstance(found, list):
        message = f"no list {names.entries!r}"
        raise VendorBroken(message)
    return [object_in(each) for each in found]
