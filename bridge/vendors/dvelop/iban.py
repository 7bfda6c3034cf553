"""The checksum of an IBAN (ISO 13616, ISO 7064 mod 97-10)."""

from __future__ import annotations

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def iban_holds(iban: str) -> bool:
    """Whether the check digits are right. Blanks between groups are borne."""
    packed = iban.replace(" ", "").upper()
    if not _IBAN.fullmatch(packed):
        return False
    return int("".join(str(int(each, 36)) for each in packed[4:] + packed[:4])) % 97 == 1
