"""What is in the simulated reader slot: the card, another card, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulators.card.card import AcosIdCard
from simulators.card.switches import FaultSwitches


class CardSlot:
    """Chooses the card at each insertion, as the switches say.

    ``other`` makes the card that switch ``other_card`` puts in, when it is first needed.
    """

    def __init__(
        self, card: AcosIdCard, switches: FaultSwitches, other: Callable[[], AcosIdCard]
    ) -> None:
        self.switches = switches
        self.own = card
        self._make_other = other
        self._other: AcosIdCard | None = None
        self.card = card

    @property
    def pulled(self) -> bool:
        """Whether no card shall be in the reader."""
        return self.switches.settings.pulled

    def insert(self) -> None:
        """Put in the card the switches ask for; it starts without PIN state."""
        if self.switches.settings.other_card:
            self._other = self._other or self._make_other()
            self.card = self._other
        else:
            self.card = self.own
        self.card.reset()

    def summary(self) -> dict[str, Any]:
        """State of the own card for the control channel, without key and PIN."""
        state = self.own.state
        return {
            "cin": state.cin,
            "certificate": state.certificate,
            "tries_left": state.tries_left,
            "signatures": state.signatures,
            "apdus": state.apdus,
            "verifies": state.verifies,
        }
