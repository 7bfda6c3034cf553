"""``bonbridge bench``: speed and cost beside their targets (docs/benchmarks.md).

A missed target is no failure of the command: the figure says it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings

COLUMNS = ("id", "what", "value", "target", "met", "spread", "reference", "synced")

_MET = {True: "yes", False: "NO", None: "-"}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench``."""
    text = "measure speed and cost, each beside its reference and its target"
    parser = subparsers.add_parser("bench", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    parser.add_argument(
        "--only", type=_ids, default=[], metavar="ID,…", help="measure only these, e.g. M1,M7"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny sizes: shows that all runs, the figures are rough",
    )
    parser.add_argument(
        "--disk",
        type=Path,
        metavar="DIR",
        help="a directory on the disk to measure (default: /tmp)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print. Returns 0 whatever the figures say, 2 for a disk that is none."""
    from bridge.cli.benchmarks import catalogue
    from bridge.cli.benchmarks.figures import Settings
    from bridge.cli.benchmarks.machine import describe
    from bridge.cli.benchmarks.places import find_places

    places = find_places(args.disk)
    if args.disk is not None and places.disk is None:
        print(
            f"bonbridge bench: {args.disk} is not a writable directory on a disk", file=sys.stderr
        )
        return 2
    machine = describe()
    figures = _measure(catalogue.choose(args.only), Settings(places, args.quick))
    if args.json:
        metrics = {figure.spec.id: figure.as_json() for figure in figures}
        print(json.dumps({"machine": machine, "metrics": metrics}, ensure_ascii=False, indent=1))
    else:
        for line in _table(machine, list(figures)):
            print(line)
    return 0


def _measure(benchmarks: Iterable[Benchmark], settings: Settings) -> Iterator[Figure]:
    for benchmark in benchmarks:
        print(f"measuring {', '.join(benchmark.ids)} …", file=sys.stderr, flush=True)
        yield from benchmark.run(settings)


def _ids(text: str) -> list[str]:
    """Return the ids of ``--only``; argparse turns the error into a message and exit code 2."""
    from bridge.cli.benchmarks import catalogue

    ids = [each.strip() for each in text.split(",") if each.strip()]
    try:
        catalogue.choose(ids)
    except KeyError as error:
        message = f"there is no {error.args[0]}; known: {', '.join(catalogue.known_ids())}"
        raise argparse.ArgumentTypeError(message) from error
    return ids


def _table(machine: dict[str, Any], figures: list[Figure]) -> Iterator[str]:
    yield ", ".join(f"{name} {value}" for name, value in machine.items())
    rows = [COLUMNS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    for figure in figures:
        for note in figure.notes:
            yield f"{figure.spec.id}: {note}"


def _row(figure: Figure) -> tuple[str, ...]:
    shown = figure.as_json()
    spread = shown["spread"]
    return (
        figure.spec.id,
        figure.spec.what,
        "-" if shown["value"] is None else f"{shown['value']:g} {figure.spec.unit}",
        str(figure.spec.target),
        _MET[figure.met],
        "-" if spread is None else f"{spread[0]:g} – {spread[1]:g}",
        _named(shown["reference"]),
        _named(shown["synced"]),
    )


def _named(values: dict[str, float] | None) -> str:
    return "-" if not values else ", ".join(f"{name} {value:g}" for name, value in values.items())
