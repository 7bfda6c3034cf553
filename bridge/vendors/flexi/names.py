"""Names in ABRA Flexi, and ids of its records.

Element names are those of the vendor's page on cash payments (article 4729399). What that page
leaves open is marked as assumed.
"""

from __future__ import annotations

import re
import uuid
from types import MappingProxyType

from bridge.vendors.engine.wire import segment

ROOT = "winstrom"
ISSUED = "faktura-vydana"
RECEIVED = "faktura-prijata"
EVIDENCES = MappingProxyType({"issued": ISSUED, "received": RECEIVED})
"""Evidence of invoices by the local ``kind``."""
CASH = "pokladni-pohyb"

PAYMENT = "hotovostni-uhrada"
PAYING = "uhrazujiciDokl"
AMOUNT = "castka"
# assumed: it stands inside ``hotovostni-uhrada`` (the page: "add it to the request body").
REMAINDER = "zbytek"

OPEN = "zbyvaUhradit"
CANCELLED = "storno"
INVOICE_FIELDS = (
    "id",
    "kod",
    "sumCelkem",
    OPEN,
    "stavUhrK",
    "mena",
    "nazFirmy",
    CANCELLED,
    "zamekK",
)
"""What a program at the counter gets to see of an invoice."""

CODE_LENGTH = 20
"""Longest ``kod`` of a cash document."""

_FORMS = frozenset(("code", "ext", "key", "ean", "plu", "ws", "vatid", "in", "iban"))
_SYSTEM = "BONBRIDGE"
_NAMESPACE = uuid.UUID("5f6b0c0e-52f5-5d0c-9a3e-6f1f6a3f1f6e")
"""Fixed for ever: ids that were derived once must come out the same again."""


def reference(text: str) -> str:
    """Return a record's id in one of Flexi's usual forms: an internal number, or a prefix (in any
    case, sent in small letters) and a value. A text without a prefix is a ``code:``. Raises
    ``ValueError`` with what is wrong."""
    if not text.isprintable():
        message = "must not contain control characters or line ends"
        raise ValueError(message)
    if not text or text != text.strip():
        message = "must not be empty and not begin or end with a blank"
        raise ValueError(message)
    if re.fullmatch(r"[0-9]+", text):
        return text
    prefix, colon, rest = text.partition(":")
    if not colon:
        return f"code:{text}"
    form = prefix.lower()
    if form not in _FORMS:
        message = f"must be a number or begin with one of {', '.join(sorted(_FORMS))} and ':'"
        raise ValueError(message)
    if not rest or (form == "ext" and not re.fullmatch(r"[^:]+:.+", rest)):
        message = "must have a value after the prefix, ext: a system, ':' and an id"
        raise ValueError(message)
    return f"{form}:{rest}"


def settled_invoice(number: str) -> str:
    """Return an invoice's id by the number that is printed on it: a ``code:``, also when it has
    digits only."""
    return number if ":" in number else f"code:{number}"


def derived_document(company: str, box: str, key: str) -> str:
    """Return the id of the cash document that the command with this key makes: always the same,
    so that a repetition finds what the first try has done."""
    name = f"flexi\n{company}\n{box}\n{key}"
    return f"ext:{_SYSTEM}:{uuid.uuid5(_NAMESPACE, name).hex}"


def evidence_path(company: str, evidence: str, extension: str) -> str:
    """Return the path of an evidence."""
    return f"/c/{company}/{evidence}.{extension}"


def record_path(company: str, evidence: str, ident: str, extension: str) -> str:
    """Return the path of one record; the extension decides over its format. Raises
    ``CallInvalid`` for an id that would climb to another path."""
    return f"/c/{company}/{evidence}/{segment(ident, safe=':')}.{extension}"


# assumed: place of an error's machine-readable name and of the element it concerns.
ERROR_CODE = "code"
ERROR_FIELD = "for"
