"""What is checked of records before anything is sent, by the vendor's table.

References between records, VAT ids and user names are not checked: the vendor's own examples
would fail. Values are never changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from bridge.vendors.dvelop.fields import PATTERNS, Entity, Field, Need, Record, Shape, Type
from bridge.vendors.dvelop.iban import iban_holds
from bridge.vendors.dvelop.notices import Notices
from bridge.vendors.dvelop.orders import ORDER_STATES
from bridge.vendors.engine.faults import CallInvalid

LISTED = 100
"""Problems that are listed; of the others only the number is told."""

SHOWN = 64
"""Characters that are shown of a name which the caller has made up."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SHAPES = {shape: re.compile(pattern) for shape, pattern in PATTERNS.items()}
_SHAPE_NAMES = {
    Shape.COUNTRY: "two capital letters (ISO 3166-1 alpha-2)",
    Shape.CURRENCY: "three capital letters (ISO 4217)",
}
_TYPE_NAMES = {
    Type.TEXT: "a string",
    Type.NUMBER: "a number",
    Type.BOOLEAN: "true or false",
    Type.DATE: "a day as string YYYY-MM-DD",
    Type.LINES: "a list of records",
}


class Checker:
    """Checks the records of one list, or a single one: ``record`` for each, then ``finish``.

    ``strict``: what the vendor's pages contradict themselves about is read by their table.
    """

    def __init__(self, entity: Entity, *, strict: bool, notices: Notices) -> None:
        self._entity = entity
        self._strict = strict
        self._notices = notices
        self._problems: list[str] = []
        self._problem_count = 0
        self._seen: dict[tuple[Any, ...], str] = {}
        self._line_ids: dict[str, str] = {}
        self._tax_categories: dict[tuple[Any, ...], str] = {}
        self.count = 0
        self.credit_notes: set[bool] = set()

    def record(self, value: Any, pointer: str) -> None:
        """Check one record."""
        self.count += 1
        if not isinstance(value, dict):
            self._problem(pointer, "a record is expected as JSON object")
            return
        record = self._entity.record
        self._fields(record, value, pointer)
        self._unique(record, value, pointer)
        match self._entity.name:
            case "other_dimensions":
                self._parent_pair(value, pointer)
            case "purchase_orders":
                self._order_state(value, pointer)
            case "document_types":
                if isinstance(value.get("credit_note"), bool):
                    self.credit_notes.add(value["credit_note"])
            case "tax_codes":
                self._tax_category(value, pointer)
        if record.lines is not None:
            self._lines(record.lines, value, pointer)

    def finish(self, *, whole: bool) -> None:
        """End the check. ``whole``: it was a full list. Raises ``CallInvalid`` with every problem
        found."""
        if self._problems:
            if (more := self._problem_count - len(self._problems)) > 0:
                self._problems.append(f": {more} more problems")
            raise CallInvalid.listing(self._problems)
        if whole and self._entity.name == "document_types" and len(self.credit_notes) < 2:
            self._notices.add("document_types_incomplete")
        if self._entity.preview:
            self._notices.add("preview_feature")

    def problem(self, pointer: str, text: str) -> None:
        """Add a problem that was found outside."""
        self._problem(pointer, text)

    def _problem(self, pointer: str, text: str) -> None:
        self._problem_count += 1
        if len(self._problems) < LISTED:
            self._problems.append(f"{pointer}: {text}")

    def _fields(self, record: Record, value: Mapping[str, Any], pointer: str) -> None:
        for field in record.fields:
            self._field(field, value, f"{pointer}/{field.name}")
        names = {field.name for field in record.fields}
        for name in value:
            if name not in names:
                self._notices.add("unknown_field", f"{pointer}/{name[:SHOWN]}", about=name)

    def _field(self, field: Field, record: Mapping[str, Any], pointer: str) -> None:
        value = record.get(field.name)
        if value is None:
            self._absent(field, record, pointer)
        elif not _typed(field.type, value) and not (value == "" and field.need is Need.MAY):
            self._problem(pointer, f"must be {_TYPE_NAMES[field.type]}")
        elif value == "":
            self._empty(field, record, pointer)
        else:
            self._content(field, value, pointer)

    def _absent(self, field: Field, record: Mapping[str, Any], pointer: str) -> None:
        if field.need is Need.MUST:
            self._problem(pointer, "is mandatory")
        elif field.need is Need.DISPUTED and _needed(field, record):
            self._disputed(pointer)

    def _empty(self, field: Field, record: Mapping[str, Any], pointer: str) -> None:
        if field.filled or (field.need is Need.MUST and (field.values or field.shape)):
            self._problem(pointer, "must not be empty")
        elif field.need is Need.MUST:
            self._doubt("empty_field", pointer, "must not be empty")
        elif field.need is Need.DISPUTED and not field.blank and _needed(field, record):
            self._disputed(pointer)

    def _content(self, field: Field, value: Any, pointer: str) -> None:
        if field.values and value not in field.values:
            self._problem(pointer, f"must be one of {', '.join(field.values)}")
        shape = _SHAPES.get(field.shape)
        if shape is not None and not shape.fullmatch(value):
            self._problem(pointer, f"must be {_SHAPE_NAMES[field.shape]}")
        if field.shape is Shape.IBAN and not iban_holds(value):
            self._notices.add("iban_checksum", pointer)

    def _disputed(self, pointer: str) -> None:
        self._doubt("disputed_field", pointer, "is mandatory by the vendor's table (strict mode)")

    def _doubt(self, code: str, pointer: str, text: str) -> None:
        """Warn, or refuse in strict mode."""
        if self._strict:
            self._problem(pointer, text)
        else:
            self._notices.add(code, pointer)

    def _unique(self, record: Record, value: Mapping[str, Any], pointer: str) -> None:
        key = tuple(value.get(name) or "" for name in record.key)
        if not all(isinstance(part, str) for part in key) or not any(key):
            return
        first = self._seen.setdefault(key, pointer)
        if first == pointer:
            return
        if record.unique:
            names = " and ".join(record.key)
            self._problem(f"{pointer}/{record.key[-1]}", f"{names} are the same as in {first}")
        else:
            self._notices.add("same_record", pointer)

    def _lines(self, table: Record, value: Mapping[str, Any], pointer: str) -> None:
        lines = value.get("line_items")
        if not lines:
            self._notices.add("no_lines", f"{pointer}/line_items", about="line_items")
        if not isinstance(lines, list):
            return
        for index, line in enumerate(lines):
            at = f"{pointer}/line_items/{index}"
            if not isinstance(line, dict):
                self._problem(at, "a line is expected as JSON object")
                continue
            self._fields(table, line, at)
            name = line.get("id")
            if isinstance(name, str) and name:
                first = self._line_ids.setdefault(name, at)
                if first != at:
                    self._problem(f"{at}/id", f"the same id as the line {first}")

    def _parent_pair(self, value: Mapping[str, Any], pointer: str) -> None:
        if bool(value.get("parent_dimension_type")) != bool(value.get("parent_dimension_id")):
            self._notices.add("parent_incomplete", pointer)

    def _order_state(self, value: Mapping[str, Any], pointer: str) -> None:
        status = value.get("status")
        if _typed(Type.NUMBER, status) and status not in ORDER_STATES:
            self._doubt("order_status", f"{pointer}/status", "must be a number from 1 to 8")

    def _tax_category(self, value: Mapping[str, Any], pointer: str) -> None:
        pair = value.get("tax_category_1"), value.get("tax_category_2")
        key = (value.get("company_id") or "", *pair)
        if not all(isinstance(part, str) for part in key) or not all(pair):
            return
        first = self._tax_categories.setdefault(key, pointer)
        if first != pointer:
            self._notices.add("tax_category_ambiguous", pointer)


def _needed(field: Field, record: Mapping[str, Any]) -> bool:
    """Whether a disputed field matters for this record."""
    return not field.needed_with or any(record.get(name) for name in field.needed_with)


def _typed(kind: Type, value: Any) -> bool:
    match kind:
        case Type.TEXT:
            return isinstance(value, str)
        case Type.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.DATE:
            return isinstance(value, str) and _is_day(value)
        case Type.LINES:
            return isinstance(value, list)


def _is_day(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True
