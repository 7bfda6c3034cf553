"""A counter with the scripted vendor, and its service on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.vendors.engine.engaged import Engaged
from bridge.vendors.engine.transport import Wire
from simulators.vendors.kit import SimClock, Stage
from tests.vendors.engine.service import PASSWORD, PostOffice, find, make
from tests.vendors.harness import PATIENCE_S, Counter, Reply, counter

NOBODY = "http://127.0.0.1:1"
"""Nobody listens there: the connection is refused, nothing is sent."""


@dataclass
class Post:
    """``office`` is the service, ``stage`` its port, ``counter`` the box."""

    office: PostOffice
    stage: Stage
    counter: Counter

    @property
    def engaged(self) -> Engaged:
        return self.counter.desk._engaged["post"]

    @property
    def wire(self) -> Wire:
        return self.engaged.office.channel.way._wire

    def gone(self) -> None:
        """Let the service be out of reach until ``back``, or a restart of the box."""
        self.wire._base = NOBODY

    def back(self) -> None:
        self.wire._base = self.stage.url

    async def reached(self, path: str) -> None:
        """Wait until an order has reached the service."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.stage.calls("POST", path):  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.002)

    async def send(self, what: str, id_: str, key: str = "", **more: Any) -> Reply:
        """Send a parcel, letter or card."""
        body = {"id": id_, **more}
        return await self.counter.call("POST", f"/{what}", body=body, key=key or f"key-{id_}")

    async def name(self, id_: str, name: str, key: str | None = None) -> Reply:
        """Set a name."""
        return await self.counter.call("PUT", f"/names/{id_}", body={"name": name}, key=key)

    async def single(self, id_: str) -> Reply:
        """Set one name at a click."""
        return await self.counter.call("PUT", "/single", body={"id": id_, "name": id_})

    async def memory(self, prefix: str = "") -> Any:
        """Return what the vendor file has remembered."""
        return (await self.counter.call("GET", "/memory", query={"prefix": prefix})).json()


@asynccontextmanager
async def post(folder: Path, **more: Any) -> AsyncIterator[Post]:
    """Start both."""
    clock = SimClock()
    office = make(clock)
    given = {"secrets": {"password": PASSWORD}, "find": find, **more}
    async with Stage(office, clock=clock) as stage, counter(folder, "post", stage, **given) as box:
        yield Post(office, stage, box)
