"""offer-cube: send and pay invoices, and read schemas (vendors-offercube.md)."""

from bridge.vendors.offercube.vendor import VENDOR

__all__ = ["VENDOR"]
