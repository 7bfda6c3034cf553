"""Which PC/SC reader is meant: by name, by the beginning of a name, or the one with a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.signing.pcsc_faults import CardReaderAmbiguous, PcscAddressInvalid

SCHEME = "pcsc"
ANY = "*"
_SERIAL = "serial="


@dataclass(frozen=True, slots=True)
class PcscAddress:
    """``reader`` is a reader's name, the unique beginning of one, or ``*``.

    PC/SC numbers readers anew when they are plugged in again ("… 00 00", "… 01 00"), so the
    beginning without the numbers is the address to prefer.
    """

    reader: str

    @classmethod
    def parse(cls, address: str) -> PcscAddress:
        """Read ``pcsc:NAME`` or ``pcsc:*``. Raises ``PcscAddressInvalid``."""
        scheme, colon, reader = address.partition(":")
        if scheme != SCHEME or not colon or not reader.strip():
            raise PcscAddressInvalid(f"{address!r} is not of the form {SCHEME}:NAME")
        if reader.startswith(_SERIAL):
            raise PcscAddressInvalid(
                f"{address!r}: a reader is chosen by its name; which card is in it is known only "
                "once its certificate was read"
            )
        return cls(reader.strip())

    def __str__(self) -> str:
        return f"{SCHEME}:{self.reader}"

    def candidates(self, names: Sequence[str]) -> list[str]:
        """Return those of ``names`` that may be meant; more than one only for ``*``.

        Raises ``CardReaderAmbiguous`` for a beginning that several names have.
        """
        if self.reader == ANY:
            return list(names)
        if self.reader in names:
            return [self.reader]
        found = [name for name in names if name.startswith(self.reader)]
        if len(found) > 1:
            raise ambiguous(f"several readers' names begin with {self.reader!r}", found)
        return found


def ambiguous(reason: str, names: Sequence[str]) -> CardReaderAmbiguous:
    """Build the fault that names the readers among which nothing chooses."""
    return CardReaderAmbiguous(f"{reason}: {', '.join(names)}", readers=list(names))
