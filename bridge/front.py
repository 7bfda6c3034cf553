"""What faces the outside: the local API with its pages, the links to clouds, vendors' flows.

Started after the till is ready, stopped before it; none of it can hold a receipt up.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import CloudSettings, Config, Credentials, Secret
from bridge.devices.registry import Registry
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.journal.store import Journal
from bridge.till.till import Till
from bridge.web.parts import WebParts
from drivers.contract.clock import Clock

if TYPE_CHECKING:
    from bridge.cloud.link import CloudLink
    from bridge.flows import Flows
    from bridge.web.listener import Listener

logger = logging.getLogger(__name__)

LOOKING_S = 90.0
"""Seconds for which somebody who looked at the operator page is taken to be waiting there."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The parts of a started box that the outside works with."""

    config: Config
    credentials: Credentials
    clock: Clock
    chance: Callable[[], float]
    journal: Journal
    till: Till
    board: HealthBoard
    devices: Registry


class Front:
    """Web servers and links of one box."""

    def __init__(self, inside: Inside, socket: Path | None) -> None:
        """``socket`` is where programs of this machine reach the API, if anywhere."""
        self._inside = inside
        self._socket = socket
        self._looked_at: float | None = None
        self._flows: Flows | None = None
        self._links: list[CloudLink] = []
        self._running: list[asyncio.Task[None]] = []
        self._listeners: list[Listener] = []

    @property
    def address(self) -> str | None:
        """The URL of the page and the API on the network, if they are reached there."""
        return next((each.address for each in self._listeners if each.address is not None), None)

    async def start(self) -> None:
        """Start what is configured. A place to listen at that is taken is tried again in the
        background. Raises faults of credentials and names; nothing runs then."""
        # Before the server: who asks at once to have them connected must find them.
        self._make_links()
        try:
            await self._start_flows()
            if self._inside.config.web is not None or self._socket is not None:
                await self._start_web()
        except BaseException:
            if self._flows is not None:
                await self._flows.stop()
            raise
        for link in self._links:
            task = asyncio.get_running_loop().create_task(link.run(), name=link.name)
            task.add_done_callback(_ended)
            self._running.append(task)

    async def stop(self) -> None:
        """Take no more commands from outside; those under way go on."""
        await asyncio.gather(
            *(link.stop() for link in self._links),
            *(listener.stop() for listener in self._listeners),
        )
        if self._flows is not None:
            await self._flows.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def connect_now(self) -> None:
        """Have every link that waits try at once."""
        for link in self._links:
            link.wake()

    async def _start_flows(self) -> None:
        inside = self._inside
        if not inside.config.vendors:
            return
        from bridge.flows import Flows

        self._flows = Flows(
            inside.config,
            inside.credentials,
            inside.clock,
            inside.chance,
            inside.journal,
            inside.till,
            inside.board,
            software=f"bonbridge/{software_version()}",
        )
        await self._flows.start()

    def _make_links(self) -> None:
        config = self._inside.config
        if not config.clouds:
            return
        from bridge.cloud.here import Identity
        from bridge.cloud.link import CloudLink

        identity = Identity(config.box.id, f"bonbridge/{software_version()}", uuid.uuid4().hex)
        every = tuple(register.id for register in config.registers)
        for settings in config.clouds:
            link = CloudLink(
                settings,
                self._token(settings),
                identity,
                self._inside.till,
                self._inside.journal,
                self._inside.board,
                self._inside.clock,
                self._inside.chance,
                code_of=qr_code,
                someone_waits=self._someone_waits,
                registers=settings.registers or every,
                clouds=frozenset(each.name for each in config.clouds),
            )
            self._links.append(link)

    def _token(self, settings: CloudSettings) -> Callable[[], Secret]:
        """Return what reads the link's token anew: it may have been replaced meanwhile."""
        credentials = self._inside.credentials
        credentials.secret(settings.token)
        return lambda: credentials.secret(settings.token)

    async def _start_web(self) -> None:
        # The web framework is imported only now: the till is ready already.
        from bridge.web.app import make_app
        from bridge.web.listener import Listener
        from bridge.web.server import WebServer

        config, credentials = self._inside.config, self._inside.credentials
        parts = WebParts(
            config=config,
            version=software_version(),
            clock=self._inside.clock,
            journal=self._inside.journal,
            till=self._inside.till,
            board=self._inside.board,
            devices=self._inside.devices,
            code_of=qr_code,
            connect_now=self.connect_now,
            seen=self._seen,
            vendors=None if self._flows is None else self._flows.desk,
        )
        tokens = () if config.web is None else config.web.tokens
        secrets = {each.name: credentials.secret(each.token) for each in tokens}
        app = make_app(parts, secrets)
        language = config.box.language
        places: list[tuple[str, str | None, Path | None]] = []
        if config.web is not None:
            places.append(("web", config.web.listen, None))
        if self._socket is not None:
            places.append(("socket", None, self._socket))
        for name, listen, socket in places:
            make = partial(WebServer, app, listen, socket=socket, language=language)
            inside = self._inside
            listener = Listener(name, make, inside.board, inside.clock, inside.chance)
            self._listeners.append(listener)
            await listener.start()

    def _seen(self) -> None:
        self._looked_at = self._inside.clock.monotonic()

    def _someone_waits(self) -> bool:
        """Whether somebody looks at the operator page while a receipt is open."""
        if self._looked_at is None:
            return False
        looking = self._inside.clock.monotonic() - self._looked_at < LOOKING_S
        return looking and any(each.open for each in self._inside.till.registers.values())


def software_version() -> str:
    """Return the version of this installation."""
    try:
        return version("bonbridge")
    except PackageNotFoundError:
        return "0"


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("%s has stopped working: %r", task.get_name(), error, exc_info=error)
