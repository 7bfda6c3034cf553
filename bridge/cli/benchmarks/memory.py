"""How much memory a program and the processes it starts take at most (Linux)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PROC = Path("/proc")

LOOK_EVERY_S = 0.05
"""Seconds between looks. Each reads high-water marks, so that only what happens after the last look
is missed."""

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def run_and_watch(command: list[str]) -> tuple[str, float]:
    """Run a program; return what it printed and its peak memory in MB, that of all its
    processes added up.

    Raises ``subprocess.CalledProcessError`` when the program fails.
    """
    peaks: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own programs
        output: str | None = None
        while output is None:
            for pid in _family(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), _peak_mb(pid))
            try:
                output, _ = process.communicate(timeout=LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return output, sum(peaks.values())


def _family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for parent in found:
        for children in PROC.glob(f"{parent}/task/*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found


def _peak_mb(pid: int) -> float:
    try:
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    peak = _PEAK.search(status)
    return 0.0 if peak is None else int(peak[1]) / 1024
