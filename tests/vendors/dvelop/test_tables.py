"""The tables of box and simulator against the checklist."""

from __future__ import annotations

import pytest

from bridge.vendors.dvelop import entities
from bridge.vendors.dvelop.fields import Field, Need, Record, Type
from bridge.vendors.dvelop.schema import list_schema, record_schema
from simulators.vendors.dvelop.table import ENTITIES as SIMULATED
from simulators.vendors.dvelop.table import SHEETS
from tests.vendors.dvelop.rows import ENDPOINTS, ENTITIES, ROWS, Row

_TYPES = {"S": Type.TEXT, "N": Type.NUMBER, "B": Type.BOOLEAN, "D": Type.DATE}
_NEEDS = {"M": Need.MUST, "o": Need.MAY, "M?": Need.DISPUTED}
_MARKS = {"M": "M", "o": "o", "M?": "c"}

BESIDE_THE_TABLES = {
    "companies": {"parent_id"},
    "purchase_orders": {"line_items"},
    "purchase_orders.line_items": {"purchase_order_id", "erp_id"},
    "goods_receipts": {"status", "line_items"},
}
"""Fields that are in the vendor's examples only."""


def _record(place: str) -> Record:
    name, _, nested = place.partition(".")
    record = entities.ENTITIES[name].record
    if not nested:
        return record
    assert record.lines is not None
    return record.lines


def _field(row: Row, name: str) -> Field:
    field = _record(row.place).field(name)
    assert field is not None
    return field


@pytest.mark.covers("D-173")
def test_there_are_exactly_the_fifteen_entities_and_two_nested_arrays() -> None:
    assert tuple(entities.ENTITIES) == SIMULATED == ENTITIES
    assert len(ENTITIES) == 15
    nested = [name for name, each in entities.ENTITIES.items() if each.record.lines is not None]
    assert nested == ["purchase_orders", "goods_receipts"]
    assert {place for place in ENDPOINTS if "." in place} == {f"{n}.line_items" for n in nested}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.place}-{row.field}")
def test_a_row_of_the_checklist_is_in_both_tables_with_its_type_and_mark(row: Row) -> None:
    simulated = {column.name: column for column in SHEETS[row.place].columns}
    for name in row.names:
        field = _field(row, name)
        assert (field.type, field.need) == (_TYPES[row.type], _NEEDS[row.mark])
        assert (simulated[name].type, simulated[name].mark) == (row.type, _MARKS[row.mark])
        assert field.text


@pytest.mark.covers("D-26", "D-105", "D-138", "D-146")
@pytest.mark.parametrize("place", ENDPOINTS)
def test_nothing_else_is_in_the_table_but_what_only_the_examples_have(place: str) -> None:
    listed = {name for row in ROWS if row.place == place for name in row.names}
    beside = {field.name: field for field in _record(place).fields if field.name not in listed}
    assert set(beside) == BESIDE_THE_TABLES.get(place, set())
    assert all(field.need is Need.MAY for field in beside.values())


def test_the_schema_of_a_list_says_what_is_mandatory() -> None:
    schema = record_schema(entities.ENTITIES["vendor_bank_accounts"])
    assert schema["required"] == ["company_id", "vendor_id", "iban", "primary"]
    assert schema["properties"]["primary"]["type"] == "boolean"
    assert schema["properties"]["bic"]["type"] == ["string", "null"]
    assert schema["properties"]["id"]["x-need"] == "disputed"
    assert schema["additionalProperties"] is True
    wrapped = list_schema(entities.ENTITIES["vendors"])
    assert wrapped["required"] == ["vendors"]
    assert wrapped["properties"]["vendors"]["items"]["properties"]["country"]["pattern"] == (
        "^[A-Z]{2}$"
    )
