"""What no document of asello says: addresses, field names, numbers. Changed here and nowhere else.

Documented are the token call (``/token`` with ``userName``, ``password``, ``grant_type``,
``access_token``, ``error_description``), ``POST /api/v2/receipts/create``, ``paymentType``,
``cashRegisterId``, ``items[]`` with ``name`` and ``description``, ``reference``, ``vatcode`` A,
D and E, ``articlenumber``, ``quantity``, ``annotation``, the fields of ``customer``, and the
webhook's body and headers. Everything below is assumed.
"""

from __future__ import annotations

from types import MappingProxyType

# assumed: addresses of the calls around parking.
PATH_PARKED = "/api/v2/parked"
"""POST parks, GET lists; ``/{id}`` reads, ``/{id}/open`` opens, ``/{id}/discard`` withdraws."""
PATH_RECEIPTS = "/api/v2/receipts"
"""``/{id}`` and ``?reference=`` fetch the created document."""
PATH_WEBHOOKS = "/api/v2/webhooks"

# assumed: fields of a parked receipt's item beside the documented ones.
ITEM_PRICE = "grossprice"
"""Unit price in euros with two decimals, gross. The older API has ``netprice``."""

# assumed: VAT codes beside the documented A, D and E; the right side is the box's rate.
VAT_CODES = MappingProxyType(
    {
        "A": "normal",
        "D": "reduced1",
        "E": "zero",
        "C": "reduced2",
        "F": "special49",
        "S": "special",
    }
)

# assumed: fields of a parked receipt as it is read.
PARKED_ID = "id"
PARKED_STATE = "state"
PARKED_BOX = "box"
PARKED_DOCUMENT = "documentId"
PARKED_REASON = "reason"
PARKED_ERROR = "lastError"
PARKED_RECEIPT = "receipt"

# assumed: fields of a created document. Amounts are cents as the box reported them.
DOCUMENT_ID = "id"
DOCUMENT_PARKED = "parkedId"
DOCUMENT_NUMBER = "receiptNumber"
DOCUMENT_REGISTER = "cashRegister"
DOCUMENT_TIME = "date"
DOCUMENT_TOTAL = "totalCents"
DOCUMENT_TOTALS = "totalsCents"
DOCUMENT_PAYMENTS = "payments"
DOCUMENT_CODE = "qrCode"
DOCUMENT_KIND = "kind"
DOCUMENT_RECEIPT = "boxReceiptId"
DOCUMENT_SENT = "receipt"
"""What was sent to have it created, unchanged."""

STATUS_CREATED = 201
"""assumed: answer to ``create`` and to parking."""

# assumed: the Kassen-ID of a cash register whose receipts the cloud signs.
CLOUD_KASSEN_ID = "ASELLO-{}"

REFERENCE = "reference"
"""Field of receipts (documented for the older API), of documents and of notifications (assumed)."""

# assumed: names of errors, beside ``error_description``.
ERROR = "error"
ERROR_FIELD = "field"

ACTION_CREATED = "receipt.created"
"""Documented."""
ACTION_DOCUMENT_CREATED = "document.created"
"""Documented; assumed: a receipt is a document, so both actions are told of it."""
ACTION_ABORTED = "receipt.aborted"
"""assumed: an abort is notified, too; its ``id`` is the parked receipt's."""

_DOCUMENTED_EVENTS = (
    *(
        f"{kind}.{change}"
        for kind in ("document", "receipt", "invoice", "deliverynote", "order", "deliveryorder")
        for change in ("created", "updated")
    ),
    *(f"contact.{change}" for change in ("created", "updated", "deleted")),
)
EVENTS = (*_DOCUMENTED_EVENTS, ACTION_ABORTED)
"""What a webhook may be subscribed to: the documented events, and the assumed one."""

# assumed: no number is published for "too often".
POLL_INTERVAL_S = 5.0
"""Seconds between two reads of the same thing by the same user."""
POLL_TOLERATED = 5
"""So many early reads are answered by 429 alone, the next one blocks the user's reads."""
POLL_BLOCK_S = 60.0

# assumed: life of things.
TOKEN_LIFE_S = 3600
COMMAND_LIFE_S = 300
"""Seconds after which a box must not carry out a command any more."""

# assumed: how a webhook that fails is sent again.
REDELIVERY_FIRST_S = 1.0
REDELIVERY_LONGEST_S = 60.0
WEBHOOK_TIMEOUT_S = 10.0

STATUS_NO_BOX = 409
"""assumed: answer when a receipt shall be opened and the box is not connected."""
STATUS_BLOCKED = 429
"""assumed: answer to polling that is too frequent, and while it is blocked."""

DEFAULT_CASH_REGISTER = 34950
"""The number in the documented example."""
