"""Start and stop: what is under way is finished, streams end, nothing listens afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from bridge.web.listen_faults import AddressNotOurs, PortForbidden, PortInUse
from bridge.web.server import WebServer
from tests.web_guard.wire import (
    GENEROUS_S,
    Client,
    Witness,
    ask,
    bearer,
    free_port,
    guarded,
    port_of,
    request,
    until,
)


class Shop:
    """An application with a slow request, a stream of events and a stuck request."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.ended: list[str] = []
        self.gate = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.entered.append(path)
        try:
            match path:
                case "/v1/events":
                    stream = StreamingResponse(self._events(), media_type="text/event-stream")
                    await stream(scope, receive, send)
                case "/v1/stuck":
                    await asyncio.Event().wait()
                case _:
                    await self.gate.wait()
                    await PlainTextResponse("done")(scope, receive, send)
        finally:
            self.ended.append(path)

    async def _events(self) -> AsyncIterator[bytes]:
        yield b": hello\n\n"
        await asyncio.Event().wait()


def to(server: WebServer, path: str) -> bytes:
    return request(path=path, headers=bearer(), host=f"127.0.0.1:{port_of(server)}")


async def started(app: object, listen: str = "127.0.0.1:0") -> WebServer:
    server = WebServer(app, listen)
    await server.start()
    return server


async def test_a_request_under_way_is_finished_and_a_stream_of_events_ended() -> None:
    app = Shop()
    server = await started(guarded(app))
    slow, events, idle = [await Client.to(server) for _ in range(3)]
    slow.send(to(server, "/v1/slow"))
    events.send(to(server, "/v1/events"))
    await until(lambda: len(app.entered) == 2)
    start = await events.reader.readuntil(b": hello\n\n\r\n")
    assert b"text/event-stream" in start

    stopping = asyncio.ensure_future(server.stop(grace_s=GENEROUS_S))
    assert await events.closed() == b"0\r\n\r\n"
    assert await idle.closed() == b""
    assert not stopping.done()
    with pytest.raises(ConnectionRefusedError):
        await Client.to(server)
    app.gate.set()
    answer = await slow.answer()
    assert (answer.status, answer.body) == (200, b"done")
    assert answer.headers["connection"] == "close"
    async with asyncio.timeout(GENEROUS_S):
        await stopping
    assert sorted(app.ended) == ["/v1/events", "/v1/slow"]
    for each in (slow, events, idle):
        await each.close()


async def test_after_its_grace_a_request_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    app = Shop()
    server = await started(guarded(app))
    client = await Client.to(server)
    client.send(to(server, "/v1/stuck"))
    await until(lambda: bool(app.entered))
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(GENEROUS_S):
            await server.stop(grace_s=0.05)
    assert await client.closed() == b""
    assert app.ended == ["/v1/stuck"]
    assert [record.getMessage() for record in caplog.records] == [
        "1 requests had not ended when the server stopped"
    ]
    await client.close()


async def test_requests_that_wait_behind_another_are_not_begun_when_it_stops() -> None:
    app = Shop()
    server = await started(guarded(app))
    client = await Client.to(server)
    client.send(to(server, "/v1/slow") + to(server, "/v1/next"))
    await until(lambda: bool(app.entered))
    stopping = asyncio.ensure_future(server.stop(grace_s=GENEROUS_S))
    await asyncio.sleep(0)
    app.gate.set()
    assert (await client.answer()).status == 200
    assert await client.closed() == b""
    await stopping
    assert app.entered == ["/v1/slow"]
    await client.close()


async def test_nothing_wakes_while_nobody_calls() -> None:
    """uvicorn's own server wakes ten times a second."""
    server = await started(guarded(Witness()))
    assert (await ask(server, to(server, "/v1/receipts"))).status == 200
    await until(lambda: server.connections == 0)
    loop = asyncio.get_running_loop()
    scheduled = [
        each
        for each in loop._scheduled  # type: ignore[attr-defined]  # asyncio has no public list
        if not each.cancelled()
    ]
    assert not scheduled
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await server.stop()


async def test_a_port_in_use_is_named() -> None:
    server = await started(Witness())
    listen = f"127.0.0.1:{port_of(server)}"
    with pytest.raises(PortInUse, match=listen):
        await started(Witness(), listen)
    await server.stop()
    again = await started(Witness(), listen)
    await again.stop()


@pytest.mark.parametrize("listen", ["192.0.2.1:8377", "no-such-name.invalid:8377"])
async def test_an_address_that_is_not_ours_is_named(listen: str) -> None:
    with pytest.raises(AddressNotOurs, match=listen):
        await started(Witness(), listen)


async def test_a_port_that_is_kept_for_the_administrator_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bind(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", type("Refusing", (socket.socket,), {"bind": bind}))
    with pytest.raises(PortForbidden, match=r"127\.0\.0\.1:80"):
        await started(Witness(), "127.0.0.1:80")


async def test_a_failed_start_leaves_nothing_open(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "file").write_text("")
    server = WebServer(Witness(), f"127.0.0.1:{port}", socket=tmp_path / "file")
    with contextlib.suppress(Exception):
        await server.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


async def test_the_address_is_one_that_works() -> None:
    for listen, expected in (
        ("127.0.0.1:0", "http://127.0.0.1:"),
        ("0.0.0.0:0", "http://127.0.0.1:"),
        ("localhost:0", "http://"),
        ("[::1]:0", "http://[::1]:"),
        ("[::]:0", "http://[::1]:"),
    ):
        server = await started(guarded(Witness()), listen)
        assert server.address is not None
        assert server.address.startswith(expected)
        await server.stop()


async def test_a_dual_server_answers_ipv4_and_ipv6() -> None:
    server = await started(guarded(Witness()), "[::]:0")
    port = port_of(server)
    for address, host in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        client = Client(*await asyncio.open_connection(address, port))
        client.send(request(headers=bearer(), host=f"{host}:{port}"))
        assert (await client.answer()).status == 200
        await client.close()
    await server.stop()


async def test_stopping_twice_is_no_mistake(tmp_path: Path) -> None:
    server = WebServer(Witness(), "127.0.0.1:0", socket=tmp_path / "box.sock")
    await server.start()
    await server.stop()
    await server.stop()


async def test_the_system_looks_for_clients_that_vanished() -> None:
    server = await started(Witness())
    client = await Client.to(server)
    await until(lambda: server.connections == 1)
    (guest,) = server._doors[0].guests()
    accepted = guest.transport.get_extra_info("socket")  # type: ignore[attr-defined]  # it is one
    assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    await client.close()
    await server.stop()


async def test_signals_stay_with_the_daemon() -> None:
    import signal

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = await started(Witness())
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    await server.stop()
