"""Vendors' REST flows: one file (or folder) per vendor, each exporting ``VENDOR``, and the engine.

Importing this package imports no vendor: the engine loads those that are configured, so that a
broken one disables itself alone.
"""
