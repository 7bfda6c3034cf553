"""The vendor's own examples go through box and vendor as they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from simulators.vendors.dvelop.masterdata import GOLDEN_JOB
from tests.vendors.dvelop.boxes import JOBS, PLACE, Box, box
from tests.vendors.dvelop.examples import EXAMPLES, batch_of, example
from tests.vendors.dvelop.rows import ENDPOINTS, ENTITIES

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CONTENT_TYPE = "application/json;charset=utf-8"

EXPECTED_WARNINGS = {
    "vendor_bank_accounts": {"disputed_field"},
    "document_types": {"document_types_incomplete"},
    "goods_receipts": {"preview_feature"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lax(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    async with box(tmp_path_factory.mktemp("lax")) as started:
        yield started


def _entities(*numbers: str) -> list[Any]:
    """Return each entity with the number of its endpoint."""
    return [
        pytest.param(
            name,
            marks=pytest.mark.covers(
                *(number for place, number in ENDPOINTS.items() if place.startswith(name)),
                *numbers,
            ),
        )
        for name in ENTITIES
    ]


@pytest.mark.parametrize(
    "entity", _entities("D-8", "D-9", "D-13", "D-174", "D-212", "D-213", "D-214", "D-216")
)
async def test_an_example_is_put_as_single_record(lax: Box, entity: str) -> None:
    await lax.pass_time(60.0)
    body = EXAMPLES[entity].encode()
    reply = await lax.put(entity, body)
    assert reply.status == 201
    answer = reply.json()
    assert answer["vendor_status"] == 201
    assert answer["vendor_body"] == {"status": "successful"}
    assert answer["state"] == "succeeded"
    call = lax.sent("PUT")[-1]
    assert call.target == f"{PLACE}/{entity}"
    assert call.body == body
    assert call.header("content-type") == _CONTENT_TYPE
    assert lax.held(entity) == [example(entity)]
    # The outcome is the HTTP status: nobody asks for a job.
    assert lax.stage.log[-1] == call
    expected = EXPECTED_WARNINGS.get(entity, set()) - {"document_types_incomplete"}
    assert {each["code"] for each in answer.get("warnings", [])} == expected


@pytest.mark.parametrize("entity", _entities("D-3", "D-4", "D-13", "D-174", "D-212", "D-213"))
@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "bare"])
async def test_an_example_is_sent_as_list(lax: Box, entity: str, wrapped: bool) -> None:
    lax.surface.reset()
    vendors_form = batch_of(entity, EXAMPLES[entity])
    reply = await lax.batch(entity, vendors_form if wrapped else f"[{EXAMPLES[entity]}]")
    assert reply.status == 202
    answer = reply.json()
    call = lax.sent("POST")[-1]
    assert call.target == f"{PLACE}/{entity}/batch"
    assert call.body == vendors_form
    assert call.header("content-type") == _CONTENT_TYPE
    assert reply.headers["location"] == f"/v1/runs/{answer['run']}"
    assert (await lax.ended(reply)).state == "succeeded"
    assert lax.held(entity) == [example(entity)]
    expected = EXPECTED_WARNINGS.get(entity, set())
    assert {each["code"] for each in answer.get("warnings", [])} == expected


@pytest.mark.covers("D-5", "D-6", "D-7", "D-180", "D-181", "D-182")
async def test_the_vendors_job_answers_come_through_as_they_are(lax: Box) -> None:
    lax.surface.golden()
    reply = await lax.batch("vendors", batch_of("vendors", EXAMPLES["vendors"]))
    assert reply.json()["vendor_body"] == {"jobs": [{"job_id": GOLDEN_JOB}]}
    assert reply.json()["job_id"] == GOLDEN_JOB
    asked = await lax.get(f"/jobs/{GOLDEN_JOB}")
    assert asked.status == 200
    assert asked.json()["vendor_body"] == {"job_id": GOLDEN_JOB, "status": "successful"}
    assert asked.json()["status"] == "successful"
    call = lax.stage.calls("GET", JOBS)[-1]
    assert call.target == f"{JOBS}/{GOLDEN_JOB}"
    assert call.header("accept") == "application/json"
    assert (await lax.ended(reply)).state == "succeeded"
