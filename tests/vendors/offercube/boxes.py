"""A counter with the simulated offer-cube, and short ways to talk to both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from bridge.model.exchange import RunView
from bridge.model.roles import Role
from simulators.vendors.kit import HttpServer, Logged, SimClock, Stage
from simulators.vendors.offercube import make
from simulators.vendors.offercube.books import Books, Invoice
from simulators.vendors.offercube.surface import OfferCube
from tests.vendors.harness import Counter, Reply, counter
from tests.vendors.offercube.samples import OPTIONS, SECRETS

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NOW = int(START.timestamp())
"""When both sides begin, unix seconds."""

FORM = "application/x-www-form-urlencoded"

_KEYS = count(1)


class Box:
    """``counter``, ``stage`` and ``surface`` are there for what has no short way."""

    def __init__(self, box: Counter, stage: Stage, surface: OfferCube) -> None:
        self.counter, self.stage, self.surface = box, stage, surface

    async def post(self, path: str, body: Any = None, key: str = "", **more: Any) -> Reply:
        """Order something, by a new key unless one is given."""
        key = key or f"key-{next(_KEYS)}"
        return await self.counter.call("POST", path, body=body, role=Role.TILL, key=key, **more)

    async def send(self, invoice: int, **fields: Any) -> Reply:
        """Send an invoice."""
        return await self.post(f"/invoices/{invoice}/send", fields)

    async def pay(self, invoice: int, **fields: Any) -> Reply:
        """Pay an invoice."""
        return await self.post(f"/invoices/{invoice}/pay", fields)

    async def schema(self, module: str = "invoice") -> Reply:
        """Ask for a schema."""
        return await self.counter.call("GET", f"/schema/{module}", role=Role.TILL)

    async def ended(self, reply: Reply, *, step_s: float = 0.0) -> RunView:
        """Wait until a run is over, or unknown; with ``step_s`` while time passes in such steps."""
        return await self.counter.ended(reply.json()["run"], step_s=step_s)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for both sides."""
        self.stage.clock.advance(seconds)
        await self.counter.clock.advance(seconds)

    async def line_down(self) -> None:
        """From now on nobody listens at the vendor's address."""
        await self.stage.server.stop()

    async def line_up(self) -> None:
        """The vendor is there again."""
        old = self.stage.server
        self.stage.server = HttpServer(self.stage.front, old.host, old.port)
        await self.stage.server.start()

    @property
    def books(self) -> Books:
        """What the vendor holds."""
        return self.surface.books

    def invoice(self, invoice: int) -> Invoice:
        """Return a record of the vendor."""
        return self.books.invoices[invoice]

    def acts(self) -> list[Logged]:
        """Return all requests to the vendor that are no look at a schema and no log-in."""
        return [
            each
            for each in self.stage.calls()
            if not each.path.endswith("/schema/") and not each.path.endswith("/login")
        ]


@asynccontextmanager
async def box(
    folder: Path,
    *,
    options: Mapping[str, Any] = OPTIONS,
    secrets: Mapping[str, str] = SECRETS,
    strict: bool = False,
    golden: bool = False,
) -> AsyncIterator[Box]:
    """Start the vendor and a counter that knows it."""
    clock = SimClock(START)
    surface = make(clock)
    if golden:
        surface.golden()
    async with (
        Stage(surface, clock) as stage,
        counter(
            folder, "offercube", stage, options=dict(options), secrets=dict(secrets), strict=strict
        ) as started,
    ):
        yield Box(started, stage, surface)


def fields(call: Logged) -> dict[str, str]:
    """Return the fields of a form that was sent."""
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))
