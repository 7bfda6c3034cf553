"""Bad input: named field by field, and nothing changed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.web.api.bodies import MAX_BODY_BYTES, MAX_DEPTH
from tests.till.harness import new_key
from tests.web_api.desk import desk, line

DEEP = b"[" * 5000 + b"]" * 5000

BODIES: list[tuple[str, bytes, str]] = [
    ("lines", b"{", "body"),
    ("lines", b"[]", "body"),
    ("lines", b"null", "body"),
    ("lines", b'"text"', "body"),
    ("lines", b"\xff\xfe", "body"),
    ("lines", b'{"text": "\xff"}', "body"),
    ("lines", b'{"text": "\\ud800"}', "body"),
    ("lines", b'{"text": NaN}', "body"),
    ("lines", b'{"text": Infinity}', "body"),
    ("lines", b'{"text": %s}' % DEEP, "body"),
    ("lines", b'{"text": %s}' % (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH), "body"),
    ("lines", b"{}", "text"),
    ("lines", b'{"text":"x","unit_cents":"120","rate":"normal"}', "unit_cents"),
    ("lines", b'{"text":"x","unit_cents":1.5,"rate":"normal"}', "unit_cents"),
    ("lines", b'{"text":"x","unit_cents":true,"rate":"normal"}', "unit_cents"),
    ("lines", b'{"text":"x","unit_cents":99999999999999999999,"rate":"normal"}', "unit_cents"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","quantity":"1,5"}', "quantity"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","quantity":1}', "quantity"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","prize":1}', "prize"),
    ("lines", b'{"text":"a\\u0007","unit_cents":1,"rate":"normal"}', "text"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","receipt":"y"}', "receipt"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","expires":"soon"}', "expires"),
    ("lines", b'{"text":"x","unit_cents":1,"rate":"normal","expires":"2026-11-21T09:00:00"}',
     "expires"),
    ("complete", b'{"receipt":"other"}', "receipt"),
    ("complete", b'{"key":"other-key-1"}', "key"),
    ("complete", b'{"type":"abort"}', "type"),
    ("complete", b'{"payments":[{"kind":"gold"}]}', "payments.0.kind"),
    ("complete", b'{"payments":[{"cents":"1"}]}', "payments.0.cents"),
    ("complete", b'{"payments":{}}', "payments"),
    ("complete", b'{"total_cents":1.0}', "total_cents"),
    ("abort", b"{}", "reason"),
    ("abort", b'{"reason":""}', "reason"),
    ("discount", b'{"percent":"5","cents":5}', "command"),
    ("discount", b'{"percent":"101"}', "percent"),
    ("customer", b'{"customer":{"id":"a_b"}}', "customer.id"),
    ("payments", b'{"given_cents":-1}', "given_cents"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "body", "field"), BODIES, ids=[f"{a}-{n}" for n, (a, *_) in enumerate(BODIES)]
)
async def test_a_wrong_body_is_refused_by_field_and_changes_nothing(
    tmp_path: Path, action: str, body: bytes, field: str
) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        before = len(it.shop.events())
        path = f"/receipts/{receipt['id']}/{action}"
        method = "PUT" if action == "customer" else "POST"
        answer = await it.call(method, path, body, rev=1, key=new_key())
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] == "request_invalid"
        assert problem["problems"][0].startswith(f"{field}: "), problem
        assert len(it.shop.events()) == before


async def test_every_wrong_field_is_named_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        body = {"lines": [line(unit_cents="1", rate=5)], "kind": "gift", "colour": "red"}
        answer = await it.call("POST", "/receipts", body)
        named = [text.partition(":")[0] for text in answer.json()["problems"]]
        assert named == ["register_id", "kind", "lines.0.unit_cents", "lines.0.rate", "colour"]


async def test_values_of_the_sender_are_not_repeated_in_the_problem(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        secret = "hunter2-secret-value"
        body = {"register_id": "K1", "kind": secret, "lines": [{"text": [secret]}]}
        answer = await it.call("POST", "/receipts", body)
        assert answer.status_code == 400
        assert secret not in answer.text


async def test_a_body_over_the_limit_is_refused_while_it_is_read(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        sent = 0

        async def endless() -> Any:
            nonlocal sent
            while True:
                sent += 65_536
                yield b" " * 65_536

        answer = await it._http.post("/v1/receipts", content=endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
        assert sent <= MAX_BODY_BYTES + 131_072


async def test_a_large_receipt_of_999_lines_fits(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened(*[line(text="x" * 200)] * 999)
        assert len(receipt["lines"]) == 999
        answer = await it.call("POST", f"/receipts/{receipt['id']}/lines", line(), rev=1)
        assert answer.json()["code"] == "line_limit"


@pytest.mark.parametrize(
    ("header", "body", "status", "code"),
    [
        (None, {}, 428, "rev_missing"),
        ("1", {}, 200, None),
        ('"1"', {}, 200, None),
        (None, {"rev": 1}, 200, None),
        ('"1"', {"rev": 1}, 200, None),
        ('"1"', {"rev": 2}, 400, "request_invalid"),
        ('"2"', {}, 409, "receipt_changed"),
        (None, {"rev": 0}, 409, "receipt_changed"),
        ("*", {}, 400, "request_invalid"),
        ('W/"1"', {}, 400, "request_invalid"),
        ('"1", "2"', {}, 400, "request_invalid"),
        ("-1", {}, 400, "request_invalid"),
        ("", {}, 400, "request_invalid"),
        ("1.0", {}, 400, "request_invalid"),
        ('"1', {}, 400, "request_invalid"),
        (None, {"rev": "1"}, 400, "request_invalid"),
        (None, {"rev": True}, 400, "request_invalid"),
        (None, {"rev": None}, 400, "request_invalid"),
        (None, {"rev": -1}, 400, "request_invalid"),
        (None, {"rev": 1.0}, 400, "request_invalid"),
        (None, {"rev": 10**30}, 400, "request_invalid"),
    ],
)
async def test_a_change_names_the_state_it_is_for_in_header_or_body(
    tmp_path: Path, header: str | None, body: dict[str, Any], status: int, code: str | None
) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        headers = {} if header is None else {"If-Match": header}
        path = f"/receipts/{receipt['id']}/lines"
        answer = await it.call("POST", path, {**line(), **body}, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.json().get("code") == code
        rev = (await it.call("GET", f"/receipts/{receipt['id']}")).json()["rev"]
        assert rev == (2 if status == 200 else 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/receipts/{id}/complete", {"rev": 1, "payments": [{}]}),
        ("/receipts/{id}/payments", {"rev": 1}),
        ("/receipts/{id}/abort", {"rev": 1, "reason": "x"}),
        ("/receipts/{id}/storno", {}),
        ("/receipts/{id}/reprint", {}),
        ("/registers/K1/receipts", {"kind": "null"}),
        ("/registers/K1/receipts", {"kind": "training"}),
    ],
)
async def test_a_command_with_effect_needs_a_key(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        before = len(it.shop.events())
        answer = await it.call("POST", path.format(id=receipt["id"]), body)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
        assert len(it.shop.events()) == before


@pytest.mark.parametrize("key", ["short", "x" * 129, "with\ttab-in-it", ""])
async def test_a_key_that_can_be_none_is_refused(tmp_path: Path, key: str) -> None:
    async with desk(tmp_path) as it:
        body = {"register_id": "K1"}
        answer = await it.call("POST", "/receipts", body, key=key)
        assert answer.status_code == 400
        assert answer.json()["problems"][0].startswith("Idempotency-Key: ")


async def test_a_command_that_is_too_late_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        body = {"register_id": "K1", "expires": "2026-11-21T09:59:59+01:00"}
        answer = await it.call("POST", "/receipts", body)
        assert (answer.status_code, answer.json()["code"]) == (410, "command_expired")
        receipt = await it.opened()
        late = {**line(), "expires": "2026-11-21T08:00:00Z"}
        answer = await it.call("POST", f"/receipts/{receipt['id']}/lines", late, rev=1)
        assert answer.json()["code"] == "command_expired"


async def test_problems_speak_the_callers_language(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for language, title in (
            ("de-AT,de;q=0.9,en;q=0.5", "Diesen Beleg gibt es nicht"),
            ("en-GB", "There is no such receipt"),
            ("fr", "Diesen Beleg gibt es nicht"),
        ):
            answer = await it.call("GET", "/receipts/x", headers={"Accept-Language": language})
            assert answer.json()["title"] == title
