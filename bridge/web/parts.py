"""What the web room is given by the composition of the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bridge.config import Config
from bridge.devices.registry import Device
from bridge.health import HealthBoard
from bridge.journal.store import Journal
from bridge.model.exchange import Vendors
from bridge.till.till import Till
from drivers.contract.clock import Clock


class Devices(Protocol):
    """The box's devices, as a technician sees them: ``bridge.devices.registry.Registry``."""

    def listed(self) -> Sequence[Device]: ...

    async def test(self, name: str, test: str) -> Mapping[str, Any]:
        """Carry a test out and return what it found. Raises the device's faults and
        ``DeviceUnknown``."""
        ...


@dataclass(frozen=True, slots=True)
class WebParts:
    """The parts of the box that API and pages show and use.

    ``connect_now`` wakes every link (a person waits). ``seen`` is called whenever a person looks
    at the operator page; ``code_of`` returns the text of a receipt's printed code from its JWS.
    ``vendors`` must have started when the application is made; ``None``: the box has none.
    """

    config: Config
    version: str
    clock: Clock
    journal: Journal
    till: Till
    board: HealthBoard
    devices: Devices
    code_of: Callable[[str], str]
    connect_now: Callable[[], None] = field(default=lambda: None)
    seen: Callable[[], None] = field(default=lambda: None)
    vendors: Vendors | None = None
