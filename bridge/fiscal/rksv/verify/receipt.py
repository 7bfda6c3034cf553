"""The checks of one receipt by itself: 1 to 13 of the reference verifier (rksv.md section 11).

Where the two judges differ the stricter one is followed.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from bridge.fiscal.rksv.code import RATE_FIELDS, Amounts
from bridge.fiscal.rksv.counter import STORNO, TRAINING
from bridge.fiscal.rksv.finding import Severity
from bridge.fiscal.rksv.jws import HEADER, OUTAGE_TEXT, verify_signature
from bridge.fiscal.rksv.verify import tools as form
from bridge.fiscal.rksv.verify.tools import Tools

Note = Callable[[str, str, Severity], None]
"""Takes check, text and severity."""

_OUTAGE = OUTAGE_TEXT.encode()
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_AMOUNT = re.compile(form.AMOUNT)
_TIME = re.compile(form.TIME)
_SUITE = re.compile(form.SUITE)
_KNOWN_SUITE = re.compile(form.KNOWN_SUITE)
_HEX = re.compile(form.HEX_SERIAL)
_CLOSED = re.compile(form.CLOSED_SERIAL)
_FIELDS = 12
_QUOTED = 80
"""Characters of a foreign value quoted in a finding."""


class Kind(Enum):
    """What a receipt's fields say it is; Start- and Sammelbeleg are Nullbelege by their place."""

    STANDARD = "standard"
    TRAINING = "training"
    STORNO = "storno"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class SignedText:
    """A JWS taken apart. ``signature`` is ``None`` where it is no base64."""

    payload: str
    signing_input: bytes
    signature: bytes | None

    @property
    def signed(self) -> bool:
        """Whether there is something else than the outage text."""
        return self.signature != _OUTAGE


@dataclass(frozen=True, slots=True)
class Fields:
    """A receipt's fields. ``amounts`` and ``counter`` (cents) are ``None`` where unreadable, and
    ``counter`` also in training and storno receipts; ``time`` is empty where it is no time."""

    suite: str
    kassen_id: str
    number: str
    time: str
    amounts: Amounts | None
    kind: Kind
    counter: int | None
    serial: str
    chain: str
    signed: bool

    @property
    def closed_system(self) -> bool:
        """Whether the suite is that of a closed system."""
        return self.suite.endswith(form.CLOSED_SUITE_END)


def shown(value: str) -> str:
    """Return a foreign value as a finding may quote it: escaped, and never long."""
    return repr(value) if len(value) <= _QUOTED else f"{value[:_QUOTED]!r}…"


def decode_base64url(text: str) -> bytes | None:
    """Decode base64url without padding; ``None`` unless it is exactly what an encoder writes."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        return None
    standard = text.replace("-", "+").replace("_", "/")
    data = a2b_base64(standard + "=" * (-len(text) % 4))
    again = b2a_base64(data, newline=False).decode().rstrip("=")
    return data if again == standard else None


def decode_base64(text: str) -> bytes | None:
    """Decode standard base64 with padding; ``None`` unless it is what an encoder writes."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if b2a_base64(data, newline=False).decode() == text else None


def take_apart(jws: str, note: Note) -> SignedText | None:
    """Take a JWS apart; ``None`` if there is no payload to go on with."""
    if len(jws) > form.LONGEST_JWS:
        text = f"the JWS has {len(jws)} characters, far more than a code may have"
        note("BASICCONSTRAINTS_RECEIPT_LENGTH", text, "error")
        return None
    parts = jws.split(".")
    if len(parts) != 3:
        note("JWS_FORMAT", f"a JWS has three parts, this has {len(parts)}", "error")
        return None
    header, encoded, signature = parts
    if header != HEADER:
        note("CRYPTO_SIGNATURE", "the JWS header is not that of ES256", "error")
    payload = decode_base64url(encoded)
    if payload is None:
        note("JWS_FORMAT", "the payload is no base64url without padding", "error")
        return None
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        note("JWS_FORMAT", "the payload is no UTF-8", "error")
        return None
    raw = decode_base64url(signature)
    if raw is None:
        note("FORMAT_SIGNATURE_BASE64", "the signature is no base64url without padding", "error")
    signing_input = f"{header}.{encoded}".encode(errors="replace")
    return SignedText(text, signing_input, raw)


def inspect(signed_text: SignedText, tools: Tools, note: Note) -> Fields | None:
    """Check one receipt by itself; ``None`` if its fields cannot be told apart."""
    payload = signed_text.payload
    _check_length(signed_text, note)
    _, *fields = payload.split("_")
    if len(fields) != _FIELDS or not payload.startswith("_"):
        text = f"the code has {len(fields) + 1} fields instead of {_FIELDS + 1}"
        note("BASICCONSTRAINTS_NUMBER_OF_ELEMENTS", text, "error")
        return None
    suite, kassen_id, number, time = fields[:4]
    counter, serial, chain = fields[9:]
    for name, value in (("Kassen-ID", kassen_id), ("Belegnummer", number)):
        if not value:
            note("BASICCONSTRAINTS_NUMBER_OF_ELEMENTS", f"the {name} is empty", "error")
        elif value != value.strip(" "):
            text = f"the {name} begins or ends with a blank"
            note("BASICCONSTRAINTS_NUMBER_OF_ELEMENTS", text, "warning")
    _check_suite(suite, note)
    _check_serial(suite, serial, note)
    good_time = _check_time(time, tools, note)
    amounts = _check_amounts(fields[4:9], note)
    cents = _check_counter(counter, tools, kassen_id, number, note)
    data = decode_base64(chain)
    if data is None or len(data) != form.CHAIN_BYTES:
        text = f"the chaining value {shown(chain)} is no base64 of 8 bytes"
        note("FORMAT_CHAIN_VALUE_PREVIOUS_RECEIPT_BASE64", text, "error")
    _check_signature(signed_text, serial, tools, note)
    found = Fields(
        suite,
        kassen_id,
        number,
        time if good_time else "",
        amounts,
        _kind(counter, amounts),
        cents,
        serial,
        chain,
        signed_text.signed,
    )
    if found.kind is Kind.NULL and not found.signed:
        note("STATE_SIGDEVICE", "a Nullbeleg without signature", "warning")
    return found


def _kind(counter: str, amounts: Amounts | None) -> Kind:
    if counter == TRAINING:
        return Kind.TRAINING
    if counter == STORNO:
        return Kind.STORNO
    return Kind.NULL if amounts is not None and not any(amounts) else Kind.STANDARD


def _check_length(signed_text: SignedText, note: Note) -> None:
    signature = signed_text.signature or b""
    length = len(signed_text.payload) + 1 + 4 * ((len(signature) + 2) // 3)
    if not form.SHORTEST <= length <= form.LONGEST:
        text = f"the code has {length} characters, not {form.SHORTEST} to {form.LONGEST}"
        note("BASICCONSTRAINTS_RECEIPT_LENGTH", text, "error")


def _check_suite(suite: str, note: Note) -> None:
    if not _SUITE.fullmatch(suite):
        note("FORMAT_RK_STRING", f"{shown(suite)} is not the form of a suite", "error")
    elif not _KNOWN_SUITE.fullmatch(suite):
        note("RKSUITE", f"the suite {shown(suite)} is not known", "error")


def _check_serial(suite: str, serial: str, note: Note) -> None:
    if suite.endswith(form.CLOSED_SUITE_END):
        if not _CLOSED.fullmatch(serial):
            text = f"{shown(serial)} is no Ordnungsbegriff with key id, as a closed system needs"
            note("FORMAT_CLOSED_SYSTEM_SERIAL", text, "error")
    elif not _HEX.fullmatch(serial):
        text = f"the certificate serial {shown(serial)} is not hexadecimal"
        note("FORMAT_HEX_CHARS", text, "error")


def is_calendar_day(day: str) -> bool:
    """Whether ``YYYY-MM-DD`` exists."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _check_time(time: str, tools: Tools, note: Note) -> bool:
    if not _TIME.fullmatch(time):
        text = f"the time {shown(time)} is not of the form YYYY-MM-DDThh:mm:ss"
        note("FORMAT_CHECK_TIMEANDDATE", text, "error")
        return False
    if not is_calendar_day(time[:10]):
        note("FORMAT_CHECK_TIMEANDDATE", f"the day {time[:10]} does not exist", "error")
        return False
    if time < form.EARLIEST:
        text = f"the time {time} is before the RKSV began (2015-09-01)"
        note("TIMEOFRECEIPT_WITHIN_PERIOD", text, "error")
    elif tools.latest is not None and time > tools.latest:
        note("TIMEOFRECEIPT_WITHIN_PERIOD", f"the time {time} is in the future", "error")
    return True


def _check_amounts(amounts: list[str], note: Note) -> Amounts | None:
    cents: list[int] = []
    for rate, amount in zip(RATE_FIELDS, amounts, strict=True):
        if not _AMOUNT.fullmatch(amount):
            text = f"the amount {shown(amount)} ({rate}) is not of the form 1234,50"
            note("FORMAT_TAX_SET", text, "error")
            continue
        if amount == "-0,00":
            note("FORMAT_TAX_SET", f"the amount -0,00 ({rate}) should be 0,00", "warning")
        cents.append(int(amount.replace(",", "")))
    if len(cents) != len(RATE_FIELDS):
        return None
    normal, reduced1, reduced2, zero, special = cents
    return normal, reduced1, reduced2, zero, special


def _check_counter(field: str, tools: Tools, kassen_id: str, number: str, note: Note) -> int | None:
    if field in {TRAINING, STORNO}:
        return None
    data = decode_base64(field)
    if data is None or len(data) not in form.COUNTER_BYTES:
        text = f"the counter {shown(field)} is no base64 of 5 to 16 bytes and neither TRA nor STO"
        note("FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64", text, "error")
        return None
    return tools.cipher.decrypt(kassen_id, number, field)


def _check_signature(signed_text: SignedText, serial: str, tools: Tools, note: Note) -> None:
    key = tools.public_keys.get(serial)
    if key is None:
        text = f"the key container has no key for field 11, {shown(serial)}"
        note("VERIFICATION_FROM_CASHBOX", text, "error")
    signature = signed_text.signature
    if signature is None or not signed_text.signed:
        return
    if not signature:
        note("FORMAT_SIGNATURE_BASE64", "the signature is empty", "error")
    elif len(signature) != form.SIGNATURE_BYTES:
        text = f"the signature has {len(signature)} bytes instead of {form.SIGNATURE_BYTES}"
        note("CRYPTO_SIGNATURE", text, "error")
    elif key is not None and not verify_signature(key, signed_text.signing_input, signature):
        text = f"the signature does not fit the receipt and the key {shown(serial)}"
        note("CRYPTO_SIGNATURE", text, "error")
