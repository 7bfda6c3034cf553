"""Calls that vendors add to the API: what reaches them, and what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.model.exchange import LocalAnswer, LocalCall, VendorView
from bridge.model.faults import VendorNotConfigured
from bridge.model.roles import Role
from bridge.vendors.engine import endings, faults
from bridge.web.api.flow_status import FLOW_STATUS
from bridge.web.problems import status_of
from drivers.contract.fault import Fault
from tests.web_api.fake_vendors import failing_view
from tests.web_api.vendor_box import vendor_box, with_flexi

XML = {"content-type": "application/xml"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_call_arrives_whole_and_says_who_calls(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        body = b'{ "invoice":"FV1",  "amount": 19.0 }'
        headers = {
            "Idempotency-Key": "k-1",
            "X-User-Action": "1",
            "Accept-Language": "de-AT",
            "Cookie": "a=b",
            "Origin": str(box._client.base_url).rstrip("/"),
            "X-Forwarded-For": "10.0.0.1",
            "Via": "1.1 proxy",
        }
        answer = await box.call("POST", "/vendors/flexi/cash-payments?a=1&b=&a=%C3%A4+x", body,
                                role="backoffice", headers=headers)  # fmt: skip
        assert (answer.status_code, answer.json()) == (200, {"vendor_status": 200})
        (call,) = vendors.calls
        assert (call.method, call.body, dict(call.path)) == ("POST", body, {})
        assert call.query == (("a", "1"), ("b", ""), ("a", "ä x"))
        assert (call.caller, call.role, call.language) == ("backoffice", Role.BACKOFFICE, "de")
        assert call.headers["idempotency-key"] == "k-1"
        assert call.headers["x-user-action"] == "1"
        kept_back = {"authorization", "cookie", "x-forwarded-for", "via", "connection"}
        assert not kept_back & call.headers.keys()
        assert all(name == name.lower() for name in call.headers)


async def test_a_header_that_comes_twice_is_one_list(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        request = box._client.build_request(
            "POST",
            "/v1/vendors/flexi/cash-payments",
            headers=[
                ("authorization", "Bearer till-token-0123456789"),
                ("x-confirm", "a"),
                ("x-confirm", "b"),
            ],
        )
        await box._client.send(request)
        assert vendors.calls[0].headers["x-confirm"] == "a, b"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("FV1", "FV1"),
        ("FV1%2F2024", "FV1/2024"),
        ("code:FV1%2f2024%3Fx", "code:FV1/2024?x"),
        ("%C3%84pfel%20100%25", "Äpfel 100%"),
        ("...", "..."),
        ("a%2F..%2Fb", "a/../b"),
    ],
)
async def test_a_value_in_the_path_may_have_any_character(
    tmp_path: Path, path: str, value: str
) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        url = f"/vendors/flexi/invoices/{path}"
        assert (await box.call("GET", url)).status_code == 200
        assert vendors.calls[0].path == {"id": value}


@pytest.mark.parametrize(
    "path",
    [
        "flexi/invoices/%2e",
        "flexi/invoices/%2E%2e",
        "flexi/invoices/",
        "flexi/invoices",
        "flexi/invoices/a/b",
        "flexi/invoices/%ff",
        "flexi%2Finvoices%2FFV1/",
        "flexi//invoices/FV1",
        "flexi/nothing",
        "flexi/",
    ],
)
async def test_what_no_call_is_named_like_is_not_found(tmp_path: Path, path: str) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        answer = await box.call("GET", f"/vendors/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "path_unknown")
        assert not vendors.calls


async def test_a_literal_path_wins_over_a_value(tmp_path: Path) -> None:
    """Whatever the order in which the routes were added: this one is for the back office."""
    async with with_flexi(tmp_path) as (box, vendors):
        path = "/vendors/flexi/invoices/overdue"
        assert (await box.call("GET", path)).status_code == 403
        assert (await box.call("GET", path, role="backoffice")).status_code == 200
        assert vendors.calls[0].path == {}


async def test_a_value_may_be_the_whole_rest_of_a_path(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        for path in ("a", "a/b%2Fc/d"):
            answer = await box.call("POST", f"/vendors/broken/{path}")
            assert answer.status_code == 200
            assert vendors.calls[-1].path == {"rest": path.replace("%2F", "/")}
        for path in ("", "a/", "a//b", "a/%2e%2e"):
            answer = await box.call("POST", f"/vendors/broken/{path}")
            assert answer.json()["code"] == "vendor_not_configured", path
        assert len(vendors.calls) == 2


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("till", 403), ("backoffice", 403), ("technician", 200)]
)
async def test_each_call_asks_for_its_role(tmp_path: Path, role: str | None, status: int) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        answer = await box.call(
            "POST", "/vendors/flexi/xml/banka", b"<winstrom/>", role=role, headers=XML
        )
        assert answer.status_code == status, answer.text
        assert len(vendors.calls) == int(status == 200)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/vendors/flexi/cash-payments", "POST"),
        ("HEAD", "/vendors/flexi/cash-payments", "POST"),
        ("DELETE", "/vendors/flexi/cash-payments", "POST"),
        ("HEAD", "/vendors/flexi/invoices/overdue", "GET"),
        ("POST", "/vendors/flexi/invoices/FV1", "GET"),
        ("PUT", "/webhooks/asello", "GET, POST"),
    ],
)
async def test_another_method_is_refused_and_nothing_is_called(
    tmp_path: Path, method: str, path: str, allow: str
) -> None:
    """A GET must never reach a call that acts."""
    async with with_flexi(tmp_path) as (box, vendors):
        answer = await box.call(method, path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == allow
        assert not vendors.calls


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/xml", 200),
        ("text/xml; charset=utf-8", 200),
        ("application/json", 200),
        ("text/csv", 200),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 200),
    ],
)
async def test_bodies_are_of_types_that_no_foreign_page_can_send_unasked(
    tmp_path: Path, media: str, status: int
) -> None:
    """Whether it is the right one of these is for the vendor's room to say. A form could be sent,
    but not with the header that this call demands."""
    async with with_flexi(tmp_path) as (box, vendors):
        headers = {"content-type": media}
        path = "/vendors/flexi/xml/banka"
        answer = await box.call("POST", path, b"<a/>", role="technician", headers=headers)
        assert answer.status_code == status
        if status == 415:
            assert "application/xml" in answer.json()["detail"]
        assert len(vendors.calls) == int(status == 200)
        keyless = await box.call("POST", "/vendors/broken/x", b"a=1", headers=FORM)
        assert (keyless.status_code, keyless.json()["code"]) == (415, "media_type_wrong")
        own = await box.call("POST", "/receipts", b"<a/>", headers=XML)
        assert (own.status_code, own.json()["code"]) == (415, "media_type_wrong")


async def test_a_large_body_is_taken_where_it_is_expected_and_nowhere_else(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        path, most = "/vendors/flexi/xml/banka", 5_000_000
        taken = await box.call("POST", path, b"x" * most, role="technician", headers=XML)
        assert taken.status_code == 200
        assert len(vendors.calls[0].body) == most

        async def pieces(count: int) -> Any:
            for _ in range(count):
                yield b"x" * 100_000

        refusals = [
            await box.call("POST", path, b"x" * (most + 1), role="technician", headers=XML),
            await box.call("POST", path, role="technician", headers=XML, content=pieces(51)),
            await box.call("POST", "/vendors/flexi/cash-payments", b"x" * 1_000_001),
            await box.call("POST", "/webhooks/asello", b"x" * 10_001, role=None),
            await box.call("POST", "/receipts", b"x" * 1_048_577),
        ]
        for answer in refusals:
            assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
        assert len(vendors.calls) == 1


async def test_an_answer_comes_back_as_it_is(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        headers = {"Location": "/v1/runs/7", "Idempotent-Replayed": "true"}
        vendors.answer = LocalAnswer(status=202, body=b'{"run": "7"}', headers=headers)
        answer = await box.call("POST", "/vendors/flexi/cash-payments", {"invoice": "FV1"})
        assert (answer.status_code, answer.content) == (202, b'{"run": "7"}')
        assert answer.headers["location"] == "/v1/runs/7"
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        vendors.answer = LocalAnswer(body=b"%PDF-1.4", media_type="application/pdf")
        file = await box.call("GET", "/vendors/flexi/returns/7/pdf")
        assert (file.headers["content-type"], file.content) == ("application/pdf", b"%PDF-1.4")
        vendors.answer = LocalAnswer(status=204)
        none = await box.call("GET", "/vendors/flexi/invoices/FV1")
        assert (none.status_code, none.content) == (204, b"")
        assert "content-type" not in none.headers


async def test_a_fault_comes_back_as_a_problem_with_all_its_facts(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.answer = faults.VendorBusy(
            "status 429",
            retry_after=29.2,
            run="7",
            vendor_status=429,
            vendor_body={"error": "slow"},
        )
        answer = await box.call(
            "POST", "/vendors/flexi/cash-payments", {}, headers={"accept-language": "de"}
        )
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "30"
        problem = answer.json()
        assert problem["code"] == "vendor_busy"
        assert problem["title"] == faults.VendorBusy.title.de
        assert (problem["run"], problem["vendor_status"]) == ("7", 429)
        assert problem["vendor_body"] == {"error": "slow"}


async def test_a_defect_of_a_vendor_is_answered_without_its_secrets(tmp_path: Path) -> None:
    async def broken(call: LocalCall) -> LocalAnswer:
        raise ZeroDivisionError(call.body.decode())

    async with with_flexi(tmp_path) as (box, vendors):
        vendors.answer = broken
        answer = await box.call("POST", "/vendors/flexi/cash-payments", b'"canary"')
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "canary" not in answer.text
        vendors.answer = LocalAnswer(body=b"{}")
        assert (await box.call("GET", "/vendors/flexi/invoices/1")).status_code == 200


async def test_a_webhook_needs_no_sign_in_and_proves_itself(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.answer = LocalAnswer(body=b"c0ffee", media_type="text/plain")
        greeted = await box.call("GET", "/webhooks/asello?echo=c0ffee", role=None)
        assert (greeted.status_code, greeted.text) == (200, "c0ffee")
        vendors.answer = faults.WebhookRefused()
        refused = await box.call("POST", "/webhooks/asello", {"id": "1"}, role=None)
        assert (refused.status_code, refused.json()["code"]) == (401, "webhook_refused")
        assert "www-authenticate" not in refused.headers
        assert [(each.caller, each.role) for each in vendors.calls] == [("nobody", Role.TILL)] * 2


@pytest.mark.parametrize(
    "path",
    ["/webhooks/asello/", "/webhooks/other", "/webhooks%2Fasello", "/webhooks//asello", "/runs"],
)
async def test_nothing_beside_the_webhook_is_open(tmp_path: Path, path: str) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        for method in ("GET", "POST"):
            answer = await box.call(method, path, role=None)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert not vendors.calls


# Vendors that are not there


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_vendor_that_is_not_set_up_says_so_on_every_path(
    tmp_path: Path, method: str
) -> None:
    async with vendor_box(tmp_path / "none", None) as box:
        for path in ("/vendors/flexi/cash-payments", "/vendors/x/y/z"):
            answer = await box.call(method, path)
            assert (answer.status_code, answer.json()["code"]) == (424, "vendor_not_configured")
    async with with_flexi(tmp_path / "flexi") as (box, _):
        answer = await box.call(method, "/vendors/kassomat/returns")
        assert (answer.status_code, answer.json()["code"]) == (424, "vendor_not_configured")
        assert answer.json()["advice"]
        stranger = await box.call(method, "/vendors/kassomat/returns", role=None)
        assert stranger.status_code == 401


async def test_a_vendor_whose_program_is_broken_says_that_on_every_path(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        fault = faults.VendorDisabled("no module named kassomat")
        vendors.views["kassomat"] = VendorView(
            name="kassomat", title="kassomat", level="failed", fault=fault.as_problem("en")
        )
        answer = await box.call("POST", "/vendors/kassomat/returns", {})
        assert (answer.status_code, answer.json()["code"]) == (424, "vendor_disabled")
        assert answer.json()["status"] == 424
        assert answer.headers["content-type"] == "application/problem+json"


# Statuses


def test_every_fault_of_the_engine_has_the_status_that_is_promised() -> None:
    leaves = {
        each.code: each
        for each in (*vars(faults).values(), *vars(endings).values(), VendorNotConfigured)
        if isinstance(each, type) and issubclass(each, Fault) and "code" in vars(each)
        if each is not Fault
    }
    assert {code: status_of(each()) for code, each in leaves.items()} == FLOW_STATUS


def test_a_code_that_a_vendor_adds_has_the_status_of_its_kind() -> None:
    class PaidAlready(faults.StateConflict):
        code = "test_paid_already"

    class OfPaidAlready(PaidAlready):
        """Without a code of its own."""

    class Strange(Fault):
        code = "test_strange"

    assert status_of(PaidAlready()) == 409
    assert status_of(OfPaidAlready()) == 409
    assert status_of(Strange()) == 503


# What there is


async def test_vendors_are_listed_with_their_health(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.views["kassomat"] = failing_view()
        listed = (await box.call("GET", "/vendors")).json()["vendors"]
        assert [(each["name"], each["level"]) for each in listed] == [
            ("flexi", "ok"),
            ("kassomat", "failed"),
        ]
        assert listed[1]["fault"]["code"] == "vendor_auth"
        assert "operations" not in listed[0]
        one = (await box.call("GET", "/vendors/flexi")).json()
        assert one["operations"][0]["class"] == "keyed"
        unknown = await box.call("GET", "/vendors/nobody")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "vendor_unknown")


async def test_a_box_without_vendors_lists_none(tmp_path: Path) -> None:
    async with vendor_box(tmp_path, None) as box:
        assert (await box.call("GET", "/vendors")).json() == {"vendors": []}
        assert (await box.call("GET", "/runs", role="backoffice")).json() == {"runs": []}
        assert (await box.call("GET", "/vendors/flexi")).status_code == 404
        assert (await box.call("GET", "/runs/1")).status_code == 404
        assert (await box.call("GET", "/webhooks/asello", role=None)).status_code == 401


async def test_json_of_any_shape_reaches_the_vendor_as_it_was_sent(tmp_path: Path) -> None:
    """The vendor's room checks bodies; the web room must not change a byte of them."""
    async with with_flexi(tmp_path) as (box, vendors):
        bodies = [b"", b"null", b"[1.0, 1e2]", b'{"a": 1, "a": 2}', b"{", json.dumps("ä").encode()]
        for body in bodies:
            await box.call("POST", "/vendors/flexi/cash-payments", body)
        assert [each.body for each in vendors.calls] == bodies
