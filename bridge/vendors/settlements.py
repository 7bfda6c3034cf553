"""Tells vendors which of their invoices were paid in the shop.

The money is taken and the receipt is signed when this begins: nothing here can hold a receipt up,
and nothing is forgotten. One walk of the journal per vendor hands each completed receipt's
settlements over as runs, in order, under a key made of receipt and line: however often the same
receipt is met, the vendor hears of it once. What cannot be handed over waits, through restarts
too, and the health board says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from bridge.health import HealthBoard, Level
from bridge.journal.event import Event
from bridge.journal.store import Journal
from bridge.model import events
from bridge.model.exchange import LocalCall, RunView
from bridge.model.receipt import Kind, Line
from bridge.supervisor import full_jitter
from bridge.vendors.engine.faults import (
    RunKeyReused,
    VendorDisabled,
)
from bridge.vendors.engine.spec import Settlement
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side, Text

logger = logging.getLogger(__name__)

Settle = Callable[[Settlement], tuple[str, LocalCall]]
"""A vendor file's ``settle``: operation and call."""

CURSOR_EVENTS = 2000
"""Events without settlement after which the place in the journal is noted all the same."""

_SETTLED_KINDS = frozenset({Kind.SALE, Kind.REENTRY})
"""Receipts by which money changed hands: not those of training."""


class Submits(Protocol):
    """What takes orders for vendors: ``bridge.vendors.engine.desk.Desk``."""

    async def submit(self, vendor: str, operation: str, call: LocalCall, *, key: str) -> RunView:
        """Take an order once per key; one that is wrong becomes a failed run. Raises what a
        repetition can cure, and ``RunKeyReused``."""
        ...


class SettlementWaits(Fault):
    """A payment taken in the shop that the vendor's queue does not take yet."""

    code = "settlement_waits"
    side = Side.OPERATOR
    retryable = True
    title = Text(
        "Eine bezahlte Rechnung ist noch nicht gemeldet", "A paid invoice is not reported yet"
    )
    advice = Text(
        "Der Beleg ist gültig, die Box versucht es weiter. Den Anbieter in der Konfiguration "
        "prüfen (Tabelle [[vendor]]), danach neu starten.",
        "The receipt is valid, the box keeps trying. Check the vendor in the configuration (table "
        "[[vendor]]), then restart.",
    )


class SettlementStands(Fault):
    """A receipt was cancelled that had paid an invoice: the vendor is not told of that."""

    code = "settlement_stands"
    side = Side.OPERATOR
    title = Text(
        "Eine Rechnungszahlung wurde storniert, beim Anbieter gilt sie weiter",
        "The payment of an invoice was cancelled, at the vendor's it stands",
    )
    advice = Text(
        "Die Zahlung der genannten Rechnung beim Anbieter von Hand zurücknehmen.",
        "Take the payment of the invoice that is named back at the vendor's by hand.",
    )


class Settlements:
    """Walks the journal for all vendors that settle invoices."""

    def __init__(
        self,
        journal: Journal,
        desk: Submits,
        settles: Mapping[str, Settle],
        kassen_ids: Mapping[str, str],
        board: HealthBoard,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        """``settles`` are the ``settle`` hooks by vendor, ``kassen_ids`` those of the registers by
        their ids; ``chance`` returns a random number from 0 to 1."""
        self._lanes = [
            _Lane(vendor, settle, journal, desk, kassen_ids, _Board(vendor, board), clock, chance)
            for vendor, settle in settles.items()
        ]

    async def start(self) -> None:
        """Note where vendors begin that are new: what was before does not concern them. To be
        called before the till takes commands."""
        for lane in self._lanes:
            await lane.start()

    async def run(self) -> None:
        """Hand over until cancelled: first what a stop left, then what comes."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())


class _Lane:
    """One vendor's settlements, in the journal's order."""

    def __init__(
        self,
        vendor: str,
        settle: Settle,
        journal: Journal,
        desk: Submits,
        kassen_ids: Mapping[str, str],
        board: _Board,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._vendor = vendor
        self._settle = settle
        self._journal = journal
        self._desk = desk
        self._kassen_ids = kassen_ids
        self._board = board
        self._clock = clock
        self._chance = chance
        self._cursor = f"settlements:{vendor}"
        self._noted = 0
        self._begin = 0

    async def start(self) -> None:
        self._noted = self._journal.reader.cursor(self._cursor)
        if not self._noted:
            # The first event of a journal opens or starts something: it settles nothing.
            self._begin = max(1, self._journal.last_seq)
            await self._note(self._begin)

    async def run(self) -> None:
        async for event in self._journal.follow(self._noted or self._begin):
            found = await self._handle(event)
            if found or not self._noted or event.seq - self._noted >= CURSOR_EVENTS:
                await self._note(event.seq)

    async def _note(self, seq: int) -> None:
        """Remember how far this got; a disk that refuses only makes it go further back later."""
        try:
            await self._journal.keep_cursor(self._cursor, seq)
        except Fault as fault:
            logger.warning("%s: the place in the journal is not noted: %s", self._cursor, fault)
            return
        self._noted = seq

    async def _handle(self, event: Event) -> bool:
        """Hand over what an event settles; return whether it concerned the vendor."""
        # A quotation mark inside a text is escaped, so only a key can look like this.
        if event.kind != events.COMPLETED or b'"settles":' not in event.body:
            return False
        body = event.data()
        lines = [
            line
            for line in map(Line.from_body, body["lines"])
            if line.settles is not None and line.settles.vendor == self._vendor
        ]
        kind = Kind(body["kind"])
        if kind is Kind.STORNO:
            for line in lines:
                self._board.stands(_told(line, event))
        elif kind in _SETTLED_KINDS:
            for line in lines:
                await self._hand_over(line, event, body)
        return bool(lines)

    async def _hand_over(self, line: Line, event: Event, body: Mapping[str, Any]) -> None:
        """Try until the order is taken."""
        tries = 0
        while (fault := await self._submit(line, event, body)) is not None:
            self._board.waits(_told(line, event), fault)
            await self._clock.sleep(full_jitter(tries, fault, self._chance()))
            tries += 1
        self._board.handed_over()

    async def _submit(self, line: Line, event: Event, body: Mapping[str, Any]) -> Fault | None:
        """Return what kept the order from being taken, if anything."""
        try:
            operation, call = self._settle(self._settlement(line, event, body))
            key = f"settle-{event.receipt}-{line.n}"
            await self._desk.submit(self._vendor, operation, call, key=key)
        except RunKeyReused:
            # It was taken before, as an earlier version of the vendor's file worded it.
            return None
        except Fault as fault:
            return fault
        except Exception as error:
            logger.exception("%s: a settlement cannot be made into an order", self._vendor)
            return VendorDisabled(f"{self._vendor}: {type(error).__name__}")
        return None

    def _settlement(self, line: Line, event: Event, body: Mapping[str, Any]) -> Settlement:
        assert line.settles is not None
        register = event.register or ""
        return Settlement(
            invoice=line.settles.invoice,
            kind=line.settles.kind,
            cents=line.cents,
            time=event.time,
            date=body["time"][:10],
            receipt=event.receipt or "",
            number=event.number or 0,
            register=self._kassen_ids.get(register, register),
        )


def _told(line: Line, event: Event) -> str:
    """Name a settlement to people."""
    assert line.settles is not None
    return f"invoice {line.settles.invoice}, receipt {event.number} of register {event.register}"


MOST_TOLD = 10
"""Settlements named at once on the board; all are in the log."""


class _Board:
    """What the health board says of one vendor's settlements: nothing while all is well."""

    def __init__(self, vendor: str, board: HealthBoard) -> None:
        self._name = f"settlement:{vendor}"
        self._board = board
        self._waiting: Fault | None = None
        self._standing: list[str] = []

    def waits(self, told: str, fault: Fault) -> None:
        """A settlement is not taken now."""
        self._waiting = SettlementWaits(f"{told}: {fault}")
        self._show()

    def handed_over(self) -> None:
        """A settlement was taken."""
        if self._waiting is not None:
            self._waiting = None
            self._show()

    def stands(self, told: str) -> None:
        """A payment was cancelled of which the vendor was told."""
        logger.warning("%s: %s was cancelled, the vendor's payment stands", self._name, told)
        self._standing.append(told)
        self._show()

    def _show(self) -> None:
        by_hand = self._standing[-MOST_TOLD:]
        if self._waiting is not None:
            self._board.report(self._name, Level.FAILED, "waiting", self._waiting, by_hand=by_hand)
        elif by_hand:
            fault = SettlementStands(by_hand[-1])
            self._board.report(self._name, Level.DEGRADED, "by_hand", fault, by_hand=by_hand)
        else:
            self._board.forget(self._name)
