"""What became of every paper of a receipt, also of those that are done with.

``Papers`` knows only papers without final outcome, because the printers need nothing else; this
is for whoever asks whether a receipt is on paper.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bridge.journal.event import Event
from bridge.journal.projections import Entries, look_up
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.printing.papers import due_paper

MAX_PAPERS = 50
"""Papers remembered of one receipt: the first and the latest ones."""

DUE = "due"

_STATES = {
    events.PAPER_SENDING: "sending",
    events.PAPER_PRINTED: "printed",
    events.PAPER_NOT_PRINTED: "not_printed",
    events.PAPER_UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One paper. ``state`` is ``due``, ``sending``, ``printed``, ``not_printed`` (it is tried
    again) or ``unknown``; ``time`` is the UTC ms at which that became known."""

    paper: str
    state: str
    copy: bool
    time: int

    def as_body(self) -> dict[str, Any]:
        """Return what the local API shows."""
        return {"paper": self.paper, "state": self.state, "copy": self.copy, "time": self.time}


class PaperLog:
    """All papers of each receipt, by receipt id, in the order in which they were asked for."""

    name = "paper_log"

    def apply(self, event: Event, entries: Entries) -> None:
        """Add a paper that is asked for, or note what became of one."""
        if event.receipt is None:
            return
        made = due_paper(event)
        if made is None and event.kind not in _STATES:
            return
        papers = self.unpack(event.receipt, entries.get(event.receipt))
        if made is not None:
            papers.append(PaperRecord(made.paper, DUE, made.copy, event.time))
            if len(papers) > MAX_PAPERS:
                del papers[1]
        else:
            papers = _noted(papers, event)
        entries.put(event.receipt, _pack(papers))

    @staticmethod
    def unpack(receipt_id: str, packed: bytes | None) -> list[PaperRecord]:
        """Read an entry."""
        if packed is None:
            return []
        return [
            PaperRecord(f"{receipt_id}/{asked}" if asked else receipt_id, state, bool(copy), time)
            for asked, state, copy, time in json.loads(packed)
        ]


def papers_of(reader: Reader, receipt_id: str) -> list[PaperRecord]:
    """Return the papers of a receipt as of the last durable event, none if it has none."""
    return PaperLog.unpack(receipt_id, look_up(reader, PaperLog(), receipt_id))


def due_papers(event: Event) -> list[PaperRecord]:
    """Return the papers that a completion asks for, before any of them is begun."""
    made = due_paper(event)
    return [] if made is None else [PaperRecord(made.paper, DUE, made.copy, event.time)]


def _noted(papers: list[PaperRecord], event: Event) -> list[PaperRecord]:
    body = event.data()
    state = _STATES[event.kind]

    def after(paper: PaperRecord) -> PaperRecord:
        if paper.paper != body["paper"]:
            return paper
        # What may be on paper already is sent once more as a copy only.
        again = paper.state == _STATES[events.PAPER_UNKNOWN] and state != paper.state
        copy = bool(body.get("copy", paper.copy or again))
        return replace(paper, state=state, copy=copy, time=event.time)

    return [after(paper) for paper in papers]


def _pack(papers: list[PaperRecord]) -> bytes:
    # A paper's id is the receipt's, which is the key already, and the event that asked for it.
    packed = [
        (int(each.paper.partition("/")[2] or 0), each.state, int(each.copy), each.time)
        for each in papers
    ]
    return json.dumps(packed, separators=(",", ":")).encode()
