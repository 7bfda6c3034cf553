"""The till: takes commands, gives each to its register, and answers once it is durable.

What a command does is one function each (``editing``, ``sealing``), found by the command's class
and run by the register's own task: a caller that hangs up cancels nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from pydantic_core import to_json

from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.faults import JournalBehind, JournalMoved, KeyTaken
from bridge.journal.projections import load
from bridge.journal.store import Journal
from bridge.model import commands, events
from bridge.model.receipt import Receipt
from bridge.till import editing, sealing
from bridge.till.faults import LatchStands, ReceiptUnknown, RegisterUnknown
from bridge.till.inbox import Inbox
from bridge.till.projections import Latches, where_is
from bridge.till.register import Decide, Done, RegisterTill
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)


class Till:
    """All registers of the box."""

    def __init__(self, journal: Journal, registers: Iterable[RegisterTill], clock: Clock) -> None:
        self.registers = {each.register.id: each for each in registers}
        self._journal = journal
        self._clock = clock
        self._inbox = Inbox(journal, clock)
        self._latches: dict[str, str] = {}

    def load(self) -> None:
        """Read the state of all registers from the journal and latch those that may not sign."""
        latches = load(self._journal.reader, Latches())
        self._latches = {register: reason.decode() for register, reason in latches.items()}
        for register in self.registers.values():
            register.load()
            behind = self._journal.behind
            reason = behind.get(register.register.id) or behind.get("*")
            if reason is not None:
                register.latch = str(JournalBehind(reason))
            elif self._journal.moved is not None:
                register.latch = str(JournalMoved(f"it was made on {self._journal.moved}"))
            else:
                register.latch = self._latches.get(register.register.id)

    def latch(self, register_id: str, fault: Fault) -> None:
        """Let a register sign no more, from now on and after restarts, until it is lifted.

        Should the journal refuse to remember it, it holds until the next start; whoever finds the
        reason again stores it then.
        """
        register = self.registers.get(register_id)
        if register is None or register_id in self._latches:
            return
        reason = str(fault)
        if register.latch is None:
            register.latch = reason
        self._latches[register_id] = reason
        written = self._journal.submit(self._about(events.REGISTER_LATCHED, register_id, reason))
        written.add_done_callback(lambda done: self._latch_written(register_id, done))

    async def unlatch(self, register_id: str, reason: str, by: str) -> None:
        """Let a register sign again that ``latch`` stopped: a technician has settled the reason.

        Raises ``RegisterUnknown``, ``LatchStands``, and what the journal raises; it stays latched
        then.
        """
        register = self.registers.get(register_id)
        if register is None:
            raise RegisterUnknown(register_id)
        latched = self._latches.get(register_id)
        if latched is None or register.latch != latched:
            raise LatchStands(register.latch or "the register is not latched")
        logger.warning("%s: %s lifts the latch (%s): %s", register_id, by, latched, reason)
        about = self._about(events.REGISTER_UNLATCHED, register_id, reason, by=by)
        await self._journal.submit(about)
        self._latches.pop(register_id, None)
        register.latch = None

    def _about(self, kind: str, register_id: str, reason: str, **facts: str) -> WriteSet:
        now = int(self._clock.now().timestamp() * 1000)
        body = to_json({"reason": reason, **facts})
        return WriteSet((NewEvent(kind, now, body, register_id),))

    def _latch_written(self, register_id: str, written: asyncio.Future[list[Event]]) -> None:
        if written.cancelled() or written.exception() is not None:
            self._latches.pop(register_id, None)
            logger.error("%s: that it is latched could not be stored", register_id)

    async def execute(self, command: commands.Command, beside: tuple[NewEvent, ...] = ()) -> Done:
        """Carry a command out; it is durable when this returns.

        ``beside`` are events of the sender's own (an inbox entry) that become durable in the same
        commit. They are not written when the answer says ``repeated``: nothing was, then.

        Raises leaves of ``Refused``, of sealing, and of the journal; nothing happened then.
        """
        key = self._inbox.key_of(command)
        if key is None:
            self._inbox.check_expiry(command)
            owner = await self._register_of(command)
            try:
                answer = owner.order(_DECIDE[type(command)], command, None, beside)
                return Done((await answer)[0])
            except KeyTaken:
                # Another's: what was queued behind it failed with it, and nothing happened.
                return await self.execute(command, beside)
        # A command that names a receipt's state cannot succeed twice: it is enough to look its
        # key up when it is refused. The others are looked up first.
        sure = isinstance(command, commands.OfReceipt)
        earlier = await self._inbox.earlier(key, stored=not sure)
        if earlier is not None:
            return Done(earlier, repeated=True)
        register: RegisterTill | None = None
        try:
            self._inbox.check_expiry(command)
            register = await self._register_of(command)
            answer = register.order(_DECIDE[type(command)], command, key, beside)
            self._inbox.begin(key, answer)
            return Done((await answer)[0])
        except Fault as fault:
            if register is not None:
                await register.drained()
            earlier = self._inbox.stored(key)
            if earlier is None and isinstance(fault, KeyTaken):
                return await self.execute(command, beside)
            if earlier is None:
                raise
            return Done(earlier, repeated=True)

    async def finish(self) -> None:
        """Wait for the commands under way."""
        for register in self.registers.values():
            await register.finished()

    def receipt(self, receipt_id: str) -> tuple[Receipt | None, Event | None]:
        """Return a receipt while it is open, or the event that ended it. Raises
        ``ReceiptUnknown``."""
        for register in self.registers.values():
            found = register.open.get(receipt_id)
            if found is not None:
                return found, None
        where = where_is(self._journal.reader, receipt_id)
        return None, self._journal.reader.event(where.last_seq)

    async def expire(self) -> list[Done]:
        """End parked receipts whose time is over and that nobody has touched."""
        return [
            Done(events[0])
            for register in self.registers.values()
            for receipt in list(register.open.values())
            if receipt.expires is not None
            and (events := await register.order(editing.expire, receipt.id))
        ]

    async def end_outages(self) -> list[Done]:
        """Make the Sammelbeleg of every register whose outage can be ended now.

        One that cannot become durable now is made before the register's next receipt.
        """
        done = []
        for register in self.registers.values():
            with contextlib.suppress(Fault):
                done += [
                    Done(event) for event in (await register.order(sealing.end_outage, None))[:1]
                ]
        return done

    async def _register_of(self, command: commands.Command) -> RegisterTill:
        if isinstance(command, commands.Open | commands.StornoForeign | commands.RegisterReceipt):
            register_id = command.register_id
        elif isinstance(
            command, commands.OfReceipt | commands.Withdraw | commands.Storno | commands.Reprint
        ):
            for register in self.registers.values():
                if command.receipt in register.open:
                    return register
            register_id = await self._register_of_ended(command.receipt)
        else:
            raise TypeError(type(command).__name__)
        found = self.registers.get(register_id)
        if found is None:
            raise RegisterUnknown(register_id)
        return found

    async def _register_of_ended(self, receipt_id: str) -> str:
        try:
            return where_is(self._journal.reader, receipt_id).register
        except ReceiptUnknown:
            # Its end may be decided, but not durable yet.
            await self.finish()
            return where_is(self._journal.reader, receipt_id).register


_DECIDE: dict[type[commands.Command], Decide] = {
    commands.Open: editing.open_receipt,
    commands.AddLine: editing.add_line,
    commands.ChangeLine: editing.change_line,
    commands.RemoveLine: editing.remove_line,
    commands.SetDiscount: editing.set_discount,
    commands.SetCustomer: editing.set_customer,
    commands.Pay: editing.pay,
    commands.RemovePayment: editing.remove_payment,
    commands.Complete: sealing.complete,
    commands.Abort: editing.abort,
    commands.Withdraw: editing.withdraw,
    commands.Storno: sealing.storno,
    commands.StornoForeign: sealing.storno_foreign,
    commands.RegisterReceipt: sealing.register_receipt,
    commands.Reprint: editing.reprint,
}
