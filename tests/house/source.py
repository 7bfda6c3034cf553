"""The source tree as the house tests see it."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = ("bridge", "drivers", "simulators")

OPTIONAL_LIBRARIES = frozenset({"smartcard", "evdev", "usb", "serial", "pyudev"})
"""Hardware libraries of the extras: a module that needs one may be absent from a test run."""


def source_files(*tops: str) -> list[Path]:
    """Return every Python file below these folders."""
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a path as test output shows it."""
    return path.relative_to(ROOT).as_posix()


def import_all() -> dict[str, str]:
    """Import every module of the product; return what could not be imported and why.

    Modules whose hardware library is not installed are passed over.
    """
    broken: dict[str, str] = {}
    for package in PACKAGES:
        for info in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            try:
                importlib.import_module(info.name)
            except ImportError as error:
                if (error.name or "").split(".")[0] not in OPTIONAL_LIBRARIES:
                    broken[info.name] = str(error)
    return broken
