"""M8: from a cloud's command to its durable acknowledgement, beside an echo through the same
library and one bare commit of the same rows."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from bridge.cli.benchmarks.bare import BareReceipts
from bridge.cli.benchmarks.desk import ARTICLES, REGISTER, Desk, open_desk, scratch, switch_interval
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.pairing import RUNS, Run, Series, take_runs
from bridge.cloud import envelope
from bridge.cloud.here import Identity
from bridge.cloud.link import CloudLink
from bridge.config import CloudSettings, Secret
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.journal.event import Event
from bridge.model.commands import Abort
from drivers.contract.clock import SystemClock

M8 = Spec(
    "M8",
    "cloud command → durable acknowledgement; own cost",
    "ratio",
    Target(1.6),
)

PEER = "bench"

ECHO = "/echo"


class _Cloud:
    """The other end of the link, as little of it as a measurement needs."""

    def __init__(self) -> None:
        self.connected: asyncio.Future[ServerConnection] = (
            asyncio.get_running_loop().create_future()
        )
        self.sent = 0
        self._acked = 0
        self._waiting: asyncio.Future[None] | None = None

    async def serve(self, connection: ServerConnection) -> None:
        """Talk to the box, or echo."""
        if connection.request is not None and connection.request.path == ECHO:
            async for message in connection:
                await connection.send(message)
            return
        await connection.recv()
        welcome: dict[str, Any] = {"last_out": 0, "time": datetime.now(UTC).isoformat()}
        await connection.send(
            envelope.write_frame(envelope.WELCOME, "welcome", datetime.now(UTC), welcome)
        )
        self.connected.set_result(connection)
        async for message in connection:
            self._take(message)

    def _take(self, message: str | bytes) -> None:
        frame = envelope.parse_frame(message)
        if frame.type != envelope.ACK:
            return
        self._acked = frame.data["seq"]
        if self._waiting is not None and not self._waiting.done() and self._acked >= self.sent:
            self._waiting.set_result(None)

    async def command(self, text: str) -> None:
        """Send a command and wait until it is acknowledged."""
        self._waiting = asyncio.get_running_loop().create_future()
        await (await self.connected).send(text)
        if self._acked < self.sent:
            await self._waiting

    def next_open(self, key: str) -> str:
        """Return a frame that opens a receipt of five lines."""
        self.sent += 1
        now = datetime.now(UTC)
        lines = [
            {"text": text, "quantity": quantity, "unit_cents": cents, "rate": rate}
            for text, quantity, cents, rate in ARTICLES
        ]
        return envelope.write_frame(
            envelope.RECEIPT_OPEN,
            f"message-{self.sent}",
            now,
            {"parked_id": key, "reference": f"R-{self.sent}", "lines": lines},
            seq=self.sent,
            key=key,
            exp=now + timedelta(minutes=5),
        )


class _Pair:
    def __init__(
        self, desk: Desk, bare: BareReceipts, cloud: _Cloud, echo: ClientConnection
    ) -> None:
        self.desk = desk
        self.bare = bare
        self.cloud = cloud
        self.echo = echo

    async def run(self, pairs: int) -> Run:
        """Take pairs: one command to the box, one echo with a bare commit, in turn."""
        own, reference = [], []
        for _ in range(pairs):
            journal = self.desk.journal
            key = self.desk.new_key()
            text = self.cloud.next_open(key)
            before = journal.last_seq
            begin = time.perf_counter_ns()
            await self.cloud.command(text)
            own.append((time.perf_counter_ns() - begin) / 1000)
            rows = list(journal.reader.events(before))
            begin = time.perf_counter_ns()
            await self.echo.send(text)
            await self.echo.recv()
            self.bare.commit(rows, key)
            reference.append((time.perf_counter_ns() - begin) / 1000)
            self.bare.tidy()
            await self._put_away(rows[0])
        return Run(own, reference)

    async def _put_away(self, opened: Event) -> None:
        """Abort the receipt: no counter has thousands of open ones."""
        assert opened.receipt is not None
        command = Abort(receipt=opened.receipt, rev=1, key=self.desk.new_key(), reason="measured")
        aborted = await self.desk.till.execute(command)
        self.bare.copy([aborted.event])


@asynccontextmanager
async def _pair(directory: Path, seed: int) -> AsyncIterator[_Pair]:
    (directory / "own").mkdir()
    (directory / "bare").mkdir()
    cloud = _Cloud()
    clock = SystemClock()
    chance = random.Random(seed)  # noqa: S311 - no pause is taken
    with closing(BareReceipts(directory / "bare" / "journal.db")) as bare:
        async with open_desk(directory / "own", seed) as desk:
            bare.copy(list(desk.journal.reader.events()))
            before = desk.journal.last_seq
            server = await serve(
                cloud.serve,
                "127.0.0.1",
                0,
                subprotocols=[envelope.SUBPROTOCOL],  # type: ignore[list-item]  # a str subtype
                compression=None,
            )
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            link = CloudLink(
                CloudSettings(name=PEER, url=f"{url}/box", token="bench.token"),  # noqa: S106 - a credential's name
                lambda: Secret("a token of a benchmark"),
                Identity("bench", "bonbridge", "boot"),
                desk.till,
                desk.journal,
                HealthBoard(clock),
                clock,
                lambda: chance.random() * 0.001,
                code_of=qr_code,
                someone_waits=lambda: True,
                registers=(REGISTER,),
                clouds=frozenset({PEER}),
            )
            running = asyncio.get_running_loop().create_task(link.run())
            try:
                await cloud.connected
                bare.copy(list(desk.journal.reader.events(before)))
                async with connect(
                    url + ECHO,
                    subprotocols=[envelope.SUBPROTOCOL],  # type: ignore[list-item]  # a str subtype
                    compression=None,
                    proxy=None,
                ) as echo:
                    yield _Pair(desk, bare, cloud, echo)
            finally:
                await link.stop()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                server.close()
                await server.wait_closed()


async def _series(directory: Path, settings: Settings) -> Series:
    with scratch(directory) as name:
        async with _pair(Path(name), settings.seed) as pair:
            await pair.run(settings.of(5, 300))
            return await take_runs(RUNS, lambda: pair.run(settings.of(10, 300)))


def run(settings: Settings) -> tuple[Figure, ...]:
    """Measure on the memory file system, then on the real disk (target there: 1.3)."""
    with switch_interval():
        series = asyncio.run(_series(settings.places.memory, settings))
        notes = [*settings.places.notes(), *series.notes]
        notes.append(f"own cost {series.own_p50:.0f} µs")
        synced = None
        if settings.places.disk is not None:
            on_disk = asyncio.run(_series(settings.places.disk, settings))
            synced = {
                "command_us": on_disk.own_p50,
                "reference_us": on_disk.reference_p50,
                "ratio": on_disk.ratio,
            }
    reference = {"echo_and_commit_us": series.reference_p50}
    return (Figure.of_runs(M8, series.ratios, reference, synced, notes),)


BENCHMARK = Benchmark((M8,), run)
