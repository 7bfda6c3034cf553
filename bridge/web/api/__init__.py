"""The local API, base ``/v1``: one file per resource.

Handlers take the bare request, ask for the role they need, and raise faults; whoever composes
the application answers those as problems (``bridge.web.problems``).
"""

from __future__ import annotations

from fastapi import APIRouter

from bridge.web.api import (
    added,
    box,
    docs,
    exports,
    lines,
    live,
    receipts,
    registers,
    runs,
    vendors,
)
from bridge.web.api.child import Exporter
from bridge.web.gates import Gates
from bridge.web.parts import WebParts


def routers(parts: WebParts, gates: Gates | None = None) -> list[APIRouter]:
    """Return all routes of the local API, and the page that shows their description. ``gates`` are
    the calls that other rooms have added."""
    return [
        receipts.routes(parts),
        lines.routes(parts),
        registers.routes(parts),
        live.routes(parts),
        box.routes(parts),
        exports.routes(parts, Exporter()),
        vendors.routes(parts),
        runs.routes(parts),
        docs.routes(),
        added.routes(parts, gates or Gates()),
    ]
