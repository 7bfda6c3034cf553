"""Cards and units for tests, in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.transport import CardTransport
from simulators.card.card import AcosIdCard
from simulators.card.function_transport import FunctionTransport
from simulators.card.identity import new_card
from simulators.card.slot import CardSlot
from simulators.card.state import CardState
from simulators.card.switches import FaultSwitches

PIN = "123456"
WRONG_PIN = "654321"


def make_slot(state: CardState | None = None, **card_options: Any) -> CardSlot:
    """A slot with a reproducible card; switch ``other_card`` puts in a card with another key."""
    switches = FaultSwitches()
    card = AcosIdCard(state or new_card(seed="own"), switches=switches, **card_options)
    return CardSlot(card, switches, lambda: AcosIdCard(new_card(seed="other"), switches=switches))


def make_unit(transport: CardTransport, **options: Any) -> AcosIdUnit:
    """A unit with the right PIN unless told otherwise."""
    return AcosIdUnit("card", transport, **{"vda": "AT100", "pin": PIN, **options})


@dataclass
class Desk:
    """A card, its transport, and units on it."""

    slot: CardSlot = field(default_factory=make_slot)
    units: list[AcosIdUnit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.transport = FunctionTransport(self.slot)

    @property
    def card(self) -> AcosIdCard:
        """The slot's own card."""
        return self.slot.own

    def unit(self, **options: Any) -> AcosIdUnit:
        """A unit on the desk's transport."""
        unit = make_unit(self.transport, **options)
        self.units.append(unit)
        return unit

    def set(self, **switches: Any) -> None:
        """Change fault switches."""
        self.slot.switches.change(switches)

    async def close(self) -> None:
        """Close every unit."""
        for unit in self.units:
            await unit.close()
