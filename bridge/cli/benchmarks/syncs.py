"""M3: durable syncs between "complete" and its answer, counted from outside by ``strace``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.benchmarks.desk import scratch
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.syncs_child import BEGIN, END

M3 = Spec("M3", "durable syncs per receipt, one receipt at a time (AT)", "syncs", Target(1))
M3B = Spec("M3b", "durable syncs per receipt, 32 tasks (AT)", "syncs", Target(0.5))

TASKS = 32

CHILD = "bridge.cli.benchmarks.syncs_child"

LIMIT_S = 300
"""Seconds a traced run may take."""

_CALLS = "fsync,fdatasync,sync,syncfs,sync_file_range,msync"
_SYNC = re.compile(rf"\b({_CALLS.replace(',', '|')})\(([^)]*)")
_DATABASE = "journal.db>"
"""A sync of the database itself, as ``strace -y`` writes its path: only checkpoints do that."""


@dataclass(frozen=True, slots=True)
class _Count:
    """Syncs between the marks. A checkpoint syncs the log and then the database; the next commit
    syncs the log's new header."""

    syncs: int
    checkpoints: int
    receipts: int

    @property
    def per_receipt(self) -> float:
        return (self.syncs - 3 * self.checkpoints) / self.receipts


def count_syncs(trace: Iterable[str], receipts: int) -> _Count | None:
    """Count the syncs between the marks of a trace; ``None`` without both marks."""
    syncs = checkpoints = 0
    inside = False
    for line in trace:
        if BEGIN in line:
            inside = True
        elif END in line:
            return _Count(syncs, checkpoints, receipts) if inside else None
        # A call that another thread's line interrupted is reported twice: count its beginning.
        elif inside and "resumed>" not in line and (found := _SYNC.search(line)):
            syncs += 1
            checkpoints += _DATABASE in found[2]
    return None


def _trace(directory: Path, receipts: int, tasks: int) -> tuple[_Count | None, str]:
    """Run the child under ``strace``. Returns its count, or ``None`` and the reason."""
    strace = shutil.which("strace")
    if strace is None:
        return None, "strace is not installed"
    output = directory / "trace"
    child = [sys.executable, "-m", CHILD, str(directory / "desk"), str(receipts), str(tasks)]
    # Marks arrive by one of several calls, depending on the C library.
    calls = f"trace={_CALLS},?access,?faccessat,?faccessat2"
    done = subprocess.run(  # noqa: S603 - our own program and arguments
        [strace, "-f", "-y", "-e", calls, "-o", str(output), *child],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    lines = output.read_text(errors="replace").splitlines() if output.exists() else []
    count = count_syncs(lines, receipts)
    if done.returncode or count is None:
        said = done.stderr.strip().splitlines()
        return None, f"strace could not trace: {said[-1] if said else done.returncode}"
    return count, ""


def run(settings: Settings) -> tuple[Figure, ...]:
    """Trace both ways of calling. The place of the files does not change the count, but a real
    disk makes commits last long enough to be shared."""
    directory = settings.places.disk or settings.places.memory
    plans = (
        (M3, settings.of(20, 200), 1),
        (M3B, settings.of(64, 640), TASKS),
    )
    return tuple(_measure(spec, directory, settings, *plan) for spec, *plan in plans)


def _measure(spec: Spec, directory: Path, settings: Settings, receipts: int, tasks: int) -> Figure:
    found: list[float] = []
    checkpoints = 0
    for _ in range(settings.of(1, 3)):
        with scratch(directory) as name:
            count, reason = _trace(Path(name), receipts, tasks)
        if count is None:
            return Figure(spec, None, notes=(reason,))
        found.append(count.per_receipt)
        checkpoints += count.checkpoints
    notes = [f"{receipts} receipts a run, {checkpoints} checkpoints apart"]
    return Figure.of_runs(spec, found, notes=notes)


BENCHMARK = Benchmark((M3, M3B), run)
