"""All benchmarks in the order of the design's table."""

from __future__ import annotations

from bridge.cli.benchmarks import (
    api_cost,
    card_cost,
    link_cost,
    log_bytes,
    receipt_cost,
    syncs,
    throughput,
    vendors_cost,
    verification,
)
from bridge.cli.benchmarks.figures import Benchmark

BENCHMARKS: tuple[Benchmark, ...] = (
    receipt_cost.BENCHMARK,
    log_bytes.BENCHMARK,
    throughput.BENCHMARK,
    syncs.BENCHMARK,
    verification.BENCHMARK,
    link_cost.BENCHMARK,
    api_cost.BENCHMARK,
    card_cost.BENCHMARK,
    vendors_cost.BENCHMARK,
)
"""What this version measures; the other metrics of the design belong to parts not built yet."""


def known_ids() -> list[str]:
    """Return the ids of all figures."""
    return [each for benchmark in BENCHMARKS for each in benchmark.ids]


def choose(ids: list[str]) -> list[Benchmark]:
    """Return the benchmarks that yield these figures; all of them without ids.

    Raises ``KeyError`` with the first id that is unknown.
    """
    known = known_ids()
    for each in ids:
        if each not in known:
            raise KeyError(each)
    return [each for each in BENCHMARKS if not ids or not set(ids).isdisjoint(each.ids)]
