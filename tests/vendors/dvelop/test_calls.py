"""Calls of the local API: where they go, what they need, what they answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulators.vendors.dvelop.program import API_KEY, BUCKET
from tests.vendors.dvelop.boxes import API, JOBS, PLACE, Box, box
from tests.vendors.dvelop.examples import EXAMPLES, batch_of, example
from tests.vendors.dvelop.rows import ENTITIES

UNIT = '{"nr":"1","name":"A"}'


def _unit(nr: int, name: str = "x") -> dict[str, str]:
    return {"nr": str(nr), "name": name}


async def _done(at: Box, entity: str, body: bytes) -> str:
    """Send a list and return how its run ends."""
    reply = await at.batch(entity, body)
    assert reply.status == 202, reply.body
    return (await at.ended(reply)).state


@pytest.mark.covers("D-1", "D-175", "D-176", "D-183")
async def test_lists_bring_all_records_and_single_calls_change_one_in_between(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        body = batch_of("cost_units", *(_unit(n) for n in range(300)))
        assert await _done(at, "cost_units", body) == "succeeded"
        assert (await at.put("cost_units", _unit(7, "new"))).status == 201
        assert (await at.put("cost_units", _unit(300, "more"))).status == 201
        held = {each["nr"]: each["name"] for each in at.held("cost_units")}
        assert len(held) == 301
        assert (held["7"], held["8"], held["300"]) == ("new", "x", "more")
        assert [call.method for call in at.sent()] == ["POST", "PUT", "PUT"]


@pytest.mark.covers("D-10", "D-177")
async def test_the_same_single_record_again_is_an_update_answered_201(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for name in ("A", "A", "B"):
            assert (await at.put("cost_units", _unit(1, name))).status == 201
        assert at.held("cost_units") == [_unit(1, "B")]


@pytest.mark.covers("D-2", "D-217")
async def test_the_bucket_is_the_configured_one_unless_a_call_names_another(
    tmp_path: Path,
) -> None:
    async with box(tmp_path, buckets=f"{BUCKET},second one") as at:
        assert (await at.put("cost_units", UNIT, query={"bucket": "second one"})).status == 201
        assert at.stage.log[-1].target == f"{API}/buckets/second%20one/cost_units"
        assert (await at.put("cost_units", UNIT)).status == 201
        assert at.stage.log[-1].target == f"{PLACE}/cost_units"
        reply = await at.batch("cost_units", f"[{UNIT}]", query={"bucket": "second one"})
        assert at.stage.log[-1].target == f"{API}/buckets/second%20one/cost_units/batch"
        assert (await at.ended(reply)).summary["bucket"] == "second one"


@pytest.mark.covers("D-217")
async def test_without_a_bucket_nothing_is_sent(tmp_path: Path) -> None:
    async with box(tmp_path, options={}) as at:
        for reply in (
            await at.put("cost_units", UNIT),
            await at.batch("cost_units", f"[{UNIT}]"),
            await at.load("cost_units", b"nr;name\n1;A\n"),
        ):
            assert reply.status == 424
            assert reply.json()["code"] == "vendor_not_configured"
        assert at.sent() == []


@pytest.mark.parametrize("bucket", ["", "..", ".", "a\nb"])
async def test_a_bucket_that_would_be_another_path_is_refused(tmp_path: Path, bucket: str) -> None:
    async with box(tmp_path) as at:
        assert (await at.put("cost_units", UNIT, query={"bucket": bucket})).status == 422
        assert at.sent() == []


async def test_a_bucket_that_the_vendor_does_not_know_is_the_vendors_refusal(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        reply = await at.put("cost_units", UNIT, query={"bucket": "a/b"})
        assert reply.status == 502
        assert reply.json()["code"] == "vendor_rejected"
        assert reply.json()["vendor_status"] == 404
        assert at.stage.log[-1].target == f"{API}/buckets/a%2Fb/cost_units"


@pytest.mark.covers("D-11")
async def test_a_single_record_needs_a_persons_click(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for headers in ({}, {"X-User-Action": "0"}, {"X-User-Action": "true"}):
            reply = await at.put("cost_units", UNIT, headers=headers)
            assert reply.status == 428
            assert reply.json()["code"] == "user_action_required"
        assert at.sent() == []
        assert (await at.batch("cost_units", f"[{UNIT}]")).status == 202


@pytest.mark.covers("D-11", "D-12")
async def test_many_single_records_are_held_back_before_the_vendor_blocks_them(
    tmp_path: Path,
) -> None:
    async with box(tmp_path, per_minute=20) as at:
        statuses = []
        for n in range(25):
            reply = await at.put("cost_units", _unit(n))
            statuses.append(reply.status)
            if reply.status == 429:
                problem = reply.json()
                assert problem["code"] == "local_limit"
                assert "batch" in problem["advice"]
                assert int(reply.headers["retry-after"]) >= 1
        assert statuses[:5] == [201] * 5
        assert statuses[5:] == [429] * 20
        assert len(at.sent("PUT")) == 5


@pytest.mark.covers("D-12")
async def test_no_minute_of_patient_clicks_brings_the_vendor_to_its_limit(tmp_path: Path) -> None:
    async with box(tmp_path, per_minute=20) as at:
        for n in range(50):
            assert (await at.put("cost_units", _unit(n))).status in (201, 429)
            await at.pass_time(2.5)
        assert [call.status for call in at.sent("PUT") if call.status != 201] == []
        assert len(at.sent("PUT")) >= 40


@pytest.mark.covers("D-178")
@pytest.mark.parametrize(
    "body", [f"[{UNIT}]", f'{{"cost_units":[{UNIT}]}}', f'{{"cost_units":{UNIT}}}', "", "x", "5"]
)
async def test_a_single_record_in_a_list_or_wrapper_is_refused(tmp_path: Path, body: str) -> None:
    async with box(tmp_path) as at:
        reply = await at.put("cost_units", body)
        assert reply.status == 422
        assert reply.json()["code"] == "call_invalid"
        assert at.sent() == []


@pytest.mark.covers("D-4", "D-179")
@pytest.mark.parametrize(
    "body", [UNIT, f'{{"cost_centers":[{UNIT}]}}', f'{{"cost_units":[{UNIT}],"x":1}}', "[]", ""]
)
async def test_a_list_without_or_with_another_wrapper_is_refused(tmp_path: Path, body: str) -> None:
    async with box(tmp_path) as at:
        assert (await at.batch("cost_units", body)).status == 422
        assert at.sent() == []


@pytest.mark.parametrize("entity", ["suppliers", "entities", "Vendors", "vendors ", "..", "a/b"])
async def test_an_unknown_entity_is_404(tmp_path: Path, entity: str) -> None:
    async with box(tmp_path) as at:
        for reply in (await at.put(entity, UNIT), await at.batch(entity, f"[{UNIT}]")):
            assert reply.status == 404
        assert at.stage.calls("PUT") + at.stage.calls("POST") == []


@pytest.mark.covers("D-172", "D-211")
async def test_no_path_with_a_blank_is_ever_sent(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        assert (await at.put("surcharge_types ", EXAMPLES["surcharge_types"])).status == 404
        for entity in ENTITIES:
            await at.batch(entity, batch_of(entity, EXAMPLES[entity]))
        targets = [call.target for call in at.sent()]
        assert f"{PLACE}/surcharge_types/batch" in targets
        assert not [each for each in targets if "%20" in each or " " in each or "+" in each]


@pytest.mark.covers("D-14", "D-15", "D-17")
async def test_every_request_proves_who_sends_and_names_the_tenant(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.put("cost_units", UNIT)
        await _done(at, "cost_units", f"[{UNIT}]".encode())
        await at.get("/jobs/1")
        assert len(at.stage.log) >= 4
        for call in at.stage.log:
            assert call.header("authorization") == f"Bearer {API_KEY}"
            assert call.header("origin") == at.stage.url
            assert call.header("accept") == "application/json"
            assert call.header("cookie") is None


@pytest.mark.covers("D-16")
async def test_the_platforms_log_in_is_used_when_it_is_wanted(tmp_path: Path) -> None:
    options = {"bucket": BUCKET, "platform_login": True}
    async with box(tmp_path, options=options, session_only=True) as at:
        assert (await at.put("cost_units", UNIT)).status == 201
        (login,) = at.stage.calls("GET", "/identityprovider/login")
        assert login.header("authorization") == f"Bearer {API_KEY}"
        assert login.header("accept") == "application/json"
        session = str(at.sent("PUT")[0].header("authorization"))
        assert session.startswith("Bearer ")
        assert API_KEY not in session
        await at.pass_time(3601.0)
        assert (await at.put("cost_units", _unit(2))).status == 201
        assert len(at.stage.calls("GET", "/identityprovider/login")) == 2
        assert len(at.held("cost_units")) == 2


@pytest.mark.covers("D-17")
async def test_a_redirection_to_the_log_in_page_is_a_refused_key_and_never_followed(
    tmp_path: Path,
) -> None:
    async with box(tmp_path, secrets={"api_key": "another-api-key"}) as at:
        reply = await at.put("cost_units", UNIT)
        run = await at.counter.run(reply.json()["run"])
        assert run.problem is not None
        assert run.problem["code"] == "vendor_auth"
        assert at.stage.calls("GET", "/identityprovider") == []
        assert at.held("cost_units") == []


@pytest.mark.covers("D-6", "D-7", "D-182")
async def test_a_job_is_asked_for_outside_of_the_bucket(tmp_path: Path) -> None:
    async with box(tmp_path, job_delay_s=60.0) as at:
        reply = await at.batch("cost_units", f"[{UNIT},{{}}]")
        assert reply.status == 422
        reply = await at.batch("cost_units", f"[{UNIT}]")
        job = reply.json()["job_id"]
        assert (await at.get(f"/jobs/{job}")).json()["status"] == "queued"
        assert at.stage.log[-1].target == f"{JOBS}/{job}"
        at.stage.clock.advance(60.0)
        assert (await at.get(f"/jobs/{job}")).json()["status"] == "successful"
        unknown = await at.get("/jobs/00000000-1111-2222-3333-444444444444")
        assert unknown.status == 502
        assert unknown.json()["vendor_status"] == 404


@pytest.mark.covers("D-197", "D-207", "D-7")
@pytest.mark.parametrize("entity", ["purchase_orders", "goods_receipts"])
async def test_a_failed_job_is_a_failed_run_and_not_sent_again(tmp_path: Path, entity: str) -> None:
    async with box(tmp_path) as at:
        first = example(entity)
        assert await _done(at, entity, batch_of(entity, first)) == "succeeded"
        body = batch_of(entity, {**first, "id": "another"})
        assert await _done(at, entity, body) == "failed"
        await at.pass_time(3600.0)
        assert len(at.sent("POST")) == 2
        assert at.held(entity) == [first]


@pytest.mark.covers("D-206")
async def test_goods_receipts_can_be_switched_off(tmp_path: Path) -> None:
    async with box(tmp_path, options={"bucket": BUCKET, "goods_receipts": "off"}) as at:
        receipt = EXAMPLES["goods_receipts"]
        for reply in (
            await at.put("goods_receipts", receipt),
            await at.batch("goods_receipts", f"[{receipt}]"),
        ):
            assert reply.status == 409
            assert reply.json()["code"] == "switched_off"
        assert (await at.put("cost_units", UNIT)).status == 201
        entities = (await at.get("/entities")).json()["entities"]
        assert [name for name, each in entities.items() if each["off"]] == ["goods_receipts"]


@pytest.mark.covers("D-5", "D-9")
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_any_good_status_of_the_answer_to_a_list_will_do(tmp_path: Path, status: int) -> None:
    async with box(tmp_path, batch_status=status) as at:
        reply = await at.batch("cost_units", f"[{UNIT}]")
        assert (reply.status, reply.json()["vendor_status"]) == (202, status)
        assert await _done(at, "cost_units", f"[{UNIT}]".encode()) == "succeeded"


async def test_the_field_tables_are_answered_as_schemas(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        answer = (await at.get("/entities")).json()
        assert tuple(answer["entities"]) == ENTITIES
        vendors = answer["entities"]["vendors"]
        assert vendors["single"] == "PUT /v1/vendors/dvelop/vendors"
        assert "country" in vendors["record"]["required"]
        lines = answer["entities"]["goods_receipts"]["record"]["properties"]["line_items"]
        assert lines["items"]["properties"]["goods_receipt_date"]["format"] == "date"
        assert json.loads(json.dumps(answer)) == answer
