"""Every field of the vendor's tables, through the box to the vendor's store."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.vendors.dvelop.boxes import Box, box
from tests.vendors.dvelop.examples import WRONG, example, good_value
from tests.vendors.dvelop.rows import ROWS, Row

pytestmark = pytest.mark.asyncio(loop_scope="module")

_PAUSE_S = 5.0
"""Between single records, so that the box's own limit does not strike."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lax(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    async with box(tmp_path_factory.mktemp("lax"), per_minute=100_000) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    async with box(tmp_path_factory.mktemp("strict"), per_minute=100_000, strict=True) as started:
        yield started


def _params(*marks: str) -> list[Any]:
    return [
        pytest.param(
            row, id=f"{row.number}-{row.place}-{row.field}", marks=pytest.mark.covers(row.number)
        )
        for row in ROWS
        if row.mark in marks
    ]


def _with(row: Row, **values: Any) -> dict[str, Any]:
    """Return the example with other values of the row's record; ``...`` takes a field out."""
    record = example(row.entity)
    target = record["line_items"][0] if row.nested else record
    for name, value in values.items():
        if value is ...:
            target.pop(name, None)
        else:
            target[name] = copy.deepcopy(value)
    return record


def _pointer(row: Row, name: str) -> str:
    return f"/line_items/0/{name}" if row.nested else f"/{name}"


async def _passes(at: Box, row: Row, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a record and see it unchanged at the vendor's. Return the warnings."""
    await at.pass_time(_PAUSE_S)
    at.surface.reset()
    # Blanks and forms of numbers that a re-written body would not have.
    body = json.dumps(record, indent=1, ensure_ascii=False).replace(": 19.0", ": 19.00").encode()
    reply = await at.put(row.entity, body)
    assert reply.status == 201, reply.body
    assert at.sent("PUT", row.entity)[-1].body == body
    assert at.held(row.entity) == [record]
    warnings: list[dict[str, Any]] = reply.json().get("warnings", [])
    return warnings


async def _refused(at: Box, row: Row, name: str, record: dict[str, Any]) -> None:
    """Send a record and see it refused with the field's pointer, and nothing sent."""
    before = len(at.sent())
    reply = await at.put(row.entity, record)
    assert reply.status == 422, reply.body
    problem = reply.json()
    assert problem["code"] == "call_invalid"
    assert [each.partition(": ")[0] for each in problem["problems"]] == [_pointer(row, name)]
    assert len(at.sent()) == before


@pytest.mark.parametrize("row", _params("M", "o", "M?"))
async def test_a_field_with_its_type_reaches_the_vendor_unchanged(lax: Box, row: Row) -> None:
    values = {name: good_value(name, row.type, nested=row.nested) for name in row.names}
    warnings = await _passes(lax, row, _with(row, **values))
    assert _pointer(row, row.field) not in [each.get("pointer") for each in warnings]


@pytest.mark.parametrize("row", _params("M", "o", "M?"))
async def test_a_field_with_another_type_is_refused(lax: Box, row: Row) -> None:
    for value in WRONG[row.type]:
        await _refused(lax, row, row.names[-1], _with(row, **{row.names[-1]: value}))


@pytest.mark.parametrize("row", _params("M"))
async def test_a_mandatory_field_may_neither_be_absent_nor_null(lax: Box, row: Row) -> None:
    await _refused(lax, row, row.field, _with(row, **{row.field: ...}))
    await _refused(lax, row, row.field, _with(row, **{row.field: None}))


@pytest.mark.parametrize("row", _params("o"))
async def test_an_optional_field_may_be_absent_null_or_empty(lax: Box, row: Row) -> None:
    for value in (..., None, ""):
        await _passes(lax, row, _with(row, **dict.fromkeys(row.names, value)))


@pytest.mark.parametrize("row", _params("M?"))
async def test_a_contested_field_may_be_absent_with_a_warning(lax: Box, row: Row) -> None:
    warnings = await _passes(lax, row, _with(row, **{row.field: ...}))
    assert [(each["code"], each["pointer"]) for each in warnings] == [
        ("disputed_field", _pointer(row, row.field))
    ]


@pytest.mark.parametrize("row", _params("M?"))
async def test_a_contested_field_is_mandatory_in_strict_mode(strict: Box, row: Row) -> None:
    await _refused(strict, row, row.field, _with(row, **{row.field: ...}))


@pytest.mark.covers("D-132")
async def test_an_ordinary_order_line_needs_no_kind_of_surcharge(strict: Box) -> None:
    row = next(each for each in ROWS if each.number == "D-132")
    names = ("type", "surcharged_line_item_id", "surcharge_category", "surcharge_value")
    await _passes(strict, row, _with(row, **dict.fromkeys(names, ...)))


@pytest.mark.covers("D-160")
async def test_an_empty_tenant_counts_as_given(strict: Box, lax: Box) -> None:
    row = next(each for each in ROWS if each.number == "D-160")
    for at in (strict, lax):
        assert await _passes(at, row, _with(row, tenant_id="")) == []
