"""JSON schemas (draft 2020-12) of records and lists, made from the vendor's table."""

from __future__ import annotations

from typing import Any

from bridge.vendors.dvelop.entities import ENTITIES
from bridge.vendors.dvelop.fields import PATTERNS, Entity, Field, Need, Record, Type


def record_schema(entity: Entity) -> dict[str, Any]:
    """Return the schema of one record."""
    return _record(entity.record, entity.title)


def list_schema(entity: Entity) -> dict[str, Any]:
    """Return the schema of the vendor's form of a list."""
    return {
        "type": "object",
        "title": entity.title,
        "required": [entity.name],
        "additionalProperties": False,
        "properties": {
            entity.name: {"type": "array", "minItems": 1, "items": record_schema(entity)}
        },
    }


def any_record() -> dict[str, Any]:
    """Return the schema of one record of whatever entity, for the API's description."""
    return {"anyOf": [record_schema(each) for each in ENTITIES.values()]}


def any_list() -> dict[str, Any]:
    """Return the schema of a list of whatever entity, wrapped or bare."""
    bare = {"type": "array", "minItems": 1, "items": {"type": "object"}}
    return {"anyOf": [*(list_schema(each) for each in ENTITIES.values()), bare]}


def _record(record: Record, title: str) -> dict[str, Any]:
    return {
        "type": "object",
        "title": title,
        "required": [each.name for each in record.fields if each.need is Need.MUST],
        "properties": {each.name: _field(each, record) for each in record.fields},
        "additionalProperties": True,
    }


def _field(field: Field, record: Record) -> dict[str, Any]:
    must = field.need is Need.MUST
    schema: dict[str, Any] = {"description": field.text}
    if field.type is Type.LINES and record.lines is not None:
        return schema | {"type": "array", "items": _record(record.lines, "Line")}
    kind = "string" if field.type is Type.DATE else str(field.type)
    if field.values:
        schema["enum"] = [*field.values, *(() if must else ("", None))]
    elif must:
        schema["type"] = kind
    else:
        # Whatever is optional may also be null or an empty string.
        schema["type"] = [kind, "null"] if kind == "string" else [kind, "string", "null"]
        if kind != "string":
            schema["maxLength"] = 0
    if field.type is Type.DATE:
        schema["format"] = "date"
    if pattern := PATTERNS.get(field.shape):
        schema["pattern"] = f"^{pattern}$" if must else f"^({pattern})?$"
    if field.filled:
        schema["minLength"] = 1
    schema["x-need"] = str(field.need)
    return schema
