"""What a hostile web page, a foreign program or a wrong name can do: nothing.

Each row is sent to a real server on a real socket. The application behind the guard counts: what
is refused has not reached it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from starlette.types import Receive, Scope, Send

from bridge.web.server import WebServer
from tests.web_guard.wire import (
    GENEROUS_S,
    OFFICE_TOKEN,
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

OWN = "127.0.0.1:{port}"
AUTH = bearer()
JSON = "Content-Type: application/json"
COOKIE = "Cookie: bonbridge_session={cookie}"
SAME = "Origin: http://127.0.0.1:{port}"
EVIL = "Origin: https://evil.example"
CROSS = "Sec-Fetch-Site: cross-site"
NAVIGATE = "Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document"


@dataclass(frozen=True)
class Row:
    """A request and the status it must get. In texts ``{port}`` is the server's port and
    ``{cookie}`` a session of role till. ``caller`` is who the application must see."""

    status: int
    method: str = "GET"
    path: str = "/v1/receipts"
    headers: str = AUTH
    body: bytes = b""
    host: str = OWN
    loopback: bool = False
    caller: str = ""


# The name by which the box is called
HOSTS = [
    Row(200),
    Row(200, host="localhost:{port}"),
    Row(200, host="LOCALHOST:{port}"),
    Row(200, host="localhost.:{port}"),
    Row(200, host="127.0.0.2:{port}"),
    Row(200, host="[::1]:{port}"),
    Row(200, host="[0:0:0:0:0:0:0:1]:{port}"),
    Row(200, host="[::ffff:127.0.0.1]:{port}"),
    Row(200, host="box.example:{port}"),
    Row(200, host="Box.Example"),
    Row(200, host="box.example:443"),
    Row(200, host="proxied.example:443"),
    Row(421, host="proxied.example:{port}"),
    Row(421, host="box.example:1"),
    Row(421, host="127.0.0.1"),
    Row(421, host="127.0.0.1:1"),
    Row(421, host="localhost"),
    Row(421, host="[::1]"),
    Row(421, host="evil.example:{port}"),
    Row(421, host="127.0.0.1.evil.example:{port}"),
    Row(421, host="localhost.evil.example:{port}"),
    Row(421, host="evil-localhost:{port}"),
    Row(421, host="0.0.0.0:{port}"),
    Row(421, host="192.168.1.50:{port}"),
    Row(421, host="[fe80::1]:{port}"),
    Row(421, host="2130706433:{port}"),
    Row(421, host="127.1:{port}"),
    Row(421, host="0x7f.0.0.1:{port}"),
    Row(400, host=""),
    Row(400, host="", headers=f"{AUTH}|Host:"),
    Row(400, headers=f"{AUTH}|Host: 127.0.0.1:{{port}}"),
    Row(400, headers=f"{AUTH}|Host: evil.example"),
    Row(400, host="127.0.0.1:{port}, evil.example"),
    Row(400, host="user@127.0.0.1:{port}"),
    Row(400, host="127.0.0.1:{port}/path"),
    Row(400, host="127.0.0.1:99999"),
    Row(400, host="127.0.0.1:"),
    Row(400, host="[::1"),
    Row(400, host="::1"),
    Row(400, host="[127.0.0.1]:{port}x"),
    Row(400, host="[evil.example]:{port}"),
    Row(400, host="loc alhost:{port}"),
    Row(400, host="bäcker.example:{port}"),
]

# The page that a request comes from
ORIGINS = [
    Row(200, headers=f"{AUTH}|{SAME}"),
    Row(200, "POST", headers=f"{AUTH}|{SAME}|{JSON}", body=b"{}"),
    Row(200, "POST", headers=f"{AUTH}|Origin: https://till.example|{CROSS}|{JSON}", body=b"{}"),
    Row(200, headers=f"{AUTH}|Origin: https://TILL.example"),
    Row(403, headers=f"{AUTH}|Origin: http://till.example"),
    Row(403, headers=f"{AUTH}|Origin: https://till.example:8443"),
    Row(403, headers=f"{AUTH}|Origin: https://till.example.evil.example"),
    Row(403, headers=f"{AUTH}|{EVIL}"),
    Row(403, "POST", headers=f"{AUTH}|{EVIL}|{JSON}", body=b"{}"),
    Row(403, "DELETE", headers=f"{AUTH}|{EVIL}"),
    Row(403, headers=f"{AUTH}|Origin: null"),
    Row(403, "POST", headers=f"{AUTH}|Origin: null|{JSON}", body=b"{}"),
    Row(403, headers=f"{AUTH}|Origin:"),
    Row(403, headers=f"{AUTH}|Origin: file://"),
    Row(403, headers=f"{AUTH}|Origin: http://127.0.0.1:1"),
    Row(403, headers=f"{AUTH}|Origin: http://127.0.0.1"),
    Row(403, headers=f"{AUTH}|Origin: https://127.0.0.1:{{port}}"),
    Row(403, headers=f"{AUTH}|Origin: http://localhost:{{port}}"),
    Row(403, headers=f"{AUTH}|Origin: http://127.0.0.1:{{port}}.evil.example"),
    Row(403, headers=f"{AUTH}|Origin: http://evil.example@127.0.0.1:{{port}}"),
    Row(400, headers=f"{AUTH}|{SAME}|{SAME}"),
    Row(400, headers=f"{AUTH}|{SAME}|{EVIL}"),
    Row(200, "POST", headers=f"{AUTH}|{JSON}", body=b"{}"),
    Row(403, "POST", headers=f"{AUTH}|Cookie: x=1|{JSON}", body=b"{}"),
    Row(403, "POST", headers=f"{COOKIE}|{JSON}", body=b"{{}}"),
    Row(403, "DELETE", headers=COOKIE),
    Row(403, "DELETE", "/session", COOKIE),
    Row(200, headers=COOKIE, caller="till by session"),
    Row(200, headers=f"{COOKIE}|Sec-Fetch-Site: same-origin"),
    Row(200, headers=f"{COOKIE}|Sec-Fetch-Site: none|{NAVIGATE}"),
    Row(200, "POST", headers=f"{COOKIE}|{SAME}|{JSON}", body=b"{}", caller="till by session"),
    Row(403, headers=f"{COOKIE}|{CROSS}|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image"),
    Row(403, headers=f"{COOKIE}|Sec-Fetch-Site: same-site|Sec-Fetch-Mode: no-cors"),
    Row(403, headers=f"{COOKIE}|{CROSS}|{NAVIGATE}"),
    Row(403, headers=f"{COOKIE}|Sec-Fetch-Site: nonsense"),
    Row(200, path="/", headers=f"{CROSS}|{NAVIGATE}", caller="nobody"),
    Row(403, path="/", headers=f"{CROSS}|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: iframe"),
    Row(403, path="/", headers=CROSS),
    Row(403, "POST", headers=f"{AUTH}|{SAME}|{CROSS}|{JSON}", body=b"{}"),
    Row(403, "POST", headers=f"{AUTH}|{CROSS}|{JSON}", body=b"{}"),
    Row(403, "POST", headers=f"{AUTH}|Sec-Fetch-Site: same-site|{JSON}", body=b"{}"),
    Row(403, "POST", "/session", f"{EVIL}|{JSON}", b"{}"),
    Row(403, loopback=True, headers=EVIL),
    Row(403, "POST", loopback=True, headers=f"Origin: null|{JSON}", body=b"{}"),
    Row(403, loopback=True, headers=f"{CROSS}|Sec-Fetch-Mode: no-cors"),
    Row(421, loopback=True, headers="", host="evil.example:{port}"),
]

# Methods and bodies
FORMS = [
    Row(200, "PUT", headers=f"{AUTH}|{JSON}", body=b"{}"),
    Row(200, "PATCH", headers=f"{AUTH}|{JSON}; charset=utf-8", body=b"{}"),
    Row(200, "DELETE"),
    Row(200, "HEAD"),
    Row(200, "POST"),
    Row(200, "POST", headers=f"{AUTH}|Content-Length: 0"),
    Row(415, "POST", headers=AUTH, body=b"{}"),
    Row(415, "POST", headers=f"{AUTH}|Content-Type: text/plain", body=b"{}"),
    Row(415, "POST", headers=f"{AUTH}|Content-Type: text/plain; application/json", body=b"{}"),
    Row(
        415, "POST", headers=f"{AUTH}|Content-Type: application/x-www-form-urlencoded", body=b"a=1"
    ),
    Row(415, "POST", headers=f"{AUTH}|Content-Type: multipart/form-data; boundary=x", body=b"--x"),
    Row(415, "POST", headers=f"{AUTH}|Content-Type: application/json-patch+json", body=b"{}"),
    Row(415, "DELETE", headers=AUTH, body=b"{}"),
    Row(415, "POST", headers=f"{AUTH}|Transfer-Encoding: chunked", body=b""),
    Row(400, "POST", headers=f"{AUTH}|{JSON}|Content-Type: text/plain", body=b"{}"),
    Row(400, headers=f"{AUTH}|{JSON}", body=b"{}"),
    Row(400, headers=f"{AUTH}|{AUTH}"),
    Row(400, headers=f"{COOKIE}|{COOKIE}"),
    Row(400, "POST", headers=f"{AUTH}|Idempotency-Key: a|Idempotency-Key: b"),
    Row(400, "POST", headers=f"{AUTH}|If-Match: 1|If-Match: 2"),
    Row(400, path="/v1/%00", headers=AUTH),
    Row(400, path="/v1/a%0d%0ab", headers=AUTH),
    Row(400, path="http://evil.example/v1/receipts", headers=AUTH),
    Row(400, "CONNECT", "evil.example:443", AUTH),
    Row(405, "TRACE"),
    Row(405, "PROPFIND"),
    Row(405, "OPTIONS"),
    Row(405, "OPTIONS", headers=f"{SAME}|Access-Control-Request-Method: POST"),
    Row(405, "OPTIONS", headers="Origin: https://till.example"),
    Row(204, "OPTIONS", headers="Origin: https://till.example|Access-Control-Request-Method: POST"),
    Row(403, "OPTIONS", headers=f"{EVIL}|Access-Control-Request-Method: POST"),
    Row(
        421,
        "OPTIONS",
        headers="Origin: https://till.example|Access-Control-Request-Method: POST",
        host="evil.example:{port}",
    ),
]

# Who asks
CALLERS = [
    Row(200, caller="till by token"),
    Row(200, headers=bearer(OFFICE_TOKEN), caller="backoffice by token"),
    Row(200, headers=bearer(TECHNICIAN_TOKEN), caller="technician by token"),
    Row(200, headers=f"authorization: bearer {TILL_TOKEN}", caller="till by token"),
    Row(401, headers=""),
    Row(401, headers="Authorization:"),
    Row(401, headers="Authorization: Bearer"),
    Row(401, headers=f"Authorization: Basic {TILL_TOKEN}"),
    Row(401, headers=f"Authorization: {TILL_TOKEN}"),
    Row(401, headers=bearer(TILL_TOKEN[:-1])),
    Row(401, headers=bearer(TILL_TOKEN + "x")),
    Row(401, headers=bearer(TILL_TOKEN.upper())),
    Row(401, headers=f"{bearer('wrong-token-wrong-token')}|{COOKIE}"),
    Row(401, path="/", headers=bearer("wrong-token-wrong-token")),
    Row(401, path="/healthz", headers=bearer("wrong-token-wrong-token")),
    Row(401, headers="Cookie: bonbridge_session=0"),
    Row(401, headers="Cookie: bonbridge_session="),
    Row(200, headers="Cookie: bonbridge_session=0; bonbridge_session={cookie}; a=b"),
    Row(401, path="/status", headers=""),
    Row(401, path="/docs", headers=""),
    Row(401, path="/metrics", headers=""),
    Row(401, path="/readyz", headers=""),
    Row(401, path="/openapi.json", headers=""),
    Row(401, path="/no/such/path", headers=""),
    Row(401, path="/static", headers=""),
    Row(401, path="//healthz", headers=""),
    Row(401, path="/healthz/", headers=""),
    Row(401, path="/v1/%2e%2e/healthz", headers=""),
    Row(401, path="/staticx", headers=""),
    Row(303, path="/status", headers="Accept: text/html,*/*;q=0.8"),
    Row(401, path="/v1/receipts", headers="Accept: text/html,*/*;q=0.8"),
    Row(200, path="/", headers="", caller="nobody"),
    Row(200, path="/?next=1", headers="", caller="nobody"),
    Row(200, path="/pair", headers="", caller="nobody"),
    Row(200, path="/healthz", headers="", caller="nobody"),
    Row(200, path="/static/page.css", headers="", caller="nobody"),
    Row(200, "POST", "/session", JSON, b"{}", caller="nobody"),
    Row(
        200,
        "POST",
        "/session",
        "Content-Type: application/x-www-form-urlencoded",
        b"a=1",
        caller="nobody",
    ),
    Row(401, headers=""),
    Row(200, loopback=True, headers="", caller="till by loopback"),
    Row(200, loopback=True, headers="", host="localhost:{port}", caller="till by loopback"),
    Row(200, "POST", loopback=True, headers=JSON, body=b"{}", caller="till by loopback"),
    Row(200, loopback=True, headers="Cookie: bonbridge_session=0", caller="till by loopback"),
    Row(200, loopback=True, headers=bearer(TECHNICIAN_TOKEN), caller="technician by token"),
    Row(401, loopback=True, headers=bearer("wrong-token-wrong-token")),
    Row(401, loopback=True, headers="", host="box.example:{port}"),
    Row(401, loopback=True, headers="X-Forwarded-For: 127.0.0.1"),
    Row(401, loopback=True, headers="X-Forwarded-Proto: https"),
    Row(401, loopback=True, headers="Forwarded: for=127.0.0.1"),
    Row(401, loopback=True, headers="Via: 1.1 proxy"),
    Row(401, loopback=True, headers="X-Real-IP: 127.0.0.1"),
]

TABLE = [*HOSTS, *ORIGINS, *FORMS, *CALLERS]


def label(row: Row) -> str:
    parts = (row.method, row.path, row.host, row.headers, "loopback" if row.loopback else "")
    return " ".join(part for part in parts if part).replace("|", " ")


@dataclass
class Bench:
    """A closed and an open server before one witness, and a session."""

    servers: dict[bool, WebServer]
    witness: Witness
    cookie: str

    def bytes_of(self, row: Row) -> bytes:
        port = port_of(self.servers[row.loopback])

        def filled(text: str) -> str:
            return text.replace("{port}", str(port)).replace("{cookie}", self.cookie)

        return request(
            row.method,
            row.path,
            filled(row.headers),
            row.body,
            filled(row.host).encode().decode("latin-1"),
        )


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    witness, auth = Witness(), make_auth()
    cookie = auth.sessions.open(auth.by_token(TILL_TOKEN, "127.0.0.1"))
    async with (
        serving(guarded(witness, auth)) as closed,
        serving(guarded(witness, auth, open_loopback=True)) as loopback,
    ):
        yield Bench({False: closed, True: loopback}, witness, cookie)


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 150


@pytest.mark.parametrize("row", TABLE, ids=label)
async def test_each_request_gets_what_it_deserves(bench: Bench, row: Row) -> None:
    answer = await ask(bench.servers[row.loopback], bench.bytes_of(row))
    assert answer.status == row.status, answer.body
    assert len(bench.witness.calls) == int(row.status == 200)
    if row.caller:
        assert bench.witness.callers == [row.caller]


REFUSED = [
    row
    for row in TABLE
    if row.status in (400, 401, 403, 415, 421) and row.method == "POST" and row.body and row.host
]


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue"], ids=["", "expect"])
@pytest.mark.parametrize("row", REFUSED, ids=label)
async def test_a_refusal_comes_before_the_body_is_read(bench: Bench, row: Row, expect: str) -> None:
    """The body is announced and never sent."""
    head = bench.bytes_of(row).partition(b"\r\n\r\n")[0].decode("latin-1")
    lines = [line for line in head.split("\r\n") if not line.startswith("Content-Length")]
    lines += ["Content-Length: 1000000", expect]
    client = await Client.to(bench.servers[row.loopback])
    client.send("\r\n".join(line for line in lines if line).encode("latin-1") + b"\r\n\r\n")
    answer = await client.answer()
    assert answer.status == row.status
    assert answer.headers["connection"] == "close"
    assert not bench.witness.calls
    await client.close()


def test_there_are_refusals_with_a_body() -> None:
    assert len(REFUSED) >= 12


@pytest.mark.parametrize("row", [row for row in TABLE if row.host], ids=label)
async def test_every_answer_of_the_guard_has_the_headers_for_browsers(
    bench: Bench, row: Row
) -> None:
    answer = await ask(bench.servers[row.loopback], bench.bytes_of(row))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers
    if "static" not in row.path:
        assert answer.headers["cache-control"] == "no-store"


async def test_only_configured_origins_may_read_the_answer(bench: Bench) -> None:
    server = bench.servers[False]
    host = f"127.0.0.1:{port_of(server)}"
    friend = await ask(server, request(headers=f"{AUTH}|Origin: https://till.example", host=host))
    assert friend.headers["access-control-allow-origin"] == "https://till.example"
    assert "access-control-allow-credentials" not in friend.headers
    for other in (EVIL, "Origin: null", f"Origin: http://{host}"):
        answer = await ask(server, request(headers=f"{AUTH}|{other}", host=host))
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]


async def test_a_preflight_says_what_a_configured_page_may_send(bench: Bench) -> None:
    server = bench.servers[False]
    asked = (
        "Origin: https://till.example|Access-Control-Request-Method: POST|"
        "Access-Control-Request-Headers: authorization,idempotency-key"
    )
    host = f"127.0.0.1:{port_of(server)}"
    answer = await ask(server, request("OPTIONS", headers=asked, host=host))
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://till.example"
    allowed = answer.headers["access-control-allow-headers"]
    assert {"authorization", "idempotency-key", "if-match"} <= set(allowed.split(", "))
    assert not bench.witness.calls


async def test_a_refusal_speaks_the_callers_language_and_says_what_to_do(bench: Bench) -> None:
    server = bench.servers[False]
    answer = await ask(server, request(headers="Accept-Language: de-AT", host="evil.example"))
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["code"] == "host_foreign"
    assert problem["status"] == 421
    assert problem["title"] == "Unter diesem Namen antwortet die Box nicht"
    assert "hosts" in problem["advice"]


async def test_an_unknown_token_is_answered_with_a_challenge(bench: Bench) -> None:
    server = bench.servers[False]
    answer = await ask(server, request(headers="", host=f"127.0.0.1:{port_of(server)}"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_program_may_go_on_sending_after_a_refusal(bench: Bench) -> None:
    """Closing at once would reset the connection, and many programs never see the answer then."""
    server = bench.servers[False]
    port = port_of(server)
    head = "Content-Type: application/json|Content-Length: 1000000"
    refused = request("POST", headers=head, host=f"127.0.0.1:{port}")

    def talk() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=GENEROUS_S) as raw:
            raw.sendall(refused)
            start = raw.recv(16)
            for _ in range(50):
                raw.sendall(b"x" * 20_000)
            raw.shutdown(socket.SHUT_WR)
            return start + b"".join(iter(lambda: raw.recv(65_536), b""))

    answer = await asyncio.to_thread(talk)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.endswith(b"}")
    assert not bench.witness.calls


async def test_no_header_replaces_the_address_of_the_caller() -> None:
    """The wrong tokens of one place must not be booked to another."""
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["client"][0], scope["scheme"]))
        await Witness()(scope, receive, send)

    async with serving(guarded(app)) as server:
        forged = "X-Forwarded-For: 192.168.1.7|X-Forwarded-Proto: https"
        host = f"127.0.0.1:{port_of(server)}"
        answer = await ask(server, request(headers=f"{AUTH}|{forged}", host=host))
    assert answer.status == 200
    assert seen == [("127.0.0.1", "http")]
