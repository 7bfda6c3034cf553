"""M11: what "complete" costs through the local API, beside a bare HTTP server with M1's
reference behind it. The client is a process of its own, the same for both."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools

from bridge.cli.benchmarks.bare import BareReceipts
from bridge.cli.benchmarks.desk import Desk, open_desk, scratch, switch_interval
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.pairing import RUNS, Run, Series, take_runs
from bridge.cli.benchmarks.web_parts import benchmark_app
from bridge.journal.event import Event
from bridge.web.server import WebServer

M11 = Spec(
    "M11",
    "local API: POST complete, p50; own cost",
    "ratio",
    Target(2.0),
)

OWN, REFERENCE = 0, 1
"""Places of the two servers in the client's list."""

ANSWER = b'{"done":true}'


class _BareServer(asyncio.Protocol):
    """A bare HTTP server: parses, signs, verifies, commits, answers; all on the loop."""

    def __init__(self, bare: BareReceipts, shown: list[tuple[Event, str]]) -> None:
        self._bare = bare
        self._shown = shown
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        event, key = self._shown.pop()
        message = (event.jws or "").rpartition(".")[0].encode()
        self._bare.receipt(message, event, key)
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(ANSWER)}\r\n\r\n"
        self._transport.write(head.encode() + ANSWER)


@dataclass(frozen=True, slots=True)
class _Pair:
    desk: Desk
    bare: BareReceipts
    shown: list[tuple[Event, str]]
    client: asyncio.subprocess.Process
    host: str

    async def run(self, pairs: int) -> Run:
        """Take pairs: one request of ours, one of the reference with the same rows, in turn."""
        before = self.desk.journal.last_seq
        raws = await self.desk.park(pairs)
        await self.desk.follower.reached(self.desk.journal.last_seq)
        self.bare.copy(list(self.desk.journal.reader.events(before)))
        own, reference = [], []
        for raw in raws:
            command = json.loads(raw)
            request = self._request(command)
            own.append(await self._ask(OWN, request))
            event = self.desk.journal.reader.event(self.desk.journal.last_seq)
            assert event is not None
            self.shown.append((event, command["key"]))
            reference.append(await self._ask(REFERENCE, request))
            self.bare.tidy()
        return Run(own, reference)

    def _request(self, command: dict[str, Any]) -> str:
        body = json.dumps({"rev": command["rev"], "payments": command["payments"]})
        path = f"/v1/receipts/{command['receipt']}/complete"
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {command['key']}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    async def _ask(self, which: int, request: str) -> float:
        assert self.client.stdin is not None
        assert self.client.stdout is not None
        self.client.stdin.write(json.dumps([which, request]).encode() + b"\n")
        return float(await self.client.stdout.readline())


@asynccontextmanager
async def _pair(directory: Path, seed: int) -> AsyncIterator[_Pair]:
    (directory / "own").mkdir()
    (directory / "bare").mkdir()
    loop = asyncio.get_running_loop()
    shown: list[tuple[Event, str]] = []
    with closing(BareReceipts(directory / "bare" / "journal.db")) as bare:
        async with open_desk(directory / "own", seed) as desk:
            bare.copy(list(desk.journal.reader.events()))
            server = WebServer(benchmark_app(desk, directory), "127.0.0.1:0", socket=None)
            await server.start()
            assert server.address is not None
            host = server.address.removeprefix("http://")
            simple = await loop.create_server(lambda: _BareServer(bare, shown), "127.0.0.1", 0)
            ports = (host.rpartition(":")[2], str(simple.sockets[0].getsockname()[1]))
            client = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bridge.cli.benchmarks.http_child", *ports),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                yield _Pair(desk, bare, shown, client, host)
            finally:
                assert client.stdin is not None
                client.stdin.close()
                await client.wait()
                simple.close()
                await server.stop()


async def _series(directory: Path, settings: Settings) -> Series:
    with scratch(directory) as name:
        async with _pair(Path(name), settings.seed) as pair:
            await pair.run(settings.of(5, 300))
            return await take_runs(RUNS, lambda: pair.run(settings.of(10, 300)))


def run(settings: Settings) -> tuple[Figure, ...]:
    """Measure on the memory file system, then on the real disk."""
    with switch_interval():
        series = asyncio.run(_series(settings.places.memory, settings))
        notes = [*settings.places.notes(), *series.notes]
        notes.append(f"own cost {series.own_p50:.0f} µs")
        synced = None
        if settings.places.disk is not None:
            on_disk = asyncio.run(_series(settings.places.disk, settings))
            synced = {
                "request_us": on_disk.own_p50,
                "reference_us": on_disk.reference_p50,
                "ratio": on_disk.ratio,
            }
    reference = {"request_us": series.reference_p50}
    return (Figure.of_runs(M11, series.ratios, reference, synced, notes),)


BENCHMARK = Benchmark((M11,), run)
