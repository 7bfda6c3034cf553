"""Reads the machine-readable forms of a receipt back (rksv.md section 3)."""

from __future__ import annotations

import re
from base64 import b32decode, b64encode
from dataclasses import dataclass
from typing import Literal

from bridge.fiscal.rksv.faults import CodeUnreadable, LinkAlone

Form = Literal["JWS", "QR", "OCR", "CSV"]

_FIELDS = 13
_LONGEST = 16 * 1024
_JWS = re.compile(r"[\w=+/-]+\.[\w=+/-]+\.[\w=+/-]*", re.ASCII)
_OCR_CHAIN = re.compile(r"[A-Z2-7]{13}===")
"""Eight bytes in base32; base64 of as many is shorter."""
_LINK_HASH = re.compile(r"(?:.*[#/=])?[A-Za-z0-9_-]{11}")
_BASE32_FIELDS = (9, 11, 12)


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code in its form. ``text`` is the JWS, or for all other forms the QR string."""

    form: Form
    text: str


def read_code(text: str) -> ReadCode:
    """Tell the form of a code and bring it to a JWS or a QR string.

    Raises ``LinkAlone`` for the link form, else ``CodeUnreadable``. The fields themselves are not
    checked.
    """
    text = text.strip()
    if len(text) > _LONGEST or not text.isprintable():
        raise CodeUnreadable("it is too long or holds characters that cannot be printed")
    if text.startswith("_"):
        fields = text[1:].split("_")
        if len(fields) == _FIELDS and _OCR_CHAIN.fullmatch(fields[11]):
            return ReadCode("OCR", _qr_of_ocr(fields))
        return ReadCode("QR", text)
    if text.count(";") == _FIELDS - 1:
        return ReadCode("CSV", "_" + text.replace(";", "_"))
    if _JWS.fullmatch(text):
        return ReadCode("JWS", text)
    if _LINK_HASH.fullmatch(text):
        raise LinkAlone("its hash names a receipt but holds nothing of it")
    raise CodeUnreadable("it is neither QR, OCR, CSV, JWS nor link form")


def _qr_of_ocr(fields: list[str]) -> str:
    for index in _BASE32_FIELDS:
        try:
            fields[index] = b64encode(b32decode(fields[index])).decode()
        except ValueError:
            raise CodeUnreadable(f"OCR form: field {index + 1} is no base32") from None
    return f"_{'_'.join(fields)}"
