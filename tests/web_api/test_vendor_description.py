"""Calls that vendors add are described like all others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx

from bridge.model.exchange import LocalCall, LocalRoute
from bridge.model.roles import Role
from bridge.vendors import asello, dvelop, flexi, kassomat, offercube
from bridge.vendors.engine.routes import route
from bridge.web.limits import Limits
from tests.web_api.description import assert_sound, operations
from tests.web_api.fake_vendors import FakeVendors
from tests.web_api.vendor_box import TOKENS, VendorBox, vendor_box, with_flexi

RUNS = {"keyed", "once", "upsert"}


async def added(box: VendorBox) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is described below the paths of vendors."""
    paths = tuple(each.path.replace(":path", "") for each in FakeVendors().routes())
    return [each for each in operations(await box.description()) if each[1] in paths]


async def test_every_added_call_is_described_and_the_description_is_sound(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        found = {(method, path, what["operationId"]) for method, path, what in await added(box)}
        assert found == {
            (each.method, each.path.replace(":path", ""), each.id) for each in vendors.routes()
        }
        assert_sound(await box.description(), whole=True)


async def test_the_described_role_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, _):
        for method, path, what in await added(box):
            url = re.sub(r"\{\w+\}", "1", path).removeprefix("/v1")
            nobody: httpx.Response = await box.call(method, url, role=None)
            assert (nobody.status_code == 401) is (what["x-role"] != "none"), path
            for role in TOKENS:
                answer = await box.call(method, url, role=role)
                allowed = what["x-role"] == "none" or Role(role).may(Role(what["x-role"]))
                assert (answer.status_code == 403) is not allowed, (path, role)


async def test_what_acts_says_how_to_repeat_it_and_where_its_run_is(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, _):
        for _method, path, what in await added(box):
            acts = what["x-class"] in RUNS
            assert ("202" in what["responses"]) is acts, path
            if acts:
                assert "Location" in what["responses"]["202"]["headers"]
                assert "same Idempotency-Key" in what["x-retry"]
                assert "`outcome_unknown`" in what["responses"]["504"]["description"]
            elif what["x-role"] != "none":
                assert "outcome_unknown" not in str(what["responses"]), path


async def test_bodies_parameters_and_files_have_their_types(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, _):
        found = {what["operationId"]: what for _, _, what in await added(box)}
        body = found["flexiPay"]["requestBody"]["content"]["application/json"]["schema"]
        assert body["properties"]["amount"]["pattern"] == "^[0-9]+\\.[0-9]{2}$"
        assert list(found["flexiXml"]["requestBody"]["content"]) == ["application/xml"]
        assert list(found["flexiPdf"]["responses"]["200"]["content"]) == ["application/pdf"]
        headers = {
            each["name"]: each["required"]
            for each in found["flexiXml"]["parameters"]
            if each["in"] == "header"
        }
        assert headers == {"Idempotency-Key": True, "X-Allow-Duplicate": False}
        assert found["aselloWebhook"]["security"] == []
        assert "`webhook_refused`" in found["aselloWebhook"]["responses"]["401"]["description"]


async def test_a_page_of_a_configured_origin_may_send_the_headers_of_vendors(
    tmp_path: Path,
) -> None:
    """Only those: they are named one by one in the answer to the browser's question."""
    async with with_flexi(tmp_path) as (box, _):
        asked = {"origin": "https://till.example", "access-control-request-method": "POST"}
        answer = await box.call("OPTIONS", "/vendors/flexi/xml/banka", role=None, headers=asked)
        allowed = answer.headers["access-control-allow-headers"].split(", ")
        assert answer.status_code == 204
        assert {"x-allow-duplicate", "idempotency-key", "authorization"} <= set(allowed)
        assert "x-anything" not in allowed


class AllVendors(FakeVendors):
    """The calls of every vendor that there is."""

    def routes(self) -> list[LocalRoute]:
        async def never(call: LocalCall) -> Any:
            raise NotImplementedError(call.path)

        vendors = (each.VENDOR for each in (asello, kassomat, dvelop, flexi, offercube))
        return [route(vendor, each, never) for vendor in vendors for each in vendor.operations]


async def test_the_calls_of_every_vendor_are_described_soundly_and_fit(tmp_path: Path) -> None:
    vendors = AllVendors()
    async with vendor_box(tmp_path, vendors) as box:
        description = await box.description()
    assert_sound(description, whole=True)
    described = {what["operationId"] for _, _, what in operations(description) if "x-class" in what}
    assert described == {each.id for each in vendors.routes()}
    assert max(each.max_body for each in vendors.routes()) <= Limits().body_bytes
