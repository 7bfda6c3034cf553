"""d.velop smart invoice: the shop's master data (suppliers, accounts, orders …) for the vendor's
invoice processing."""

from bridge.vendors.dvelop.vendor import VENDOR

__all__ = ["VENDOR"]
