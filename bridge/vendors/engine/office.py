"""What the parts of one vendor's engine share: the vendor itself, its way out, store and time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bridge.vendors.engine.channel import Channel
from bridge.vendors.engine.session import VendorSession
from bridge.vendors.engine.spec import Operation, Vendor
from bridge.vendors.engine.store import Store
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

SYNC_S = 10.0
"""Seconds for which a caller waits; after that it is told where to ask (vendors.md section 2)."""


@dataclass(slots=True)
class Office:
    """One vendor at work."""

    vendor: Vendor
    session: VendorSession
    channel: Channel
    store: Store
    clock: Clock
    chance: Callable[[], float]
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.vendor.name

    def now(self) -> int:
        """Return the UTC time in ms."""
        return int(self.clock.now().timestamp() * 1000)

    def operation(self, name: str) -> Operation | None:
        """Return an operation, ``None`` if the program file does not have it (any more)."""
        return next((each for each in self.vendor.operations if each.name == name), None)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside; it is stopped with the vendor."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Fault):
            logger.error("%s: unexpected error", self.name, exc_info=error)

    async def rest(self, seconds: float) -> None:
        """Sleep; no time at all still lets others run."""
        await (self.clock.sleep(seconds) if seconds > 0 else asyncio.sleep(0))
