"""A counter with the simulated d.velop, and short ways to talk to both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.model.exchange import RunView
from bridge.model.roles import Role
from simulators.vendors.dvelop import DvelopSurface, make
from simulators.vendors.dvelop.program import API_KEY, BUCKET
from simulators.vendors.kit import HttpServer, Logged, SimClock, Stage
from tests.vendors.harness import OVER, Counter, Reply, counter

API = "/smartinvoice/api/v1"
PLACE = f"{API}/buckets/{BUCKET}"
JOBS = f"{API}/masterdata/import_jobs"

_PATIENCE_S = 30.0

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Box:
    """``counter``, ``stage`` and ``surface`` are there for what has no short way."""

    def __init__(self, box: Counter, stage: Stage, surface: DvelopSurface) -> None:
        self.counter, self.stage, self.surface = box, stage, surface

    async def put(
        self,
        entity: str,
        body: Any,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one record at a click."""
        given = {"X-User-Action": "1"} if headers is None else headers
        return await self.counter.call(
            "PUT", f"/{entity}", body=_bytes(body), headers=given, query=query or {},
            role=Role.BACKOFFICE,
        )  # fmt: skip

    async def batch(
        self, entity: str, body: Any, query: Mapping[str, str] | None = None, **more: Any
    ) -> Reply:
        """Send a list."""
        return await self.counter.call(
            "POST", f"/{entity}/batch", body=_bytes(body), query=query or {},
            role=Role.BACKOFFICE, **more,
        )  # fmt: skip

    async def load(self, entity: str, body: bytes, media: str = "text/csv") -> Reply:
        """Send a list from a file."""
        return await self.counter.call(
            "POST", f"/{entity}/import", body=body, media=media, role=Role.BACKOFFICE
        )

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask the box."""
        return await self.counter.call("GET", path, headers=headers or {}, role=Role.TILL)

    async def line_down(self) -> None:
        """Let the vendor be out of reach."""
        await self.stage.server.stop()

    async def line_up(self) -> None:
        """Let it be there again, at the same address."""
        server = self.stage.server
        self.stage.server = HttpServer(self.stage.front, server.host, server.port)
        await self.stage.server.start()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for both sides."""
        self.stage.clock.advance(seconds)
        await self.counter.clock.advance(seconds)

    async def patiently(self, call: Coroutine[Any, Any, Reply]) -> Reply:
        """Make a call and let time pass while the box does not answer."""
        calling = asyncio.create_task(call)
        async with asyncio.timeout(_PATIENCE_S):
            while not (await asyncio.wait({calling}, timeout=0.2))[0]:
                await self.pass_time(5.0)
        return calling.result()

    async def ended(self, reply: Reply, *, step_s: float = 5.0) -> RunView:
        """Let time pass in steps until a run is over."""
        run = reply.json()["run"]
        async with asyncio.timeout(_PATIENCE_S):
            while (found := await self.counter.run(run)).state not in OVER:
                await self.pass_time(step_s)
        return found

    def held(self, entity: str) -> list[dict[str, Any]]:
        """Return what the vendor holds."""
        return self.surface.data.records(BUCKET, entity)

    def sent(self, method: str = "", entity: str = "") -> list[Logged]:
        """Return the requests about records that reached the vendor."""
        return self.stage.calls(method, f"{PLACE}/{entity}")


@asynccontextmanager
async def box(
    folder: Path,
    *,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    strict: bool = False,
    **vendor: Any,
) -> AsyncIterator[Box]:
    """Start the vendor (``vendor``: options of its simulator) and a counter that knows it."""
    clock = SimClock(START)
    surface = make(clock, **vendor)
    async with (
        Stage(surface, clock) as stage,
        counter(
            folder,
            "dvelop",
            stage,
            options={"bucket": BUCKET} if options is None else dict(options),
            secrets={"api_key": API_KEY} if secrets is None else dict(secrets),
            strict=strict,
        ) as started,
    ):
        yield Box(started, stage, surface)


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
