"""The simulated cloud put together. For tests and the program."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bridge.cloud.envelope import Limits
from drivers.contract.clock import Clock
from simulators.cloud.api import Api
from simulators.cloud.assumed import DEFAULT_CASH_REGISTER, REDELIVERY_FIRST_S
from simulators.cloud.box_server import PATH, BoxServer
from simulators.cloud.cloud import Cloud
from simulators.cloud.control import Controls
from simulators.cloud.polling import PollGuard, PollLimits
from simulators.cloud.secret_files import BOX_NAME, box_token, program_login
from simulators.cloud.store import Store
from simulators.cloud.surface import AselloSurface
from simulators.cloud.switches import Settings, Switches
from simulators.cloud.webhooks import WebhookSender
from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.stage import Stage

DEFAULT_BOX = "demo-box"


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """What the cloud is made of. Ports: 0 = any free one.

    ``registers`` maps cash register numbers to box and register id (``None``: the box's first);
    empty = one number for the first box. ``token_file`` is that of the first box, ``login_file``
    that of the external program; both are made in ``data`` unless named.
    """

    data: Path
    boxes: tuple[str, ...] = (DEFAULT_BOX,)
    registers: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    host: str = "127.0.0.1"
    ws_port: int = 0
    http_port: int = 0
    token_file: Path | None = None
    login_file: Path | None = None
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 10.0
    limits: Limits = field(default_factory=Limits)
    polling: PollLimits = field(default_factory=PollLimits)
    redelivery_s: float = REDELIVERY_FIRST_S
    settings: Settings = field(default_factory=Settings)


class CloudSimulator:
    """``async with CloudSimulator(options) as cloud``: addresses are known then.

    ``stage`` is its REST side with the faults, log and clock of the simulators' kit, also below
    ``/_sim`` of the REST port; a ``clock`` that is no ``SimClock`` is moved by its owner only.

    Raises ``OSError`` if a port or file cannot be used, ``sqlite3.Error`` if the data directory
    is in use or damaged, ``ValueError`` if options do not fit together.
    """

    def __init__(self, options: CloudOptions, *, clock: Clock | None = None) -> None:
        kit_clock = clock if isinstance(clock, SimClock) else SimClock()
        clock = clock or kit_clock
        for box in options.boxes:
            if not BOX_NAME.fullmatch(box):
                raise ValueError(f"{box!r} is no name for a box")
        registers = options.registers or {DEFAULT_CASH_REGISTER: (options.boxes[0], None)}
        for number, (box, _) in registers.items():
            if box not in options.boxes:
                raise ValueError(f"cash register {number} is at {box!r}, which is no box")
        options.data.mkdir(parents=True, exist_ok=True)
        self.login_file = options.login_file or options.data / "program.json"
        self.token_files = {box: options.data / f"box-{box}.token" for box in options.boxes}
        if options.token_file is not None:
            self.token_files[options.boxes[0]] = options.token_file
        login = program_login(self.login_file)
        tokens = {box: box_token(path) for box, path in self.token_files.items()}
        self.switches = Switches(options.settings)
        self._store = Store(options.data / "cloud.db")
        self._webhooks = WebhookSender(
            self._store, self.switches, clock, first_pause_s=options.redelivery_s
        )
        self.cloud = Cloud(self._store, self.switches, clock, registers, self._webhooks)
        for box, token in tokens.items():
            self.cloud.admit(box, token)
        api = Api(self.cloud, login, PollGuard(options.polling, clock))
        surface = AselloSurface(self.cloud, api)
        self.stage = Stage(surface, kit_clock, options.host, options.http_port)
        self._boxes = BoxServer(
            self.cloud,
            options.limits,
            host=options.host,
            port=options.ws_port,
            ping_interval_s=options.ping_interval_s,
            ping_timeout_s=options.ping_timeout_s,
        )
        self.controls = Controls(self.cloud)
        self._sending: asyncio.Task[None] | None = None

    @property
    def ws_url(self) -> str:
        """Where boxes connect, once started."""
        return f"ws://{self._boxes.host}:{self._boxes.port}{PATH}"

    @property
    def http_url(self) -> str:
        """Where programs call, once started."""
        return self.stage.url

    async def start(self) -> None:
        """Listen on both ports and go on with what an earlier run left.

        Raises ``OSError`` if a port cannot be used; nothing is left open then.
        """
        try:
            await self.stage.__aenter__()
            await self._boxes.start()
        except OSError:
            await self.stop()
            raise
        self._sending = asyncio.create_task(self._webhooks.run())

    async def stop(self) -> None:
        """Stop; what is undelivered is kept for the next start."""
        await self._boxes.stop()
        await self.stage.__aexit__()
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        self._store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
