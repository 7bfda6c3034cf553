"""Takes a cloud's numbered messages: in order, once each, many at a time.

It outlives connections: a command that is under way when a connection breaks goes on, and is not
begun again when the cloud repeats it. Whoever reads the socket calls ``offer`` and goes on; what
became of a message is seen by ``taken`` and by the ``cloud.taken`` event in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import Any

from pydantic_core import to_json

from bridge.cloud import envelope
from bridge.cloud.commands import data_of, open_receipt, parked_id_of, withdraw_receipt
from bridge.cloud.envelope import Frame, ReceiptOpen, ReceiptWithdraw
from bridge.cloud.faults import (
    CloudStreamBroken,
    CommandFailed,
    ExpiryMissing,
    ParkedCompleted,
    UnsupportedType,
)
from bridge.cloud.inbox import Answers, Taken, Waiting
from bridge.cloud.outbox import Peer
from bridge.cloud.reading import Message
from bridge.journal.event import NewEvent, WriteSet
from bridge.journal.faults import DiskFull
from bridge.journal.store import Journal
from bridge.model import events
from bridge.model.commands import Command
from bridge.model.receipt import State
from bridge.supervisor import sleep_or
from bridge.till.faults import ReceiptUnknown
from bridge.till.projections import where_is
from bridge.till.till import Till
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side

logger = logging.getLogger(__name__)

RETRY_S = 5.0
"""Seconds until a message is tried again that could not be taken for a reason that passes."""

DETAIL_LENGTH = 500
"""Characters of a refusal's detail that are stored and sent."""


class Offer(Enum):
    """What became of a message that was offered."""

    NEW = auto()
    UNDER_WAY = auto()
    REPEATED = auto()
    CONFLICT = auto()


def passes(fault: Fault) -> bool:
    """Whether a fault says nothing of the command: it may succeed later as it is."""
    return isinstance(fault, DiskFull) or (fault.retryable and fault.side is Side.BOX)


class Reception:
    """Messages of one peer on their way to the till.

    ``taken`` is durable, ``answers`` looks up what became of it. ``trouble`` is why messages are
    not taken at present.
    """

    def __init__(self, peer: Peer, till: Till, journal: Journal, clock: Clock, limit: int) -> None:
        """``limit`` is the number of messages under way, and again of those that wait."""
        self.taken = Taken()
        self.answers = Answers(journal.reader, peer.name)
        self.trouble: Fault | None = None
        self._changed: Callable[[], None] = _nothing
        self._peer = peer
        self._till = till
        self._journal = journal
        self._clock = clock
        self._limit = limit
        self._waiting: Waiting[Message] = Waiting(limit)
        self._under_way: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._of_parked: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    def connected(self, changed: Callable[[], None]) -> None:
        """Forget what waits: the cloud sends anew whatever is not taken. ``changed`` is called
        whenever a message under way has changed."""
        self._waiting = Waiting(self._limit)
        self._changed = changed

    def disconnected(self) -> None:
        """Nobody listens any more; what is under way goes on."""
        self._changed = _nothing

    def offer(self, message: Message) -> Offer:
        """Begin a message when its turn has come, or keep it until then.

        Raises ``CloudStreamBroken`` when too many wait.
        """
        seq = message.seq
        if self.taken.has(seq):
            return Offer.REPEATED
        if seq in self._under_way:
            same = self._under_way[seq] == message.id
            return Offer.UNDER_WAY if same else Offer.CONFLICT
        if self._stopping.is_set():
            return Offer.UNDER_WAY
        if not self._waiting.put(seq, message):
            detail = f"message {seq} came, {self._next()} is due, {len(self._waiting)} wait"
            raise CloudStreamBroken(detail)
        self._begin()
        return Offer.NEW

    @property
    def missing(self) -> int | None:
        """The number that others wait for, if it has not arrived."""
        due = self._next()
        return due if len(self._waiting) and due not in self._waiting else None

    async def stop(self) -> None:
        """Begin nothing more and wait for what is under way."""
        self._stopping.set()
        self._waiting = Waiting(self._limit)
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _next(self) -> int:
        due = self.taken.upto + 1
        while due in self.taken.beyond or due in self._under_way:
            due += 1
        return due

    def _begin(self) -> None:
        while len(self._under_way) < self._limit:
            message = self._waiting.pop(self._next())
            if message is None:
                return
            self._under_way[message.seq] = message.id
            parked_id = parked_id_of(message)
            before = None if parked_id is None else self._of_parked.get(parked_id)
            task = asyncio.get_running_loop().create_task(self._settle(message, before))
            self._tasks.add(task)
            if parked_id is not None:
                self._of_parked[parked_id] = task
            task.add_done_callback(partial(self._over, message, parked_id))

    def _over(self, message: Message, parked_id: str | None, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._under_way.pop(message.seq, None)
        if parked_id is not None and self._of_parked.get(parked_id) is task:
            del self._of_parked[parked_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("message %d was not taken", message.seq, exc_info=error)
        self._begin()
        self._changed()

    async def _settle(self, message: Message, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            # What concerns one parked receipt is done in the order in which it came.
            await asyncio.wait([before])
        while not self._stopping.is_set():
            try:
                await self._carry_out(message)
            except Fault as fault:
                self._report(fault)
                await sleep_or(self._clock, RETRY_S, self._stopping)
            else:
                self.taken.add(message.seq)
                self._report(None)
                return

    def _report(self, trouble: Fault | None) -> None:
        if trouble is not None or self.trouble is not None:
            self.trouble = trouble
            self._changed()

    async def _carry_out(self, message: Message) -> None:
        """Do what a message asks; it is taken when this returns.

        Raises only faults that pass; nothing happened then.
        """
        try:
            await self._effect(message)
        except Fault as fault:
            if passes(fault):
                raise
            await self._take(message, fault)
        except Exception as error:
            logger.exception("%s: message %d", self._peer.name, message.seq)
            await self._take(message, CommandFailed(type(error).__name__))

    async def _effect(self, message: Message) -> None:
        if message.fault is not None:
            raise message.fault
        frame = message.frame
        if message.type == envelope.SKIP:
            await self._take(message)
        elif frame is None or message.type not in (
            envelope.RECEIPT_OPEN,
            envelope.RECEIPT_WITHDRAW,
        ):
            raise UnsupportedType(message.type)
        elif message.expires is None:
            raise ExpiryMissing(message.type)
        elif message.type == envelope.RECEIPT_OPEN:
            await self._open(message, frame, message.expires)
        else:
            await self._withdraw(message, frame, message.expires)

    async def _open(self, message: Message, frame: Frame, expires: datetime) -> None:
        data = data_of(frame, ReceiptOpen)
        command = open_receipt(frame, data, expires, self._peer)
        is_open = self._open_as(data.parked_id) is not None
        is_completed = not is_open and await self._is_completed(data.parked_id)
        if not (is_open or is_completed) or self._is_known(command):
            await self._execute(command, message)
        elif is_open:
            await self._take(message)
        else:
            raise ParkedCompleted(data.parked_id)

    async def _withdraw(self, message: Message, frame: Frame, expires: datetime) -> None:
        data = data_of(frame, ReceiptWithdraw)
        receipt = self._open_as(data.parked_id) or self.answers.last_opened(data.parked_id)
        if receipt is None:
            raise ReceiptUnknown(data.parked_id)
        await self._execute(withdraw_receipt(frame, receipt, expires, self._peer), message)

    def _open_as(self, parked_id: str) -> str | None:
        """Return the open receipt of a parked one."""
        for register in self._till.registers.values():
            for receipt in register.open.values():
                if receipt.parked_id == parked_id and receipt.origin == self._peer.name:
                    return receipt.id
        return None

    async def _is_completed(self, parked_id: str) -> bool:
        """Whether a parked receipt that is not open was sold: an aborted one may be opened anew."""
        receipt = self.answers.last_opened(parked_id)
        if receipt is None:
            return False
        where = where_is(self._journal.reader, receipt)
        register = self._till.registers.get(where.register)
        if where.state is State.OPEN and register is not None:
            # Its end is decided, but not durable yet.
            await register.finished()
            where = where_is(self._journal.reader, receipt)
        return where.state is State.COMPLETED

    def _is_known(self, command: Command) -> bool:
        return command.key is not None and self._journal.reader.key(command.key) is not None

    async def _execute(self, command: Command, message: Message) -> None:
        done = await self._till.execute(command, beside=(self._event(message),))
        if done.repeated:
            await self._take(message)

    async def _take(self, message: Message, refusal: Fault | None = None) -> None:
        await self._journal.submit(WriteSet((self._event(message, refusal),)))

    def _event(self, message: Message, refusal: Fault | None = None) -> NewEvent:
        body: dict[str, Any] = {
            "peer": self._peer.name,
            "seq": message.seq,
            "id": message.id,
            "type": message.type,
            "state": envelope.DONE if refusal is None else envelope.REFUSED,
        }
        if refusal is not None:
            body["code"] = refusal.code
            body["detail"] = refusal.detail[:DETAIL_LENGTH]
            body["retryable"] = refusal.retryable
        now = int(self._clock.now().timestamp() * 1000)
        return NewEvent(events.CLOUD_TAKEN, now, to_json(body))


def _nothing() -> None:
    """Nobody listens."""
