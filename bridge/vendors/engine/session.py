"""What a vendor's hooks may use (``spec.Session``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from bridge.config import Secret
from bridge.vendors.engine import rows
from bridge.vendors.engine.channel import Channel
from bridge.vendors.engine.faults import VendorPaused
from bridge.vendors.engine.host import Host
from bridge.vendors.engine.judging import PASSING, passing_fault
from bridge.vendors.engine.memory import VendorMemory
from bridge.vendors.engine.policy import case_of, pause, tries_allowed
from bridge.vendors.engine.records import run_of
from bridge.vendors.engine.spec import Kind, Memory, Run
from bridge.vendors.engine.store import Store
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

READ_S = 10.0
"""Seconds after which a read is not repeated any more: somebody waits."""

READ_TRIES = 3
"""Repetitions of one read."""


class VendorSession:
    """One vendor's settings, secrets, memory and reads."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        store: Store,
        memory: VendorMemory,
        clock: Clock,
        chance: Callable[[], float],
        host: Host,
        *,
        strict: bool,
    ) -> None:
        self.name = name
        self.channel = channel
        self._store = store
        self._memory = memory
        self._clock = clock
        self._chance = chance
        self._host = host
        self._strict = strict

    @property
    def settings(self) -> Any:
        return self.channel.way.settings

    @property
    def base_url(self) -> str:
        return self.channel.way.base_url

    @property
    def strict(self) -> bool:
        return self._strict

    @property
    def memory(self) -> Memory:
        return self._memory

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def host(self) -> Host:
        return self._host

    def secret(self, name: str) -> Secret | None:
        """Return a secret of the vendor, ``None`` if it is not configured."""
        return self.channel.way.secret(name)

    async def read(self, request: Request) -> Answer:
        """Send a request without effect; see ``spec.Session``."""
        return await self.ask(request, lambda answer: passing_fault(answer, self._clock.now()))

    async def ask(
        self,
        request: Request,
        judge: Callable[[Answer], Fault | None],
        *,
        ended: Callable[[Answer], bool] = lambda _: False,
        tries_500: int = 3,
    ) -> Answer:
        """Send a request without effect, repeating it for a short while if that may help.

        ``judge`` says what is wrong with an answer. Raises that fault and those of ``read``.
        """
        began = self._clock.monotonic()
        tries = 0
        while True:
            tries += 1
            try:
                answer = await self.channel.exchange(request, Kind.READ, ended=ended)
                fault = judge(answer)
                if fault is None:
                    return answer
            except PASSING as passing:
                fault = passing
            rest = self._rest(fault, tries, tries_500)
            if rest is None or self._clock.monotonic() - began + rest > READ_S:
                raise fault
            await (self._clock.sleep(rest) if rest > 0 else asyncio.sleep(0))

    async def runs(self, operation: str, **summary: Any) -> Sequence[Run]:
        """Return this vendor's runs of an operation; see ``spec.Session``."""
        found = await self._store.read(rows.about, self.name, operation, summary)
        return [run_of(record, draft) for record, draft in found]

    async def login(self) -> None:
        """Log in unless there is a session."""
        await self.channel.keeper.token()

    async def logout(self) -> None:
        """End the session if there is one."""
        await self.channel.keeper.logout()

    def _rest(self, fault: Fault, tries: int, tries_500: int) -> float | None:
        """Return the pause before another try, ``None`` if there is none."""
        case = case_of(fault)
        allowed = tries_allowed(case, Kind.READ, tries_500)
        most = READ_TRIES if allowed is None else min(allowed, READ_TRIES)
        if isinstance(fault, VendorPaused) or tries > most:
            return None
        return pause(case, tries, fault.facts.get("retry_after"), self._chance())
