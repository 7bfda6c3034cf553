"""What a hostile web page or a stranger can do to vendors' calls and webhooks: nothing.

Each row is sent to a real server on a real socket, like those of ``test_guard``.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.web.gates import Gates
from bridge.web.server import WebServer
from tests.web_api.fake_vendors import FakeVendors
from tests.web_guard.test_guard import (
    AUTH,
    COOKIE,
    CROSS,
    EVIL,
    JSON,
    NAVIGATE,
    SAME,
    Bench,
    Row,
    label,
)
from tests.web_guard.wire import (
    TECHNICIAN_TOKEN,
    TILL_TOKEN,
    Client,
    Witness,
    ask,
    bearer,
    guarded,
    make_auth,
    port_of,
    request,
    serving,
)

PAY = "/v1/vendors/flexi/cash-payments"
RAW = "/v1/vendors/flexi/xml/banka"
HOOK = "/v1/webhooks/asello"
XML = "Content-Type: application/xml"
FORM = "Content-Type: application/x-www-form-urlencoded"
FRIEND = "Origin: https://till.example"

CALLS = [
    Row(200, "POST", PAY, f"{AUTH}|{JSON}", b"{}", caller="till by token"),
    Row(401, "POST", PAY, JSON, b"{}"),
    Row(401, "GET", PAY, ""),
    Row(401, "POST", PAY, f"{bearer('wrong-token-wrong-token')}|{JSON}", b"{}"),
    Row(421, "POST", PAY, f"{AUTH}|{JSON}", b"{}", host="evil.example:{port}"),
    Row(421, "POST", PAY, JSON, b"{}", host="evil.example:{port}", loopback=True),
    Row(403, "POST", PAY, f"{AUTH}|{EVIL}|{JSON}", b"{}"),
    Row(403, "POST", PAY, f"{EVIL}|{JSON}", b"{}", loopback=True),
    Row(403, "POST", PAY, f"Origin: null|{JSON}", b"{}", loopback=True),
    Row(403, "POST", PAY, f"{CROSS}|{JSON}", b"{}", loopback=True),
    Row(403, "GET", PAY, f"{CROSS}|{NAVIGATE}", loopback=True),
    Row(403, "POST", PAY, f"{COOKIE}|{JSON}", b"{}"),
    Row(200, "POST", PAY, f"{COOKIE}|{SAME}|{JSON}", b"{}", caller="till by session"),
    Row(200, "POST", PAY, f"{AUTH}|{FRIEND}|{CROSS}|{JSON}", b"{}"),
    Row(200, "POST", PAY, JSON, b"{}", loopback=True, caller="till by loopback"),
    Row(400, "POST", PAY, f"{AUTH}|Idempotency-Key: a|Idempotency-Key: b"),
    Row(200, "POST", RAW, f"{bearer(TECHNICIAN_TOKEN)}|{XML}", b"<a/>"),
    Row(401, "POST", RAW, XML, b"<a/>"),
    Row(415, "POST", RAW, f"{AUTH}|Content-Type: text/plain", b"<a/>"),
    Row(415, "POST", RAW, f"{AUTH}|Content-Type: multipart/form-data; boundary=x", b"<a/>"),
    Row(415, "POST", RAW, AUTH, b"<a/>"),
    Row(200, "POST", PAY, f"{AUTH}|{FORM}", b"a=1"),
    Row(403, "POST", PAY, f"{FORM}|{EVIL}", b"a=1", loopback=True),
    Row(415, "POST", "/v1/vendors/broken/x", f"{AUTH}|{FORM}", b"a=1"),
    Row(415, "POST", "/v1/vendors/broken/x", FORM, b"a=1", loopback=True),
    Row(415, "POST", RAW, "Content-Type: text/plain", b"<a/>", loopback=True),
    Row(415, "POST", "/v1/receipts", f"{AUTH}|{XML}", b"<a/>"),
    Row(415, "PUT", RAW, f"{AUTH}|{XML}", b"<a/>"),
    Row(415, "POST", "/v1/vendors/flexi%2Fxml/banka", f"{AUTH}|{XML}", b"<a/>"),
    Row(413, "POST", PAY, f"{AUTH}|{JSON}|Content-Length: 1000001"),
    Row(413, "POST", RAW, f"{AUTH}|{XML}|Content-Length: 5000001"),
    Row(413, "POST", HOOK, f"{JSON}|Content-Length: 10001"),
    Row(413, "POST", "/v1/receipts", f"{AUTH}|{JSON}|Content-Length: 1048577"),
    Row(413, "POST", RAW, f"{AUTH}|{XML}|Content-Length: 99999999999"),
]

WEBHOOKS = [
    Row(200, "POST", HOOK, JSON, b"{}", caller="nobody"),
    Row(200, "GET", f"{HOOK}?echo=1", "", caller="nobody"),
    Row(200, "POST", HOOK, f"{JSON}|X-Forwarded-For: 198.51.100.7", b"{}", caller="nobody"),
    Row(200, "POST", HOOK, f"{AUTH}|{JSON}", b"{}", caller="till by token"),
    Row(421, "POST", HOOK, JSON, b"{}", host="evil.example:{port}"),
    Row(421, "GET", HOOK, "", host="evil.example:{port}"),
    Row(400, "POST", HOOK, JSON, b"{}", host=""),
    Row(403, "POST", HOOK, f"{EVIL}|{JSON}", b"{}"),
    Row(403, "POST", HOOK, f"Origin: null|{JSON}", b"{}"),
    Row(403, "POST", HOOK, f"{CROSS}|{JSON}", b"{}"),
    Row(403, "GET", HOOK, f"{CROSS}|{NAVIGATE}"),
    Row(403, "GET", HOOK, f"{CROSS}|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image"),
    Row(403, "POST", HOOK, f"Cookie: a=b|{JSON}", b"{}"),
    Row(415, "POST", HOOK, "Content-Type: text/plain", b"{}"),
    Row(415, "POST", HOOK, "Content-Type: application/x-www-form-urlencoded", b"a=1"),
    Row(401, "POST", HOOK, f"{bearer('wrong-token-wrong-token')}|{JSON}", b"{}"),
    Row(401, "HEAD", HOOK, ""),
    Row(401, "PUT", HOOK, JSON, b"{}"),
    Row(401, "DELETE", HOOK, ""),
    Row(401, "GET", f"{HOOK}/", ""),
    Row(401, "GET", f"{HOOK}/more", ""),
    Row(401, "GET", f"{HOOK}%2F", ""),
    Row(401, "GET", f"{HOOK}%00", ""),
    Row(401, "GET", "/v1/webhooks/", ""),
    Row(401, "GET", "/v1/webhooks/other", ""),
    Row(401, "GET", "/v1/webhooks/ASELLO", ""),
    Row(401, "GET", "/v1/webhooks%2Fasello", ""),
    Row(401, "GET", "/v1/webhooks/../webhooks/asello", ""),
    Row(401, "GET", "/v1/webhooks/asello/../../receipts", ""),
    Row(401, "GET", "//v1/webhooks/asello", ""),
    Row(401, "GET", "/v1//webhooks/asello", ""),
]

TABLE = [*CALLS, *WEBHOOKS]


@asynccontextmanager
async def _benches(witness: Witness) -> AsyncIterator[Bench]:
    auth, gates = make_auth(), Gates(FakeVendors().routes())
    cookie = auth.sessions.open(auth.by_token(TILL_TOKEN, "127.0.0.1"))
    async with (
        serving(guarded(witness, auth, gates=gates)) as closed,
        serving(guarded(witness, auth, gates=gates, open_loopback=True)) as loopback,
    ):
        yield Bench({False: closed, True: loopback}, witness, cookie)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with _benches(Witness()) as made:
        yield made


@pytest.mark.parametrize("row", TABLE, ids=label)
async def test_each_request_gets_what_it_deserves(bench: Bench, row: Row) -> None:
    answer = await ask(bench.servers[row.loopback], bench.bytes_of(row))
    # A control character in the path is refused before anybody asks who calls.
    expected = 400 if "%00" in row.path else row.status
    assert answer.status == expected, answer.body
    assert len(bench.witness.calls) == int(row.status == 200)
    assert "access-control-allow-origin" not in answer.headers or FRIEND in row.headers
    if row.caller:
        assert bench.witness.callers == [row.caller]


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v1/vendors/flexi/invoices/FV1", ("flexiInvoice", {"id": "FV1"})),
        ("GET", "/v1/vendors/flexi/invoices/a%2Fb", ("flexiInvoice", {"id": "a/b"})),
        ("GET", "/v1/vendors/flexi/invoices/overdue", ("flexiOverdue", {})),
        ("GET", "/v1/vendors/flexi/invoices/%6fverdue", ("flexiOverdue", {})),
        ("POST", "/v1/vendors/broken/a/b", ("brokenDisabledPost", {"rest": "a/b"})),
        ("POST", "/v1/vendors/flexi/invoices/FV1", None),
        ("GET", "/v1/vendors/flexi/invoices/..", None),
        ("GET", "/v1/vendors/flexi/invoices/%2e%2E", None),
        ("GET", "/v1/vendors/flexi/invoices/.", None),
        ("GET", "/v1/vendors/flexi/invoices/", None),
        ("GET", "/v1/vendors/flexi/invoices/%ff", None),
        ("GET", "/v1/vendors/flexi/invoices/%c0%ae", None),
        ("POST", "/v1/vendors/broken/a/../b", None),
        ("POST", "/v1/vendors/broken", None),
        ("POST", "/v1/vendors/broken/", None),
        ("GET", "/v1/receipts", None),
        ("GET", "", None),
    ],
)
def test_a_path_is_found_segment_by_segment(
    method: str, path: str, found: tuple[str, dict[str, str]] | None
) -> None:
    gate = Gates(FakeVendors().routes()).find(method, path.encode())
    assert (None if gate is None else (gate.route.id, dict(gate.path))) == found


REFUSED = [row for row in TABLE if row.status in (401, 403, 415, 421) and row.body]


@pytest.mark.parametrize("row", REFUSED, ids=label)
async def test_a_refusal_comes_before_the_body_is_read(bench: Bench, row: Row) -> None:
    """The body is announced and never sent."""
    head = bench.bytes_of(row).partition(b"\r\n\r\n")[0].decode("latin-1")
    lines = [line for line in head.split("\r\n") if not line.startswith("Content-Length")]
    client = await Client.to(bench.servers[row.loopback])
    client.send("\r\n".join([*lines, "Content-Length: 9000"]).encode("latin-1") + b"\r\n\r\n")
    answer = await client.answer()
    assert answer.status == row.status
    assert not bench.witness.calls
    await client.close()


async def test_bent_paths_open_nothing(bench: Bench) -> None:
    """Random spellings of the webhook's path: only those that decode to it may pass, and they are
    found by the same table that calls the handler."""
    seed = 20_261_121
    print(f"seed {seed}")
    dice = random.Random(seed)
    gates, server = Gates(FakeVendors().routes()), bench.servers[False]
    passed = 0
    for _ in range(300):
        path = _bent(dice)
        before = len(bench.witness.calls)
        answer = await _asked(server, path)
        found = gates.find("GET", path.encode())
        assert (answer == 200) is (found is not None), path
        assert len(bench.witness.calls) - before == int(found is not None), path
        if found is not None:
            passed += 1
            assert bench.witness.calls[-1] == "GET /v1/webhooks/asello", path
    assert passed > 10


def _bent(dice: random.Random) -> str:
    """Return the path with a few characters encoded, or something put in."""
    letters = list(HOOK)
    for _ in range(dice.randint(0, 3)):
        at = dice.randrange(12, len(letters))
        match dice.randrange(4):
            case 0 | 1:
                if len(letters[at]) == 1:
                    letters[at] = f"%{ord(letters[at]):02{dice.choice('xX')}}"
            case 2:
                letters[at] += dice.choice(["/", "//", "/.", "/..", "%2f", ";", "%252f", "."])
            case _:
                letters[at] = letters[at].upper()
    return "".join(letters)


async def _asked(server: WebServer, path: str) -> int:
    return (await ask(server, request("GET", path, host=f"127.0.0.1:{port_of(server)}"))).status
