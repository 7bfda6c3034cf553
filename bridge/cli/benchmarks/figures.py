"""Figures: what a benchmark found, beside its target and its reference."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.cli.benchmarks.places import Places


@dataclass(frozen=True, slots=True)
class Target:
    """The value to reach, from above (``at_most``) or from below."""

    limit: float
    at_most: bool = True

    def met(self, value: float) -> bool:
        """Whether a value reaches the target."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Spec:
    """One figure before it is measured: its id in the design, what it says, its unit."""

    id: str
    what: str
    unit: str
    target: Target


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure measured. ``value`` is ``None`` where it cannot be measured: ``notes`` say why.

    ``spread`` holds the lowest and the highest run. ``reference`` and ``synced`` (the same on the
    real disk) are absolute figures by name, with the unit in the name.
    """

    spec: Spec
    value: float | None
    spread: tuple[float, float] | None = None
    reference: dict[str, float] | None = None
    synced: dict[str, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; ``None`` without a value."""
        return None if self.value is None else self.spec.target.met(self.value)

    @staticmethod
    def of_runs(
        spec: Spec,
        values: Sequence[float],
        reference: dict[str, float] | None = None,
        synced: dict[str, float] | None = None,
        notes: Sequence[str] = (),
    ) -> Figure:
        """Return the median of several runs with their spread."""
        return Figure(
            spec,
            statistics.median(values),
            (min(values), max(values)),
            reference,
            synced,
            tuple(notes),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the figure as ``bench --json`` prints it (contracts, section 3)."""
        return {
            "value": _rounded(self.value),
            "target": self.spec.target.limit,
            "met": self.met,
            "unit": self.spec.unit,
            "spread": None if self.spread is None else [_rounded(each) for each in self.spread],
            "reference": _rounded_all(self.reference),
            "synced": _rounded_all(self.synced),
            "what": self.spec.what,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is measured, and where. ``quick`` shows that everything runs; its figures are
    rough. ``seed`` fixes amounts and keys."""

    places: Places
    quick: bool = False
    seed: int = 20170401

    def of(self, quick: int, full: int) -> int:
        """Return a size."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One way of measuring, which yields one or more figures."""

    specs: tuple[Spec, ...]
    run: Callable[[Settings], tuple[Figure, ...]]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its figures."""
        return tuple(spec.id for spec in self.specs)

    def not_measured(self, reason: str) -> tuple[Figure, ...]:
        """Return its figures without values."""
        return tuple(Figure(spec, None, notes=(reason,)) for spec in self.specs)


def _rounded(value: float | None) -> float | None:
    """Return four significant digits: more would be noise."""
    return None if value is None else float(f"{value:.4g}")


def _rounded_all(named: dict[str, float] | None) -> dict[str, float | None] | None:
    return None if named is None else {name: _rounded(value) for name, value in named.items()}
