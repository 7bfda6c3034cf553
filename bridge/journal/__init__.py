"""The journal: append-only events, the only truth."""
