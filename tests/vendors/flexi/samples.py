"""One good call per operation, for the rules that hold for all vendors."""

from __future__ import annotations

from typing import Any

from bridge.model.roles import Role
from simulators.vendors.flexi import FlexiSurface, make
from simulators.vendors.kit import SimClock
from tests.vendors.flexi.documents import paying
from tests.vendors.samples import Sample

OPTIONS: dict[str, Any] = {
    "company": "demo",
    "register": "code:CASH",
    "document_type": "code:STANDARD",
}
SECRETS = {"user": "admin", "password": "flexi-secret"}

PAYMENT = {
    "invoice": "code:FV1",
    "amount": "1.00",
    "paid_on": "2026-11-21",
    "remainder": "castecnaUhrada",
}

SAMPLES: dict[str, Sample] = {
    "invoice": Sample(path="/invoices/code:FV1", query={"kind": "issued"}, role=Role.TILL),
    "check": Sample(path="/cash-payments/check", body=PAYMENT, role=Role.TILL),
    "pay": Sample(path="/cash-payments", body=PAYMENT, role=Role.TILL, key=True),
    "xml": Sample(
        path="/xml/faktura-vydana",
        body=paying("code:FV4", castka="1.00", zbytek="castecnaUhrada"),
        headers={"X-Allow-Duplicate": "1"},
        key=True,
        media="application/xml",
    ),
}


def make_simulator(clock: SimClock) -> FlexiSurface:
    """Return the vendor."""
    return make(clock)


async def prepare(stage: object, counter: object) -> None:
    """Nothing: the example data has all that the samples need."""
