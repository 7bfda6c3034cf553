"""Lists as CSV: the first line names the fields, each further one is a record.

Separated by ``;`` or ``,`` as the first line shows; UTF-8, with or without byte order mark. An
empty cell means that the record does not have the field. Numbers are written with a decimal point
and go on as they are written. Nested lines need JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

from bridge.vendors.dvelop.fields import Entity, Type
from bridge.vendors.engine.faults import CallInvalid

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_SHOWN = 64
_WORDS = {"true": "true", "false": "false"}

Row = tuple[int, bytes, list[tuple[str, str]]]


def rows(body: bytes, entity: Entity) -> Iterator[Row]:
    """Return each record: its line in the file, its JSON, and what is wrong with single cells
    (field, text). Raises ``CallInvalid`` when the file itself cannot be read."""
    text = _text(body)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        names = next(reader, [])
        _check_header(names, entity)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield line, *_record(names, cells, entity)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CallInvalid.at("", f"line {reader.line_num} is not CSV: {error}") from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise CallInvalid.at("", f"this is not UTF-8 (line {line})") from None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if ";" in first else ","


def _check_header(names: list[str], entity: Entity) -> None:
    problems = []
    if not any(names):
        problems.append(": the first line must name the fields")
    elif "" in names:
        problems.append(": a column of the first line has no name")
    problems += [f": the column {name[:_SHOWN]!r} is there twice" for name in _twice(names)]
    if "line_items" in names:
        problems.append("/line_items: nested lines cannot be given as CSV: use JSON")
    known = [name for name in names if entity.record.field(name) is not None]
    if not problems and not known:
        problems.append(f": no column is a field of {entity.name}")
    if problems:
        raise CallInvalid.listing(problems)


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if name and names.count(name) > 1})


def _record(
    names: list[str], cells: list[str], entity: Entity
) -> tuple[bytes, list[tuple[str, str]]]:
    if len(cells) != len(names):
        text = f"{len(cells)} cells, but the first line has {len(names)}"
        return b"{}", [("", text)]
    parts = []
    wrong = []
    for name, cell in zip(names, cells, strict=True):
        if cell == "":
            continue
        field = entity.record.field(name)
        kind = Type.TEXT if field is None else field.type
        literal = _literal(kind, cell)
        if literal is None:
            wrong.append((name, _EXPECTED[kind]))
        else:
            parts.append(f"{json.dumps(name, ensure_ascii=False)}:{literal}")
    return ("{" + ",".join(parts) + "}").encode(), wrong


_EXPECTED = {
    Type.NUMBER: "must be a number with a decimal point (no comma, no thousands separator)",
    Type.BOOLEAN: "must be true or false",
}


def _literal(kind: Type, cell: str) -> str | None:
    """Return a cell as JSON, ``None`` if it is not of its type."""
    if kind is Type.NUMBER:
        return cell if _NUMBER.fullmatch(cell) else None
    if kind is Type.BOOLEAN:
        return _WORDS.get(cell.lower())
    return json.dumps(cell, ensure_ascii=False)
