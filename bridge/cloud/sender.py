"""Sends what happened, in the journal's order, a window ahead of the cloud's acknowledgement."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.cloud.envelope import SKIP, write_frame
from bridge.cloud.outbox import Peer, Report, Sources, report
from bridge.journal.event import Event
from bridge.journal.store import Journal
from drivers.contract.clock import Clock

Send = Callable[[str], Awaitable[None]]

BREATH = 32
"""Frames after which others get a turn: sending does not wait as long as the buffers take it."""


@dataclass(slots=True)
class Progress:
    """How far a peer is, over all its connections.

    ``acknowledged`` is the last number of the journal that the cloud has with all before it.
    ``too_big`` are numbers that the cloud cannot take; a ``skip`` is sent in their place.
    """

    acknowledged: int = 0
    too_big: set[int] = field(default_factory=set)


class Sender:
    """The outbound stream of one connection. ``position`` is the last event looked at."""

    def __init__(
        self,
        journal: Journal,
        peer: Peer,
        sources: Sources,
        progress: Progress,
        clock: Clock,
        send: Send,
        *,
        after: int,
        prev: int,
        window: int,
        limit: int,
    ) -> None:
        """``after`` is the event after which to begin, ``prev`` the number of the last frame that
        the cloud has, ``limit`` the largest frame in bytes that it takes."""
        self.position = after
        self._prev = prev
        self._journal = journal
        self._journal_id = str(journal.reader.meta("journal_id"))
        self._peer = peer
        self._sources = sources
        self._progress = progress
        self._clock = clock
        self._send = send
        self._window = window
        self._limit = limit
        self._sent: deque[tuple[int, int]] = deque()
        self._moved_at = 0.0
        self._room = asyncio.Event()

    @property
    def unacknowledged(self) -> int:
        """Frames sent and not acknowledged yet."""
        return len(self._sent)

    @property
    def unconfirmed_s(self) -> float:
        """Seconds for which frames have been sent without any being acknowledged."""
        return self._clock.monotonic() - self._moved_at if self._sent else 0.0

    async def run(self) -> None:
        """Send what happened and what happens, for ever. Raises what the connection raises."""
        frames = 0
        async for event in self._journal.follow(self.position):
            self.position = event.seq
            found = report(event, self._peer, self._sources)
            if found is None:
                continue
            while len(self._sent) >= self._window:
                self._room.clear()
                await self._room.wait()
            text = self._frame(event, found, self._prev)
            if not self._sent:
                self._moved_at = self._clock.monotonic()
            self._sent.append((event.seq, len(text)))
            await self._send(text)
            self._prev = event.seq
            frames += 1
            if not frames % BREATH:
                await asyncio.sleep(0)

    def acknowledge(self, seq: int) -> None:
        """Take the cloud's word for everything up to a number, as far as it was sent."""
        while self._sent and self._sent[0][0] <= seq:
            self._progress.acknowledged = self._sent.popleft()[0]
            self._moved_at = self._clock.monotonic()
            self._room.set()

    def again(self, event: Event) -> str | None:
        """Return the frame of an event that was sent before; its place in the order is known."""
        found = report(event, self._peer, self._sources)
        return None if found is None else self._frame(event, found, None)

    def give_up_largest(self) -> None:
        """The cloud found one of the frames under way too big: never send the largest again."""
        if self._sent:
            self._progress.too_big.add(max(self._sent, key=lambda each: each[1])[0])

    def _frame(self, event: Event, found: Report, prev: int | None) -> str:
        if event.seq not in self._progress.too_big:
            text = self._write(event, found.type, found.data, prev, found.re)
            if len(text.encode()) <= self._limit:
                return text
            self._progress.too_big.add(event.seq)
        return self._write(event, SKIP, {}, prev, None)

    def _write(
        self, event: Event, kind: str, data: dict[str, Any], prev: int | None, re: str | None
    ) -> str:
        frame_id = f"{self._journal_id}-{event.seq}"
        now = self._clock.now()
        return write_frame(kind, frame_id, now, data, seq=event.seq, prev=prev, re=re)
