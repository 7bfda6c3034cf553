"""What becomes of the difference between a cash document and the invoices it pays: ``zbytek``.

The table of the vendor's page as data, and what follows from it for a payment that is planned.
Amounts are decimals in the invoice's currency. Used to tell a shop what would happen and to
explain a refusal; Flexi itself decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, get_args

RemainderName = Literal[
    "ne",
    "zauctovat",
    "ignorovat",
    "castecnaUhrada",
    "castecnaUhradaNeboZauctovat",
    "castecnaUhradaNeboIgnorovat",
]
REMAINDERS: tuple[RemainderName, ...] = get_args(RemainderName)


class Sign(StrEnum):
    """Amount of the cash document against what is to be paid by it."""

    EQUAL = "equal"
    MORE = "more"
    LESS = "less"


class Reading(StrEnum):
    """What counts as "to be paid" (the page can be read in two ways): ``A`` the amount of the
    call, at most the open amount; ``B`` always the open amount."""

    A = "A"
    B = "B"


class Cell(StrEnum):
    """What a cell of the table says. ``PAIRED``: paid in full, the document paired; ``POSTED``:
    also an internal document for the remainder; ``LOOSE``: paid in full, not paired; ``IN_ORDER``:
    paid one invoice after the other while the money lasts, paired. The others are refusals."""

    PAIRED = "paired"
    POSTED = "posted"
    LOOSE = "loose"
    IN_ORDER = "in_order"
    MISMATCH = "amounts_do_not_match"
    NO_SENSE = "document_is_greater"

    @property
    def refuses(self) -> bool:
        """Whether Flexi answers status 400 and stores nothing."""
        return self in (Cell.MISMATCH, Cell.NO_SENSE)


_ROWS: tuple[tuple[RemainderName, Cell, Cell], ...] = (
    ("ne", Cell.MISMATCH, Cell.MISMATCH),
    ("zauctovat", Cell.POSTED, Cell.POSTED),
    ("ignorovat", Cell.LOOSE, Cell.LOOSE),
    ("castecnaUhrada", Cell.NO_SENSE, Cell.IN_ORDER),
    ("castecnaUhradaNeboZauctovat", Cell.POSTED, Cell.IN_ORDER),
    ("castecnaUhradaNeboIgnorovat", Cell.LOOSE, Cell.IN_ORDER),
)
"""Value, what it means for ``MORE``, and for ``LESS``; ``EQUAL`` is one cell for all."""

TABLE: Mapping[RemainderName, Mapping[Sign, Cell]] = MappingProxyType(
    {
        name: MappingProxyType({Sign.EQUAL: Cell.PAIRED, Sign.MORE: more, Sign.LESS: less})
        for name, more, less in _ROWS
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the table says of a case. ``paid`` has an amount per invoice; ``internal`` is the
    amount of an internal document. When it is refused nothing is paid."""

    cell: Cell
    document: Decimal
    remainder: Decimal
    paid: tuple[Decimal, ...] = ()

    @property
    def paired(self) -> bool:
        return not self.cell.refuses and self.cell is not Cell.LOOSE

    @property
    def internal(self) -> Decimal | None:
        return self.remainder if self.cell is Cell.POSTED else None

    def as_body(self) -> dict[str, Any]:
        """Return it as JSON values, amounts as texts."""
        if self.cell.refuses:
            return {"refused": str(self.cell), "remainder": _text(self.remainder)}
        body: dict[str, Any] = {
            "paid": [_text(each) for each in self.paid],
            "paired": self.paired,
            "remainder": _text(self.remainder),
        }
        if self.internal is not None:
            body["internal_document"] = _text(self.internal)
        return body


def outcome(name: RemainderName, document: Decimal, claims: Sequence[Decimal]) -> Outcome:
    """Return what a cash document of an amount does with ``claims``: what is to be paid of each
    invoice, in the order of listing."""
    remainder = document - sum(claims, Decimal(0))
    sign = Sign.EQUAL if remainder == 0 else Sign.MORE if remainder > 0 else Sign.LESS
    cell = TABLE[name][sign]
    if cell.refuses:
        return Outcome(cell, document, remainder)
    paid = []
    left = document
    for claim in claims:
        part = min(claim, left) if cell is Cell.IN_ORDER else claim
        left -= part
        paid.append(part)
    return Outcome(cell, document, remainder, tuple(paid))


def claim(still_open: Decimal, amount: Decimal | None, reading: Reading) -> Decimal:
    """Return what is to be paid of an invoice: its open amount, by reading ``A`` at most the
    amount of the call."""
    if amount is None or reading is Reading.B:
        return still_open
    return min(amount, still_open)


def predicted(
    name: RemainderName, still_open: Decimal, amount: Decimal | None, reading: Reading
) -> Outcome:
    """Return what a payment of one invoice by a new cash document comes to. Without an amount the
    document has that of the whole open amount."""
    document = still_open if amount is None else amount
    return outcome(name, document, (claim(still_open, amount, reading),))


def refusals(name: RemainderName) -> tuple[str, ...]:
    """Return in English which differences Flexi refuses for a value of ``zbytek``."""
    texts = {
        Cell.MISMATCH: "the amount differs from what is to be paid",
        Cell.NO_SENSE: "the amount is greater than what is to be paid",
    }
    found = (texts[cell] for cell in TABLE[name].values() if cell.refuses)
    return tuple(dict.fromkeys(found))


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
