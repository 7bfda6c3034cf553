"""One good call per operation, for the rules that hold for all vendors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulators.vendors.dvelop import make
from simulators.vendors.dvelop.masterdata import GOLDEN_JOB
from simulators.vendors.dvelop.program import API_KEY, BUCKET
from simulators.vendors.kit import SimClock, Stage, Surface
from tests.vendors.dvelop.examples import EXAMPLES
from tests.vendors.samples import Sample

if TYPE_CHECKING:
    from tests.vendors.harness import Counter

OPTIONS: dict[str, Any] = {"bucket": BUCKET}
SECRETS = {"api_key": API_KEY}

SAMPLES = {
    "job": Sample(path=f"/jobs/{GOLDEN_JOB}"),
    "single": Sample(
        path="/vendors",
        body=json.loads(EXAMPLES["vendors"]),
        headers={"X-User-Action": "1"},
    ),
    "batch": Sample(path="/tax_codes/batch", body=[json.loads(EXAMPLES["tax_codes"])]),
    "import": Sample(
        path="/cost_centers/import", body=b"nr;name\n1000;Verwaltung\n", media="text/csv"
    ),
}


def make_simulator(clock: SimClock) -> Surface:
    """Return the simulated vendor, which knows the job of the vendor's example."""
    surface = make(clock)
    surface.golden()
    return surface


async def prepare(_stage: Stage, _counter: Counter) -> None:
    """Nothing must exist before."""
