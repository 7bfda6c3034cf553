"""Integer cents and exact rounding. No floats anywhere."""

from __future__ import annotations

from collections.abc import Mapping

MAX_LINE_CENTS = 10**9
"""Largest absolute amount of one line, in cents (ten million euros)."""

QUANTITY_SCALE = 1000
"""Quantities carry three decimals: 1000 = one piece."""

PERCENT_SCALE = 100
"""Discounts carry two decimals: 1000 = 10 %."""


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide and round commercially: halves go away from zero, so that -x rounds like x.

    A cancelled line is therefore always the exact negative of the line (rksv.md section 2).
    """
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def line_cents(quantity: int, unit_cents: int, discount: int = 0) -> int:
    """Return the gross cents of a line.

    ``quantity`` is in thousandths, ``unit_cents`` gross cents a piece, ``discount`` in hundredths
    of a percent; product and discount are each rounded half up.
    """
    gross = (
        unit_cents * (quantity // QUANTITY_SCALE)
        if quantity % QUANTITY_SCALE == 0
        else round_half_up(quantity * unit_cents, QUANTITY_SCALE)
    )
    if discount:
        gross -= round_half_up(gross * discount, 100 * PERCENT_SCALE)
    return gross


def split_discount(
    gross_by_rate: Mapping[str, int], cents: int, rate_of: Mapping[str, int]
) -> dict[str, int]:
    """Split a receipt discount of ``cents`` over the rates in proportion to their gross.

    Each share is floored, the remaining cents go to the largest bucket (of equal ones to that
    with the higher rate; ``rate_of`` gives comparable rates), what it cannot hold to the next: no
    bucket becomes negative. Only rates with a positive gross take part. Returns positive cents
    per rate that sum up to ``cents``.

    Raises ``ValueError`` when the discount is negative or exceeds what it is taken from.
    """
    positive = {rate: gross for rate, gross in gross_by_rate.items() if gross > 0}
    total = sum(positive.values())
    if not 0 <= cents <= total:
        message = f"a discount of {cents} cents cannot be taken from {total} cents"
        raise ValueError(message)
    if not cents:
        return {}
    shares = {rate: cents * gross // total for rate, gross in positive.items()}
    remaining = cents - sum(shares.values())
    for rate in sorted(positive, key=lambda rate: (positive[rate], rate_of[rate]), reverse=True):
        more = min(remaining, positive[rate] - shares[rate])
        shares[rate] += more
        remaining -= more
    return {rate: share for rate, share in shares.items() if share}


def format_cents(cents: int) -> str:
    """Return ``-0,72`` or ``1234,50``: decimal comma, no grouping, as on Austrian paper."""
    sign = "-" if cents < 0 else ""
    euros, rest = divmod(abs(cents), 100)
    return f"{sign}{euros},{rest:02d}"


def format_quantity(quantity: int) -> str:
    """Return thousandths as ``2`` or ``0,750``: no decimals when there are none."""
    sign = "-" if quantity < 0 else ""
    whole, rest = divmod(abs(quantity), QUANTITY_SCALE)
    return f"{sign}{whole}" if not rest else f"{sign}{whole},{rest:03d}"
