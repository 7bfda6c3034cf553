"""A shop with a link to a scripted cloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bridge.cloud.inbox import INBOX
from bridge.cloud.link import CloudLink, Identity
from bridge.config import CloudSettings, Secret
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard, Part
from tests.cloud.scripted import ScriptedCloud, eventually
from tests.till.harness import FakeClock, Shop

TOKEN = "a-token-of-the-tests"
PEER = "asello"
PART = f"cloud:{PEER}"

assert INBOX.name == "cloud_inbox"


class Box:
    """A running link with all it needs. Time stands still until the test advances it."""

    def __init__(self, shop: Shop, url: str, **options: Any) -> None:
        self.shop = shop
        self.clock = shop.clock
        self.board: HealthBoard = options.pop("board", None) or HealthBoard(shop.clock)
        self.chance = 0.0
        self.someone_waits = False
        self.tokens = [TOKEN]
        self.tokens_read = 0
        self.settings = CloudSettings(
            name=options.pop("name", PEER),
            url=url,
            token="cloud-token",
            ping_interval_s=options.pop("ping_interval_s", 20.0),
            ping_timeout_s=options.pop("ping_timeout_s", 10.0),
        )
        self.link = CloudLink(
            self.settings,
            self._token,
            Identity("box-1", "bonbridge/0.0", options.pop("boot", "boot-1")),
            shop.till,
            shop.journal,
            self.board,
            options.pop("clock", shop.clock),
            lambda: self.chance,
            code_of=qr_code,
            someone_waits=lambda: self.someone_waits,
            registers=options.pop("registers", shop.names),
            clouds=options.pop("clouds", frozenset({PEER, "other"})),
        )
        assert not options

    def _token(self) -> Secret:
        self.tokens_read += 1
        return Secret(self.tokens[min(self.tokens_read, len(self.tokens)) - 1])

    @property
    def part(self) -> Part:
        """What the link says of itself."""
        found = self.board.part(self.link.name)
        assert found is not None
        return found

    @property
    def phase(self) -> str:
        """What the link is doing."""
        found = self.board.part(self.link.name)
        return "" if found is None else found.phase

    @property
    def code(self) -> str:
        """The code of the fault that the link shows, or nothing."""
        return "" if self.part.fault is None else self.part.fault.code

    async def waiting(self, code: str | None = None) -> float:
        """Wait until the link pauses; return for how many seconds."""
        await eventually(
            lambda: (
                self.board.part(self.link.name) is not None
                and self.part.phase == "waiting"
                and code in (None, self.code)
            )
        )
        return float(self.part.facts["pause_s"])

    async def ready(self) -> None:
        """Wait until the link is ready."""
        await eventually(lambda: self.phase == "ready")

    async def again(self, seconds: float = 7200.0) -> None:
        """Let the pause of the link pass, until its next try has begun."""
        pause = await self.waiting()
        await eventually(lambda: any(abs(left - pause) < 0.1 for left in self.clock.sleeping))
        before = self.part
        self.clock.advance(seconds)
        await eventually(lambda: self.part is not before)

    async def pass_time(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass in steps, so that whoever sleeps again and again gets its turns."""
        sleepers = len(self.clock.sleeping)
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            await eventually(lambda: len(self.clock.sleeping) >= sleepers or self.phase != "ready")


@asynccontextmanager
async def linked(shop: Shop, url: str, **options: Any) -> AsyncIterator[Box]:
    """Run a link of a shop."""
    box = Box(shop, url, **options)
    running = asyncio.get_running_loop().create_task(box.link.run())
    try:
        yield box
    finally:
        await box.link.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def box_and_cloud(
    folder: Path, *, now: Callable[[FakeClock], Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Box, ScriptedCloud]]:
    """Run a shop, a cloud, and the link between them. ``now`` makes the cloud's time of the
    shop's clock."""
    registers = options.pop("registers_of_shop", ("K1",))
    async with Shop(folder, registers=registers) as shop:
        clock = shop.clock
        cloud = ScriptedCloud(clock.now if now is None else lambda: now(clock))
        async with cloud, linked(shop, cloud.url, **options) as box:
            yield box, cloud
