"""What a signature leaves on a receipt, and what the next receipt of a register builds on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Outage:
    """A running outage of all signing units, as seen by one register.

    ``since`` is naive local time; the numbers are those of the first and last receipt that bears
    the outage text instead of a signature.
    """

    since: datetime
    first_number: int
    last_number: int

    @property
    def count(self) -> int:
        """How many receipts were made without signature, those in between included."""
        return self.last_number - self.first_number + 1

    def as_body(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "since": self.since.isoformat(),
            "first_number": self.first_number,
            "last_number": self.last_number,
        }

    @staticmethod
    def from_body(body: dict[str, Any]) -> Outage:
        """Read a stored outage."""
        return Outage(
            datetime.fromisoformat(body["since"]), body["first_number"], body["last_number"]
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a register's chain. ``number`` 0 means that the Startbeleg is still to come.

    ``counter`` is the turnover counter in cents after the last receipt; ``jws`` the last receipt
    as stored; ``time`` its naive local time; ``suite`` and ``serial`` were last used successfully.
    """

    number: int = 0
    counter: int = 0
    jws: str = ""
    time: datetime | None = None
    suite: str = ""
    serial: str = ""
    outage: Outage | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """The result of sealing a receipt: its JWS and the head after it."""

    jws: str
    signed: bool
    unit: str
    head: Head
