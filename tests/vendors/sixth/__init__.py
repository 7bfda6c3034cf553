"""A sixth vendor, taken from the documentation."""
