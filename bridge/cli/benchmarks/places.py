"""Where benchmarks keep their files: a memory file system and a real disk."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
MEMORY_TYPES = frozenset({"tmpfs", "ramfs"})

MOUNTS = Path("/proc/mounts")

PROBE_BYTES = 8192
"""Bytes written before each probing sync: about what one receipt's commit writes."""


@dataclass(frozen=True, slots=True)
class Places:
    """Directories for benchmarks. ``disk`` is ``None`` where no real disk can be written to;
    ``memory_is_disk`` says that no memory file system can, so that syncs are in every figure."""

    memory: Path
    disk: Path | None
    memory_is_disk: bool = False

    def notes(self) -> list[str]:
        """Return what a reader of an own-cost figure must know."""
        if self.memory_is_disk:
            return ["no memory file system: the own cost contains syncs"]
        return []


def find_places(
    disk: Path | None = None, *, memory: Path = MEMORY, mounts: Path = MOUNTS
) -> Places:
    """Return where to measure. ``disk`` is the user's choice, else the first directory that is
    writable and not in memory."""
    chosen = [disk] if disk is not None else _candidates()
    kinds = _mounted(mounts)
    real = next(
        (each for each in chosen if _writable(each) and _kind(each, kinds) not in MEMORY_TYPES),
        None,
    )
    if _writable(memory) and _kind(memory, kinds) in MEMORY_TYPES:
        return Places(memory, real)
    fallback = Path(tempfile.gettempdir())
    return Places(fallback, real, memory_is_disk=_kind(fallback, kinds) not in MEMORY_TYPES)


def sync_p50_us(directory: Path, rounds: int) -> float:
    """Return the median time of ``fdatasync`` after overwriting a few kilobytes, in µs."""
    data = os.urandom(PROBE_BYTES)
    times = []
    with tempfile.TemporaryFile(dir=directory) as file:
        descriptor = file.fileno()
        for _ in range(2):
            os.pwrite(descriptor, data, 0)
            os.fsync(descriptor)
        for _ in range(rounds):
            os.pwrite(descriptor, data, 0)
            begin = time.perf_counter_ns()
            os.fdatasync(descriptor)
            times.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(times)


def _candidates() -> Sequence[Path]:
    return (Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd())  # noqa: S108 - as above


def _writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def _mounted(mounts: Path) -> dict[str, str]:
    """Return file system types by mount point."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        found[point.replace("\\040", " ")] = kind
    return found


def _kind(path: Path, kinds: dict[str, str]) -> str:
    """Return the type of the file system that holds a path, empty if unknown."""
    for each in (path.resolve(), *path.resolve().parents):
        if str(each) in kinds:
            return kinds[str(each)]
    return ""
