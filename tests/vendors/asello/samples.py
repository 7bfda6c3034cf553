"""One good call per operation of asello."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivers.contract.clock import Clock
from simulators.cloud.surface import AselloSurface, make
from tests.vendors.samples import Sample

if TYPE_CHECKING:
    from simulators.vendors.kit.stage import Stage
    from tests.vendors.harness import Counter

RECEIPT: dict[str, Any] = {
    "paymentType": "Cash",
    "cashRegisterId": 34950,
    "items": [
        {
            "name": "Blumentopf",
            "description": "Großer Blumentopf für den Gartenbereich",
            "quantity": 2,
            "grossprice": "19.90",
            "vatcode": "A",
        },
        {"name": "Semmel", "grossprice": 0.49, "vatcode": "D", "articlenumber": "S1"},
    ],
}
"""The documented example, completed by what it does not show."""

PARKED = "11111111-2222-4333-8444-555555555555"
"""A receipt that ``prepare`` parks, so that the samples know its id."""

SAMPLES: dict[str, Sample] = {
    "create": Sample(path="/receipts", body=RECEIPT, key=True),
    "byReference": Sample(path="/receipts", query={"reference": "R001"}),
    "receipt": Sample(path="/receipts/1"),
    "park": Sample(path="/parked", body=RECEIPT, key=True),
    "open": Sample(path=f"/parked/{PARKED}/open", body={}),
}

OPTIONS: dict[str, Any] = {}
SECRETS = {
    "user": "asello-user",
    "password": "asello-password",
    "webhook_secret": "asello-webhook-secret",
}


def make_simulator(clock: Clock) -> AselloSurface:
    """The REST side, with a box that takes every command."""
    return make(clock, poll_interval_s=0.0)


async def prepare(stage: Stage, counter: Counter) -> None:
    """Create a receipt (it gets the id 1) and park one."""
    reply = await counter.call(
        "POST", "/receipts", body={**RECEIPT, "reference": "R001"}, key="prepare-1"
    )
    assert reply.status == 201, reply.body
    surface = stage.surface
    assert isinstance(surface, AselloSurface)
    with surface.cloud.store.transaction():
        surface.cloud.parking.park(34950, "P001", {**RECEIPT, "reference": "P001"}, PARKED)
