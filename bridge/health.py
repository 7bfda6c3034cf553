"""The health board: what every link, device, register and latch says of itself.

One place knows what works, since when, why not, and what to do. It also keeps the log short:
a part that is lost is logged once, once when it is back, and once a day in between.
"""

from __future__ import annotations

import asyncio
import logging
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
        self._logged: dict[str, float] = {}
        self._listeners: set[asyncio.Queue[Part]] = set()

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
            for queue in self._listeners:
                queue.put_nowait(part)

    def forget(self, name: str) -> None:
        """Take a part off the board that no longer exists."""
        self._parts.pop(name, None)
        self._logged.pop(name, None)

    def part(self, name: str) -> Part | None:
        """Return what a part last said."""
        return self._parts.get(name)

    def parts(self) -> tuple[Part, ...]:
        """Return all parts, by name."""
        return tuple(self._parts[name] for name in sorted(self._parts))

    async def changes(self) -> AsyncIterator[Part]:
        """Walk what parts say from now on, for ever; repetitions are left out."""
        queue: asyncio.Queue[Part] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _log(self, before: Part | None, part: Part) -> None:
        if part.level in (Level.OK, Level.OFF, Level.UNKNOWN):
            if self._logged.pop(part.name, None) is not None and part.level is Level.OK:
                logger.info("%s: works again", part.name)
            elif part.level is Level.OK and (before is None or before.level is not Level.OK):
                logger.info("%s: %s", part.name, part.phase or "ok")
            return
        now = self._clock.monotonic()
        last = self._logged.get(part.name)
        if last is not None and now - last < REMIND_S:
            logger.debug("%s: %s", part.name, part.fault or part.level)
            return
        self._logged[part.name] = now
        still = "" if last is None else "still "
        logger.warning("%s: %s%s: %s", part.name, still, part.level, part.fault or part.phase)


def _shown(part: Part) -> tuple[object, ...]:
    code = None if part.fault is None else (part.fault.code, part.fault.detail)
    return part.level, part.phase, code, dict(part.facts)
