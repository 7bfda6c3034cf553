"""The till: takes commands, gives each to its register, and answers once it is durable.

What a command does is one function each (``editing``, ``sealing``), found by the command's class.
They decide under the register's lock; the answer waits for the commit outside it. The work runs
in a task of its own: a caller that hangs up cancels nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from bridge.journal.event import Event, Key
from bridge.journal.store import Journal
from bridge.model import commands, events
from bridge.model.receipt import Receipt
from bridge.till import editing, sealing
from bridge.till.faults import RegisterUnknown
from bridge.till.inbox import Inbox
from bridge.till.projections import where_is
from bridge.till.register import Done, RegisterTill, Written
from drivers.contract.clock import Clock

Handler = Callable[[RegisterTill, Any, Key | None], Awaitable[Written]]


class Till:
    """All registers of the box."""

    def __init__(
        self,
        journal: Journal,
        registers: Iterable[RegisterTill],
        clock: Clock,
    ) -> None:
        self.registers = {each.register.id: each for each in registers}
        self._journal = journal
        self._clock = clock
        self._inbox = Inbox(journal, clock)
        self._tasks: set[asyncio.Task[Done]] = set()

    def load(self) -> None:
        """Read the state of all registers from the journal and latch those that may not sign."""
        for register in self.registers.values():
            register.load()
            behind = self._journal.behind
            reason = behind.get(register.register.id) or behind.get("*")
            if reason is not None:
                register.latch = f"journal_behind: {reason}"
            elif self._journal.moved is not None:
                register.latch = f"moved: the journal belongs to machine {self._journal.moved}"

    async def execute(self, command: commands.Command) -> Done:
        """Carry a command out; it is durable when this returns.

        Raises leaves of ``Refused``, of sealing, and of the journal; nothing happened then.
        """
        task = asyncio.get_running_loop().create_task(self._execute(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for the commands under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

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
        done = []
        for register in self.registers.values():
            moment = register.moment()
            for receipt in list(register.open.values()):
                if receipt.expires is None or receipt.touched or receipt.expires > moment.utc_ms:
                    continue
                async with register.lock:
                    await register.ready()
                    current = register.open.get(receipt.id)
                    if current is None or current.touched:
                        continue
                    written = register.change(current, events.EXPIRED, {}, moment, None)
                done.append(Done((await written)[0]))
        return done

    async def end_outages(self) -> list[Done]:
        """Make the Sammelbeleg of every register whose outage can be ended now."""
        done = []
        for register in self.registers.values():
            async with register.lock:
                await register.ready()
                written = await sealing.collective(register)
            if written is not None:
                done.append(Done((await written)[0]))
        return done

    async def _execute(self, command: commands.Command) -> Done:
        key = self._inbox.key_of(command)
        if key is None:
            self._inbox.check_expiry(command)
            return Done(await self._once(command, None))
        earlier = await self._inbox.earlier(key)
        if earlier is not None:
            return Done(earlier, repeated=True)
        self._inbox.check_expiry(command)
        self._inbox.begin(key)
        event: Event | None = None
        error: BaseException | None = None
        try:
            event = await self._once(command, key)
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._inbox.end(key, event, error)
        return Done(event)

    async def _once(self, command: commands.Command, key: Key | None) -> Event:
        register = self._register_of(command)
        handler = _HANDLERS[type(command)]
        async with register.lock:
            await register.ready()
            written = await handler(register, command, key)
        return (await written)[0]

    def _register_of(self, command: Any) -> RegisterTill:
        register_id = getattr(command, "register_id", None)
        if register_id is None:
            for register in self.registers.values():
                if command.receipt in register.open:
                    return register
            register_id = where_is(self._journal.reader, command.receipt).register
        found = self.registers.get(register_id)
        if found is None:
            raise RegisterUnknown(register_id)
        return found


_HANDLERS: dict[type[commands.Command], Handler] = {
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
