"""The card's PIN: kept out of every text, tried once, latched when refused.

PIN block "format 2" (ISO 9564-1): nibble 2, nibble length, BCD digits, rest ``F``, 8 bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.contract.fault import Fault
from drivers.signing.faults import PinBlocked, PinMalformed, PinMissing, PinRefused

PinSource = str | Callable[[], str | None] | None
"""Digits, or a function that fetches them when they are needed, or nothing yet."""

MIN_DIGITS = 4
MAX_DIGITS = 12  # ISO 9564-1: a PIN has 4 to 12 digits
BLOCK_BYTES = 8


def pin_block(digits: str) -> bytes:
    """Return the format-2 block of ``digits``. Raises ``PinMalformed``, without the digits."""
    well_formed = digits.isascii() and digits.isdigit()
    if not well_formed or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        raise PinMalformed(f"a PIN has {MIN_DIGITS} to {MAX_DIGITS} digits and nothing else")
    return bytes.fromhex(f"2{len(digits):X}{digits}".ljust(2 * BLOCK_BYTES, "F"))


class PinEntry:
    """One PIN as a person entered it, with what the card said of it.

    ``proven`` after the card accepted it once. ``in_doubt`` while a PIN not proven yet was sent
    and no answer came. ``refused`` after the card refused it: it is never sent again, a person
    must enter another one, which makes a new entry.
    """

    __slots__ = ("_source", "in_doubt", "proven", "refused", "tries_left")

    def __init__(self, source: PinSource, *, refused: bool = False) -> None:
        self._source = source
        self.proven = False
        self.in_doubt = False
        self.refused = refused
        self.tries_left: int | None = None

    def __repr__(self) -> str:
        return f"PinEntry(proven={self.proven}, refused={self.refused})"

    def check_not_refused(self) -> None:
        """Raise ``PinRefused`` or ``PinBlocked`` if the card refused this entry before."""
        if self.refused:
            raise self._refusal()

    def block(self) -> bytes:
        """Return the PIN block to send.

        Raises ``PinRefused`` or ``PinBlocked`` if the card refused this entry before,
        ``PinMissing``, ``PinMalformed``.
        """
        self.check_not_refused()
        try:
            digits = self._source() if callable(self._source) else self._source
        except OSError:
            # Not chained: the text may name what was read.
            raise PinMissing("the place where the PIN is kept cannot be read") from None
        if not digits:
            raise PinMissing("no PIN was entered")
        return pin_block(digits)

    def refuse(self, tries_left: int | None) -> Fault:
        """Latch this entry after ``63Cx`` or ``6983`` and return the fault to raise."""
        self.refused = True
        self.tries_left = tries_left
        return self._refusal()

    def _refusal(self) -> Fault:
        if self.tries_left == 0:
            return PinBlocked("the card's PIN is blocked, no tries left", tries_left=0)
        left = "an unknown number of" if self.tries_left is None else str(self.tries_left)
        return PinRefused(
            f"the card refused the PIN, {left} tries left; it is not sent again",
            tries_left=self.tries_left,
        )
