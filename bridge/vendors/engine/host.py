"""What vendors' flows may ask of the box: filled by the composition, so that vendors know neither
till nor printing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedReceipt:
    """A receipt that a cloud pushed to this box. ``state`` is ``open``, ``completed``,
    ``aborted``, ``withdrawn`` or ``expired``; number, register (Kassen-ID) and code (QR text) are
    there once it is completed."""

    parked_id: str
    receipt: str
    state: str
    reference: str | None = None
    reason: str | None = None
    register: str | None = None
    number: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignReceipt:
    """A receipt that another system signed and this box only prints.

    ``id`` is unique; ``number`` and ``register`` are printed as the other system gave them, and
    ``code`` is its QR text. ``lines`` are texts with amounts in cents; ``total`` cents.
    ``register_id`` names the box's register whose printer is used (``None``: the first).
    """

    id: str
    number: str
    register: str
    code: str
    time: str
    lines: tuple[tuple[str, int | None], ...] = ()
    total: int | None = None
    notes: tuple[str, ...] = ()
    register_id: str | None = None
    reference: str | None = None


class Host(Protocol):
    """The box as vendors see it. No call waits for a vendor, and none can hold a receipt up."""

    async def parked(self, origin: str, parked_id: str) -> ParkedReceipt | None:
        """Return what became of a pushed receipt, ``None`` if it never came here."""
        ...

    async def month_totals(self, year: int, month: int) -> Mapping[str, int]:
        """Return the gross turnover of a calendar month by rate name, in cents (local time)."""
        ...

    async def print_foreign(self, receipt: ForeignReceipt) -> None:
        """Have a foreign receipt printed: durable on return, printed once; a repetition of the
        same id does nothing. Raises what the journal raises."""
        ...

    async def reprint_foreign(self, receipt_id: str) -> None:
        """Have it printed once more, marked as copy. Raises ``RecordUnknown``."""
        ...

    async def foreign_paper(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return the state of its papers, ``None`` if it is not known here."""
        ...
