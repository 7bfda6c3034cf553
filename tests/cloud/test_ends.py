"""Connections that do not come about or that end: the right diagnosis, the right pause, and the
link is back as soon as the cloud is."""

from __future__ import annotations

import asyncio
import random
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.cloud import envelope
from tests.cloud.box import TOKEN, Box, box_and_cloud, linked
from tests.cloud.certificates import server_context
from tests.cloud.scripted import ScriptedCloud, Visit, eventually
from tests.till.harness import FakeClock, Shop


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def works(box: Box, cloud: ScriptedCloud) -> Visit:
    """Let the pause pass and see that the next connection works."""
    await box.again()
    visit = await cloud.welcomed()
    await box.ready()
    assert box.part.level == "ok"
    return visit


CODES: dict[int, tuple[str, float]] = {
    1000: ("cloud_restarting", 0),
    1001: ("cloud_restarting", 0),
    1002: ("cloud_closed", 0),
    1008: ("cloud_refuses", 300),
    1009: ("cloud_frame_refused", 0),
    1011: ("cloud_failed", 0),
    1012: ("cloud_restarting", 0),
    1013: ("cloud_busy", 30),
    4001: ("cloud_token_expired", 0),
    4003: ("cloud_revoked", 3600),
    4009: ("cloud_identity_cloned", 60),
    4010: ("cloud_version_refused", 300),
    4444: ("cloud_closed", 0),
}


@pytest.mark.parametrize("when", ["after the handshake", "after hello", "after welcome"])
@pytest.mark.parametrize("code", CODES, ids=str)
async def test_each_close_code_has_its_diagnosis_and_pause(
    tmp_path: Path, code: int, when: str
) -> None:
    fault, pause = CODES[code]
    async with box_and_cloud(tmp_path) as (box, cloud):
        if when == "after the handshake":
            cloud._greet = False
        visit = await cloud.visit()
        if when == "after welcome":
            await visit.welcome()
            await box.ready()
        await visit.close(code, "so it is")
        assert await box.waiting(fault) == pause
        assert box.part.fault is not None
        if code != 1000:
            assert box.part.fault.detail == f"{code} so it is"
        cloud._greet = True
        await works(box, cloud)


async def test_a_connection_that_just_breaks_is_a_lost_link(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        visit.connection.transport.abort()
        box.chance = 0.5
        assert await box.waiting("cloud_lost") == 15
        await works(box, cloud)


STATUS: dict[str, tuple[int, dict[str, str], str, float]] = {
    "401": (401, {}, "cloud_unauthorized", 300),
    "403": (403, {}, "cloud_forbidden", 300),
    "404": (404, {}, "cloud_path_unknown", 300),
    "429 in seconds": (429, {"Retry-After": "77"}, "cloud_busy", 77),
    "429 without": (429, {}, "cloud_busy", 30),
    "503 as date": (
        503,
        {"Retry-After": "Sat, 21 Nov 2026 09:02:00 GMT", "Date": "Sat, 21 Nov 2026 09:00:30 GMT"},
        "cloud_busy",
        90,
    ),
    "503 for ever": (503, {"Retry-After": "99999999"}, "cloud_busy", 3600),
    "503 nonsense": (503, {"Retry-After": "soon"}, "cloud_busy", 30),
    "500": (500, {}, "cloud_answer_unexpected", 0),
    "502": (502, {}, "cloud_answer_unexpected", 0),
    "a login page": (200, {}, "cloud_answer_unexpected", 0),
    "a redirection": (302, {"Location": "ws://localhost:1/"}, "cloud_answer_unexpected", 0),
}


@pytest.mark.parametrize("case", STATUS, ids=str)
async def test_each_http_answer_has_its_diagnosis_and_pause(tmp_path: Path, case: str) -> None:
    status, headers, fault, pause = STATUS[case]
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        cloud.answers.append((status, headers))
        async with linked(shop, cloud.url) as box:
            assert await box.waiting(fault) == pause
            assert len(cloud.requests) == 1
            await works(box, cloud)


async def test_the_handshake_says_who_it_is_and_never_puts_the_token_into_the_address(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (_, cloud):
        await cloud.welcomed()
        [request] = cloud.requests
        assert request.path == "/box"
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["User-Agent"] == "bonbridge/0.0"
        assert request.headers["Sec-WebSocket-Protocol"] == envelope.SUBPROTOCOL
        assert "Sec-WebSocket-Extensions" not in request.headers


async def test_a_name_that_is_not_found_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:

        async def unknown(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        with monkeypatch.context() as gone:
            gone.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
            async with linked(shop, cloud.url) as box:
                await box.waiting("cloud_name_unknown")
                gone.undo()
                await works(box, cloud)


async def test_a_name_that_cannot_be_is_told_apart(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, linked(shop, f"wss://{'x' * 70}.example/") as box:
        await box.waiting("cloud_name_unknown")


async def test_a_cloud_that_is_not_there_is_unreachable_until_it_is(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        async with ScriptedCloud(shop.clock.now) as away:
            port, url = away.port, away.url
        cloud = ScriptedCloud(shop.clock.now)
        async with linked(shop, url) as box:
            await box.waiting("cloud_unreachable")
            cloud.port = port
            async with cloud:
                await works(box, cloud)


async def test_something_that_is_no_web_server_is_told_apart(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Shop(tmp_path) as shop, linked(shop, f"ws://localhost:{port}/") as box:
        await box.waiting("cloud_not_websocket")


async def test_a_cloud_that_hangs_up_before_it_answers_is_a_lost_link(tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Shop(tmp_path) as shop, linked(shop, f"ws://localhost:{port}/") as box:
        await box.waiting("cloud_lost")


async def test_a_server_that_does_not_agree_on_the_protocol_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        other = ScriptedCloud(shop.clock.now, subprotocol=None)
        async with other, linked(shop, other.url) as box:
            assert await box.waiting("cloud_subprotocol_missing") == 300
            assert not other.visits


@pytest.mark.parametrize(
    "answer",
    [
        "rubbish",
        b"rubbish",
        '{"v":1,"id":"x","type":"welcome","data":{}}',
        '{"v":2,"id":"x","type":"welcome","data":{"time":"2026-11-21T09:00:00Z"}}',
        '{"v":1,"id":"x","type":"welcome","data":{"time":"2026-11-21T09:00:00"}}',
        '{"v":1,"id":"x","type":"ack","data":{"seq":0}}',
        '{"v":1,"id":"x","type":"error","data":{"code":"unknown_box"}}',
    ],
    ids=range(7),
)
async def test_a_wrong_greeting_is_told_apart(tmp_path: Path, answer: str | bytes) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        await visit.connection.send(answer)
        await box.waiting("cloud_greeting_missing")
        assert box.part.fault is not None
        assert ("unknown_box" in box.part.fault.detail) == ("unknown_box" in str(answer))
        await works(box, cloud)


TLS = {
    "unknown authority": ((-1, 1), False, "cloud_certificate_invalid"),
    "expired": ((-20, -10), True, "cloud_certificate_invalid"),
    "not yet valid": ((10, 20), True, "cloud_certificate_invalid"),
}


@pytest.mark.parametrize("case", TLS, ids=str)
async def test_a_wrong_certificate_is_told_apart_and_a_right_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    days, trusted, fault = TLS[case]
    async with Shop(tmp_path) as shop:
        bad = ScriptedCloud(shop.clock.now, tls=server_context(tmp_path, days=days))
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        async with bad:
            port, url = bad.port, bad.url
            async with linked(shop, url) as box:
                await box.waiting(fault)
        good = ScriptedCloud(shop.clock.now, tls=server_context(tmp_path))
        good.port = port
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        async with good, linked(shop, url) as box:
            await good.welcomed()
            await box.ready()


@pytest.mark.parametrize("why", ["before the build date", "far from the cloud's date"])
async def test_a_certificate_that_only_seems_wrong_because_of_the_clock_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    clock = FakeClock(datetime.now(UTC))
    if why == "before the build date":
        clock.time = datetime(2020, 1, 1, tzinfo=UTC)
    async with Shop(tmp_path, clock=clock, start=False) as shop:
        cloud = ScriptedCloud(clock.now, tls=server_context(tmp_path))
        if why == "far from the cloud's date":
            far = format_date(clock.now() + timedelta(days=30))
            cloud.answers.append((500, {"Date": far}))
        async with cloud:
            port, url = cloud.port, cloud.url
            async with linked(shop, url) as box:
                if why == "far from the cloud's date":
                    await box.waiting("cloud_answer_unexpected")
                else:
                    await cloud.welcomed()
                    await box.ready()
                expired = ScriptedCloud(clock.now, tls=server_context(tmp_path, days=(-20, -10)))
                await cloud.__aexit__()
                expired.port = port
                async with expired:
                    await box.again()
                    await eventually(lambda: box.code == "cloud_certificate_clock")


def format_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


async def rate(box: Box, seconds: float) -> None:
    """Let time pass as fast as the link lets it, up to a limit."""
    clock = box.clock
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        await eventually(
            lambda: (
                box.board.part(box.link.name) is not None
                and box.part.phase == "waiting"
                and bool(clock.sleeping)
            )
        )
        clock.advance(min(clock.sleeping))
        await asyncio.sleep(0)


@pytest.mark.parametrize("someone_waits", [False, True])
@pytest.mark.parametrize("welcomes", [False, True])
async def test_a_cloud_that_accepts_and_closes_at_once_is_not_stormed(
    tmp_path: Path, welcomes: bool, someone_waits: bool
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def close(visit: Visit) -> None:
        if welcomes:
            await visit.welcome()
        await visit.close(1012)

    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        cloud.on_visit = close
        async with linked(shop, cloud.url) as box:
            box.link._chance = chance.random
            box.link._supervisor._chance = chance.random
            box.someone_waits = someone_waits
            await rate(box, 300)
            # Nobody waits: one in 30 s in the mean; somebody does: one in 5 s at most.
            assert 4 <= len(cloud.visits) <= (62 if someone_waits else 35)


async def test_whoever_keeps_pressing_connect_now_gets_one_try_in_five_seconds(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        cloud.answers += [(401, {})] * 100
        async with linked(shop, cloud.url) as box:
            await box.waiting("cloud_unauthorized")
            for second in range(1, 31):
                box.link.wake()
                box.clock.advance(1)
                for _ in range(20):
                    await asyncio.sleep(0)
                await box.waiting("cloud_unauthorized")
                assert len(cloud.requests) <= 1 + second // 5 + 1
            assert len(cloud.requests) >= 5


async def test_connect_now_ends_the_pause_before_the_very_first_try(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        box = Box(shop, cloud.url)
        box.chance = 1.0
        running = asyncio.get_running_loop().create_task(box.link.run())
        assert await box.waiting() == 30
        assert not cloud.requests
        box.link.wake()
        await cloud.welcomed()
        await box.link.stop()
        await running


async def test_an_expired_token_is_read_anew(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        box.tokens = [TOKEN, "a-newer-token"]
        visit = await cloud.welcomed()
        await visit.close(envelope.CLOSE_TOKEN_EXPIRED)
        assert await box.waiting("cloud_token_expired") == 0
        await box.again()
        second = await cloud.welcomed()
        assert cloud.requests[-1].headers["Authorization"] == "Bearer a-newer-token"
        await box.ready()
        await second.close(envelope.CLOSE_TOKEN_EXPIRED)
        assert await box.waiting("cloud_token_expired") == 300


async def test_a_token_of_the_welcome_is_used_until_it_fails(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed(token="given-in-welcome")
        await visit.close()
        await box.again()
        second = await cloud.welcomed()
        assert cloud.requests[1].headers["Authorization"] == "Bearer given-in-welcome"
        await second.close(envelope.CLOSE_TOKEN_EXPIRED)
        await box.again()
        await cloud.welcomed()
        assert cloud.requests[2].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_a_credential_that_is_no_token_is_told_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        box = Box(shop, cloud.url)
        box.tokens = ["two\nlines"]
        running = asyncio.get_running_loop().create_task(box.link.run())
        await box.waiting("cloud_unauthorized")
        assert not cloud.requests
        await box.link.stop()
        await running


async def test_two_boxes_with_one_identity_do_not_kick_each_other_for_ever(
    tmp_path: Path,
) -> None:
    async def newest_wins(visit: Visit) -> None:
        for older in cloud.visits[:-1]:
            await older.close(envelope.CLOSE_REPLACED, "replaced")
        await visit.welcome()

    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with Shop(tmp_path / "one") as one, Shop(tmp_path / "two") as two:
        cloud = ScriptedCloud(one.clock.now)
        cloud.on_visit = newest_wins
        async with cloud, linked(one, cloud.url) as first:
            await first.ready()
            async with linked(two, cloud.url) as second:
                await second.ready()
                assert await first.waiting("cloud_identity_cloned") >= 60
                assert second.part.level == "ok"
                await rate(first, 1)
                await first.ready()
                assert await second.waiting("cloud_identity_cloned") >= 60
                assert len(cloud.visits) == 3


async def test_the_proxys_refusal_is_told_apart_and_its_password_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://user:pa55word@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    async with server, Shop(tmp_path) as shop, linked(shop, "wss://cloud.invalid/box") as box:
        await box.waiting("cloud_proxy_failed")
        assert box.part.fault is not None
        assert "407" in box.part.fault.detail
    assert "pa55word" not in caplog.text
