"""What the operator page is told of vendors whose open invoices may be paid in the shop."""

from __future__ import annotations

from typing import Any, Final

from bridge.model.exchange import VendorView
from bridge.web.pages.settle_texts import LINE_TEXT
from bridge.web.parts import WebParts

LOOK_UP: Final = "/v1/vendors/{vendor}/invoices/{{id}}"
"""Path of the call that shows an invoice. A vendor that settles and has it answers ``by=number``
with ``invoice``, ``customer``, ``total_cents``, ``open_cents``, ``currency``, ``state`` and
``locked`` (docs/vendors/flexi.md); each may be missing."""


def settling_setup(parts: WebParts, language: str) -> dict[str, Any]:
    """Return the vendors that a line may name, each with the path of its look-up (``null``: it has
    none), and ``text``, what such a line says in the language of the receipts."""
    names = {name for each in parts.till.registers.values() for name in each.settling.vendors}
    found = () if parts.vendors is None else parts.vendors.vendors(language)
    views = {view.name: view for view in found}
    return {
        "vendors": [_vendor(name, views.get(name)) for name in sorted(names)],
        "text": LINE_TEXT.in_language(parts.config.box.language),
    }


def _vendor(name: str, view: VendorView | None) -> dict[str, Any]:
    if view is None:
        return {"name": name, "title": name, "look_up": None}
    path = LOOK_UP.format(vendor=name)
    calls = {(each.get("method"), each.get("path")) for each in view.operations}
    look_up = path if ("GET", path) in calls else None
    return {"name": name, "title": view.title, "look_up": look_up}
