"""What can be wrong with the simulated cloud, changeable while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from websockets.frames import EXTERNAL_CLOSE_CODES

BLACK_HOLES = ("", "handshake", "deaf", "mute")
CLOSE_MOMENTS = ("handshake", "welcome")
_CHOICES = {"black_hole": BLACK_HOLES, "close_at": CLOSE_MOMENTS}
_SIGNED = frozenset({"clock_offset_s"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Faults in force. Numbers: 0 = off; where it says "next", they count down.

    Connection: ``http_status`` answers the handshake (``retry_after`` is that header's text) the
    next ``http_times`` times, 0 = always. ``close_code`` closes at ``close_at`` (right after the
    handshake, or after welcome) the next ``close_times`` times, 0 = always. ``black_hole``:
    ``handshake`` takes connections and never answers, ``deaf`` reads nothing more and sends
    nothing, ``mute`` reads, answers pings and says nothing. ``drop_after_frames``: the connection
    breaks at the n-th next frame of the box, which is lost. ``drop_before_ack``: it breaks in
    place of the n-th next ack, after what it acknowledges is on disk.

    Frames: ``repeat_frames`` sends each numbered frame n times more. ``reorder_window`` collects
    n numbered frames and sends them shuffled; ``reorder_seed`` makes the order reproducible.
    ``ack_delay_ms`` and ``never_ack`` hold acks back. ``expired_commands`` and
    ``endless_commands``: the next n commands have expired, or have no expiry. ``clock_offset_s``
    is added to the cloud's time. ``no_jump``: numbers start again below what the box has.
    ``head_ahead``: welcome claims to know n more receipts of each register.

    Webhooks: ``omit_reference`` leaves the reference out, ``silent_abort`` tells nobody of
    aborts, ``webhook_bad_signature`` and ``webhook_twice`` spoil or repeat the next n.
    """

    http_status: int = 0
    http_times: int = 0
    retry_after: str = ""
    close_code: int = 0
    close_at: str = "handshake"
    close_times: int = 0
    black_hole: str = ""
    drop_after_frames: int = 0
    drop_before_ack: int = 0
    repeat_frames: int = 0
    reorder_window: int = 0
    reorder_seed: int = 0
    ack_delay_ms: int = 0
    never_ack: bool = False
    expired_commands: int = 0
    endless_commands: int = 0
    clock_offset_s: int = 0
    no_jump: bool = False
    head_ahead: int = 0
    omit_reference: bool = False
    silent_abort: bool = False
    webhook_bad_signature: int = 0
    webhook_twice: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = type(field.default)
            if type(value) is not wanted:
                raise ValueError(f"{field.name} takes {wanted.__name__}, not {value!r}")
            if isinstance(value, int) and value < 0 and field.name not in _SIGNED:
                raise ValueError(f"{field.name} is negative")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is one of {choices}, not {getattr(self, name)!r}")
        if self.http_status and not 200 <= self.http_status <= 599:
            raise ValueError(f"{self.http_status} is no HTTP status")
        if self.close_code:
            check_close_code(self.close_code)
        if not (self.retry_after.isascii() and self.retry_after.isprintable()):
            raise ValueError("retry_after is printable ASCII")


def check_close_code(code: int) -> None:
    """Raise ``ValueError`` for a code that must not be on the wire (RFC 6455 section 7.4)."""
    if code not in EXTERNAL_CLOSE_CODES and not 3000 <= code <= 4999:
        raise ValueError(f"{code} is no close code")


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

    def count_down(self, name: str) -> int:
        """Return a counting switch as it was, and lower it by one if it was on."""
        value = int(getattr(self._settings, name))
        if value:
            self.change({name: value - 1})
        return value

    def http_answer(self) -> int:
        """Return the status that answers this handshake, 0 = none; counts it."""
        return self._limited("http_status", "http_times")

    def close_answer(self, moment: str) -> int:
        """Return the code that closes this connection at this moment, 0 = none; counts it."""
        if self._settings.close_at != moment:
            return 0
        return self._limited("close_code", "close_times")

    def _limited(self, name: str, times: str) -> int:
        value = int(getattr(self._settings, name))
        if value and self.count_down(times) == 1:
            self.change({name: 0})
        return value
