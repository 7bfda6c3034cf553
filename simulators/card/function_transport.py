"""A card transport by plain function calls: card and driver in one process, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.signing.faults import CardAbsent, CardCommunication, CardGone
from simulators.card.card import CardDied
from simulators.card.slot import CardSlot


class FunctionTransport:
    """``CardTransport`` on a ``CardSlot``.

    ``journal`` lists what went to the card, one word each: ``connect``, ``begin``, ``end``,
    ``reset``, or the instruction byte of a command as two hex digits. Never data: it may be a PIN.
    """

    def __init__(self, slot: CardSlot) -> None:
        self._slot = slot
        self._connected = False
        self.journal: list[str] = []

    def connect(self, timeout_s: float) -> bytes:
        """Insert the card; an empty slot raises ``CardAbsent`` at once."""
        del timeout_s
        self.journal.append("connect")
        self._connected = False
        if self._slot.pulled:
            raise CardAbsent("no card in the simulated reader")
        self._slot.insert()
        self._connected = True
        return self._slot.card.atr

    def transmit(self, command: bytes) -> bytes:
        """Let the card work. Raises ``CardGone`` or, if it dies, ``CardCommunication``."""
        self.journal.append(command[1:2].hex())
        if self._slot.pulled:
            self._connected = False
        if not self._connected:
            raise CardGone("the simulated card is gone")
        try:
            return self._slot.card.process(command)
        except CardDied:
            self._connected = False
            raise CardCommunication("the simulated card died in the command") from None

    def reset(self) -> None:
        """Reset the card. Raises ``CardGone``."""
        self.journal.append("reset")
        if not self._connected:
            raise CardGone("the simulated card is gone")
        self._slot.card.reset()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Note begin and end."""
        self.journal.append("begin")
        try:
            yield
        finally:
            self.journal.append("end")

    def close(self) -> None:
        """Take the card away."""
        self._connected = False
