"""The watchdog: fed only when every part that receipts depend on has proved progress.

A part proves it by answering a question that goes the same way as its work does, or by having
moved on since the last look (one that is busy with a long queue is not stuck). The event loop
proves itself by running this at all. A signing unit is no such part: one that hangs is an outage,
with which the box goes on lawfully, and no reason to restart it in the middle of business.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.daemon.notify import Notifier
from bridge.journal.faults import JournalEnded
from bridge.journal.store import Journal
from bridge.till.register import Order, RegisterTill
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

LONGEST_BEAT_S = 30.0
"""Longest time between two looks, also where no service manager waits: a journal's writer that
has ended must be noticed before the shop does."""


def limit_of(environ: Mapping[str, str]) -> float | None:
    """Return the seconds within which the service manager wants to be fed, if it does
    (sd_watchdog_enabled(3))."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID")
    if not usec.isdecimal() or not int(usec) or (pid is not None and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6


@dataclass(slots=True)
class Proof:
    """One part. ``ask`` returns when the part has answered (with a fault, too: that is an answer),
    ``mark`` is a value that changes when it gets on with its work."""

    name: str
    ask: Callable[[], Awaitable[object]]
    mark: Callable[[], object]
    silent: bool = field(default=False, init=False)
    _seen: object = field(default=None, init=False)
    _asked: asyncio.Task[object] | None = field(default=None, init=False)

    @property
    def answered(self) -> bool:
        """Whether no question is open."""
        return self._asked is None or self._asked.done()

    def begin(self) -> asyncio.Task[object]:
        """Ask, unless the last question is not answered yet."""
        if self._asked is None:
            self._seen = self.mark()
            self._asked = asyncio.ensure_future(_answer(self.ask))
        return self._asked

    def given(self) -> bool:
        """Whether the part has answered or moved since it was asked or last looked at.

        Raises ``JournalEnded`` when it answered that it is gone for good.
        """
        if self._asked is not None and self._asked.done():
            answer = self._asked.result()
            self._asked = None
            if isinstance(answer, JournalEnded):
                raise answer
            return True
        before, self._seen = self._seen, self.mark()
        return self._seen != before

    def forget(self) -> None:
        """Take the question back."""
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None


async def _answer(ask: Callable[[], Awaitable[object]]) -> object:
    """Return what the part said; an error is an answer."""
    try:
        return await ask()
    except Fault as fault:
        return fault
    except Exception as error:
        logger.exception("the question whether a part still works failed")
        return error


class Watchdog:
    """Looks at all proofs, and feeds the service manager's watchdog when all are given."""

    def __init__(
        self,
        proofs: Sequence[Proof],
        notifier: Notifier,
        clock: Clock,
        limit_s: float | None = None,
        fed: Callable[[], object] = lambda: None,
    ) -> None:
        """``limit_s`` is the service manager's ``WatchdogSec``, if it has one. ``fed`` is called
        whenever all proofs were given."""
        self.beat_s = LONGEST_BEAT_S if limit_s is None else min(limit_s / 2, LONGEST_BEAT_S)
        self.proofs = tuple(proofs)
        self._notifier = notifier
        self._clock = clock
        self._fed = fed

    async def run(self) -> None:
        """Look for ever. Raises ``JournalEnded`` when the journal's writer has ended."""
        try:
            while True:
                if await self.look():
                    self._notifier.alive()
                    self._fed()
                    await self._clock.sleep(self.beat_s)
        finally:
            for proof in self.proofs:
                proof.forget()

    async def look(self) -> bool:
        """Ask every part; return whether all gave their proof within half a beat."""
        asked = [proof.begin() for proof in self.proofs]
        over = asyncio.ensure_future(self._clock.sleep(self.beat_s / 2))
        answered = asyncio.gather(*asked)
        try:
            await asyncio.wait((answered, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        given = [self._given(proof) for proof in self.proofs]
        return all(given)

    def _given(self, proof: Proof) -> bool:
        given = proof.given()
        if given is proof.silent:
            proof.silent = not given
            if given:
                logger.warning("%s answers again", proof.name)
            else:
                logger.error("%s does not answer", proof.name)
        return given


def writer_proof(journal: Journal, projections: Sequence[str]) -> Proof:
    """Return the proof of the journal's writer; a long rebuild of ``projections`` is progress."""

    def mark() -> object:
        try:
            return journal.last_seq, *(journal.reader.cursor(name) for name in projections)
        except sqlite3.Error:
            return journal.last_seq

    return Proof("the journal's writer", journal.settle, mark)


def register_proof(register: RegisterTill) -> Proof:
    """Return the proof of a register: an order to do nothing, in its turn."""
    return Proof(
        f"register {register.register.id}",
        lambda: register.order(_nothing, None),
        lambda: register.head,
    )


async def _nothing(_register: RegisterTill, _command: Any, order: Order) -> None:
    order.nothing()
