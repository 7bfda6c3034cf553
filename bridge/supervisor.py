"""The one supervisor for all links and devices: leads life after life, never gives up.

A *life* is one try to reach something and stay with it. It names its phases, so that log and
status page can say where it hangs; it ends by a fault or, expectedly, by returning. Between lives
comes a pause with jitter, chosen by a policy from the number of tries and the fault; a wake-up
(hot-plug, network up, a person who waits) ends the pause, never a life under way.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from bridge.health import HealthBoard, Level
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side, Text

logger = logging.getLogger(__name__)

BASE_S, CAP_S = 1.0, 60.0
"""Full jitter: the pause after try n is uniform in 0 … min(cap, base·2^n)."""

SLOW_S = (300.0, 900.0)
"""Pause after a fault that trying again does not cure: a wrong password, a wrong card."""

HEALTHY_S = 60.0
"""Seconds a life must have been ready before its end counts as a first try again: a peer that
accepts and closes at once is no healthy one."""

Policy = Callable[[int, Fault | None, float], float]
"""Tries since the last healthy life, the fault (``None``: expected end), chance 0 … 1 → seconds."""


class PartBroken(Fault):
    """A link or device failed in a way its program does not know."""

    code = "part_broken"
    side = Side.BOX
    retryable = True
    title = Text("Ein Teil der Box ist gestört", "A part of the box is out of order")
    advice = Text(
        "Die Box versucht es weiter. Bleibt es so, den Techniker rufen.",
        "The box keeps trying. If it stays so, call the technician.",
    )


def full_jitter(tries: int, fault: Fault | None, chance: float) -> float:
    """The usual policy: full jitter; the slowest rate for what repeating does not cure."""
    if fault is not None and not fault.retryable:
        low, high = SLOW_S
        return low + chance * (high - low)
    return chance * min(CAP_S, BASE_S * 2.0 ** min(tries, 16))


class Supervisor:
    """Leads the lives of one part and reports them to the health board under ``name``."""

    def __init__(
        self,
        name: str,
        board: HealthBoard,
        clock: Clock,
        chance: Callable[[], float],
        policy: Policy = full_jitter,
    ) -> None:
        """``chance`` returns a random number from 0 to 1 for each pause."""
        self.name = name
        self._board = board
        self._clock = clock
        self._chance = chance
        self._policy = policy
        self._tries = 0
        self._ready_at: float | None = None
        self._fault: Fault | None = None
        self._told: set[str] = set()
        self._woken = asyncio.Event()

    async def run(self, life: Callable[[Supervisor], Awaitable[None]]) -> None:
        """Lead lives until cancelled. ``life`` calls ``phase`` and ``ready`` on the supervisor it
        is given, and raises the fault that ended it (also from a task group). Anything else that
        it raises is a defect: logged once, and led on as ``PartBroken``."""
        while True:
            self._ready_at = None
            fault = await self._lead(life)
            if self._was_healthy():
                self._tries = 0
            pause = self._policy(self._tries, fault, self._chance())
            self._tries += 1
            self._fault = fault
            level = Level.UNKNOWN if fault is None else Level.FAILED
            facts = {"tries": self._tries, "pause_s": round(pause, 1)}
            self._board.report(self.name, level, "waiting", fault, **facts)
            # What woke during the life is over: the life has tried already.
            self._woken.clear()
            await sleep_or(self._clock, pause, self._woken)

    def phase(self, phase: str, **facts: Any) -> None:
        """Say what the life is doing; it is not ready yet. The last fault stays shown."""
        level = Level.UNKNOWN if self._fault is None else Level.FAILED
        self._board.report(self.name, level, phase, self._fault, **facts)

    def ready(self, fault: Fault | None = None, **facts: Any) -> None:
        """Say that the part works, or (with a fault) that it works with a limitation."""
        if self._ready_at is None:
            self._ready_at = self._clock.monotonic()
        self._fault = None
        level = Level.OK if fault is None else Level.DEGRADED
        self._board.report(self.name, level, "ready", fault, **facts)

    def wake(self) -> None:
        """Try again now. Has no effect while a life is under way."""
        self._woken.set()

    async def _lead(self, life: Callable[[Supervisor], Awaitable[None]]) -> Fault | None:
        try:
            await life(self)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancels the supervisor: the life let a task of its own end it.
            return self._broken(error)
        except ExceptionGroup as group:
            faults, others = group.split(Fault)
            if faults is not None and others is None:
                return _first(faults)
            return self._broken(group)
        except Fault as fault:
            return fault
        except Exception as error:  # noqa: BLE001 - a defect of one part must not end its supervision
            return self._broken(error)
        return None

    def _broken(self, error: BaseException) -> PartBroken:
        """Log a defect with its traceback, once until the part has been healthy again."""
        if self._was_healthy():
            self._told.clear()
        where = traceback.extract_tb(error.__traceback__)[-1:]
        told = f"{type(error).__name__} {[(each.filename, each.lineno) for each in where]}"
        if told not in self._told:
            self._told.add(told)
            logger.error("%s: unexpected error", self.name, exc_info=error)
        return PartBroken(f"{self.name}: {type(error).__name__}")

    def _was_healthy(self) -> bool:
        since = self._ready_at
        return since is not None and self._clock.monotonic() - since >= HEALTHY_S


async def sleep_or(clock: Clock, seconds: float, event: asyncio.Event) -> None:
    """Sleep that long, or until an event is set."""
    loop = asyncio.get_running_loop()
    over = loop.create_task(clock.sleep(seconds))
    happened = loop.create_task(event.wait())
    try:
        await asyncio.wait((over, happened), return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
        happened.cancel()
        await asyncio.gather(over, happened, return_exceptions=True)


def _first(faults: BaseExceptionGroup[Fault]) -> Fault:
    """Return the first fault of a group, however deep."""
    first: BaseException = faults
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, Fault)
    return first
