"""One good call per operation of a vendor, for the rules that hold for all vendors.

``tests/vendors/<vendor>/samples.py`` exports:

- ``SAMPLES: dict[str, Sample]``: one for each operation that is not ``LOCAL``, by its name;
- ``make_simulator(clock: SimClock) -> Surface``, ``OPTIONS``, ``SECRETS``;
- ``async def prepare(stage, counter) -> None``: makes at the simulator and in the box what must
  exist before the samples work.

Each sample must work on a prepared counter whatever other samples were called before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.model.exchange import JSON
from bridge.model.roles import Role


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A call: ``path`` is concrete (``/invoices/FV1/pay``), ``body`` JSON or bytes; ``key`` tells
    whether an idempotency key is sent."""

    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    role: Role = Role.TECHNICIAN
    key: bool = False
    media: str = JSON
