"""Vendors' flows: from a local call over the real engine and real HTTP to a simulated vendor."""
