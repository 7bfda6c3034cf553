"""A box with a desk for kassomat, and the simulated vendor beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.vendors.kassomat import KassomatSurface, make
from simulators.vendors.kassomat.program import EMAIL, PASSWORD
from simulators.vendors.kit import Logged, SimClock, Stage
from tests.till.harness import START
from tests.vendors.harness import Counter, Reply, counter
from tests.vendors.kassomat.samples import SENDER, SUMS

SECRETS = {"email": EMAIL, "password": PASSWORD}
OCTOBER = {"year": 2026, "month": 10}
FIGURES = {**OCTOBER, **SUMS}
TEST = {**FIGURES, "mode": "test"}
REAL = {**FIGURES, "mode": "real"}


@dataclass
class Office:
    """``c`` is the box, ``surface`` the vendor, ``stage`` its port."""

    c: Counter
    surface: KassomatSurface
    stage: Stage

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for the vendor, then for the box."""
        self.stage.clock.advance(seconds)
        await self.c.clock.advance(seconds)

    async def ended(self, reply: Reply) -> Any:
        """Let time pass until the run of an answer is over, and return it."""
        run = reply.json()["run"]
        for _ in range(100):
            view = await self.c.run(run)
            if view.state in ("succeeded", "failed", "unknown"):
                return view
            await self.pass_time(1.0)
        message = f"run {run} is still {view.state}"
        raise AssertionError(message)

    def calls(self, method: str = "", path: str = "") -> list[Logged]:
        """Return what the vendor has received."""
        return self.stage.calls(method, path)

    def posts(self) -> list[Logged]:
        """Return the returns and previews that the vendor has received."""
        return [each for each in self.calls("POST") if each.target.endswith("/assessments")]

    def clear(self) -> None:
        """Forget what the vendor has received so far."""
        self.stage.front.log.clear()

    def stored(self) -> list[dict[str, Any]]:
        """Return the returns that the vendor has, oldest first."""
        now = self.stage.clock.monotonic()
        return [
            each.as_body(now)
            for user in self.surface.books.users.values()
            for tenant in user.tenants.values()
            for cashbook in tenant.cashbooks.values()
            for each in cashbook.assessments.values()
        ]

    def place(self) -> tuple[str, str]:
        """Return the ids of the registered account's tenant and cashbook."""
        user = next(iter(self.surface.books.users.values()))
        tenant = next(iter(user.tenants.values()))
        return tenant.id, next(iter(tenant.cashbooks))

    def fill(self) -> None:
        """Fill in the sender data at the vendor's, as a person does in its web page."""
        for user in self.surface.books.users.values():
            for tenant in user.tenants.values():
                for cashbook in tenant.cashbooks.values():
                    cashbook.fields = dict(SENDER)

    async def confirm(self, figures: Mapping[str, Any] = FIGURES) -> str:
        """Return the confirmation of a preview."""
        reply = await self.c.call("POST", "/returns/preview", body=dict(figures))
        assert reply.status == 201, reply.body
        return str(reply.json()["confirm"])


def codes(reply: Reply) -> list[str]:
    """Return the codes of an answer's warnings."""
    return [each["code"] for each in reply.json().get("warnings", ())]


def sent(logged: Logged) -> Any:
    """Return what the vendor has received as JSON."""
    return json.loads(logged.body)


@asynccontextmanager
async def office(
    folder: Path,
    *,
    secrets: Mapping[str, str] | None = None,
    filled: bool = True,
    golden: bool = False,
    **options: Any,
) -> AsyncIterator[Office]:
    """Start both; the vendor's pending time is five seconds unless said otherwise."""
    clock = SimClock(START)
    surface = make(clock, **{"pending_s": 5.0, **options})
    if golden:
        surface.golden()
    given = SECRETS if secrets is None else secrets
    stage = Stage(surface, clock)
    async with stage, counter(folder, "kassomat", stage, secrets=given) as c:
        made = Office(c, surface, stage)
        if filled and not golden:
            made.fill()
        yield made
