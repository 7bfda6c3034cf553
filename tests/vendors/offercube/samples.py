"""One good call per operation, and the simulator they work on."""

from __future__ import annotations

from typing import Any

from simulators.vendors.kit import SimClock
from simulators.vendors.offercube import make
from simulators.vendors.offercube.surface import OfferCube
from tests.vendors.samples import Sample

SID = "sim-session-0001"
OPTIONS: dict[str, Any] = {"tenant": "demo"}
SECRETS = {"sid": SID}

LOGIN_OPTIONS: dict[str, Any] = {"tenant": "demo", "login": {"path": "/demo/s/login"}}
"""Options under which the box logs in, the simulator's invented way."""
LOGIN_SECRETS = {"user": "box", "password": "sim-password"}

SAMPLES = {
    "schema": Sample(path="/schema/invoice"),
    "send": Sample(path="/invoices/17/send", body={"sendtype": 2}, key=True),
    "sendByBody": Sample(path="/invoices/send", body={"id": 17, "sendtype": 2}, key=True),
    "pay": Sample(path="/invoices/17/pay", body={"annotation": "Beleg 5", "force": True}, key=True),
    "payByBody": Sample(path="/invoices/pay", body={"id": 19, "force": True}, key=True),
}


def make_simulator(clock: SimClock) -> OfferCube:
    """Return a fresh simulator."""
    return make(clock)


async def prepare(stage: object, counter: object) -> None:
    """Nothing has to be made: the simulator begins with invoices."""
