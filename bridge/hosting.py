"""The box as vendors' flows see it: receipts, turnover, paper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from bridge.cloud.inbox import INBOX
from bridge.journal.store import Journal
from bridge.printing.foreign import ForeignPapers
from bridge.till.parked import parked_receipt
from bridge.till.till import Till
from bridge.till.totals import steps
from bridge.vendors.engine.faults import RecordUnknown
from bridge.vendors.engine.host import ForeignReceipt, ParkedReceipt


class BoxHost:
    """One box for all its vendors."""

    def __init__(
        self,
        till: Till,
        journal: Journal,
        papers: ForeignPapers,
        code_of: Callable[[str], str],
    ) -> None:
        """``code_of`` returns the text of a receipt's printed code from its JWS."""
        self._till = till
        self._journal = journal
        self._papers = papers
        self._code_of = code_of

    async def parked(self, origin: str, parked_id: str) -> ParkedReceipt | None:
        """Return what became of a pushed receipt, ``None`` if it never came here."""
        facts = parked_receipt(self._till, self._journal.reader, INBOX, origin, parked_id)
        if facts is None:
            return None
        return ParkedReceipt(
            parked_id=parked_id,
            receipt=facts.receipt,
            state=str(facts.state),
            reference=facts.reference,
            reason=facts.reason,
            register=facts.kassen_id,
            number=facts.number,
            code=None if facts.jws is None else self._code_of(facts.jws),
        )

    async def month_totals(self, year: int, month: int) -> Mapping[str, int]:
        """Return the gross turnover of a calendar month by rate name, in cents. Raises
        ``JournalDamaged``."""
        totals: Mapping[str, int] = {}
        for totals in steps(self._journal.reader, year, month):  # noqa: B007 - the last is the whole
            # Between two steps the till has its turn.
            await asyncio.sleep(0)
        return dict(totals)

    async def print_foreign(self, receipt: ForeignReceipt) -> None:
        """Have a foreign receipt printed, once per id; durable on return."""
        await self._papers.take(receipt)

    async def reprint_foreign(self, receipt_id: str) -> None:
        """Have it printed once more, marked as copy. Raises ``RecordUnknown``."""
        if not await self._papers.again(receipt_id):
            raise RecordUnknown(receipt_id)

    async def foreign_paper(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return the state of its papers, ``None`` if it is not known here."""
        return self._papers.papers(receipt_id)
