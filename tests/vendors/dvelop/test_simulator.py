"""The simulated vendor, spoken to directly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from simulators.vendors.dvelop import DvelopSurface, make
from simulators.vendors.dvelop.masterdata import GOLDEN_JOB
from simulators.vendors.dvelop.program import API_KEY, BUCKET
from simulators.vendors.kit import SimClock, Stage
from tests.vendors.dvelop.examples import EXAMPLES, batch_of, example
from tests.vendors.dvelop.rows import ENTITIES

BUCKETS = "/smartinvoice/api/v1/buckets"
JOBS = "/smartinvoice/api/v1/masterdata/import_jobs"

Call = Callable[..., Awaitable[httpx.Response]]


class Cloud:
    """The simulated vendor and a client with the right headers."""

    def __init__(self, surface: DvelopSurface, clock: SimClock, client: httpx.AsyncClient) -> None:
        self.surface, self.clock, self._client = surface, clock, client

    async def __call__(
        self, method: str, path: str, body: bytes | str = b"", **headers: str
    ) -> httpx.Response:
        given = {"authorization": f"Bearer {API_KEY}", "origin": "http://tenant", **headers}
        if body:
            given.setdefault("content-type", "application/json")
        sent = {name.replace("_", "-"): value for name, value in given.items() if value}
        return await self._client.request(method, path, content=body or None, headers=sent)

    async def put(self, entity: str, body: bytes | str) -> httpx.Response:
        return await self("PUT", f"{BUCKETS}/{BUCKET}/{entity}", body)

    async def post(self, entity: str, body: bytes | str) -> httpx.Response:
        return await self("POST", f"{BUCKETS}/{BUCKET}/{entity}/batch", body)

    async def job(self, taken: httpx.Response) -> str:
        job_id = taken.json()["jobs"][0]["job_id"]
        status: str = (await self("GET", f"{JOBS}/{job_id}")).json()["status"]
        return status


@asynccontextmanager
async def cloud(**options: Any) -> AsyncIterator[Cloud]:
    clock = SimClock(datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    surface = make(clock, **options)
    async with (
        Stage(surface, clock) as stage,
        httpx.AsyncClient(base_url=stage.url, verify=False) as client,
    ):
        yield Cloud(surface, clock, client)


@pytest.mark.covers("D-9", "D-10", "D-177")
async def test_a_single_record_is_added_and_updated_with_201() -> None:
    async with cloud() as call:
        for name in ("A", "B"):
            answer = await call.put("cost_units", json.dumps({"nr": "1", "name": name}))
            assert answer.status_code == 201
            assert answer.headers["content-type"] == "application/json"
            assert answer.json() == {"status": "successful"}
        assert call.surface.data.records(BUCKET, "cost_units") == [{"nr": "1", "name": "B"}]


@pytest.mark.covers("D-5", "D-6", "D-7", "D-180", "D-181")
async def test_a_list_becomes_one_job_that_is_queued_and_then_successful() -> None:
    async with cloud(job_delay_s=30.0) as call:
        taken = await call.post("vendors", batch_of("vendors", EXAMPLES["vendors"]))
        assert taken.is_success
        assert list(taken.json()) == ["jobs"]
        (job,) = taken.json()["jobs"]
        assert list(job) == ["job_id"]
        assert call.surface.data.records(BUCKET, "vendors") == []
        for status in ("queued", "successful"):
            answer = await call("GET", f"{JOBS}/{job['job_id']}")
            assert answer.json() == {"job_id": job["job_id"], "status": status}
            call.clock.advance(30.0)
        assert call.surface.data.records(BUCKET, "vendors") == [example("vendors")]


async def test_a_list_with_a_bad_record_is_taken_and_its_job_fails() -> None:
    async with cloud() as call:
        body = batch_of("cost_units", {"nr": "1", "name": "A"}, {"nr": "2"})
        taken = await call.post("cost_units", body)
        assert taken.is_success
        assert await call.job(taken) == "failed"
        assert call.surface.data.records(BUCKET, "cost_units") == []


@pytest.mark.covers("D-178", "D-179")
@pytest.mark.parametrize(
    ("how", "body", "status"),
    [
        ("PUT", "[{}]", 400),
        ("PUT", '{"cost_units":[{}]}', 400),
        ("PUT", '{"cost_units":{}}', 400),
        ("PUT", "{", 400),
        ("PUT", '{"nr":"1"}', 422),
        ("PUT", '{"nr":"","name":"x"}', 422),
        ("PUT", '{"nr":1,"name":"x"}', 422),
        ("POST", "[{}]", 400),
        ("POST", '{"nr":"1","name":"x"}', 400),
        ("POST", '{"cost_centers":[{}]}', 400),
        ("POST", '{"cost_units":[],"more":1}', 400),
        ("POST", '{"cost_units":{}}', 400),
    ],
)
async def test_wrong_bodies_are_refused(how: str, body: str, status: int) -> None:
    async with cloud() as call:
        send = call.put if how == "PUT" else call.post
        assert (await send("cost_units", body)).status_code == status
        assert call.surface.data.records(BUCKET, "cost_units") == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{BUCKETS}/{BUCKET}/vendors", 405),
        ("PUT", f"{BUCKETS}/{BUCKET}/vendors/batch", 405),
        ("GET", f"{BUCKETS}/{BUCKET}/vendors", 405),
        ("PUT", f"{BUCKETS}/other/vendors", 404),
        ("PUT", f"{BUCKETS}/{BUCKET}/suppliers", 404),
        ("POST", f"{BUCKETS}/{BUCKET}/surcharge_types%20/batch", 404),
        ("GET", f"{JOBS}/{GOLDEN_JOB}", 404),
        ("POST", f"{JOBS}/{GOLDEN_JOB}", 405),
        ("GET", "/", 404),
    ],
)
async def test_wrong_paths_and_verbs_are_refused(method: str, path: str, status: int) -> None:
    async with cloud() as call:
        answer = await call(method, path, "{}" if method != "GET" else "")
        assert answer.status_code == status


@pytest.mark.covers("D-14", "D-17")
async def test_who_is_not_logged_in_gets_401_or_is_sent_to_the_log_in_page() -> None:
    async with cloud() as call:
        for headers in ({"authorization": ""}, {"authorization": "Bearer x"}, {"origin": ""}):
            answer = await call("GET", f"{JOBS}/1", accept="application/json", **headers)
            assert answer.status_code == 401
        page = await call("GET", f"{JOBS}/1", authorization="", accept="text/html")
        assert page.status_code == 302
        assert page.headers["location"] == (
            "/identityprovider/login?redirect=%2Fsmartinvoice%2Fapi%2Fv1%2Fmasterdata"
            "%2Fimport_jobs%2F1"
        )
        put = await call(
            "PUT", f"{BUCKETS}/{BUCKET}/vendors", "{}", authorization="", accept="text/html"
        )
        assert put.status_code == 401


@pytest.mark.covers("D-16")
async def test_the_platforms_log_in_gives_a_session_that_ends() -> None:
    async with cloud(session_only=True) as call:
        assert (await call("GET", f"{JOBS}/1")).status_code == 401
        session = (await call("GET", "/identityprovider/login")).json()
        assert set(session) == {"AuthSessionId", "Expire"}
        proof = f"Bearer {session['AuthSessionId']}"
        assert (await call("GET", f"{JOBS}/1", authorization=proof)).status_code == 404
        call.clock.advance(3600.0)
        assert (await call("GET", f"{JOBS}/1", authorization=proof)).status_code == 401


@pytest.mark.covers("D-12", "D-215")
@pytest.mark.parametrize("retry_after", [True, False])
async def test_too_many_single_records_are_429_and_not_stored(retry_after: bool) -> None:
    async with cloud(per_minute=2, retry_after=retry_after) as call:
        answers = [
            await call.put("cost_units", json.dumps({"nr": str(n), "name": "x"})) for n in range(3)
        ]
        assert [each.status_code for each in answers] == [201, 201, 429]
        assert ("retry-after" in answers[2].headers) is retry_after
        assert len(call.surface.data.records(BUCKET, "cost_units")) == 2
        taken = await call.post("cost_units", '{"cost_units":[{"nr":"3","name":"x"}]}')
        assert taken.is_success
        call.clock.advance(60.0)
        assert (await call.put("cost_units", '{"nr":"4","name":"x"}')).status_code == 201


@pytest.mark.covers("D-197", "D-207")
@pytest.mark.parametrize("entity", ["purchase_orders", "goods_receipts"])
async def test_a_line_id_of_an_earlier_list_fails_the_job_of_another_record(entity: str) -> None:
    async with cloud() as call:
        first = example(entity)
        assert await call.job(await call.post(entity, batch_of(entity, first))) == "successful"
        assert await call.job(await call.post(entity, batch_of(entity, first))) == "successful"
        other = {**first, "id": "other"}
        assert await call.job(await call.post(entity, batch_of(entity, other))) == "failed"
        assert (await call.put(entity, json.dumps(other))).status_code == 422


@pytest.mark.covers("D-65", "D-160", "D-43", "D-132")
@pytest.mark.parametrize("strict", [False, True])
async def test_contested_fields_may_be_absent_unless_the_table_is_taken_literally(
    strict: bool,
) -> None:
    async with cloud(strict=strict) as call:
        expected = 422 if strict else 201
        for entity, name in (
            ("vendor_bank_accounts", "id"),
            ("tax_codes", "company_id"),
            ("surcharge_types", "tenant_id"),
        ):
            record = example(entity)
            record.pop(name, None)
            assert (await call.put(entity, json.dumps(record))).status_code == expected
        order = example("purchase_orders")
        del order["line_items"][0]["type"]
        assert (await call.put("purchase_orders", json.dumps(order))).status_code == expected


async def test_every_example_is_taken_single_and_as_list() -> None:
    async with cloud() as call:
        for entity in ENTITIES:
            assert (await call.put(entity, EXAMPLES[entity])).status_code == 201
            taken = await call.post(entity, batch_of(entity, EXAMPLES[entity]))
            assert await call.job(taken) == "successful"
            assert call.surface.data.records(BUCKET, entity) == [example(entity)]


async def test_the_golden_data_answer_as_the_vendors_page_does() -> None:
    async with cloud() as call:
        call.surface.golden()
        answer = await call("GET", f"{JOBS}/{GOLDEN_JOB}")
        assert answer.json() == {"job_id": GOLDEN_JOB, "status": "successful"}
        taken = await call.post("vendors", batch_of("vendors", EXAMPLES["vendors"]))
        assert taken.json() == {"jobs": [{"job_id": GOLDEN_JOB}]}


async def test_what_is_held_can_be_read_at_the_control_address() -> None:
    async with cloud() as call:
        await call.put("companies", EXAMPLES["companies"])
        shown = await call("GET", f"/_sim/records?bucket={BUCKET}&entity=companies")
        assert shown.json() == {"records": [example("companies")]}
        call.surface.reset()
        shown = await call("GET", f"/_sim/records?bucket={BUCKET}&entity=companies")
        assert shown.json() == {"records": []}
