"""What a shop turned over in a calendar month, from the box's own receipts.

A receipt belongs to the month of the time printed on it, which is local. Counted is turnover and
nothing else: sales, receipts entered later, and stornos, which subtract; not training, not
receipts without turnover by their nature, and not the payment of an invoice, which was turnover
when it was written.

A walk costs one probe per register and doubling of its receipts, then the month's own receipts;
it holds no read transaction. It is still work: inside a running box it is done step by step
(``steps``) or by a program of its own, never in one go beside the till.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bridge.journal.event import Event
from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader
from bridge.model.receipt import Kind

STEP = 100
"""Receipts read between two steps: a few milliseconds of a small computer."""


def month_totals(reader: Reader, year: int, month: int) -> dict[str, int]:
    """Return the gross turnover of a calendar month by rate name, in cents, over all registers.

    Raises ``JournalDamaged`` when a receipt is missing, ``ValueError`` when there is no such month.
    """
    totals: Mapping[str, int] = {}
    for totals in steps(reader, year, month):  # noqa: B007 - the last one is the whole
        pass
    return dict(totals)


def steps(reader: Reader, year: int, month: int) -> Iterator[Mapping[str, int]]:
    """Add a month up, pausing after every ``STEP`` receipts; the last mapping is the result.

    Raises what ``month_totals`` raises.
    """
    first = date(year, month, 1).isoformat()
    end = _after(year, month).isoformat()
    totals: Counter[str] = Counter()
    for register in reader.registers():
        before = _count_before(reader, register, first)
        for count, event in enumerate(reader.numbered(register, before), 1):
            body = event.data()
            if body["time"] >= end:
                break
            if _is_turnover(Kind(body["kind"])):
                _add(totals, body)
            if count % STEP == 0:
                yield totals
    yield totals


def _add(totals: Counter[str], body: Mapping[str, Any]) -> None:
    for rate, cents in body["totals"].items():
        totals[rate] += cents
    for line in body["lines"]:
        if "settles" in line:
            totals[line["rate"]] -= line["cents"]


def _is_turnover(kind: Kind) -> bool:
    return kind is not Kind.TRAINING and not kind.is_null


def _after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _count_before(reader: Reader, register: str, first: str) -> int:
    """Return how many receipts a register made before a local day: their times never go back."""
    last = reader.last_numbered(register)
    count = 0 if last is None else last.number or 0
    return bisect_left(range(1, count + 1), first, key=lambda n: _time(reader, register, n))


def _time(reader: Reader, register: str, number: int) -> str:
    event: Event | None = reader.by_number(register, number)
    if event is None:
        message = f"receipt {number} of register {register} is missing"
        raise JournalDamaged(message)
    return str(event.data()["time"])
