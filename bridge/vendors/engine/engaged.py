"""One configured vendor with all that makes it work, and how it is set up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from bridge.config import VendorSettings
from bridge.health import HealthBoard
from bridge.model.exchange import LocalRoute
from bridge.vendors.engine.channel import Channel, Way
from bridge.vendors.engine.faults import VendorAuthFailed
from bridge.vendors.engine.host import Host
from bridge.vendors.engine.judging import PASSING
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.local import Calls
from bridge.vendors.engine.memory import VendorMemory
from bridge.vendors.engine.notices import Notices
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.recovery import recover
from bridge.vendors.engine.routes import route
from bridge.vendors.engine.runner import Runner
from bridge.vendors.engine.session import VendorSession
from bridge.vendors.engine.set_up import SecretOf, address_of, secrets_of, settings_of
from bridge.vendors.engine.spec import Session, Vendor
from bridge.vendors.engine.store import Store
from bridge.vendors.engine.transport import Wire
from bridge.vendors.engine.watching import Watching
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

_LAST_WORDS_S = 1.0
"""Seconds that callers get to hear how things stand when the box stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all vendors get from the box."""

    secret_of: SecretOf
    store: Store
    clock: Clock
    chance: Callable[[], float]
    board: HealthBoard
    host: Host
    user_agent: str


class Engaged:
    """A vendor at work."""

    def __init__(self, vendor: Vendor, configured: VendorSettings, around: Surroundings) -> None:
        """Raises ``VendorNotConfigured`` and what reading a credential raises."""
        settings = settings_of(vendor, configured)
        address = address_of(vendor, configured)
        wire = Wire(
            address,
            simulator=configured.simulator,
            ca_file=configured.ca_file,
            user_agent=around.user_agent,
            read_s=vendor.read_timeout_s,
        )
        memory = VendorMemory(around.store, vendor.name)
        way = Way(wire, settings, address, memory, secrets_of(vendor, configured, around.secret_of))
        channel = Channel(vendor, way, around.clock, around.chance)
        session = VendorSession(
            vendor.name,
            channel,
            around.store,
            memory,
            around.clock,
            around.chance,
            around.host,
            strict=configured.strict,
        )
        if (check := vendor.check) is not None:
            channel.probe = lambda: _look(check, session)
        self.vendor = vendor
        self.office = Office(vendor, session, channel, around.store, around.clock, around.chance)
        self.ledger = Ledger(self.office)
        self.runner = Runner(self.office, self.ledger)
        self.calls = Calls(self.office, self.runner)
        self.watching = Watching(self.office, self.ledger, self.runner, around.board)
        self.notices = None if vendor.trigger is None else Notices(self.office, vendor.trigger)

    async def start(self, *, watch: bool) -> Self:
        """Take up what was left open, and begin. Raises ``RunsUnwritable``."""
        try:
            await recover(self.office, self.ledger, self.runner)
            await self.watching.remember()
        except BaseException:
            await self.stop(0)
            raise
        self.office.spawn(self.runner.run())
        if self.notices is not None:
            self.office.spawn(self.notices.run())
        if watch:
            self.office.spawn(self.watching.run())
        return self

    async def stop(self, grace_s: float) -> None:
        """Give requests under way some seconds, then cut everything."""
        acting = set(self.office.channel.way.acting)
        callers = self.calls.callers
        await _cut(self.office.tasks - acting - callers)
        if grace_s > 0:
            await _wait(acting, grace_s)
            self.ledger.signal_all()
            await _wait(callers, _LAST_WORDS_S)
        await _cut(set(self.office.tasks))
        await self.office.channel.close()

    def routes(self) -> list[LocalRoute]:
        """Return the calls of this vendor."""
        routes = [
            route(self.vendor, each, self.calls.handler(each)) for each in self.vendor.operations
        ]
        return routes if self.notices is None else [*routes, *self.notices.routes()]


async def _look(check: Callable[[Session], Awaitable[None]], session: Session) -> None:
    """See whether a vendor is there. Whatever else its check finds is no reason to wait."""
    try:
        await check(session)
    except (*PASSING, VendorAuthFailed):
        raise
    except Fault as fault:
        logger.debug("%s", fault)
    except Exception:
        logger.exception("a check failed")


async def _wait(tasks: set[asyncio.Task[Any]], seconds: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)


async def _cut(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
