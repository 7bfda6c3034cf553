"""The till of one register: decides, numbers, seals, and hands one write-set to the journal.

Orders of a register are decided one after another by a task of its own, against the state in
memory. That state runs ahead of the disk by the write-sets already queued; the next order does
not wait for a commit, so that many receipts share one. When a commit fails, every queued
write-set of the register fails with the same error and the next order starts from what is
durable (till-rules.md section 2). A caller that hangs up cancels nothing: it only stops waiting
for its answer.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic_core import to_json

from bridge.fiscal.regime import Draft, Regime
from bridge.journal.event import Event, Key, NewEvent, WriteSet
from bridge.journal.projections import load
from bridge.journal.store import Journal
from bridge.model import events
from bridge.model.commands import PersonData
from bridge.model.ids import new_id
from bridge.model.receipt import Person, Receipt
from bridge.model.register import Register
from bridge.model.seal import Head, Outage, Seal
from bridge.till.amounts import NO_SETTLING, Settling, Sum, add_up
from bridge.till.faults import (
    ClockWrong,
    ReceiptChanged,
    ReceiptNotOpen,
    RegisterClosed,
    RegisterLatched,
    RegisterNotStarted,
)
from bridge.till.lifecycle import FINAL, apply
from bridge.till.projections import OpenReceipts, Units
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

Answer = asyncio.Future[list[Event]]
"""What an order becomes: its events once they are durable, the decisive one first."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the decisive write-set of a command carries: its idempotency key, its answer, and
    events of the sender that become durable with it or not at all.

    All are empty for what the register does on its own account.
    """

    key: Key | None = None
    answer: Answer | None = None
    beside: tuple[NewEvent, ...] = ()

    def nothing(self) -> None:
        """Answer that there was nothing to do."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result([])


OWN = Order()
"""An order of the register itself: nobody waits for it, nothing repeats it."""

Decide = Callable[["RegisterTill", Any, Order], Awaitable[object]]
"""Decides a command: raises a fault, or submits one write-set with the order's key and answer."""

BUILD_DATE = date(2026, 11, 1)
"""No receipt can be older than the software that makes it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as it is stamped: UTC milliseconds and naive local time."""

    utc_ms: int
    local: datetime

    @property
    def day(self) -> date:
        """The local day, on which tax rates depend."""
        return self.local.date()


@dataclass(frozen=True, slots=True)
class Done:
    """A command carried out: its decisive event, and whether that had happened before."""

    event: Event
    repeated: bool = False


class RegisterTill:
    """State and sealing of one register.

    ``head`` and ``open`` are the state in memory. ``latch`` forbids sealing, with its reason.
    """

    def __init__(
        self,
        register: Register,
        journal: Journal,
        regime: Regime,
        clock: Clock,
        *,
        not_before: date = BUILD_DATE,
        make_id: Callable[[int], str] = new_id,
        collective_by_itself: bool = True,
        settling: Settling = NO_SETTLING,
    ) -> None:
        """``collective_by_itself`` makes the Sammelbeleg before the first receipt after an
        outage; only a replay of recorded receipts turns it off. ``settling`` says whose invoices
        may be settled."""
        self.register = register
        self.regime = regime
        self.head = Head()
        self.open: dict[str, Receipt] = {}
        self.latch: str | None = None
        self.make_id = make_id
        self.collective_by_itself = collective_by_itself
        self.settling = settling
        self.reader = journal.reader
        self._journal = journal
        self._clock = clock
        self._not_before = not_before
        self._version = 0
        self._known_units: set[str] = set()
        self._orders: deque[tuple[Decide, Any, Order]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._on_the_way = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._broken = False

    def load(self) -> None:
        """Read head and open receipts from the journal: O(1) in its length."""
        journal = self._journal
        self._version = journal.forgive(self.register.id)
        event = journal.reader.last_numbered(self.register.id)
        self.head = Head() if event is None else head_of(event)
        self.open = {
            receipt.id: receipt
            for receipt_id, packed in load(journal.reader, OpenReceipts()).items()
            if (receipt := OpenReceipts.unpack(receipt_id, packed)).register == self.register.id
        }
        self._known_units = set(load(journal.reader, Units()))
        self._broken = False

    def order(
        self,
        decide: Decide,
        command: Any,
        key: Key | None = None,
        beside: tuple[NewEvent, ...] = (),
    ) -> Answer:
        """Queue a command; the answer holds its events, or the fault that refused it."""
        loop = asyncio.get_running_loop()
        answer: Answer = loop.create_future()
        self._orders.append((decide, command, Order(key, answer, beside)))
        self._wake(loop)
        return answer

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work())

    async def finished(self) -> None:
        """Wait until every order is decided and every write-set durable or failed."""
        while self._on_the_way or (self._worker is not None and not self._worker.done()):
            if self._worker is not None:
                await asyncio.wait([self._worker])
            await self.drained()

    async def drained(self) -> None:
        """Wait until every queued write-set of the register is durable or has failed."""
        while self._on_the_way:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting

    async def refresh(self) -> None:
        """Go back to what is durable if a commit failed. Only to be called while deciding."""
        if self._broken:
            await self.drained()
            self.load()

    async def _work(self) -> None:
        while self._orders:
            decide, command, order = self._orders.popleft()
            try:
                await self.refresh()
                await decide(self, command, order)
            except Exception as error:  # noqa: BLE001 - whoever gave the order gets it, faults and bugs
                if order.answer is not None and not order.answer.done():
                    order.answer.set_exception(error)

    def moment(self) -> Moment:
        """Return the stamp for something that happens now: never before the last receipt.

        Raises ``ClockWrong`` when the clock is before the software's build date, whatever the
        last receipt says.
        """
        utc = self._clock.now()
        local = self.regime.local(utc)
        if local.date() < self._not_before:
            message = f"the clock says {local.isoformat()}, before {self._not_before.isoformat()}"
            raise ClockWrong(message)
        if self.head.time is not None and local < self.head.time:
            local = self.head.time
        return Moment(int(utc.timestamp() * 1000), local)

    def receipt(self, receipt_id: str, rev: int | None) -> Receipt:
        """Return an open receipt in the state the sender has seen.

        Raises ``ReceiptNotOpen``, ``ReceiptChanged``.
        """
        receipt = self.open.get(receipt_id)
        if receipt is None:
            raise ReceiptNotOpen(receipt_id)
        if rev is not None and rev != receipt.rev:
            message = f"rev {rev} was named, the receipt is at {receipt.rev}"
            raise ReceiptChanged(message, rev=receipt.rev)
        return receipt

    def change(
        self, receipt: Receipt, kind: str, body: dict[str, Any], moment: Moment, order: Order
    ) -> None:
        """Make one event of an open receipt: in memory at once, durable when answered."""
        body["rev"] = receipt.rev + 1
        after = apply(
            receipt,
            kind,
            body,
            receipt_id=receipt.id,
            register=self.register.id,
            time=moment.utc_ms,
        )
        new = NewEvent(kind, moment.utc_ms, to_json(body), self.register.id, receipt.id)
        self._submit((new,), order)
        self._keep(after)

    def begin(self, receipt_id: str, body: dict[str, Any], moment: Moment, order: Order) -> None:
        """Open a receipt."""
        body["rev"] = 1
        receipt = apply(
            None,
            events.OPENED,
            body,
            receipt_id=receipt_id,
            register=self.register.id,
            time=moment.utc_ms,
        )
        new = NewEvent(events.OPENED, moment.utc_ms, to_json(body), self.register.id, receipt_id)
        self._submit((new,), order)
        self._keep(receipt)

    def note(self, kind: str, receipt_id: str, body: dict[str, Any], order: Order) -> None:
        """Write an event about a receipt that does not change it."""
        moment = self.moment()
        new = NewEvent(kind, moment.utc_ms, to_json(body), self.register.id, receipt_id)
        self._submit((new,), order)

    def check_may_seal(self, *, starting: bool = False) -> None:
        """Raise ``RegisterLatched``, ``RegisterClosed``, ``RegisterNotStarted``."""
        if self.latch is not None:
            raise RegisterLatched(self.latch)
        if self.head.closed:
            raise RegisterClosed(self.register.id)
        if not starting and not self.head.number:
            raise RegisterNotStarted(self.register.id)

    async def complete(
        self,
        receipt: Receipt,
        worked_out: Sum,
        extra: dict[str, Any],
        moment: Moment,
        order: Order,
        *,
        must_sign: bool = False,
    ) -> None:
        """Seal a receipt and queue its completion, the first event of its write-set.

        ``extra`` adds to the stored body. Raises what sealing raises; nothing happened then.
        """
        head = self.head
        draft = Draft(head.number + 1, receipt.kind, moment.local, worked_out.amounts, must_sign)
        seal = await self.regime.seal(self.register, head, draft)
        after = seal.head
        body: dict[str, Any] = {
            "rev": receipt.rev + 1,
            "kind": receipt.kind,
            "belegnummer": self.register.belegnummer(after.number),
            "time": moment.local.isoformat(),
            "lines": [line.as_body() for line in worked_out.lines],
            "totals": worked_out.totals,
            "total": worked_out.total,
            "amounts": worked_out.amounts,
            "counter": after.counter,
            "signed": seal.signed,
            "suite": after.suite,
            "serial": after.serial,
            "operator": receipt.operator.as_body(),
            **_origin(receipt),
            **extra,
        }
        if after.outage is not None:
            body["outage"] = after.outage.as_body()
        if after.closed:
            body["closed"] = True
        completed = NewEvent(
            events.COMPLETED,
            moment.utc_ms,
            to_json(body),
            self.register.id,
            receipt.id,
            after.number,
            seal.jws,
        )
        new = (
            completed,
            *self._outage_events(head, after, moment),
            *self._unit_event(seal, moment),
        )
        self._submit(new, order)
        self.head = after
        self.open.pop(receipt.id, None)

    def _outage_events(self, before: Head, after: Head, moment: Moment) -> tuple[NewEvent, ...]:
        if (before.outage is None) == (after.outage is None):
            return ()
        kind = events.OUTAGE_BEGIN if before.outage is None else events.OUTAGE_END
        outage = after.outage or before.outage
        assert outage is not None
        body = outage.as_body() | {"until": moment.local.isoformat()}
        return (NewEvent(kind, moment.utc_ms, to_json(body), self.register.id),)

    def _unit_event(self, seal: Seal, moment: Moment) -> tuple[NewEvent, ...]:
        if not seal.signed or seal.head.serial in self._known_units:
            return ()
        record = self.regime.record(seal.unit)
        if record is None:
            return ()
        self._known_units.add(record.serial)
        body = {
            "unit": seal.unit,
            "serial": record.serial,
            "vda": record.vda,
            "certificate": base64.b64encode(record.certificate).decode(),
            "issuers": [base64.b64encode(issuer).decode() for issuer in record.issuers],
            "public_key": base64.b64encode(record.public_key).decode(),
        }
        return (NewEvent(events.UNIT_RECORDED, moment.utc_ms, to_json(body), self.register.id),)

    def _submit(self, new: tuple[NewEvent, ...], order: Order) -> None:
        write = WriteSet(new + order.beside, self.register.id, self._version, order.key)
        self._version += 1
        self._on_the_way += 1
        answer = self._journal.submit(write, order.answer, self._settled)
        if order.answer is None:
            # Nobody awaits it; what failed is in ``_broken``.
            answer.add_done_callback(_retrieved)

    def _settled(self, fault: Fault | None) -> None:
        self._on_the_way -= 1
        if fault is not None:
            self._broken = True
            # Whoever looks at ``open`` must not see for long what never happened.
            self._orders.append((_refreshed, None, OWN))
            self._wake(asyncio.get_running_loop())
        if not self._on_the_way:
            for waiting in self._waiting:
                if not waiting.done():
                    waiting.set_result(None)
            self._waiting.clear()

    def _keep(self, receipt: Receipt) -> None:
        if receipt.state in FINAL:
            self.open.pop(receipt.id, None)
        else:
            self.open[receipt.id] = receipt


async def _refreshed(_register: RegisterTill, _command: None, _order: Order) -> None:
    """Nothing to decide: the register refreshes itself before each order."""


def _retrieved(answer: Answer) -> None:
    if not answer.cancelled():
        answer.exception()


def head_of(event: Event) -> Head:
    """Return the head after a completed receipt."""
    body = event.data()
    outage = body.get("outage")
    return Head(
        number=event.number or 0,
        counter=body["counter"],
        jws=event.jws or "",
        time=datetime.fromisoformat(body["time"]),
        suite=body["suite"],
        serial=body["serial"],
        outage=None if outage is None else Outage.from_body(outage),
        closed=body.get("closed", False),
    )


def work_out(register: RegisterTill, receipt: Receipt, day: date) -> Sum:
    """Return what an open receipt comes to on a day. Raises what ``add_up`` raises."""
    return add_up(receipt.lines, receipt.discount, register.regime.rates, day, receipt.next_n)


def person(data: PersonData, default_id: str = "") -> Person:
    """Return an operator or customer as stored."""
    return Person(data.name, data.id or default_id, data.address, data.uid or "")


def names_of(receipt: Receipt) -> dict[str, Any]:
    """Return the external program's names of a receipt, repeated where it ends."""
    return {
        name: value
        for name in ("parked_id", "reference")
        if (value := getattr(receipt, name)) is not None
    }


def _origin(receipt: Receipt) -> dict[str, Any]:
    """Where a receipt came from and whom it is for; what is not known is left out."""
    found: dict[str, Any] = {}
    if receipt.origin != "operator":
        found["origin"] = receipt.origin
    if receipt.parked_id is not None or receipt.reference is not None:
        found.update(names_of(receipt))
    if receipt.note is not None:
        found["note"] = receipt.note
    if receipt.customer is not None:
        found["customer"] = receipt.customer.as_body()
    if receipt.storno_of is not None:
        found["storno_of"] = receipt.storno_of.as_body()
    return found
