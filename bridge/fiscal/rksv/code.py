"""The string that is signed, and its machine-readable forms (RKSV § 10; rksv.md sections 2, 3)."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bridge.fiscal.rksv.jws import parts

Amounts = tuple[int, int, int, int, int]
"""Gross cents: Normal, Ermaessigt-1, Ermaessigt-2, Null, Besonders."""

VIENNA = ZoneInfo("Europe/Vienna")
"""The zone of field 4."""

FIRST_DAY = date(2015, 9, 1)
"""No receipt of the RKSV can be older (check TIMEOFRECEIPT_WITHIN_PERIOD)."""

RATE_FIELDS = ("normal", "reduced1", "reduced2", "zero", "special")


def format_amount(cents: int) -> str:
    """Return ``-0,72`` or ``1234,50``: no grouping, never ``-0,00``."""
    euros, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{euros},{rest:02d}"


def format_time(local: datetime) -> str:
    """Return naive Austrian local time as ``YYYY-MM-DDThh:mm:ss``."""
    return local.isoformat(timespec="seconds")


def payload(
    suite: str,
    kassen_id: str,
    number: str,
    time: str,
    amounts: Amounts,
    counter: str,
    serial: str,
    chain: str,
) -> str:
    """Return the twelve fields, each preceded by ``_``."""
    sums = "_".join([format_amount(cents) for cents in amounts])
    return f"_{suite}_{kassen_id}_{number}_{time}_{sums}_{counter}_{serial}_{chain}"


def qr_code(jws: str) -> str:
    """Return the QR string of a receipt: payload, ``_``, standard base64 of the signature."""
    text, signature = parts(jws)
    return f"{text}_{base64.b64encode(signature).decode()}"


def ocr_code(jws: str) -> str:
    """Return the OCR string: like the QR string with fields 10, 12 and 13 in base32."""
    text, signature = parts(jws)
    fields = text.split("_")
    for index in (10, 12):
        fields[index] = base64.b32encode(base64.b64decode(fields[index])).decode()
    return f"{'_'.join(fields)}_{base64.b32encode(signature).decode()}"


def link_hash(qr: str) -> str:
    """Return the hash of the link form: base64url of 8 bytes of SHA-256, 11 characters."""
    digest = hashlib.sha256(qr.encode()).digest()[:8]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
