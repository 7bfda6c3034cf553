"""The whole web application on a real socket: signing in, errors, monitoring, secrets."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.health import Level
from bridge.journal.faults import JournalDamaged
from tests.web_guard.boxes import WebBox, web_box
from tests.web_guard.wire import (
    OFFICE_TOKEN,
    TECHNICIAN_TOKEN,
    TILL_TOKEN,
    TOKENS,
    Answer,
    ask,
    bearer,
    port_of,
    request,
)

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[WebBox]:
    async with web_box(tmp_path) as made:
        yield made


async def call(
    box: WebBox,
    method: str,
    path: str,
    headers: str = "",
    body: Any = None,
    media: str = "application/json",
) -> Answer:
    """Send a request; a body that is not bytes goes as JSON."""
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if raw:
        headers = f"{headers}|Content-Type: {media}"
    host = f"127.0.0.1:{port_of(box.server)}"
    return await ask(box.server, request(method, path, headers, raw, host))


def own(box: WebBox) -> str:
    return f"Origin: {box.server.address}"


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


async def sign_in(box: WebBox, token: str) -> str:
    """Return the cookie header of a new session."""
    answer = await call(box, "POST", "/session", own(box), {"token": token})
    assert answer.status == 200
    return f"Cookie: {cookie_of(answer)}"


# Signing in


async def test_a_token_becomes_a_session_and_the_session_ends(box: WebBox) -> None:
    answer = await call(box, "POST", "/session", own(box), {"token": OFFICE_TOKEN})
    assert (answer.status, json.loads(answer.body)) == (
        200,
        {"name": "backoffice", "role": "backoffice"},
    )
    attributes = set(answer.headers["set-cookie"].split("; ")[1:])
    assert attributes == {"HttpOnly", "SameSite=Strict", "Path=/"}
    cookie = f"Cookie: {cookie_of(answer)}"
    assert (await call(box, "GET", "/readyz", cookie)).status == 200
    assert (await call(box, "DELETE", "/session", f"{cookie}|{own(box)}")).status == 204
    assert (await call(box, "GET", "/readyz", cookie)).status == 401


async def test_a_form_signs_in_as_well_and_leads_to_the_page(box: WebBox) -> None:
    body = f"token={TILL_TOKEN}".encode()
    answer = await call(box, "POST", "/session", own(box), body, FORM)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = f"Cookie: {cookie_of(answer)}"
    assert (await call(box, "GET", "/readyz", cookie)).status == 200


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        ({"token": "wrong-token-wrong-token"}, "application/json", 401),
        ({"token": ""}, "application/json", 400),
        ({"token": 7}, "application/json", 400),
        ({"token": TILL_TOKEN, "role": "technician"}, "application/json", 400),
        ({}, "application/json", 400),
        ([], "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 4000, "application/json", 400),
        (b"{" + b" " * 5000 + b"}", "application/json", 413),
        (b"token=wrong-token-wrong-token", FORM, 401),
        (b"token=a&token=b", FORM, 400),
        (b"token=" + b"%ff" * 20, FORM, 401),
        (b"a=1&" * 20, FORM, 400),
        (b"\xff\xfe", FORM, 400),
        (b"", FORM, 400),
    ],
    ids=str,
)
async def test_no_session_without_a_right_token(
    box: WebBox, body: Any, media: str, status: int
) -> None:
    answer = await call(box, "POST", "/session", own(box), body, media)
    assert answer.status == status, answer.body
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["advice"]


async def test_guessing_is_slowed_down_over_both_doors(box: WebBox) -> None:
    for _ in range(3):
        answer = await call(box, "POST", "/session", "", {"token": "wrong-token-wrong-token"})
        assert answer.status == 401
    for _ in range(2):
        assert (await call(box, "GET", "/readyz", bearer("wrong-token-wrong-token"))).status == 401
    for answer in (
        await call(box, "POST", "/session", "", {"token": TILL_TOKEN}),
        await call(box, "GET", "/readyz", bearer()),
    ):
        assert (answer.status, answer.code) == (429, "too_many_tries")
        assert 1 <= int(answer.headers["retry-after"]) <= 11
    box.shop.clock.advance(10)
    assert (await call(box, "GET", "/readyz", bearer())).status == 200


async def test_a_session_is_not_stopped_by_the_guesses_of_a_neighbour(box: WebBox) -> None:
    cookie = await sign_in(box, TILL_TOKEN)
    for _ in range(6):
        await call(box, "GET", "/readyz", bearer("wrong-token-wrong-token"))
    assert (await call(box, "GET", "/readyz", cookie)).status == 200


async def test_a_role_may_not_do_more_than_its_own(box: WebBox) -> None:
    assert (await call(box, "GET", "/v1/devices", bearer())).status == 403
    cookie = await sign_in(box, TILL_TOKEN)
    assert (await call(box, "GET", "/v1/devices", cookie)).status == 403


async def test_a_session_of_the_page_works_with_the_api(box: WebBox) -> None:
    cookie = await sign_in(box, TILL_TOKEN)
    opened = await call(box, "POST", "/v1/receipts", f"{cookie}|{own(box)}", {"register_id": "K1"})
    assert opened.status == 201, opened.body
    listed = await call(box, "GET", "/v1/receipts?state=open", cookie)
    assert [each["id"] for each in json.loads(listed.body)["receipts"]] == [
        json.loads(opened.body)["id"]
    ]
    hostile = await call(
        box, "POST", "/v1/receipts", f"{cookie}|Origin: https://evil.example", {"register_id": "K1"}
    )
    assert hostile.status == 403
    assert len(box.shop.register().open) == 1


# Errors


async def test_a_defect_is_answered_without_its_traceback_and_logged_once(
    box: WebBox, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await call(box, "GET", "/v1/devices", bearer(TECHNICIAN_TOKEN))
    assert (answer.status, answer.code) == (500, "internal_error")
    for secret in (b"Traceback", b"ZeroDivisionError", b"the secret of the defect", b".py"):
        assert secret not in answer.body
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    logged = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(logged) == 1
    assert logged[0].name == "bridge.web.app"
    assert logged[0].exc_info is not None
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "path_unknown"),
        ("GET", "/static/nothing.css", 404, "path_unknown"),
        ("GET", "/static/..%2f..%2fapp.py", 404, "path_unknown"),
        ("GET", "/healthz/", 404, "path_unknown"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("DELETE", "/v1/receipts", 405, "method_not_allowed"),
        ("GET", "/v1/receipts/unknown", 404, "receipt_unknown"),
    ],
)
async def test_every_error_is_a_problem(
    box: WebBox, method: str, path: str, status: int, code: str
) -> None:
    answer = await call(box, method, path, f"{bearer()}|Accept-Language: de")
    assert (answer.status, answer.code) == (status, code)
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["advice"]
    if status == 405:
        assert answer.headers["allow"]


async def test_deep_json_is_refused_by_the_api(box: WebBox) -> None:
    for deep in (b"[" * 100_000, b'{"a":' * 50_000, b"[" * 300 + b"]" * 300):
        answer = await call(box, "POST", "/v1/receipts", bearer(), deep)
        assert answer.status == 400
    assert not box.shop.register().open
    assert (await call(box, "GET", "/healthz")).status == 200


# Monitoring


async def test_everybody_may_ask_whether_the_box_lives(box: WebBox) -> None:
    answer = await call(box, "GET", "/healthz")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


async def test_ready_means_that_receipts_can_be_made(box: WebBox) -> None:
    assert (await call(box, "GET", "/readyz")).status == 401
    answer = await call(box, "GET", "/readyz", bearer())
    assert (answer.status, json.loads(answer.body)) == (200, {"ready": True, "reasons": []})
    box.shop.register().latch = str(JournalDamaged("event 7"))
    answer = await call(box, "GET", "/readyz", bearer())
    assert answer.status == 503
    assert json.loads(answer.body)["reasons"] == ["no register may be used"]
    box.shop.register().latch = None
    box.parts.board.report("journal", Level.FAILED)
    assert (await call(box, "GET", "/readyz", bearer())).status == 503


async def test_metrics_tell_what_happened(box: WebBox) -> None:
    assert (await call(box, "GET", "/metrics")).status == 401
    await box.shop.open()
    box.parts.board.report('printer:"counter"', Level.DEGRADED)
    await ask(box.server, request(host="evil.example"))
    answer = await call(box, "GET", "/metrics", bearer())
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    for expected in (
        'bonbridge_info{version="1.2.3"} 1',
        'bonbridge_receipts_open{register="K1"} 1',
        'bonbridge_register_latched{register="K1"} 0',
        f"bonbridge_journal_seq {box.shop.journal.last_seq}",
        r'bonbridge_part_level{part="printer:\"counter\"",level="degraded"} 1',
        r'bonbridge_part_level{part="printer:\"counter\"",level="ok"} 0',
        'bonbridge_http_refusals_total{code="host_foreign"} 1',
        'bonbridge_http_refusals_total{code="unauthorised"} 1',
        'bonbridge_http_answers_total{status="4xx"} 2',
    ):
        assert expected in lines


# Secrets


async def test_tokens_and_cookies_reach_no_log_and_no_answer(
    box: WebBox, caplog: pytest.LogCaptureFixture
) -> None:
    """Every token goes in by every way, right and wrong, and is looked for in all encodings."""
    canaries = [*TOKENS.values(), "canary-wrong-0123456789"]
    seen: list[bytes] = []
    with caplog.at_level(logging.DEBUG):
        cookie = await sign_in(box, TILL_TOKEN)
        canaries.append(cookie.rpartition("=")[2])
        for token in canaries:
            answers = [
                await call(box, "POST", "/session", "", {"token": token}),
                await call(box, "POST", "/session", "", {"token": [token]}),
                await call(box, "POST", "/session", "", f'{{"token": "{token}'.encode()),
                await call(box, "POST", "/session", "", f"token={token}&x=1".encode(), FORM),
                await call(box, "GET", "/v1/receipts", bearer(token)),
                await call(box, "GET", "/v1/devices", bearer(token)),
                await call(box, "GET", "/v1/nothing", bearer(token)),
                await call(box, "GET", "/v1/receipts", f"Authorization: {token}"),
                await call(box, "GET", "/v1/receipts", f"Authorization: Basic {token}"),
                await call(box, "GET", "/metrics", f"Cookie: bonbridge_session={token}"),
                await call(box, "GET", "/openapi.json", bearer(token)),
                await call(box, "GET", "/", bearer(token)),
                await call(box, "DELETE", "/session", f"{bearer(token)}|{cookie}"),
                await ask(box.server, f"GET / HTTP/1.1\r\nAuthorization {token}\r\n\r\n".encode()),
            ]
            box.shop.clock.advance(60)
            seen += [
                each.body + json.dumps(each.headers).encode()
                for each in answers
                if "set-cookie" not in each.headers
            ]
    everything = b"".join(seen) + caplog.text.encode()
    assert len(everything) > 10_000
    for token in canaries:
        raw = token.encode()
        for form in (raw, base64.b64encode(raw)[:-2], raw.hex().encode(), raw[::-1]):
            assert form not in everything


# Weight


def test_importing_the_server_does_not_load_the_framework() -> None:
    """The till is ready before the web framework is loaded."""
    code = (
        "import sys, bridge.web.server, bridge.web.parts; "
        "print([m for m in ('fastapi', 'starlette', 'uvicorn', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
