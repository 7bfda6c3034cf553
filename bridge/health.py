"""The health board: what every link, device, register and latch says of itself.

One place knows what works, since when, why not, and what to do. It also keeps the log short:
a part that is lost is logged once, once for each further diagnosis, once when it is back, and
once a day in between.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

REMIND_S = 86_400.0
"""Seconds after which a part that is still not well is logged again."""


class Level(StrEnum):
    """How a part is. ``UNKNOWN`` is never "ok"; ``OFF`` means switched off on purpose."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Part:
    """What one part says of itself.

    ``name`` is ``kind:name`` (``cloud:asello``, ``unit:card``, ``printer:counter``,
    ``register:KASSE-1``) or a single word (``journal``, ``clock``). ``phase`` is what it is doing
    (``connecting``, ``ready`` …), ``since`` the UTC ms at which ``level`` was reached, ``fault``
    the reason when it is not well, ``facts`` plain JSON values without secrets.
    """

    name: str
    level: Level
    phase: str = ""
    since: int = 0
    fault: Fault | None = None
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def kind(self) -> str:
        """What sort of part it is: ``cloud``, ``unit``, ``printer``, ``register`` …"""
        return self.name.partition(":")[0]

    def as_body(self, language: str = "en") -> dict[str, Any]:
        """Return what the local API and the cloud are told."""
        body: dict[str, Any] = {
            "part": self.name,
            "level": str(self.level),
            "phase": self.phase,
            "since": self.since,
            "facts": dict(self.facts),
        }
        if self.fault is not None:
            body["fault"] = self.fault.as_problem(language)
        return body


class HealthBoard:
    """All parts by name. Belongs to the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: dict[str, Part] = {}
        self._losses: dict[str, _Loss] = {}
        self._listeners: weakref.WeakSet[_Listener] = weakref.WeakSet()

    def report(
        self, name: str, level: Level, phase: str = "", fault: Fault | None = None, **facts: Any
    ) -> None:
        """Set what a part says. Facts replace those said before."""
        before = self._parts.get(name)
        same_level = before is not None and before.level is level
        since = before.since if before is not None and same_level else self._now_ms()
        part = Part(name, level, phase, since, fault, MappingProxyType(facts))
        self._parts[name] = part
        self._log(before, part)
        if before is None or _shown(before) != _shown(part):
            for listener in self._listeners:
                listener.put(part)

    def forget(self, name: str) -> None:
        """Take a part off the board that no longer exists."""
        self._parts.pop(name, None)
        self._losses.pop(name, None)

    def part(self, name: str) -> Part | None:
        """Return what a part last said."""
        return self._parts.get(name)

    def parts(self) -> tuple[Part, ...]:
        """Return all parts, by name."""
        return tuple(self._parts[name] for name in sorted(self._parts))

    def changes(self) -> AsyncIterator[Part]:
        """Walk what parts say from this call on, for ever; repetitions are left out.

        Who is slow misses what a part said in between, never what it said last.
        """
        listener = _Listener()
        self._listeners.add(listener)
        return listener.walk()

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _log(self, before: Part | None, part: Part) -> None:
        loss = self._losses.get(part.name)
        match part.level:
            case Level.UNKNOWN:
                return
            case Level.OK | Level.OFF:
                self._losses.pop(part.name, None)
                if part.level is Level.OK and loss is not None:
                    logger.info("%s: works again", part.name)
                elif before is None or before.level is not part.level:
                    logger.info("%s: %s", part.name, part.phase or part.level)
                return
        now = self._clock.monotonic()
        said = part.level, None if part.fault is None else part.fault.code
        if loss is None:
            self._losses[part.name] = _Loss(now, {said})
            still = ""
        elif said not in loss.said:
            loss.said.add(said)
            still = ""
        elif now - loss.logged >= REMIND_S:
            loss.logged = now
            still = "still "
        else:
            logger.debug("%s: %s", part.name, part.fault or part.phase)
            return
        logger.warning("%s: %s%s: %s", part.name, still, part.level, part.fault or part.phase)


@dataclass(slots=True)
class _Loss:
    """What the log was told of a part since it was last well, and when (monotonic seconds)."""

    logged: float
    said: set[tuple[Level, str | None]]


class _Listener:
    """What one walk has not seen yet: the last word of each part, so that it cannot grow."""

    def __init__(self) -> None:
        self._unseen: dict[str, Part] = {}
        self._some = asyncio.Event()

    def put(self, part: Part) -> None:
        self._unseen.pop(part.name, None)
        self._unseen[part.name] = part
        self._some.set()

    async def walk(self) -> AsyncIterator[Part]:
        while True:
            await self._some.wait()
            name = next(iter(self._unseen))
            part = self._unseen.pop(name)
            if not self._unseen:
                self._some.clear()
            yield part


def _shown(part: Part) -> tuple[object, ...]:
    code = None if part.fault is None else (part.fault.code, part.fault.detail)
    return part.level, part.phase, code, dict(part.facts)
