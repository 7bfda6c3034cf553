"""Invoices paid in the shop, reported to their vendors."""
