"""Verifies one machine-readable code: what can be said of a receipt without its DEP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.fiscal.rksv.code import format_amount
from bridge.fiscal.rksv.finding import Findings, Report, Severity
from bridge.fiscal.rksv.forms import read_code
from bridge.fiscal.rksv.jws import chain_value, signing_input
from bridge.fiscal.rksv.keys import KeyContainer
from bridge.fiscal.rksv.verify.receipt import (
    Fields,
    Kind,
    SignedText,
    decode_base64,
    inspect,
    take_apart,
)
from bridge.fiscal.rksv.verify.tools import settings_for, tools_for


def verify_code(code: str, keys: KeyContainer, *, allow_future: bool, now: datetime) -> Report:
    """Check a code in QR, OCR, CSV or JWS form by itself.

    Format, period, signature and, for a Startbeleg, its counter; not that chain and counter
    follow on an earlier receipt. Raises ``CodeUnreadable`` and ``LinkAlone``.
    """
    read = read_code(code)
    findings = Findings()
    held: list[tuple[str, str, Severity]] = []

    def note(check: str, text: str, severity: Severity) -> None:
        held.append((check, text, severity))

    tools = tools_for(settings_for(keys, allow_future=allow_future, now=now))
    if read.form == "JWS":
        signed_text = take_apart(read.text, note)
    else:
        payload, _, signature = read.text.rpartition("_")
        raw = decode_base64(signature)
        if raw is None:
            note("FORMAT_SIGNATURE_BASE64", "the signature is no base64 with padding", "error")
        signed_text = SignedText(payload, signing_input(payload), raw)
    fields = None if signed_text is None else inspect(signed_text, tools, note)
    if fields is not None:
        _check_start(fields, note)
    for check, text, severity in held:
        number = fields.number if fields else None
        findings.note(check, text, number=number, severity=severity)
    return findings.report(1)


def _check_start(fields: Fields, note: Callable[[str, str, Severity], None]) -> None:
    """Hold a receipt that is chained to its Kassen-ID to the rules of the Startbeleg."""
    if fields.chain != chain_value(fields.kassen_id):
        return
    if fields.kind is not Kind.NULL:
        text = f"a {fields.kind.value} receipt is chained to the Kassen-ID like a Startbeleg"
        note("TYPE_OF_RECEIPT", text, "error")
    elif not fields.signed:
        note("STATE_SIGDEVICE", "the Startbeleg is not signed", "error")
    elif fields.counter:
        text = f"the counter of the Startbeleg is {format_amount(fields.counter)}, not 0,00"
        note("CRYPTO_TURNOVER_COUNTER", text, "error")
