"""One request to a vendor over real sockets: what is sent, what came back, whether it left."""

from __future__ import annotations

import gzip
import socket
import zlib
from pathlib import Path

import pytest

from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine import transport
from bridge.vendors.engine.faults import (
    AnswerLost,
    CallInvalid,
    VendorBroken,
    VendorUnreachable,
)
from bridge.vendors.engine.transport import Wire
from bridge.vendors.engine.wire import Answer, Request
from simulators.vendors.kit import Stage
from tests.cloud.certificates import server_context
from tests.vendors.kit.surface import Counting
from tests.vendors.wire.raw import RawServer, http, raw_server

POST = Request(method="POST", target="/orders?sid=s3cret", content=b"<a/>", content_type="text/xml")


def wire(url: str, read_s: float = 20.0, **options: object) -> Wire:
    return Wire(url, simulator=True, user_agent="bonbridge/1", read_s=read_s, **options)  # type: ignore[arg-type]  # options are checked by Wire itself


async def asked(server: RawServer, request: Request = POST, read_s: float = 20.0) -> Answer:
    async with raw_server(server):
        one = wire(f"http://127.0.0.1:{server.port}", read_s)
        try:
            return await one.send(request)
        finally:
            await one.close()


# What is sent


async def test_a_request_goes_out_as_it_was_given() -> None:
    async with Stage(Counting()) as stage:
        request = Request(
            method="POST",
            target="/orders?tax_id=12/345/67893&x=%2F+a",
            content=b"\xff\x00",
            content_type="application/xml",
            headers=(("X-Kassomat-Auth-Token", "t"), ("accept-LANGUAGE", "de")),
        )
        await wire(stage.url).send(request)
        (entry,) = stage.log
        assert (entry.target, entry.body) == (request.target, b"\xff\x00")
        assert request.headers[0] in entry.headers
        assert request.headers[1] in entry.headers
        assert entry.header("content-type") == "application/xml"
        assert entry.header("accept") == "application/json"
        assert entry.header("user-agent") == "bonbridge/1"


async def test_without_a_body_there_is_no_content_type_and_without_a_wish_no_accept() -> None:
    async with Stage(Counting()) as stage:
        request = Request(
            method="DELETE", target="/orders/1", content_type="application/json", accept=""
        )
        answer = await wire(stage.url).send(request)
        assert (answer.status, answer.content) == (204, b"")
        assert stage.log[0].header("content-type") is None
        assert stage.log[0].header("accept") is None


async def test_a_base_address_may_have_a_path() -> None:
    async with Stage(Counting()) as stage:
        await wire(f"{stage.url}/c/firma/").send(Request(method="GET", target="/orders"))
        assert stage.log[0].target == "/c/firma/orders"


@pytest.mark.parametrize(
    "target", ["orders", "/a b", "/ä", "/../other", "/a/./b", "/a\r\nX: y", '/"', "//x/y\x00"]
)
async def test_a_target_that_would_be_changed_on_the_way_is_refused(target: str) -> None:
    async with Stage(Counting()) as stage:
        with pytest.raises(CallInvalid):
            await wire(stage.url).send(Request(method="GET", target=target))
        assert stage.log == []


@pytest.mark.parametrize(("name", "value"), [("X", "a\r\nY: b"), ("X Y", "canary"), ("X", "ä")])
async def test_a_header_that_no_header_can_be_is_refused(name: str, value: str) -> None:
    async with Stage(Counting()) as stage:
        with pytest.raises(CallInvalid) as caught:
            await wire(stage.url).send(
                Request(method="GET", target="/orders", headers=((name, value),))
            )
        assert value not in str(caught.value)
        assert stage.log == []


async def test_redirects_are_answers_and_cookies_are_not_kept() -> None:
    server = RawServer(http(b"", "Location: /orders", "Set-Cookie: a=b", status="302 Found"))
    async with raw_server(server):
        one = wire(f"http://127.0.0.1:{server.port}")
        answer = await one.send(POST)
        assert (answer.status, answer.headers["location"]) == (302, "/orders")
        assert "set-cookie" not in answer.headers
        await one.send(POST)
    assert len(server.heads) == 2
    assert all(b"cookie" not in head.lower() for head in server.heads)


async def test_every_request_has_a_connection_of_its_own() -> None:
    server = RawServer(http(b"{}"))
    async with raw_server(server):
        one = wire(f"http://127.0.0.1:{server.port}")
        for _ in range(3):
            await one.send(POST)
    assert [b"Connection: close" in head for head in server.heads] == [True] * 3


# Not sent


async def test_a_refused_connection_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(VendorUnreachable, match="Connection refused") as caught:
            await wire(f"http://127.0.0.1:{port}").send(POST)
    assert "s3cret" not in str(caught.value)


async def test_an_unknown_name_means_not_sent() -> None:
    with pytest.raises(VendorUnreachable, match="name service"):
        await wire("http://vendor.invalid").send(POST)


async def test_a_server_that_never_takes_the_connection_means_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        one = Wire(f"http://127.0.0.1:{address[1]}", simulator=True, user_agent="b", connect_s=0.3)
        with pytest.raises(VendorUnreachable, match="no connection in time"):
            await one.send(POST)
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize(
    ("days", "trusted", "host", "text"),
    [
        ((-1, 1), False, "localhost", "self-signed certificate"),
        ((-2, -1), True, "localhost", "certificate has expired"),
        ((-1, 1), True, "127.0.0.1", "IP address mismatch"),
    ],
)
async def test_a_bad_certificate_means_not_sent_and_is_named(
    tmp_path: Path, days: tuple[int, int], trusted: bool, host: str, text: str
) -> None:
    server = RawServer(http(b"{}"))
    context = server_context(tmp_path, days=days)
    async with raw_server(server, context):
        ca_file = tmp_path / "ca.pem" if trusted else None
        one = Wire(
            f"https://{host}:{server.port}", simulator=False, ca_file=ca_file, user_agent="b"
        )
        with pytest.raises(VendorUnreachable, match=text):
            await one.send(POST)
        await one.close()
    assert server.heads == []


async def test_a_server_that_does_not_speak_tls_means_not_sent() -> None:
    server = RawServer(http(b"{}"))
    async with raw_server(server):
        one = Wire(
            f"https://127.0.0.1:{server.port}", simulator=False, user_agent="b", connect_s=0.3
        )
        with pytest.raises(VendorUnreachable):
            await one.send(POST)


async def test_a_vendor_with_a_certificate_of_its_own_is_reached(tmp_path: Path) -> None:
    server = RawServer(http(b"{}"))
    async with raw_server(server, server_context(tmp_path)):
        one = Wire(
            f"https://localhost:{server.port}",
            simulator=False,
            ca_file=tmp_path / "ca.pem",
            user_agent="b",
        )
        assert (await one.send(POST)).json() == {}
        await one.close()


async def test_a_certificate_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    for name, reason in (("none.pem", "No such file"), ("bad.pem", "")):
        one = Wire("https://localhost:1", simulator=False, ca_file=tmp_path / name, user_agent="b")
        with pytest.raises(VendorNotConfigured, match=f"{name}: .*{reason}"):
            await one.send(POST)


async def test_plain_http_is_for_simulators_only() -> None:
    with pytest.raises(VendorNotConfigured):
        Wire("http://vendor.example", simulator=False, user_agent="b")
    with pytest.raises(VendorNotConfigured):
        Wire("ftp://vendor.example", simulator=True, user_agent="b")


# Perhaps sent


async def test_a_connection_closed_before_or_within_the_answer_means_perhaps_sent() -> None:
    whole = http(b'{"a": 1}')
    for answer in (b"", b"HTTP/1.1 2", whole[:-3]):
        with pytest.raises(AnswerLost, match="closed without a complete answer") as caught:
            await asked(RawServer(answer))
        assert "s3cret" not in str(caught.value)


async def test_a_vendor_that_does_not_answer_in_time_has_perhaps_done_it() -> None:
    with pytest.raises(AnswerLost, match="no answer in time"):
        await asked(RawServer(hang=True), read_s=0.2)


async def test_a_requests_own_time_out_counts() -> None:
    request = Request(method="GET", target="/slow", timeout_s=0.2)
    with pytest.raises(AnswerLost):
        await asked(RawServer(hang=True), request)


async def test_an_answer_that_trickles_for_ever_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Stage(Counting()) as stage:
        monkeypatch.setattr(transport, "PATIENCE", 0)
        one = Wire(stage.url, simulator=True, user_agent="b", connect_s=0.3, read_s=3600)
        stage.fault("delay", delay_s=3600)
        with pytest.raises(AnswerLost, match="no complete answer"):
            await one.send(POST)


async def test_what_does_not_speak_http_has_perhaps_done_it() -> None:
    with pytest.raises(AnswerLost):
        await asked(RawServer(b"220 mail.example ESMTP\r\n\r\n"))


# What came back


async def test_a_packed_answer_is_unpacked_however_it_is_cut() -> None:
    body = gzip.compress(b'{"a": 1}' + b" " * 100_000, mtime=0)
    for parts in (1, 7, len(body)):
        answer = await asked(RawServer(http(body, "Content-Encoding: gzip"), parts=parts))
        assert answer.json() == {"a": 1}


@pytest.mark.parametrize("packed", [True, False])
async def test_more_than_10_mb_are_not_taken(packed: bool) -> None:
    body = bytes(transport.MAX_CONTENT + 1)
    server = RawServer(
        http(gzip.compress(body, mtime=0), "Content-Encoding: gzip") if packed else http(body)
    )
    with pytest.raises(VendorBroken, match="10 MB") as caught:
        await asked(server)
    assert caught.value.facts["vendor_status"] == 200


async def test_exactly_10_mb_are_taken() -> None:
    body = bytes(transport.MAX_CONTENT)
    answer = await asked(RawServer(http(gzip.compress(body, mtime=0), "Content-Encoding: gzip")))
    assert len(answer.content) == transport.MAX_CONTENT


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip"),
        (zlib.compress(b"{}"), "br"),
    ],
)
async def test_a_damaged_or_strangely_packed_answer_makes_no_sense(
    body: bytes, encoding: str
) -> None:
    with pytest.raises(VendorBroken):
        await asked(RawServer(http(body, f"Content-Encoding: {encoding}")))


async def test_a_refusal_is_one_even_if_its_text_is_lost() -> None:
    cut_off = http(b'{"error": 1}', status="422 Unprocessable")[:-5]
    assert (await asked(RawServer(cut_off))).status == 422
    large = http(bytes(transport.MAX_CONTENT + 1), status="400 Bad Request")
    answer = await asked(RawServer(large))
    assert (answer.status, answer.content) == (400, b"")


# Proxies


async def test_simulators_are_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Stage(Counting()) as stage:
        assert (await wire(stage.url).send(Request(method="GET", target="/orders"))).ok


async def test_a_proxy_that_refuses_means_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = RawServer(http(b"", status="407 Proxy Authentication Required"))
    async with raw_server(proxy):
        monkeypatch.setenv("https_proxy", f"http://u:canary-pass@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        one = Wire("https://vendor.example", simulator=False, user_agent="b")
        with pytest.raises(VendorUnreachable, match="proxy") as caught:
            await one.send(POST)
        await one.close()
    assert proxy.heads[0].startswith(b"CONNECT vendor.example:443")
    assert "canary" not in str(caught.value)
    assert b"s3cret" not in proxy.heads[0]
