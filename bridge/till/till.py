"""The till: takes commands, gives each to its register, and answers once it is durable.

What a command does is one function each (``editing``, ``sealing``), found by the command's class
and run by the register's own task: a caller that hangs up cancels nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from bridge.journal.event import Event, NewEvent
from bridge.journal.faults import JournalBehind, KeyTaken
from bridge.journal.store import Journal
from bridge.model import commands
from bridge.model.receipt import Receipt
from bridge.till import editing, sealing
from bridge.till.faults import ReceiptUnknown, RegisterUnknown
from bridge.till.inbox import Inbox
from bridge.till.projections import where_is
from bridge.till.register import Decide, Done, RegisterTill
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault


class Till:
    """All registers of the box."""

    def __init__(self, journal: Journal, registers: Iterable[RegisterTill], clock: Clock) -> None:
        self.registers = {each.register.id: each for each in registers}
        self._journal = journal
        self._inbox = Inbox(journal, clock)

    def load(self) -> None:
        """Read the state of all registers from the journal and latch those that may not sign."""
        for register in self.registers.values():
            register.load()
            behind = self._journal.behind
            reason = behind.get(register.register.id) or behind.get("*")
            if reason is not None:
                register.latch = str(JournalBehind(reason))
            elif self._journal.moved is not None:
                register.latch = f"moved: the journal belongs to machine {self._journal.moved}"

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
