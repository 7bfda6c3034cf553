"""Finds the line of a key in a TOML file, to point a person at it.

A hint, no parser: ``tomllib`` has read the file before. It knows table headers, arrays of tables
and keys at the beginning of a line; for anything else the line of the enclosing table is given.
"""

from __future__ import annotations

import re

from bridge.config.problem import Path

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]\[]+?)\s*\]")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=")
_FENCES = ('"""', "'''")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of each table and key that can be seen cheaply."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if fence in line:
                fence = ""
            continue
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                index = counts.get(table, 0)
                counts[table] = index + 1
                found.setdefault(table, number)
                table = (*table, index)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
            fence = next((f for f in _FENCES if line.count(f) % 2), "")
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Return the line of the key or, failing that, of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if line := lines.get(path[:length]):
            return line
    return None


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
