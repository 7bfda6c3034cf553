"""Rules of the configuration that span several tables.

They run on the file's plain values, not on validated models, so that they report even when
single keys are wrong; values of a wrong type are passed over here, the schema reports them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from bridge.config.problem import Path, Problem, suggestion

CLOSED_SYSTEM = "AT0"
"""Provider id of closed systems in the suite of a receipt (rksv.md section 1)."""

Values = Mapping[str, Any]


def problems_across(data: Values) -> list[Problem]:
    """Return every broken rule, in the order of the file's tables."""
    return [
        *_directories(data),
        *_unique(data, "register", "id"),
        *_unique(data, "register", "kassen_id"),
        *_unique(data, "signing_unit", "name"),
        *_unique(data, "printer", "name"),
        *_unique(data, "cloud", "name"),
        *_unique(data, "vendor", "name"),
        *_references(data),
        *_clouds(data),
        *_systems(data),
        *_shared_addresses(data),
    ]


def _tables(data: Values, name: str) -> Iterator[tuple[int, Values]]:
    tables = data.get(name)
    if isinstance(tables, list | tuple):
        for index, table in enumerate(tables):
            if isinstance(table, Mapping):
                yield index, table


def _text(table: Values, key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) else None


def _names(data: Values, table: str) -> dict[str, Values]:
    return {name: row for _, row in _tables(data, table) if (name := _text(row, "name"))}


def _unique(data: Values, table: str, key: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, row in _tables(data, table):
        value = _text(row, key)
        if value is None:
            continue
        if value in first:
            yield Problem((table, index, key), f"is already used by {table}[{first[value]}]")
        first.setdefault(value, index)


def _directories(data: Values) -> Iterator[Problem]:
    box = data.get("box")
    if not isinstance(box, Mapping):
        return
    data_dir, mirror_dir = _text(box, "data_dir"), _text(box, "mirror_dir")
    if data_dir is None or mirror_dir is None:
        return
    outer, inner = os.path.normpath(data_dir), os.path.normpath(mirror_dir)
    if inner == outer or inner.startswith(outer.rstrip("/") + "/"):
        yield Problem(
            ("box", "mirror_dir"),
            "must be another directory than data_dir and not inside it: the mirror tells whether "
            "an old copy of data_dir was put back",
        )


def _references(data: Values) -> Iterator[Problem]:
    units, printers = _names(data, "signing_unit"), _names(data, "printer")
    for index, row in _tables(data, "register"):
        listed = row.get("units")
        seen: set[str] = set()
        for position, unit in enumerate(listed if isinstance(listed, list | tuple) else ()):
            if not isinstance(unit, str):
                continue
            path: Path = ("register", index, "units", position)
            if unit not in units:
                yield Problem(path, f"no signing unit `{unit}`{suggestion(unit, units)}")
            if unit in seen:
                yield Problem(path, f"names `{unit}` a second time")
            seen.add(unit)
        printer = _text(row, "printer")
        if printer is not None and printer not in printers:
            yield Problem(
                ("register", index, "printer"),
                f"no printer `{printer}`{suggestion(printer, printers)}",
            )


def _clouds(data: Values) -> Iterator[Problem]:
    registers = {name for _, row in _tables(data, "register") if (name := _text(row, "id"))}
    for index, row in _tables(data, "cloud"):
        listed = row.get("registers")
        for position, name in enumerate(listed if isinstance(listed, list | tuple) else ()):
            if isinstance(name, str) and name not in registers:
                yield Problem(
                    ("cloud", index, "registers", position),
                    f"no register `{name}`{suggestion(name, registers)}",
                )


def _systems(data: Values) -> Iterator[Problem]:
    """A register is open or closed for life: its units must be of the same system."""
    units = _names(data, "signing_unit")
    for index, row in _tables(data, "register"):
        closed = row.get("closed_system") is not None
        listed = row.get("units")
        for position, name in enumerate(listed if isinstance(listed, list | tuple) else ()):
            vda = _text(units.get(name, {}), "vda") if isinstance(name, str) else None
            if vda is None or (vda == CLOSED_SYSTEM) == closed:
                continue
            text = (
                f"`{name}` has vda {vda}, but a closed system needs {CLOSED_SYSTEM}"
                if closed
                else f"`{name}` has vda {vda} (closed system), but closed_system is not set"
            )
            yield Problem(("register", index, "units", position), text)


def _shared_addresses(data: Values) -> Iterator[Problem]:
    """Two entries for one device would compete for it."""
    rows = sorted(
        (address, table, index)
        for table in ("signing_unit", "printer")
        for index, row in _tables(data, table)
        if (address := _text(row, "address")) is not None
    )
    for (address, table, index), (next_address, next_table, next_index) in pairwise(rows):
        if address == next_address:
            path: Path = (next_table, next_index, "address")
            yield Problem(path, f"is already used by {table}[{index}]")
