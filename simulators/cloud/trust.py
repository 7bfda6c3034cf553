"""Certificates of the system, loaded once: a client of its own would load them again each time."""

from __future__ import annotations

import functools
import ssl


@functools.cache
def system_trust() -> ssl.SSLContext:
    """Return the context with which all clients of this program verify servers."""
    return ssl.create_default_context()
