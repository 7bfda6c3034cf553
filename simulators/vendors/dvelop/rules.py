"""What the vendor refuses of a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from simulators.vendors.dvelop.table import SHEETS, Column

_SURCHARGE = ("surcharged_line_item_id", "surcharge_category", "surcharge_value")
_NAMES = ("id", "nr")
_ISO_DAY = 10


def objections(entity: str, record: Any, *, strict: bool) -> Iterator[str]:
    """Return what is wrong with a record, nested lines included. ``strict``: what the vendor's
    table calls mandatory is, even where its own example lacks it."""
    if not isinstance(record, dict):
        yield "record is not an object"
        return
    for column in SHEETS[entity].columns:
        if (text := _objection(column, record, strict=strict)) is not None:
            yield f"{column.name}: {text}"
    nested = SHEETS.get(f"{entity}.line_items")
    lines = record.get("line_items")
    if nested is None or lines is None:
        return
    if not isinstance(lines, list):
        yield "line_items: not an array"
        return
    for number, line in enumerate(lines):
        for text in objections(f"{entity}.line_items", line, strict=strict):
            yield f"line_items[{number}].{text}"


def line_ids(record: Mapping[str, Any]) -> list[str]:
    """Return the ids of a record's lines."""
    return [line["id"] for line in record.get("line_items") or ()]


def _objection(column: Column, record: Mapping[str, Any], *, strict: bool) -> str | None:
    value = record.get(column.name)
    missing = value is None
    if column.mark == "M":
        if missing or (column.name in _NAMES and value == ""):
            return "missing"
    elif missing or value == "":
        return "missing" if column.mark == "c" and strict and _due(column, record) else None
    if not _fits(column.type, value):
        return f"type is not {column.type}"
    if column.allowed and value not in column.allowed:
        return "not an allowed value"
    if column.pattern and not re.fullmatch(column.pattern, str(value)):
        return "has not the form of its ISO code"
    return None


def _due(column: Column, record: Mapping[str, Any]) -> bool:
    """Whether a contested field is due: a surcharge's kind only for surcharges, a tenant may be
    the empty string."""
    match column.name:
        case "type":
            return any(record.get(name) not in (None, "") for name in _SURCHARGE)
        case "tenant_id":
            return record.get("tenant_id") is None
        case _:
            return True


def _fits(kind: str, value: Any) -> bool:
    if kind == "B":
        return value is True or value is False
    if kind == "N":
        return type(value) in (int, float)
    if not isinstance(value, str):
        return False
    if kind == "D":
        try:
            return len(value) == _ISO_DAY and date.fromisoformat(value) is not None
        except ValueError:
            return False
    return True
