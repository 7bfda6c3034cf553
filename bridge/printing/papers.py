"""Which papers are due: derived from the journal, so that a crash can neither lose nor repeat one.

A paper is *due* when its receipt is completed, when a receipt that another system signed is handed
to the box, or when a copy is wanted; it is *sending* from just before
the first byte, and then printed, not printed (due again) or unknown. *Sending* without outcome
after a crash is unknown; no *sending* means that nothing was sent (till-rules.md section 1).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from bridge.journal.event import Event
from bridge.journal.projections import Entries
from bridge.model import events
from bridge.model.receipt import Kind

NOT_ON_PAPER = frozenset({Kind.COLLECTIVE, Kind.MONTH})
"""Receipts that are kept electronically only (till-rules.md section 7)."""

# A quotation mark inside a text is escaped, so only the key itself can look like this. Parsing
# every receipt would cost more than all else this projection does.
_MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in sorted(NOT_ON_PAPER))


class PaperState(StrEnum):
    """Where a paper is. Printed papers have no entry."""

    DUE = "due"
    SENDING = "sending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DuePaper:
    """A paper without final outcome. ``completed`` is the event that holds its receipt."""

    paper: str
    register: str
    completed: int
    state: PaperState = PaperState.DUE
    copy: bool = False

    @property
    def wanted(self) -> int:
        """Sequence number of the event that asked for the paper: papers are printed in this
        order."""
        _, _, asked = self.paper.partition("/")
        return int(asked) if asked else self.completed

    def pack(self) -> bytes:
        """Return the stored form."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def unpack(packed: bytes) -> DuePaper:
        """Read the stored form."""
        body = json.loads(packed)
        return DuePaper(**{**body, "state": PaperState(body["state"])})


class Papers:
    """Papers without final outcome, by paper id. The first paper of a receipt has its id."""

    name = "papers"

    def apply(self, event: Event, entries: Entries) -> None:
        """Follow a paper from due to its outcome."""
        made = due_paper(event)
        if made is not None:
            entries.put(made.paper, made.pack())
            if made.copy and event.receipt is not None:
                self._decided(event.receipt, entries)
            return
        if not event.kind.startswith("paper."):
            return
        body = event.data()
        packed = entries.get(body["paper"])
        if packed is None:
            return
        before = DuePaper.unpack(packed)
        if event.kind == events.PAPER_PRINTED:
            entries.drop(before.paper)
            return
        state, copy = PaperState.DUE, before.copy
        if event.kind == events.PAPER_SENDING:
            state = PaperState.SENDING
        elif event.kind == events.PAPER_UNKNOWN:
            copy = True
            if not body["again"]:
                state = PaperState.UNKNOWN
        after = DuePaper(before.paper, before.register, before.completed, state, copy)
        entries.put(before.paper, after.pack())

    @staticmethod
    def _decided(receipt: str, entries: Entries) -> None:
        """A wanted copy answers the question what to do about an unknown paper."""
        packed = entries.get(receipt)
        if packed is not None and DuePaper.unpack(packed).state is PaperState.UNKNOWN:
            entries.drop(receipt)


def due_paper(event: Event) -> DuePaper | None:
    """Return the paper that an event asks for, if any."""
    if event.receipt is None or event.register is None:
        return None
    if event.kind == events.COMPLETED:
        if any(mark in event.body for mark in _MARKS):
            return None
        return DuePaper(event.receipt, event.register, event.seq)
    if event.kind == events.FOREIGN_RECEIPT:
        return DuePaper(event.receipt, event.register, event.seq)
    if event.kind == events.REPRINT_WANTED:
        paper = f"{event.receipt}/{event.seq}"
        return DuePaper(paper, event.register, event.data()["completed"], copy=True)
    return None
