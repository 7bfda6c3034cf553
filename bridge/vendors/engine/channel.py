"""The one way to a vendor: logged in, a few requests at once, and left alone when it fails."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from bridge.config import Secret
from bridge.vendors.engine.circuit import READS, Circuit
from bridge.vendors.engine.faults import (
    AnswerLost,
    VendorBroken,
    VendorBusy,
    VendorPaused,
    VendorUnreachable,
)
from bridge.vendors.engine.keeper import Keeper
from bridge.vendors.engine.policy import Case, pause, retry_after_s
from bridge.vendors.engine.slots import Slots
from bridge.vendors.engine.spec import Kind, Memory, Vendor
from bridge.vendors.engine.transport import Wire
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.clock import Clock

_SERVER_ERROR = 500
_TOO_MANY = 429


class Way:
    """What a log-in may use (``spec.Gate``), and what sends.

    ``on_send`` of the task that sends an order is awaited before its first byte; a log-in on the
    way runs in a task of its own. ``acting`` are the tasks whose order is on its way.
    """

    def __init__(
        self, wire: Wire, settings: Any, base_url: str, memory: Memory, secrets: dict[str, Secret]
    ) -> None:
        self._wire = wire
        self.settings = settings
        self.base_url = base_url.rstrip("/")
        self.memory = memory
        self._secrets = secrets
        self.slots = Slots()
        self.acting: set[asyncio.Task[Any]] = set()
        self.on_send: dict[asyncio.Task[Any] | None, Callable[[], Awaitable[None]]] = {}

    def secret(self, name: str) -> Secret | None:
        """Return a secret of the vendor, ``None`` if it is not configured."""
        return self._secrets.get(name)

    async def send(self, request: Request) -> Answer:
        """Send one request as soon as there is a place for it."""
        async with self.slots.one():
            task = asyncio.current_task()
            note = self.on_send.get(task)
            if task is None or note is None:
                return await self._wire.send(request)
            self.acting.add(task)
            try:
                await note()
                return await self._wire.send(request)
            finally:
                self.acting.discard(task)

    async def close(self) -> None:
        """Close what is open."""
        await self._wire.close()


class Channel:
    """Sends what the runner and the hooks ask for, and watches how the vendor takes it."""

    def __init__(self, vendor: Vendor, way: Way, clock: Clock, chance: Callable[[], float]) -> None:
        self._vendor = vendor
        self.way = way
        self._clock = clock
        self._chance = chance
        self.keeper = Keeper(vendor.auth, way)
        # Without a harmless look of its own any request is the trial.
        probes = READS if vendor.check is not None else frozenset(Kind)
        self.circuit = Circuit(clock, probes=probes)
        self.probe: Callable[[], Awaitable[None]] | None = None
        self._probing = asyncio.Lock()
        self._not_before = 0.0
        self._complaints = 0

    @property
    def wait_s(self) -> float:
        """Seconds for which the vendor wants to be left alone, or the circuit leaves it alone."""
        now = self._clock.monotonic()
        return max(self._not_before - now, (self.circuit.opens_at or 0.0) - now, 0.0)

    async def exchange(
        self,
        request: Request,
        kind: Kind,
        *,
        ended: Callable[[Answer], bool] = lambda _: False,
        on_send: Callable[[], Awaitable[None]] | None = None,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        ``on_send`` is awaited right before the first byte of each try. Raises ``VendorPaused``
        and ``VendorBusy`` without sending, and what ``Keeper.send`` raises.
        """
        await self._admit(kind)
        task = asyncio.current_task()
        if on_send is not None:
            self.way.on_send[task] = on_send
        try:
            answer = await self.keeper.send(request, ended)
        except (VendorUnreachable, AnswerLost, VendorBroken):
            self.circuit.failed()
            raise
        except VendorBusy as fault:
            self._complained(fault.facts.get("retry_after"))
            raise
        finally:
            self.way.on_send.pop(task, None)
        self._noted(answer)
        return answer

    async def close(self) -> None:
        """Stop a log-in under way and close connections."""
        await self.keeper.close()
        await self.way.close()

    async def _admit(self, kind: Kind) -> None:
        if not self.circuit.allows(kind):
            opens_at = self.circuit.opens_at
            now = self._clock.monotonic()
            if kind is not Kind.READ and opens_at is not None and opens_at <= now:
                await self._try_out()
            if not self.circuit.closed:
                raise VendorPaused("it failed five times in a row", retry_after=self._wait())
        if self._not_before > self._clock.monotonic():
            raise VendorBusy("it has asked for a pause", retry_after=self._wait())

    async def _try_out(self) -> None:
        """Ask for something harmless before anything that acts is sent again."""
        async with self._probing:
            if self.probe is None or self.circuit.closed:
                return
            opens_at = self.circuit.opens_at
            await self.probe()
            if self.circuit.opens_at == opens_at:
                # The look asked the vendor nothing, so the order itself is the trial.
                self.circuit.worked()

    def _wait(self) -> int:
        return max(math.ceil(self.wait_s), 1)

    def _noted(self, answer: Answer) -> None:
        if answer.status == _TOO_MANY:
            self._complained(retry_after_s(answer.headers, self._clock.now()))
        elif answer.status >= _SERVER_ERROR:
            self.circuit.failed()
            asked = retry_after_s(answer.headers, self._clock.now())
            self._not_before = max(self._not_before, self._clock.monotonic() + (asked or 0.0))
        else:
            self.circuit.worked()
            self._complaints = 0
            self.way.slots.widen()

    def _complained(self, asked: float | None) -> None:
        self._complaints += 1
        self.way.slots.narrow()
        seconds = pause(Case.BUSY, self._complaints, asked, self._chance())
        self._not_before = max(self._not_before, self._clock.monotonic() + seconds)
