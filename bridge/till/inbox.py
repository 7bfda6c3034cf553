"""Exactly one effect per idempotency key, and nothing after its expiry.

A key is stored with the fingerprint of the command's content in the same commit as the effect.
The same command again gets the first answer; another content under the same key is refused.
A command that was refused had no effect and leaves no key: it may be sent again.
"""

from __future__ import annotations

import asyncio
import hashlib

from bridge.journal.event import Event, Key
from bridge.journal.store import Journal
from bridge.model.commands import Command
from bridge.till.faults import CommandExpired, KeyReused
from drivers.contract.clock import Clock

_NOT_CONTENT = {"key", "expires"}


class Inbox:
    """Knows which commands were carried out or are being carried out."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._running: dict[str, tuple[bytes, asyncio.Future[list[Event]]]] = {}

    def key_of(self, command: Command) -> Key | None:
        """Return the key and fingerprint to store with the command's effect."""
        if command.key is None:
            return None
        content = command.__pydantic_serializer__.to_json(command, exclude=_NOT_CONTENT)
        return Key(command.key, hashlib.sha256(content).digest()[:16])

    async def earlier(self, key: Key, *, stored: bool) -> Event | None:
        """Return the event by which this command had its effect, waiting for a twin under way.

        ``stored`` says whether to look into the journal, too. Raises ``KeyReused``.
        """
        running = self._running.get(key.key)
        if running is not None:
            fingerprint, answer = running
            self._compare(key, fingerprint)
            await asyncio.wait([answer])
        elif not stored:
            return None
        return self.stored(key)

    def stored(self, key: Key) -> Event | None:
        """Return the durable event by which this command had its effect. Raises ``KeyReused``."""
        found = self._journal.reader.key(key.key)
        if found is None:
            return None
        fingerprint, seq = found
        self._compare(key, fingerprint)
        return self._journal.reader.event(seq)

    def begin(self, key: Key, answer: asyncio.Future[list[Event]]) -> None:
        """Note that a command runs; twins that arrive meanwhile wait for its answer."""
        self._running[key.key] = (key.fingerprint, answer)
        answer.add_done_callback(lambda _: self._running.pop(key.key, None))

    def check_expiry(self, command: Command) -> None:
        """Raise ``CommandExpired`` for a command that came too late."""
        if command.expires is None:
            return
        now = self._clock.now()
        if command.expires <= now:
            late = now - command.expires
            message = f"expired {int(late.total_seconds())} s ago"
            raise CommandExpired(message)

    @staticmethod
    def _compare(key: Key, fingerprint: bytes) -> None:
        if key.fingerprint != fingerprint:
            raise KeyReused(key.key)
