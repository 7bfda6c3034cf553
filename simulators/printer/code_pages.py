"""Character tables of the simulated printer by Epson's numbering (devices.md 1). Pure."""

from __future__ import annotations

from collections.abc import Mapping

EPSON: Mapping[int, str] = {
    0: "cp437",
    1: "katakana",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    15: "iso8859_7",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    40: "iso8859_15",
}
"""Numbers that matter here; 3, 4, 5, 15, 17, 18: the profiles of python-escpos."""

# assumed: from memory; the capture of receiptio draws its rules with 95 of this table.
_KATAKANA_SIGNS = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯"
_FIRST_SIGN, _FIRST_KANA, _LAST_KANA = 0x80, 0xA1, 0xDF

UNKNOWN_SIGN = "\ufffd"


def decode(data: bytes, number: int) -> str:
    """Return the characters; what the table lacks becomes U+FFFD."""
    name = EPSON.get(number, "cp437")
    if name == "katakana":
        return "".join(_katakana(byte) for byte in data)
    return data.decode(name, errors="replace")


def _katakana(byte: int) -> str:
    if byte < _FIRST_SIGN:
        return chr(byte)
    if byte < _FIRST_SIGN + len(_KATAKANA_SIGNS):
        return _KATAKANA_SIGNS[byte - _FIRST_SIGN]
    if _FIRST_KANA <= byte <= _LAST_KANA:
        return bytes([byte]).decode("shift_jis")
    return UNKNOWN_SIGN
