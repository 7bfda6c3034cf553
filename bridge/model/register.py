"""A register (Registrierkasse): one chain of receipts, one turnover counter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Register:
    """One register of the box.

    ``id`` names it in APIs, ``kassen_id`` before the law (Kassenidentifikationsnummer).
    ``number_prefix`` and ``first_number`` shape the Belegnummer: prefix + decimal, gap-free.
    """

    id: str
    kassen_id: str
    country: str = "at"
    number_prefix: str = ""
    first_number: int = 1

    def belegnummer(self, number: int) -> str:
        """Return the printed number of the ``number``-th receipt (1 = the first)."""
        return f"{self.number_prefix}{self.first_number + number - 1}"
