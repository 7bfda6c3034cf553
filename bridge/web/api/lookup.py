"""Finding receipts: one by its id in any state, and lists whose cost does not grow with the
journal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from bridge.journal.event import Event
from bridge.journal.projections import MemoryEntries
from bridge.journal.reader import Reader
from bridge.model.rates import RateTable
from bridge.model.receipt import Receipt, State
from bridge.printing.paper_log import due_papers, papers_of
from bridge.till.faults import ReceiptUnknown
from bridge.till.lifecycle import FINAL, RECEIPT_EVENTS, TRANSITIONS, apply
from bridge.till.projections import ReceiptIndex, Whereabouts, where_is
from bridge.till.till import Till
from bridge.web.api import views
from bridge.web.parts import WebParts

SLICE: Final = 200
"""Events read at once: about half a millisecond, so that receipts need not wait."""

MAX_LIMIT: Final = 200
"""Largest page of a list."""

MAX_LOOKED_AT: Final = 5000
"""Events looked at for one page. A filter that matches little gets short pages, not long waits."""

_ENDS: Final = {
    kind: state for (before, kind), state in TRANSITIONS.items() if before and state in FINAL
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shall have. ``states`` empty: all; ``since`` is UTC ms; ended receipts before
    the event ``before`` only."""

    states: frozenset[State] = frozenset()
    register: str | None = None
    since: int | None = None
    before: int | None = None
    limit: int = 50

    def wants(self, state: State) -> bool:
        """Whether receipts of a state are wanted."""
        return not self.states or state in self.states


def open_receipt(till: Till, receipt_id: str) -> Receipt | None:
    """Return a receipt while it is open."""
    for register in till.registers.values():
        found = register.open.get(receipt_id)
        if found is not None:
            return found
    return None


def completed_view(receipt: Receipt, end: Event, parts: WebParts) -> dict[str, Any]:
    """Return the view of a receipt just completed, without asking the journal."""
    rates = _rates(parts.till, receipt.register)
    return views.ended_view(receipt, end, due_papers(end), rates, parts.code_of)


async def view_of(receipt_id: str, parts: WebParts, language: str) -> dict[str, Any]:
    """Return a receipt in whatever state it is. Raises ``ReceiptUnknown``."""
    reader = parts.journal.reader
    for _ in range(3):
        receipt = open_receipt(parts.till, receipt_id)
        if receipt is not None:
            return views.open_view(receipt, parts, language)
        where = where_is(reader, receipt_id)
        if where.state is not State.OPEN:
            before, end = await _history(reader, receipt_id, where)
            rates = _rates(parts.till, where.register)
            papers = papers_of(reader, receipt_id)
            return views.ended_view(before, end, papers, rates, parts.code_of)
        register = parts.till.registers.get(where.register)
        if register is None:
            break
        # Its end is decided, but not durable yet.
        await register.finished()
    message = f"{receipt_id} belongs to a register that is not configured"
    raise ReceiptUnknown(message)


async def listed(wanted: Wanted, parts: WebParts) -> dict[str, Any]:
    """Return open receipts (all of them, newest first, on the first page only) and then a page of
    ended ones, those that ended last first.

    ``next`` is what ``before`` shall be for the next page, ``null`` on the last one.
    """
    found = [] if wanted.before is not None else _open(wanted, parts)
    after: int | None = None
    if not wanted.states or wanted.states & FINAL:
        ended, after = await _ended(wanted, parts.journal.reader)
        found += ended
    return {"receipts": found, "next": after}


def _open(wanted: Wanted, parts: WebParts) -> list[dict[str, Any]]:
    receipts = [
        receipt
        for register in parts.till.registers.values()
        if wanted.register in (None, register.register.id)
        for receipt in register.open.values()
        if wanted.wants(receipt.state) and (wanted.since is None or receipt.opened >= wanted.since)
    ]
    receipts.sort(key=lambda each: (each.opened, each.id), reverse=True)
    return [views.open_summary(receipt, parts) for receipt in receipts]


async def _ended(wanted: Wanted, reader: Reader) -> tuple[list[dict[str, Any]], int | None]:
    """Walk the events backwards from ``before``: the sequence number is the order of ends."""
    upto = reader.last_seq()
    if wanted.before is not None:
        upto = min(upto, max(wanted.before - 1, 0))
    stop = max(upto - MAX_LOOKED_AT, 0)
    ends: list[Event] = []
    too_old = False
    while upto > stop and len(ends) < wanted.limit and not too_old:
        after = max(upto - SLICE, stop)
        events = list(reader.events(after, upto))
        # Steps of the clock are small: a slice that is too old as a whole has none before it.
        too_old = wanted.since is not None and all(each.time < wanted.since for each in events)
        for event in reversed(events):
            if len(ends) == wanted.limit:
                break
            upto = event.seq - 1
            if _matches(event, wanted):
                ends.append(event)
        await asyncio.sleep(0)
    more = upto > 0 and not too_old
    return _summaries(ends, reader), upto + 1 if more else None


def _matches(event: Event, wanted: Wanted) -> bool:
    state = _ENDS.get(event.kind)
    return (
        state is not None
        and wanted.wants(state)
        and wanted.register in (None, event.register)
        and (wanted.since is None or event.time >= wanted.since)
    )


def _summaries(ends: list[Event], reader: Reader) -> list[dict[str, Any]]:
    index = ReceiptIndex()
    with reader.snapshot():
        # Once for all of them: what the stored index lacks.
        entries = MemoryEntries(reader, index.name)
        for event in reader.events(reader.cursor(index.name)):
            index.apply(event, entries)
        found = []
        for end in ends:
            packed = entries.get(end.receipt or "")
            first = end.seq if packed is None else index.unpack(packed).first_seq
            opened = None if first == end.seq else reader.event(first)
            found.append(views.ended_summary(end, opened))
    return found


async def _history(reader: Reader, receipt_id: str, where: Whereabouts) -> tuple[Receipt, Event]:
    """Return an ended receipt as it was before its end, and its end."""
    receipt: Receipt | None = None
    after = where.first_seq - 1
    while after < where.last_seq:
        upto = min(after + SLICE, where.last_seq)
        for event in reader.events(after, upto):
            if event.receipt != receipt_id or event.kind not in RECEIPT_EVENTS:
                continue
            if event.seq == where.last_seq and receipt is not None:
                return receipt, event
            receipt = apply(
                receipt,
                event.kind,
                event.data(),
                receipt_id=receipt_id,
                register=where.register,
                time=event.time,
            )
            if event.seq == where.last_seq:
                return receipt, event
        after = upto
        await asyncio.sleep(0)
    raise ReceiptUnknown(receipt_id)


def _rates(till: Till, register_id: str) -> RateTable:
    """Return the rates of a register; of one that is configured no more, those of the box."""
    register = till.registers.get(register_id) or next(iter(till.registers.values()))
    return register.regime.rates
