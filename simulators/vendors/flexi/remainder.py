"""The table of ``zbytek``: what becomes of the difference between a cash document and what it has
to pay. Written down cell by cell as the vendor's page has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulators.vendors.flexi import assumed

VALUES = (
    "ne",
    "zauctovat",
    "ignorovat",
    "castecnaUhrada",
    "castecnaUhradaNeboZauctovat",
    "castecnaUhradaNeboIgnorovat",
)


class AmountsRefused(Exception):
    """Nothing may be stored: status 400 with this text."""


@dataclass(frozen=True, slots=True)
class Payout:
    """What each invoice gets, in their order; whether the cash document is paired; the amount of
    an internal document, ``None`` if there is none; what is left on the cash document."""

    paid: tuple[Decimal, ...]
    paired: bool
    internal: Decimal | None
    rest: Decimal


def settle(value: str, amount: Decimal, claims: Sequence[Decimal]) -> Payout:
    """Pay ``claims`` (what is to be paid on each invoice) out of a cash document of ``amount``.
    Raises ``AmountsRefused``."""
    remainder = amount - sum(claims, Decimal(0))
    in_full = tuple(claims)
    nothing = Decimal(0)
    if remainder == 0:
        return Payout(in_full, True, None, nothing)
    match value:
        case "ne":
            raise AmountsRefused(assumed.TEXT_MISMATCH)
        case "zauctovat":
            return Payout(in_full, True, remainder, nothing)
        case "ignorovat":
            return Payout(in_full, False, None, max(remainder, nothing))
    if remainder < 0:
        return Payout(_one_after_the_other(amount, claims), True, None, nothing)
    match value:
        case "castecnaUhrada":
            raise AmountsRefused(assumed.TEXT_NO_SENSE)
        case "castecnaUhradaNeboZauctovat":
            return Payout(in_full, True, remainder, nothing)
        case _:
            return Payout(in_full, False, None, remainder)


def _one_after_the_other(amount: Decimal, claims: Sequence[Decimal]) -> tuple[Decimal, ...]:
    paid = []
    for claim in claims:
        part = min(claim, amount)
        amount -= part
        paid.append(part)
    return tuple(paid)
