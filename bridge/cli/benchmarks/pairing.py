"""Measuring in pairs: our operation and its reference in turn, so that the machine's moods
strike both."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

RUNS = 7
"""Runs of pairs; the value is the median of their ratios."""

STEADY = 0.25
"""How far the reference may vary within a run."""

TRIES = 3
"""How often a run whose reference varies more is repeated."""

SLICES = 5
"""Parts of a run whose medians are compared to see whether the reference was steady."""


@dataclass(frozen=True, slots=True)
class Run:
    """The times of one run of pairs, in the order they were taken, in µs."""

    own: Sequence[float]
    reference: Sequence[float]

    @property
    def own_p50(self) -> float:
        """Median of our operation."""
        return statistics.median(self.own)

    @property
    def reference_p50(self) -> float:
        """Median of the reference."""
        return statistics.median(self.reference)

    @property
    def ratio(self) -> float:
        """Ours by the reference."""
        return self.own_p50 / self.reference_p50

    def variation(self) -> float:
        """Return how far the medians of the reference in the parts of the run lie apart, as share
        of the lowest."""
        size = max(1, len(self.reference) // SLICES)
        starts = range(0, len(self.reference) - size + 1, size)
        medians = [statistics.median(self.reference[at : at + size]) for at in starts]
        return max(medians) / min(medians) - 1


@dataclass(frozen=True, slots=True)
class Series:
    """Several runs of pairs, and what happened while they were taken."""

    runs: Sequence[Run]
    notes: tuple[str, ...]

    @property
    def ratios(self) -> list[float]:
        """The ratio of each run."""
        return [run.ratio for run in self.runs]

    @property
    def ratio(self) -> float:
        """Median of the runs' ratios."""
        return statistics.median(self.ratios)

    @property
    def own_p50(self) -> float:
        """Median of the runs' medians of our operation, µs."""
        return statistics.median(run.own_p50 for run in self.runs)

    @property
    def reference_p50(self) -> float:
        """Median of the runs' medians of the reference, µs."""
        return statistics.median(run.reference_p50 for run in self.runs)


async def take_runs(count: int, take: Callable[[], Awaitable[Run]]) -> Series:
    """Take runs; one whose reference varies by more than ``STEADY`` is repeated.

    After ``TRIES`` repetitions the last one counts and a note says so.
    """
    runs = []
    repeated = unsteady = 0
    for _ in range(count):
        run = await take()
        for _ in range(TRIES):
            if run.variation() <= STEADY:
                break
            repeated += 1
            run = await take()
        unsteady += run.variation() > STEADY
        runs.append(run)
    notes = []
    if repeated:
        notes.append(f"repeated runs: {repeated}, their reference varied by more than {STEADY:.0%}")
    if unsteady:
        notes.append(f"runs that stayed unsteady: {unsteady} of {count}, the machine is busy")
    return Series(runs, tuple(notes))
