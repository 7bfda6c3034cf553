"""Tax numbers as the simulated vendor checks them, and the offices that fit a paper number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulators.vendors.kassomat.assumed import OFFICES

_ELEVEN: Mapping[str, str] = {
    "9": "054302765432",
    "30": "054302765432",
    "40": "054302765432",
    "10": "054302765432",
    "32": "054302765432",
    "31": "054302765432",
    "41": "054302765432",
    "24": "004302765432",
    "22": "004302765432",
    "23": "002908765432",
    "11": "002908765432",
}
_BERLIN_A = "000007658432"
_SUMMANDS = "009807654321"
_POWERS = (0, 0, 512, 256, 0, 128, 64, 32, 16, 8, 4, 2)


def _sum(number: str, weights: str) -> int:
    return sum(int(a) * int(b) for a, b in zip(number, weights, strict=False))


def _digit_sum(value: int) -> int:
    while value > 9:
        value = sum(map(int, str(value)))
    return value


def fits(number: str) -> bool:
    """Whether a text is a 13-digit tax number with the right check digit."""
    if not re.fullmatch(r"[0-9]{4}0[0-9]{8}", number):
        return False
    check = int(number[12])
    if number[0] == "5":
        return _sum(number, "032107654321") % 11 == check
    land = number[0] if number[0] == "9" else number[:2]
    if land == "27":
        products = [int(a) * int(b) for a, b in zip(number, "001201212121", strict=False)]
        return (sum(_digit_sum(each) for each in products) + check) % 10 == 0
    if land in ("28", "26", "21"):
        moved = [(int(a) + int(b)) % 10 for a, b in zip(number, _SUMMANDS, strict=False)]
        total = sum(_digit_sum(a * b) for a, b in zip(moved, _POWERS, strict=False))
        return (total + check) % 10 == 0
    weights = [_ELEVEN[land]] if land in _ELEVEN else []
    if land == "11":
        weights.append(_BERLIN_A)
    return any((_sum(number, each) + check) % 11 == 0 for each in weights)


def offices(paper: str) -> list[dict[str, str]]:
    """Return the offices whose number makes a paper number a right one; there may be several."""
    digits = re.sub(r"[ /]", "", paper)
    if not re.fullmatch(r"[0-9]{9,11}", digits):
        return []
    found = []
    for office, name in OFFICES.items():
        # The last eight digits are district and number in all states; what stands before them
        # is the end of the office's number, perhaps with a zero in front.
        head, tail = digits[:-8], digits[-8:]
        number = f"{office}0{tail}"
        if office.endswith((head, head.lstrip("0"))) and fits(number):
            found.append({"id": office, "name": name, "fqti": number})
    return found
