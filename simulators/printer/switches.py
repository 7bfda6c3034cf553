"""What can be wrong with the simulated printer, changeable while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

PAPER_STATES = ("ok", "low", "out")


@dataclass(frozen=True, slots=True)
class Settings:
    """Sensors and faults. Numbers: 0 = off.

    ``paper``: ok, low, out. ``out_after_lines``: the paper ends after that many printed lines.
    ``cover_open``, ``offline`` (button), ``drawer_open``: a pulse opens the drawer, only a
    person closes it. ``cutter_error``: the next cut jams; switching it off frees the cutter.
    ``bytes_per_s``: speed of printing. ``refuse_connect``: nobody listens. ``never_read``:
    connections are taken and not read. ``reset_after_bytes``: the connection is reset after that
    many bytes of print data, once. ``silent_status``: DLE EOT is not answered.
    ``silent_confirm``: GS r is not answered, the page is printed. ``status_delay_ms``: DLE EOT
    is answered late.
    """

    paper: str = "ok"
    out_after_lines: int = 0
    cover_open: bool = False
    offline: bool = False
    cutter_error: bool = False
    drawer_open: bool = False
    bytes_per_s: int = 0
    refuse_connect: bool = False
    never_read: bool = False
    reset_after_bytes: int = 0
    silent_status: bool = False
    silent_confirm: bool = False
    status_delay_ms: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = type(field.default)
            if type(value) is not wanted:
                raise ValueError(f"{field.name} takes {wanted.__name__}, not {value!r}")
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{field.name} is negative")
        if self.paper not in PAPER_STATES:
            raise ValueError(f"paper is one of {', '.join(PAPER_STATES)}, not {self.paper!r}")


class Switches:
    """The settings in force; who watches is told of every change. For one event loop only."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._watchers: list[Callable[[], None]] = []
        self._next = asyncio.Event()

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._settings

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` after each change."""
        self._watchers.append(watcher)

    async def next_change(self) -> None:
        """Wait for a change that comes after this call."""
        await self._next.wait()

    def change(self, changes: Mapping[str, Any]) -> Settings:
        """Set some switches. Raises ``ValueError`` for an unknown name or a wrong value."""
        known = {field.name for field in fields(Settings)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}; there are {sorted(known)}")
        before = self._settings
        self._settings = Settings(**{**asdict(before), **changes})
        if self._settings != before:
            self._next.set()
            self._next = asyncio.Event()
            for watcher in self._watchers:
                watcher()
        return self._settings
