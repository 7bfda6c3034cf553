"""A box's desk for one vendor: the real engine on a store in a folder, over real HTTP, with a clock
that is set.

    async with Stage(make(clock)) as stage, counter(tmp_path, "flexi", stage, secrets=...) as c:
        reply = await c.call("POST", "/cash-payments", body={...}, key="k-1")
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bridge.web.api.flow_status  # noqa: F401 - puts the vendors' codes into the table of statuses
from bridge.config import Secret, VendorSettings
from bridge.health import HealthBoard, Part
from bridge.model.exchange import JSON, LocalAnswer, LocalCall, LocalRoute, RunView
from bridge.model.faults import VendorNotConfigured
from bridge.model.roles import Forbidden, Role
from bridge.vendors.engine import discovery
from bridge.vendors.engine.desk import Desk
from bridge.vendors.engine.faults import RecordUnknown
from bridge.vendors.engine.host import ForeignReceipt, ParkedReceipt
from bridge.vendors.engine.spec import Vendor
from bridge.web.problems import MEDIA_TYPE, status_of
from drivers.contract.fault import Fault
from simulators.vendors.kit import Stage
from tests.till.harness import START
from tests.till.harness import FakeClock as StillClock

PATIENCE_S = 30.0
"""Real seconds after which a test that waits for something has failed."""

OVER = ("succeeded", "failed", "unknown")


class FakeClock(StillClock):
    """Stands still until it is advanced; then everything that this sets off is let happen."""

    settle: Callable[[], Any] | None = None

    async def advance(self, seconds: float) -> None:  # type: ignore[override] # - waits for what follows
        """Let time pass, and what is due happen."""
        await self._quiet()
        super().advance(seconds)
        await self._quiet()

    async def _quiet(self) -> None:
        if self.settle is not None:
            await self.settle()


@dataclass
class FakeHost:
    """The box as vendors see it, with answers that a test sets. ``printed`` holds what was printed,
    ``reprinted`` the ids of copies."""

    receipts: dict[tuple[str, str], ParkedReceipt] = field(default_factory=dict)
    months: dict[tuple[int, int], Mapping[str, int]] = field(default_factory=dict)
    printed: list[ForeignReceipt] = field(default_factory=list)
    reprinted: list[str] = field(default_factory=list)
    papers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    print_faults: list[Exception] = field(default_factory=list)

    async def parked(self, origin: str, parked_id: str) -> ParkedReceipt | None:
        return self.receipts.get((origin, parked_id))

    async def month_totals(self, year: int, month: int) -> Mapping[str, int]:
        return self.months.get((year, month), {})

    async def print_foreign(self, receipt: ForeignReceipt) -> None:
        if self.print_faults:
            raise self.print_faults.pop(0)
        if receipt.id not in [each.id for each in self.printed]:
            self.printed.append(receipt)

    async def reprint_foreign(self, receipt_id: str) -> None:
        if receipt_id not in [each.id for each in self.printed]:
            raise RecordUnknown(f"no receipt {receipt_id}")
        self.reprinted.append(receipt_id)

    async def foreign_paper(self, receipt_id: str) -> Mapping[str, Any] | None:
        if receipt_id in self.papers:
            return self.papers[receipt_id]
        known = receipt_id in [each.id for each in self.printed]
        return {"state": "printed"} if known else None


@dataclass(frozen=True)
class Reply:
    """What a program in the shop is answered. Header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    media_type: str = JSON

    def json(self) -> Any:
        return json.loads(self.body)


class Counter:
    """Use ``counter``. ``desk``, ``clock``, ``host`` and ``board`` are there to look at and set."""

    def __init__(
        self, make: Callable[[HealthBoard], Desk], vendor: str, clock: FakeClock, host: FakeHost
    ) -> None:
        self._make = make
        self.vendor = vendor
        self.clock = clock
        self.host = host
        self.board = HealthBoard(clock)
        self.desk = make(self.board)
        clock.settle = self.settle

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        role: Role = Role.TECHNICIAN,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        media: str = JSON,
        language: str = "en",
        caller: str = "test",
    ) -> Reply:
        """Make a local call; ``path`` is below ``/v1/vendors/{vendor}``. ``body`` is JSON, bytes or
        text."""
        given = {name.lower(): value for name, value in (headers or {}).items()}
        content = _bytes(body)
        if content:
            given.setdefault("content-type", media)
        if key is not None:
            given["idempotency-key"] = key
        return await self._serve(
            method,
            f"/v1/vendors/{self.vendor}{path}",
            content,
            given,
            query or {},
            role,
            language,
            caller,
        )

    async def webhook(
        self,
        method: str = "POST",
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call the vendor's webhook as the vendor does."""
        given = {name.lower(): value for name, value in (headers or {}).items()}
        path = f"/v1/webhooks/{self.vendor}"
        return await self._serve(
            method, path, _bytes(body), given, query or {}, Role.TILL, "en", "webhook"
        )

    async def run(self, run: str) -> RunView:
        """Return a run as it is now."""
        return await self.desk.run(run, "en")

    async def runs(self, state: str | None = None) -> list[RunView]:
        """Return the vendor's runs, newest first."""
        return list(
            await self.desk.runs(vendor=self.vendor, state=state, limit=1000, language="en")
        )

    async def ended(self, run: str, *, step_s: float = 0.0) -> RunView:
        """Wait until a run is over or unknown and return it. With ``step_s`` time passes in such
        steps meanwhile, for what is polled or repeated later."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = next((each for each in await self.runs() if each.id == run), None)
                assert found is not None, f"there is no run {run}"
                if found.state in OVER:
                    await self.settle()
                    return found
                if step_s:
                    await self.clock.advance(step_s)
                await asyncio.sleep(0.005)

    async def until(self, state: str, run: str) -> RunView:
        """Wait until a run is in a state."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.run(run)
                if found.state == state:
                    return found
                await asyncio.sleep(0.005)

    async def check(self) -> Part:
        """Let the box look at the vendor now, and return what the health board says."""
        await self.desk.check_all()
        return self.part()

    def part(self) -> Part:
        """Return what the health board says of the vendor."""
        part = self.board.part(f"vendor:{self.vendor}")
        assert part is not None
        return part

    async def restart(self) -> None:
        """Stop the desk hard, as a power cut does, and start it anew on the same store."""
        await self.desk.stop(grace_s=0)
        self.board = HealthBoard(self.clock)
        self.desk = self._make(self.board)
        await self.desk.start()
        await self.settle()

    async def settle(self) -> None:
        """Let happen what needs no time to pass: until nothing is on its way or being stored."""
        engaged = self.desk._engaged.get(self.vendor)
        if engaged is None:
            return
        still = 0
        async with asyncio.timeout(PATIENCE_S):
            while still < 3:
                for _ in range(5):
                    await asyncio.sleep(0)
                await asyncio.sleep(0.001)
                busy = engaged.office.channel.way.slots.taken or engaged.office.store.busy
                still = 0 if busy else still + 1

    async def _serve(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        query: Mapping[str, str],
        role: Role,
        language: str,
        caller: str,
    ) -> Reply:
        route, values, others = self._route(method, path)
        if route is None:
            return Reply(405 if others else 404, {}, b"")
        call = LocalCall(
            method=method,
            path=values,
            query=tuple(query.items()),
            headers=headers,
            body=body,
            caller=caller,
            role=role,
            language=language,
        )
        if len(body) > route.max_body:
            return Reply(413, {}, b"")
        try:
            if route.role is not None and not role.may(route.role):
                raise Forbidden.lacks(caller, role, route.role)
            return _reply(await route.handle(call))
        except Fault as fault:
            status = status_of(fault)
            problem = {**fault.as_problem(language), "status": status}
            wait = fault.facts.get("retry_after")
            told = {} if wait is None else {"retry-after": str(wait)}
            return Reply(status, told, json.dumps(problem).encode(), MEDIA_TYPE)

    def _route(self, method: str, path: str) -> tuple[LocalRoute | None, dict[str, str], bool]:
        fitting: list[tuple[int, LocalRoute, dict[str, str]]] = []
        for route in self.desk.routes():
            parts = re.split(r"\{(\w+)(:path)?\}", route.path)
            pattern = "".join(
                f"(?P<{part}>{'.+' if parts[i + 1] else '[^/]+'})"
                if i % 3 == 1
                else re.escape(part)
                for i, part in enumerate(parts)
                if i % 3 != 2
            )
            if (found := re.fullmatch(pattern, path)) is not None:
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                fitting.append((len(values), route, values))
        fitting.sort(key=lambda each: each[0])
        for _, route, values in fitting:
            if route.method == method:
                return route, values, True
        return None, {}, bool(fitting)


@asynccontextmanager
async def counter(
    folder: Path,
    vendor: str,
    simulator: Stage | str | None,
    *,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    strict: bool = False,
    chance: float = 0.0,
    watch: bool = False,
    clock: FakeClock | None = None,
    host: FakeHost | None = None,
    find: Callable[[str], Vendor] = discovery.load,
) -> AsyncIterator[Counter]:
    """Start a desk for one vendor at a simulator (a stage, or an address).

    ``secrets`` are the vendor's secrets by their names. ``chance`` decides all pauses: 0 repeats
    at once what may be repeated at once. Without ``watch`` the box looks at the vendor only when
    ``check`` asks for it.
    """
    url = simulator.url if isinstance(simulator, Stage) else simulator
    values = {f"test-{name}".replace("_", "-"): value for name, value in (secrets or {}).items()}
    settings = VendorSettings(
        name=vendor,
        url=url,
        simulator=True,
        strict=strict,
        secrets={name: f"test-{name}".replace("_", "-") for name in (secrets or {})},
        options=dict(options or {}),
    )
    clock = FakeClock(START) if clock is None else clock
    host = FakeHost() if host is None else host

    def secret_of(name: str) -> Secret:
        if name not in values:
            raise VendorNotConfigured(f"no credential {name}")
        return Secret(values[name])

    def make(board: HealthBoard) -> Desk:
        return Desk(
            [settings],
            secret_of,
            folder / "vendors.db",
            clock,
            lambda: chance,
            board,
            host,
            user_agent="bonbridge/test",
            find=find,
            watch=watch,
        )

    made = Counter(make, vendor, clock, host)
    await made.desk.start()
    try:
        yield made
    finally:
        await made.desk.stop(grace_s=0)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _reply(answer: LocalAnswer) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status, headers, answer.body, answer.media_type)
