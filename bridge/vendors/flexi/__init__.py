"""ABRA Flexi. ``VENDOR`` is what the engine loads."""

from bridge.vendors.flexi.vendor import VENDOR

__all__ = ["VENDOR"]
