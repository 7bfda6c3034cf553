"""The machine itself: Python, libraries, clock."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.cli.doctor.check import Check, fail, ok, warn
from bridge.config import Config
from bridge.till.register import BUILD_DATE

OLDEST_PYTHON = (3, 11)

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""A file that systemd-timesyncd touches when the clock was set by NTP (systemd-timesyncd(8))."""

AHEAD = timedelta(minutes=5)
"""How far the last event may lie in the future before the clock must be wrong."""


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    """Check the interpreter."""
    text = f"Python {'.'.join(map(str, version))} on {platform.machine()}"
    if version < OLDEST_PYTHON:
        return fail("python", text, "Install Python 3.11 or newer.")
    return ok("python", text)


def libraries(config: Config) -> Iterator[Check]:
    """Check what only some devices need."""
    needed = any(unit.address.startswith("pcsc:") for unit in config.signing_units)
    if importlib.util.find_spec("smartcard") is not None:
        yield ok("library pyscard", "installed")
    elif needed:
        advice = "Run pip install 'bonbridge[card]' or apt install python3-pyscard."
        yield fail("library pyscard", "missing, and a signing unit is at a card reader", advice)
    else:
        yield ok("library pyscard", "not installed; no signing unit needs it")


def clock(now: datetime, last_ms: int | None, synchronised: Path = SYNCHRONISED) -> Check:
    """Check the clock against build date, last event (UTC ms) and NTP."""
    shown = now.astimezone(UTC).isoformat(timespec="seconds")
    advice = "Connect the box to a network with NTP, or set the clock."
    if now.date() < BUILD_DATE:
        return fail("clock", f"{shown} is before this software was built ({BUILD_DATE})", advice)
    if last_ms is not None:
        last = datetime.fromtimestamp(last_ms / 1000, UTC)
        if last - now > AHEAD:
            last_shown = last.isoformat(timespec="seconds")
            return fail("clock", f"{shown} is before the journal's last event {last_shown}", advice)
    if not synchronised.exists():
        return warn("clock", f"{shown}, not known to be set by NTP since the start", advice)
    return ok("clock", f"{shown}, set by NTP")
