"""Text as a receipt printer can print it: typographic signs brought down to the printer's table.

Pure. The table is a Python codec (``cp858`` or ``cp1252``). Replacements longer than the sign they
stand for take their room from the next run of blanks, so that columns stay aligned.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_REPLACEMENTS = {
    "„": '"',
    "“": '"',
    "”": '"',
    "‟": '"',
    "″": '"',
    "‚": "'",
    "‘": "'",
    "’": "'",
    "‛": "'",
    "′": "'",
    "‹": "<",
    "›": ">",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "*",
    "●": "*",
    "‣": "*",
    "⁄": "/",
    "∕": "/",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "✓": "x",
    "✗": "x",
    "Œ": "OE",
    "œ": "oe",
    "ẞ": "SS",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "™": "(TM)",
}

_BLANKS = frozenset("\t\u00a0\u2007\u2009\u202f")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")
_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F
_SPARE_BLANKS = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class EncodedText:
    """Bytes for the printer, and how many characters became ``?``."""

    data: bytes
    unknown_characters: int


def encode_text(text: str, codec: str) -> EncodedText:
    """Encode one line of text. Control characters never pass: they would be commands."""
    pieces: list[str] = []
    unknown = 0
    debt = 0
    for sign in unicodedata.normalize("NFC", text):
        if sign == " " and debt > 0 and pieces and pieces[-1].endswith(" "):
            debt -= 1
            continue
        replacement = _printable(sign, codec)
        if replacement is None:
            unknown += 1
            replacement = "?"
        debt += max(0, len(replacement) - 1)
        pieces.append(replacement)
    line = _pay_from_the_left("".join(pieces), debt)
    return EncodedText(line.encode(codec), unknown)


def _printable(sign: str, codec: str) -> str | None:
    if sign in _BLANKS:
        return " "
    if sign in _INVISIBLE:
        return ""
    if _fits(sign, codec):
        return sign
    if sign in _REPLACEMENTS:
        return _REPLACEMENTS[sign]
    decomposed = unicodedata.normalize("NFKD", sign)
    kept = "".join(part for part in decomposed if not unicodedata.combining(part))
    kept = "".join(_REPLACEMENTS.get(part, part) for part in kept)
    return kept if kept and _fits(kept, codec) else None


def _fits(text: str, codec: str) -> bool:
    try:
        encoded = text.encode(codec)
    except UnicodeEncodeError:
        return False
    return all(byte >= _FIRST_PRINTABLE and byte != _DELETE for byte in encoded)


def _pay_from_the_left(line: str, debt: int) -> str:
    """Take what is still owed from earlier runs of blanks, the last run first."""
    while debt > 0:
        runs = list(_SPARE_BLANKS.finditer(line))
        if not runs:
            break
        start, end = runs[-1].span()
        paid = min(debt, end - start - 1)
        line = line[:start] + line[start + paid :]
        debt -= paid
    return line
