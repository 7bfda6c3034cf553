"""Slow, huge, deep and many: what one client can take from the box, and that others are served."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from bridge.web.limits import Limits
from bridge.web.server import WebServer
from tests.web_guard.wire import (
    GENEROUS_S,
    QUICK,
    Answer,
    Client,
    Witness,
    ask,
    bearer,
    guarded,
    port_of,
    request,
    serving,
    until,
)

JSON = "Content-Type: application/json"


def to(server: WebServer, method: str = "GET", headers: str = "", body: bytes = b"") -> bytes:
    """Return a request that the guard lets through."""
    host = f"127.0.0.1:{port_of(server)}"
    return request(method, headers=f"{bearer()}|{headers}", body=body, host=host)


async def refused(server: WebServer, data: bytes) -> Answer:
    """Send something that must be refused; the connection is closed after it."""
    client = await Client.to(server)
    client.send(data)
    answer = await client.answer()
    await client.closed()
    await client.close()
    return answer


# Slow


async def test_half_open_connections_are_cleared_while_others_are_served() -> None:
    witness = Witness()
    async with serving(guarded(witness), QUICK) as server:
        crowd = [await Client.to(server) for _ in range(400)]
        assert server.connections <= QUICK.per_peer
        for _ in range(20):
            assert (await ask(server, to(server))).status == 200
        for each in crowd:
            assert await each.closed() == b""
            await each.close()
        await until(lambda: server.connections == 0)
    assert len(witness.calls) == 20


async def test_a_crowd_from_many_addresses_leaves_room_for_others() -> None:
    limits = replace(QUICK, head_s=60.0)
    async with serving(guarded(Witness()), limits) as server:
        crowd = [await Client.to(server, f"127.0.1.{1 + i % 50}") for i in range(400)]
        assert server.connections <= limits.connections
        for source in ("127.0.0.1", "127.0.1.7", "127.0.2.1"):
            assert (await ask(server, to(server), source)).status == 200
        for each in crowd:
            await each.close()


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_headers_that_do_not_end_are_given_up(start: bytes) -> None:
    witness = Witness()
    async with serving(guarded(witness), QUICK) as server:
        client = await Client.to(server)
        client.send(start)
        answer = await client.answer()
        assert (answer.status, answer.code) == (408, "request_too_slow")
        assert await client.closed() == b""
        await client.close()
    assert not witness.calls


async def test_a_trickle_of_header_bytes_does_not_extend_the_deadline() -> None:
    async with serving(guarded(Witness()), QUICK) as server:
        client = await Client.to(server)
        client.send(b"GET / HTTP/1.1\r\n")
        reading = asyncio.ensure_future(client.answer())
        while not reading.done():
            client.send(b"X: y\r\n")
            await asyncio.sleep(0.02)
        assert (await reading).status == 408
        await client.close()


async def test_the_next_request_of_a_connection_has_the_same_deadline() -> None:
    async with serving(guarded(Witness()), QUICK) as server:
        client = await Client.to(server)
        client.send(to(server))
        assert (await client.answer()).status == 200
        client.send(b"GET /")
        assert (await client.answer()).status == 408
        await client.close()


@pytest.mark.parametrize("noise", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_an_idle_connection_is_closed_and_blank_lines_do_not_keep_it(noise: bytes) -> None:
    async with serving(guarded(Witness()), QUICK) as server:
        client = await Client.to(server)
        client.send(to(server))
        assert (await client.answer()).status == 200
        client.send(noise)
        assert await client.closed() == b""
        await client.close()


@pytest.mark.parametrize(
    "start",
    [b"Content-Length: 10\r\n\r\n12345", b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"],
    ids=["length", "chunked"],
)
async def test_a_body_that_does_not_end_is_given_up(start: bytes) -> None:
    witness = Witness()
    async with serving(guarded(witness), QUICK) as server:
        client = await Client.to(server)
        client.send(to(server, "POST", JSON).removesuffix(b"\r\n") + start)
        answer = await client.answer()
        assert (answer.status, answer.code) == (408, "request_too_slow")
        assert await client.closed() == b""
        await client.close()
    assert witness.calls == ["POST /v1/receipts"]
    assert not witness.bodies


async def test_a_client_that_does_not_read_its_answer_is_cut_off(tmp_path: Path) -> None:
    """Over the socket file, where the system itself knows no deadline."""
    ended = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65_536

        try:
            await StreamingResponse(pieces())(scope, receive, send)
        finally:
            ended.set()

    file = tmp_path / "box.sock"
    async with serving(guarded(endless), QUICK, file=file) as server:
        client = Client(*await asyncio.open_unix_connection(file))
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # sockets have it
        client.send(to(server))
        async with asyncio.timeout(GENEROUS_S):
            await ended.wait()
        await until(lambda: server.connections == 0)
        await client.close()


# Huge


async def test_a_body_that_says_it_is_too_large_is_refused_at_once() -> None:
    witness = Witness()
    async with serving(guarded(witness)) as server:
        head = to(server, "POST", f"{JSON}|Content-Length: 1048577")
        answer = await refused(server, head)
        assert (answer.status, answer.code) == (413, "request_too_large")
    assert not witness.calls


async def test_a_body_of_just_the_limit_is_taken() -> None:
    witness = Witness()
    async with serving(guarded(witness)) as server:
        body = b" " * 1_048_576
        assert (await ask(server, to(server, "POST", JSON, body))).status == 200
    assert witness.bodies == [body]


async def test_a_chunked_body_is_refused_when_it_passes_the_limit() -> None:
    witness = Witness()
    limits = Limits(body_bytes=1000)
    async with serving(guarded(witness), limits) as server:
        client = await Client.to(server)
        client.send(to(server, "POST", f"{JSON}|Transfer-Encoding: chunked"))
        for _ in range(10):
            client.send(b"64\r\n" + b"x" * 100 + b"\r\n")
        client.send(b"1\r\nx\r\n")
        answer = await client.answer()
        assert (answer.status, answer.code) == (413, "request_too_large")
        assert await client.closed() == b""
        await client.close()
    assert not witness.bodies


@pytest.mark.parametrize(
    "flood",
    [b"1;" + b"e" * 60_000, b"0\r\nTrailer: " + b"t" * 60_000],
    ids=["chunk extension", "trailer"],
)
async def test_what_surrounds_a_chunked_body_is_limited_as_well(flood: bytes) -> None:
    limits = Limits(body_bytes=1000, head_bytes=4000)
    witness = Witness()
    async with serving(guarded(witness), limits) as server:
        client = await Client.to(server)
        client.send(to(server, "POST", f"{JSON}|Transfer-Encoding: chunked"))
        await until(lambda: bool(witness.calls))
        reading = asyncio.ensure_future(client.answer())
        while not reading.done():
            client.send(flood)
            flood = b"z" * 1000
            await asyncio.sleep(0)
        assert (await reading).status in (400, 413)
        await client.close()
    assert not witness.bodies


async def test_trailers_cannot_add_headers_after_the_guard() -> None:
    seen: dict[str, str] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ask_ = Request(scope, receive)
        await ask_.body()
        seen.update(ask_.headers)
        await JSONResponse({})(scope, receive, send)

    async with serving(guarded(app)) as server:
        head = to(server, "POST", f"{JSON}|Transfer-Encoding: chunked|Trailer: If-Match")
        answer = await ask(server, head + b"2\r\n{}\r\n0\r\nIf-Match: 7\r\n\r\n")
    assert answer.status == 200
    assert "if-match" not in seen


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /v1/receipts HTTP/1.1\r\nX: " + b"x" * 400_000, 431),
        (b"GET /v1/receipts HTTP/1.1\r\n" + b"x" * 400_000, 431),
        (b"GET /v1/receipts HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /v1/receipts HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"x" * 400_000, 414),
        (b"x" * 400_000, 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /v1/receipts HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /v1/receipts HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET /v1/receipts HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /v1/receipts HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET /v1/receipts HTTP/1.1\r\nHost: x\x00\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else str(value),
)
async def test_what_is_too_large_or_no_http_is_refused_readably(data: bytes, status: int) -> None:
    witness = Witness()
    async with serving(guarded(witness)) as server:
        answer = await refused(server, data)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["connection"] == "close"
        assert "content-security-policy" in answer.headers
        assert json.loads(answer.body)["advice"]
        assert (await ask(server, to(server))).status == 200
    assert len(witness.calls) == 1


async def test_rubbish_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with serving(guarded(Witness())) as server:
            caplog.clear()
            for _ in range(20):
                await refused(server, b"\x16\x03\x01 rubbish\r\n\r\n")
                await ask(server, request(host="evil.example"))
            assert not caplog.records


# Many


class Held:
    """An application whose answers wait for a gate."""

    def __init__(self) -> None:
        self.entered = 0
        self.gate = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.entered += 1
        await self.gate.wait()
        await PlainTextResponse("done")(scope, receive, send)


async def test_requests_under_way_are_never_cut_off_to_make_room() -> None:
    app = Held()
    async with serving(guarded(app), Limits(per_peer=4, connections=6)) as server:
        busy = [await Client.to(server) for _ in range(4)]
        for each in busy:
            each.send(to(server))
        await until(lambda: app.entered == 4)
        answer = await refused(server, b"")
        assert (answer.status, answer.code) == (503, "too_many_connections")
        others = [await Client.to(server, f"127.0.3.{i + 1}") for i in range(2)]
        for each in others:
            each.send(to(server))
        await until(lambda: app.entered == 6)
        late = await Client.to(server, "127.0.3.9")
        assert (await late.answer()).status == 503
        app.gate.set()
        for each in [*busy, *others]:
            assert (await each.answer()).status == 200
            await each.close()
        await late.close()


async def test_an_idle_connection_gives_way_to_a_new_one() -> None:
    async with serving(guarded(Witness()), Limits(per_peer=2)) as server:
        first, second = await Client.to(server), await Client.to(server)
        for each in (first, second):
            each.send(to(server))
            assert (await each.answer()).status == 200
        assert (await ask(server, to(server))).status == 200
        assert await first.closed() == b""
        second.send(to(server))
        assert (await second.answer()).status == 200
        for each in (first, second):
            await each.close()


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    witness = Witness()
    async with serving(guarded(witness)) as server:
        client = await Client.to(server)
        bodies = [json.dumps({"n": n}).encode() for n in range(6)]
        client.send(b"".join(to(server, "POST", JSON, body) for body in bodies))
        for _ in bodies:
            assert (await client.answer()).status == 200
        assert witness.bodies == bodies
        await client.close()


async def test_too_many_pipelined_requests_end_with_the_answer_under_way() -> None:
    app = Held()
    async with serving(guarded(app), Limits(pipelined=3)) as server:
        client = await Client.to(server)
        client.send(to(server) * 1000)
        await until(lambda: app.entered == 1)
        app.gate.set()
        assert (await client.answer()).status == 200
        assert await client.closed() == b""
        assert app.entered == 1
        await client.close()


async def test_rubbish_after_a_request_does_not_take_its_answer_away() -> None:
    app = Held()
    async with serving(guarded(app)) as server:
        client = await Client.to(server)
        client.send(to(server) + b"\x00rubbish\r\n\r\n")
        await until(lambda: app.entered == 1)
        app.gate.set()
        assert (await client.answer()).status == 200
        assert await client.closed() == b""
        await client.close()


# Programs that want another protocol


@pytest.mark.parametrize("pieces", [1, 7, 10_000], ids=["bytewise", "in pieces", "at once"])
async def test_a_wish_to_upgrade_is_passed_over_and_the_body_kept(pieces: int) -> None:
    """Java's client asks for HTTP/2 with its first request, body and all."""
    witness = Witness()
    wish = "Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABkAAQAoAAA"
    async with serving(guarded(witness)) as server:
        client = await Client.to(server)
        data = to(server, "POST", f"{JSON}|{wish}", b'{"n": 1}')
        data += to(server, headers=wish) + to(server, "POST", JSON, b'{"n": 2}')
        for start in range(0, len(data), pieces):
            client.send(data[start : start + pieces])
            await client.writer.drain()
            await asyncio.sleep(0)
        for _ in range(3):
            assert (await client.answer()).status == 200
        await client.close()
    assert witness.bodies == [b'{"n": 1}', b"", b'{"n": 2}']


async def test_a_web_socket_is_not_opened() -> None:
    wish = (
        "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )
    async with serving(guarded(Witness())) as server:
        assert (await ask(server, to(server, headers=wish))).status == 200


async def test_an_expected_continue_is_given_only_to_who_may_send() -> None:
    witness = Witness()
    async with serving(guarded(witness)) as server:
        client = await Client.to(server)
        client.send(to(server, "POST", f"{JSON}|Content-Length: 2|Expect: 100-continue"))
        assert (await client.answer(head=True)).status == 100
        client.send(b"{}")
        assert (await client.answer()).status == 200
        await client.close()
    assert witness.bodies == [b"{}"]


async def test_a_client_that_hangs_up_is_noticed_also_behind_another_request() -> None:
    gone = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(app) as server:
        client = await Client.to(server)
        client.send(to(server) * 2)
        await until(lambda: server.connections == 1)
        await client.close()
        async with asyncio.timeout(GENEROUS_S):
            await gone.wait()
