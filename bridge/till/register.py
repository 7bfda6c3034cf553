"""The till of one register: decides, numbers, seals, and hands one write-set to the journal.

Commands of a register are decided one after another under its lock, against the state in memory.
That state runs ahead of the disk by the write-sets already queued; the lock is not held while a
commit is awaited, so that many receipts share one commit. When a commit fails, every queued
write-set of the register fails with the same error and the next command starts from what is
durable (till-rules.md section 2).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
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
from bridge.till.amounts import Sum, add_up
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

Written = asyncio.Future[list[Event]]
"""What a write-set becomes; its first event is the decisive one."""

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
    ) -> None:
        """``collective_by_itself`` makes the Sammelbeleg before the first receipt after an
        outage; only a replay of recorded receipts turns it off."""
        self.register = register
        self.regime = regime
        self.lock = asyncio.Lock()
        self.head = Head()
        self.open: dict[str, Receipt] = {}
        self.latch: str | None = None
        self.make_id = make_id
        self.collective_by_itself = collective_by_itself
        self.reader = journal.reader
        self._journal = journal
        self._clock = clock
        self._not_before = not_before
        self._version = 0
        self._known_units: set[str] = set()
        self._on_the_way: set[Written] = set()
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

    async def ready(self) -> None:
        """Under the lock: make sure that memory shows what the journal will hold."""
        if self._broken:
            await self.drained()
            self.load()

    async def drained(self) -> None:
        """Wait until every queued write-set of the register is durable or has failed."""
        if self._on_the_way:
            await asyncio.wait(self._on_the_way)

    def moment(self) -> Moment:
        """Return the stamp for something that happens now: never before the last receipt.

        Raises ``ClockWrong`` when the clock is before the software's build date.
        """
        utc = self._clock.now()
        local = self.regime.local(utc)
        if self.head.time is not None and local < self.head.time:
            local = self.head.time
        if local.date() < self._not_before:
            message = f"the clock says {local.isoformat()}, before {self._not_before.isoformat()}"
            raise ClockWrong(message)
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
        self, receipt: Receipt, kind: str, body: dict[str, Any], moment: Moment, key: Key | None
    ) -> Written:
        """Make one event of an open receipt: in memory at once, durable when the future says so."""
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
        future = self._submit((new,), key)
        self._keep(after)
        return future

    def begin(
        self, receipt_id: str, body: dict[str, Any], moment: Moment, key: Key | None
    ) -> Written:
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
        future = self._submit((new,), key)
        self._keep(receipt)
        return future

    def note(self, kind: str, receipt_id: str, body: dict[str, Any], key: Key | None) -> Written:
        """Write an event about a receipt that does not change it."""
        moment = self.moment()
        new = NewEvent(kind, moment.utc_ms, to_json(body), self.register.id, receipt_id)
        return self._submit((new,), key)

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
        key: Key | None,
        *,
        must_sign: bool = False,
    ) -> Written:
        """Seal a receipt and queue its completion. The first event of the future is it.

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
        future = self._submit(new, key)
        self.head = after
        self.open.pop(receipt.id, None)
        return future

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

    def _submit(self, new: tuple[NewEvent, ...], key: Key | None) -> Written:
        future = self._journal.submit(WriteSet(new, self.register.id, self._version, key))
        self._version += 1
        self._on_the_way.add(future)
        future.add_done_callback(self._settled)
        return future

    def _settled(self, future: Written) -> None:
        self._on_the_way.discard(future)
        if future.cancelled() or future.exception() is not None:
            self._broken = True

    def _keep(self, receipt: Receipt) -> None:
        if receipt.state in FINAL:
            self.open.pop(receipt.id, None)
        else:
            self.open[receipt.id] = receipt


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
