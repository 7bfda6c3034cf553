"""The local API over the real till and journal."""
