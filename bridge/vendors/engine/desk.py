"""All configured vendors as the rest of the box sees them (``bridge.model.exchange.Vendors``)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from bridge.config import Secret, VendorSettings
from bridge.health import HealthBoard, Level
from bridge.model.exchange import (
    LocalAnswer,
    LocalCall,
    LocalRoute,
    RunView,
    VendorView,
)
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine import discovery, rows
from bridge.vendors.engine.answers import view
from bridge.vendors.engine.endings import Withdrawn
from bridge.vendors.engine.engaged import Engaged, Surroundings
from bridge.vendors.engine.faults import (
    RunNotOpen,
    RunsUnwritable,
    RunUnknown,
    VendorDisabled,
)
from bridge.vendors.engine.host import Host
from bridge.vendors.engine.office import SYNC_S
from bridge.vendors.engine.records import Record
from bridge.vendors.engine.routes import operations, route
from bridge.vendors.engine.spec import Settlement, State, Vendor
from bridge.vendors.engine.store import KEPT_MS, Store
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

DAY_S = 86_400.0
GRACE_S = 5.0
"""Seconds that a request under way gets when the box stops."""

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Desk:
    """The vendors' room.

    ``secret_of`` reads a credential by its name and raises its faults; ``chance`` returns a random
    number of [0, 1) for each pause; ``find`` loads a vendor by name. ``watch=False``: vendors are
    looked after only when ``check_all`` is called.

    A vendor that cannot work is on the health board with its fault, and so are all of them when
    the store cannot be used; their calls are answered with that fault. Nothing is raised into the
    rest of the box.
    """

    def __init__(
        self,
        configured: Sequence[VendorSettings],
        secret_of: Callable[[str], Secret],
        path: Path,
        clock: Clock,
        chance: Callable[[], float],
        board: HealthBoard,
        host: Host,
        *,
        user_agent: str,
        find: Callable[[str], Vendor] = discovery.load,
        watch: bool = True,
    ) -> None:
        self._configured = tuple(configured)
        self._clock = clock
        self._board = board
        self._find = find
        self._watch = watch
        self._store = Store(path)
        self._around = Surroundings(
            secret_of=secret_of,
            store=self._store,
            clock=clock,
            chance=chance,
            board=board,
            host=host,
            user_agent=user_agent,
        )
        self._engaged: dict[str, Engaged] = {}
        self._broken: dict[str, tuple[Vendor | None, Fault]] = {}
        self._purging: asyncio.Task[None] | None = None

    # Start and stop

    async def start(self) -> None:
        """Open the store, load the vendors, take up what was left open."""
        if not self._configured:
            return
        trouble: Fault | None = None
        try:
            await self._store.open()
            await self._purge()
        except RunsUnwritable as fault:
            trouble = fault
        for each in self._configured:
            await self._engage(each, trouble)
        if trouble is None:
            self._purging = asyncio.get_running_loop().create_task(self._purge_daily())

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Stop; what is still under way after the grace is asked about at the next start."""
        if self._purging is not None:
            self._purging.cancel()
            await asyncio.gather(self._purging, return_exceptions=True)
        await asyncio.gather(*(each.stop(grace_s) for each in self._engaged.values()))
        self._engaged.clear()
        try:
            await self._store.close()
        except Exception:
            logger.exception("the store of runs could not be closed")

    async def check_all(self) -> None:
        """Look at all vendors now."""
        await asyncio.gather(*(each.watching.look() for each in self._engaged.values()))

    async def _engage(self, configured: VendorSettings, trouble: Fault | None) -> None:
        name = configured.name
        vendor: Vendor | None = None
        try:
            vendor = self._find(name)
            if trouble is not None:
                return self._disable(name, vendor, trouble)
            if vendor.name != name:
                disabled = VendorDisabled(f"{name} calls itself {vendor.name}")
                return self._disable(name, None, disabled)
            engaged = Engaged(vendor, configured, self._around)
            self._engaged[name] = await engaged.start(watch=self._watch)
        except Fault as fault:
            self._disable(name, vendor, fault)
        except Exception as error:
            logger.exception("vendor %s cannot be started", name)
            self._disable(name, vendor, VendorDisabled(f"{name}: {type(error).__name__}"))

    def _disable(self, name: str, vendor: Vendor | None, fault: Fault) -> None:
        if not isinstance(fault, VendorNotConfigured | VendorDisabled | RunsUnwritable):
            # A credential that cannot be read.
            fault = VendorNotConfigured(
                f"{name}: {fault.detail or fault.title.en}", cause=fault.code
            )
        self._broken[name] = (vendor, fault)
        self._board.report(f"vendor:{name}", Level.FAILED, "disabled", fault)

    async def _purge(self) -> None:
        before = int(self._clock.now().timestamp() * 1000) - KEPT_MS
        removed = await self._store.write(rows.purge, before)
        if removed:
            logger.info("%d runs older than 90 days were removed", removed)

    async def _purge_daily(self) -> None:
        while True:
            await self._clock.sleep(DAY_S)
            try:
                await self._purge()
            except RunsUnwritable as fault:
                logger.warning("old runs cannot be removed: %s", fault)

    # The local API

    def routes(self) -> Sequence[LocalRoute]:
        """Return all calls of the configured vendors, webhooks included."""
        routes: list[LocalRoute] = []
        for configured in self._configured:
            name = configured.name
            if name in self._engaged:
                routes += self._engaged[name].routes()
            elif name in self._broken:
                routes += _refusing(name, *self._broken[name])
        return routes

    def vendors(self, language: str) -> Sequence[VendorView]:
        """Return the configured vendors in their order."""
        names = [each.name for each in self._configured]
        started = [each for each in names if each in self._engaged or each in self._broken]
        return [self._shown(each, language) for each in started]

    def _shown(self, name: str, language: str) -> VendorView:
        engaged = self._engaged.get(name)
        vendor = engaged.vendor if engaged else self._broken[name][0]
        part = self._board.part(f"vendor:{name}")
        facts = dict(part.facts) if part else {}
        return VendorView(
            name=name,
            title=vendor.title if vendor else name,
            level=str(part.level if part else Level.UNKNOWN),
            phase=part.phase if part else "",
            since=part.since if part else 0,
            queued=facts.pop("queued", 0),
            unknown=facts.pop("unknown", 0),
            fault=part.fault.as_problem(language) if part and part.fault else None,
            facts=facts,
            operations=() if vendor is None else operations(vendor, language),
        )

    async def runs(
        self, *, vendor: str | None, state: str | None, limit: int, language: str
    ) -> Sequence[RunView]:
        """Return runs, newest first. Raises ``RunsUnwritable``."""
        if not self._configured:
            return []
        found = await self._store.read(rows.newest, vendor, state, limit)
        return [self._view(each, language) for each in found]

    async def run(self, run: str, language: str) -> RunView:
        """Return one run. Raises ``RunUnknown``, ``RunsUnwritable``."""
        record = await self._record(run)
        engaged = self._engaged.get(record.vendor)
        if engaged is not None and record.state is State.WAITING:
            asking = engaged.office.spawn(engaged.runner.polling.ask_again(run))
            await asyncio.wait({asking}, timeout=SYNC_S)
            record = await self._record(run)
        return self._view(record, language)

    async def resolve(self, run: str, *, done: bool, note: str, by: str) -> RunView:
        """End an unknown run by a person's word. Raises ``RunUnknown``, ``RunNotOpen``,
        ``RunsUnwritable``."""
        record = await self._record(run)
        engaged = self._at_work(record.vendor)
        if record.state is not State.UNKNOWN or not await engaged.ledger.resolve(
            record, done=done, note=note, by=by
        ):
            self._not_open(await self._record(run))
        return self._view(await self._record(run), "en")

    async def withdraw(self, run: str) -> None:
        """Take a queued run back that was never sent. Raises ``RunUnknown``, ``RunNotOpen``,
        ``RunsUnwritable``."""
        record = await self._record(run)
        engaged = self._at_work(record.vendor)
        if record.state is not State.QUEUED or record.sent:
            self._not_open(record)
        if not await engaged.ledger.end(record, State.FAILED, Withdrawn("taken back")):
            self._not_open(await self._record(run))
        engaged.runner.lanes.remove(record.order, record.id)

    async def submit(self, vendor: str, operation: str, call: LocalCall, *, key: str) -> RunView:
        """Take an order of the box's own: stored on return, once per key.

        An order that is refused for good is a failed run. Raises what can be cured by repeating:
        ``VendorNotConfigured``, ``VendorDisabled``, ``QueueFull``, ``RunsUnwritable`` and other
        retryable faults; and ``RunKeyReused``.
        """
        engaged = self._at_work(vendor)
        found = engaged.office.operation(operation)
        if found is None:
            raise VendorDisabled(f"{vendor} has no operation {operation!r}")
        taking = engaged.office.spawn(engaged.calls.submit(found, call, key))
        record = await asyncio.shield(taking)
        return self._view(await self._record(record.id), "en")

    def settles(self) -> Mapping[str, Callable[[Settlement], tuple[str, LocalCall]]]:
        """Return how invoices of the vendors at work are settled in the shop, by vendor; also of
        those that only wait for a store that works: their payments are reported then."""
        vendors = [each.vendor for each in self._engaged.values()]
        vendors += [
            vendor
            for vendor, fault in self._broken.values()
            if vendor is not None and isinstance(fault, RunsUnwritable)
        ]
        return {each.name: each.settle for each in vendors if each.settle is not None}

    # Inside

    def _at_work(self, vendor: str) -> Engaged:
        if (engaged := self._engaged.get(vendor)) is not None:
            return engaged
        if vendor in self._broken:
            raise self._broken[vendor][1]
        raise VendorNotConfigured(f"there is no [[vendor]] {vendor!r}")

    async def _record(self, run: str) -> Record:
        record = None
        if self._configured:
            record = await self._store.read(rows.one, run)
        if record is None:
            raise RunUnknown("no run has this id")
        return record

    def _not_open(self, record: Record) -> NoReturn:
        raise RunNotOpen(f"it is {record.state}", state=str(record.state), run=record.id)

    def _view(self, record: Record, language: str) -> RunView:
        engaged = self._engaged.get(record.vendor)
        if engaged is None:
            return view(record, language, None, ())
        due = engaged.runner.polling.due(record.id)
        return view(record, language, due, engaged.vendor.redact)


def _refusing(name: str, vendor: Vendor | None, fault: Fault) -> list[LocalRoute]:
    """Return calls that are answered with the fault that disables a vendor."""

    async def refuse(_: LocalCall) -> LocalAnswer:
        raise fault

    if vendor is not None:
        return [route(vendor, each, refuse) for each in vendor.operations]
    return [
        LocalRoute(
            method=method,
            path=f"/v1/vendors/{name}/{{rest:path}}",
            id=f"{name}Disabled{method.capitalize()}",
            summary=f"{name} is disabled",
            handle=refuse,
            tag=name,
        )
        for method in _METHODS
    ]
