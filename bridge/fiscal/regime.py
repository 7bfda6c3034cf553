"""What the till asks of a country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bridge.model.rates import RateTable
from bridge.model.receipt import Kind
from bridge.model.register import Register
from bridge.model.seal import Head, Seal
from drivers.contract.signing import UnitRecord

Amounts = tuple[int, int, int, int, int]
"""Gross cents by bucket: normal, reduced1, reduced2, zero, special."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A receipt about to be sealed: fixed for all tries (till-rules.md section 2).

    ``time`` is naive local time; ``number`` counts from 1 in the register. With ``must_sign`` an
    outage text will not do.
    """

    number: int
    kind: Kind
    time: datetime
    amounts: Amounts
    must_sign: bool = False


class Regime(Protocol):
    """The fiscal law of one register: rates, local time, sealing."""

    rates: RateTable

    def local(self, utc: datetime) -> datetime:
        """Return naive local time, whole seconds, of an aware UTC time."""
        ...

    def known_from(self) -> date:
        """Return the first day on which receipts of this regime can be."""
        ...

    def can_sign(self) -> bool:
        """Whether a signing unit is usable right now, as far as is known."""
        ...

    async def seal(self, register: Register, head: Head, draft: Draft) -> Seal:
        """Number, chain and sign a draft onto a head. Raises leaves of ``Fault``; the register's
        state is then as before."""
        ...

    def record(self, unit: str) -> UnitRecord | None:
        """Return what is known of a signing unit."""
        ...
