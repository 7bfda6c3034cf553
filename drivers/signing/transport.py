"""The one seam between signing units and whatever carries APDUs to a card.

All calls block and come from the unit's one thread. What a transport may raise, so that a unit
can tell loss from absence:

- ``CardAbsent``: only from ``connect``, no card within the time-out;
- ``CardCommunication``: the line broke, the card was removed, somebody else reset it, or its
  answer was shorter than a status word. The unit connects anew and tries once more;
- ``CardGone`` instead of it when the command certainly never reached the card;
- ``SigningTimeout``: no answer in time. The transport has given up the connection;
- ``CardReaderUnavailable``: the reader itself (service, port) cannot be used.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from drivers.signing.faults import CardCommunication


class CardTransport(Protocol):
    """A way to one card."""

    def connect(self, timeout_s: float) -> bytes:
        """Wait up to ``timeout_s`` seconds for a card, power it up and return its ATR.

        Whatever was connected before is given up if dead. Only this call may change which card
        is spoken to; ``transmit`` never moves to another one silently.
        """
        ...

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU; return data and SW1 SW2, at least 2 bytes."""
        ...

    def reset(self) -> None:
        """Reset the connected card: selection and PIN state are lost."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Keep every other program from the card for the block (VERIFY and signature)."""
        ...

    def close(self) -> None:
        """Give up the card and the reader; never raises for a dead one."""
        ...


def checked_answer(answer: bytes) -> bytes:
    """Return ``answer`` if it holds a status word, else raise ``CardCommunication``.

    A PC/SC stack reports success with an empty answer when the card dies inside an APDU.
    """
    if len(answer) < 2:
        raise CardCommunication(f"the card's answer has {len(answer)} of at least 2 bytes")
    return answer
