"""Finds a vendor's program file by its name. One that is broken disables that vendor only."""

from __future__ import annotations

import importlib
import importlib.util
import logging

from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.faults import VendorDisabled
from bridge.vendors.engine.spec import Kind, Vendor

logger = logging.getLogger(__name__)

PACKAGE = "bridge.vendors"


def load(name: str) -> Vendor:
    """Return what ``bridge/vendors/<name>`` exports as ``VENDOR``.

    Raises ``VendorNotConfigured`` when there is no such file, ``VendorDisabled`` when it is broken.
    """
    module = f"{PACKAGE}.{name}"
    if name == "engine" or not name.isidentifier() or importlib.util.find_spec(module) is None:
        raise VendorNotConfigured(f"there is no vendor {name!r}")
    try:
        vendor = importlib.import_module(module).VENDOR
    except Exception as error:
        logger.exception("vendor %s cannot be loaded", name)
        raise VendorDisabled(f"{name}: {type(error).__name__}") from error
    if not isinstance(vendor, Vendor):
        raise VendorDisabled(f"{name} exports no vendor")
    check(vendor)
    return vendor


def check(vendor: Vendor) -> None:
    """Check what a program file must not leave out. Raises ``VendorDisabled``."""
    names = [each.name for each in vendor.operations]
    if len(set(names)) != len(names):
        raise VendorDisabled(f"{vendor.name}: two operations have the same name")
    for each in vendor.operations:
        where = f"{vendor.name}: {each.name}"
        if each.kind is Kind.LOCAL and each.local is None:
            raise VendorDisabled(f"{where} is local, but nothing answers it")
        if each.kind is not Kind.LOCAL and each.build is None and each.local is None:
            raise VendorDisabled(f"{where} cannot be built")
        acts_once = each.kind in (Kind.KEYED, Kind.ONCE)
        if acts_once and each.reconcile is None and not each.no_reconcile:
            raise VendorDisabled(f"{where} does not say how a lost answer is looked up")
        if each.unsafe_get and each.method == "GET":
            raise VendorDisabled(f"{where} acts on GET")
