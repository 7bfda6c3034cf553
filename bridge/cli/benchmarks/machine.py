"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend

_CPU_INFO = Path("/proc/cpuinfo")


def cores() -> int:
    """Return the processor cores this process may use."""
    return len(os.sched_getaffinity(0))


def describe() -> dict[str, Any]:
    """Return what a reader needs to compare figures: no host name, nothing of the shop."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": cores(),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cryptography": cryptography.__version__,
        "openssl": backend.openssl_version_text(),
    }


def _processor() -> str:
    """Return the model's name: x86 and ARM kernels write it under different headings."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    named = dict(line.partition(":")[::2] for line in lines if ":" in line)
    found = {heading.strip(): value.strip() for heading, value in named.items()}
    return found.get("model name") or found.get("Model") or ""
