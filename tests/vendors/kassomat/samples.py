"""One good call per operation, for the rules of all vendors.

The account is the vendor's own example, made by the box itself: so all ids are known, and a demo
account can be made again.
"""

from __future__ import annotations

from typing import Any

from simulators.vendors.kassomat import KassomatSurface, make
from simulators.vendors.kassomat.golden import ASSESSMENT, CASHBOOK, TENANT
from simulators.vendors.kit import SimClock, Stage
from tests.vendors.harness import Counter
from tests.vendors.samples import Sample

OPTIONS: dict[str, Any] = {}
SECRETS: dict[str, str] = {}

SENDER = {
    "name": "Beispiel Kassenbuch",
    "tax_id": "9212034567893",
    "tax_id_raw": "12/345/67893",
    "tax_first_name": "Max",
    "tax_last_name": "Mustermann",
    "tax_street": "Musterstraße 22",
    "tax_zip": "12345",
    "tax_city": "Musterstadt",
    "tax_phone": "00493087654321",
    "tax_email": "max@mustermann.de",
}
SUMS = {"in_7": 1234, "out_7": 2345, "in_19": 3456, "out_19": 4567}
FIGURES = {"year": 2026, "month": 10, **SUMS}

_CASHBOOKS = f"/tenants/{TENANT}/cashbooks"


def make_simulator(clock: SimClock) -> KassomatSurface:
    """Return the vendor with its own examples; a return is pending for five seconds."""
    surface = make(clock, pending_s=5.0)
    surface.golden()
    return surface


async def prepare(stage: Stage, counter: Counter) -> None:
    """Make the demo account of the examples, and choose its cashbook."""
    made = await counter.call("POST", "/demo-account", body={}, key="prepare")
    assert made.status == 201, made.body
    choice = {"tenant": TENANT, "cashbook": CASHBOOK}
    assert (await counter.call("PUT", "/choice", body=choice)).status == 200


SAMPLES = {
    "preview": Sample(path="/returns/preview", body=FIGURES),
    "return": Sample(path="/returns", body={**FIGURES, "mode": "test"}, key=True),
    "returns": Sample(path="/returns"),
    "look": Sample(path=f"/returns/{ASSESSMENT}"),
    "demo-account": Sample(path="/demo-account", body={"force": True}, key=True),
    "tenants": Sample(path="/tenants"),
    "new-tenant": Sample(path="/tenants", body={"name": "Beispiel Mandant"}, key=True),
    "cashbooks": Sample(path=_CASHBOOKS),
    "new-cashbook": Sample(path=_CASHBOOKS, body=SENDER, key=True),
    "cashbook": Sample(path=f"{_CASHBOOKS}/{CASHBOOK}", body=SENDER),
    "fiscal-offices": Sample(path="/fiscal-offices", query={"tax_id": "12/345/67893"}),
    "accounts": Sample(path="/accounts"),
}
