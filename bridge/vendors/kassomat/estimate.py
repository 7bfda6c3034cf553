"""The box's own estimate of a return's figures, where the vendor cannot be asked.

Our choice, as the vendor's page does not say: bases (Kz81: 19 %, Kz86: 7 %) are cut to whole
euros, input tax (Kz66) is rounded half up per rate, Kz83 is the tax on the bases less Kz66.
What counts is what the vendor says.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.model.money import round_half_up


def estimate(sums: Mapping[str, int]) -> dict[str, str]:
    """Return the four figures as the vendor writes them, from gross cents."""
    base19, base7 = sums["in_19"] // 119, sums["in_7"] // 107
    input_tax = round_half_up(sums["out_19"] * 19, 119) + round_half_up(sums["out_7"] * 7, 107)
    due = base19 * 19 + base7 * 7 - input_tax
    return {
        "kz66": euros(input_tax),
        "kz81": euros(base19 * 100),
        "kz83": euros(due),
        "kz86": euros(base7 * 100),
    }


def euros(cents: int) -> str:
    """Return cents as the vendor writes euros: ``294.14``, ``-2.5``, ``0.0``."""
    whole, rest = divmod(abs(cents), 100)
    text = f"{rest:02d}"
    if text.endswith("0"):
        text = text[0]
    return f"{'-' if cents < 0 else ''}{whole}.{text}"
