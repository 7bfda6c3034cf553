"""asello's simulator and a box's desk for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from simulators.cloud.surface import AselloSurface, make
from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.log import Logged
from simulators.vendors.kit.stage import Stage
from tests.till.harness import START
from tests.vendors.asello.samples import RECEIPT, SECRETS
from tests.vendors.harness import PATIENCE_S, Counter, Reply, counter

CREATE = "/api/v2/receipts/create"
PARKED = "/api/v2/parked"


@dataclass
class World:
    """``stage`` is asello, ``counter`` the box's desk; their clocks are moved together."""

    stage: Stage
    counter: Counter
    surface: AselloSurface

    async def create(
        self, key: str = "k-1", query: dict[str, str] | None = None, **more: Any
    ) -> Reply:
        """Have a receipt created; ``reference`` is in it unless it is ``None``."""
        return await self.counter.call(
            "POST", "/receipts", body=receipt(**more), key=key, query=query
        )

    async def park(
        self, key: str = "p-1", query: dict[str, str] | None = None, **more: Any
    ) -> Reply:
        """Have a receipt parked."""
        return await self.counter.call(
            "POST", "/parked", body=receipt(**more), key=key, query=query
        )

    async def state(self, parked: str) -> Reply:
        """Ask where a parked receipt stands."""
        return await self.counter.call("GET", f"/parked/{parked}")

    async def advance(self, seconds: float) -> None:
        """Let time pass for both."""
        self.stage.clock.advance(seconds)
        await self.counter.clock.advance(seconds)

    async def created_by_another_program(self) -> None:
        """Let a program that is no customer of this box create a receipt; the log forgets it."""
        async with httpx.AsyncClient(base_url=self.stage.url, trust_env=False) as client:
            form = {"userName": SECRETS["user"], "password": SECRETS["password"]}
            answer = await client.post("/token", data={**form, "grant_type": "password"})
            bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
            answer = await client.post(CREATE, json=receipt(), headers=bearer)
            assert answer.is_success, answer.text
        self.stage.front.log.clear()

    def creates(self) -> list[Logged]:
        """Return all requests to create."""
        return self.stage.calls("POST", CREATE)

    def looks(self, parked: str) -> list[Logged]:
        """Return all questions for a parked receipt."""
        return self.stage.calls("GET", f"{PARKED}/{parked}")


async def soon(condition: Callable[[], Any]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


def receipt(**more: Any) -> dict[str, Any]:
    """Return a receipt; what is ``None`` is left out."""
    body = {"reference": "R001", **RECEIPT, **more}
    return {name: value for name, value in body.items() if value is not None}


@asynccontextmanager
async def world(
    folder: Path, options: dict[str, Any] | None = None, **simulated: Any
) -> AsyncIterator[World]:
    """Start both. ``simulated`` are options of the simulator."""
    clock = SimClock(START)
    surface = make(clock, **{"poll_interval_s": 0.0, **simulated})
    async with (
        Stage(surface, clock) as stage,
        counter(folder, "asello", stage, options=options, secrets=SECRETS) as desk,
    ):
        yield World(stage, desk, surface)
