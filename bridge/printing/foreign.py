"""Receipts that another system numbered and signed: this box only puts them on paper.

Handing one over is one event in the journal, and from then on its papers are treated like those
of the box's own receipts: *sending* before the first byte, the outcome after it, a reprint marked
as copy. Nothing here touches a register's numbers, its chain or its exports.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic_core import to_json

from bridge.journal.event import Event, Key, NewEvent, WriteSet
from bridge.journal.faults import KeyTaken
from bridge.journal.store import Journal
from bridge.model import events
from bridge.printing.paper_log import papers_of
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Side, Text

PREFIX = "foreign:"
"""Begins the ``receipt`` of events about foreign receipts: no receipt of the till's own can be
taken for one."""

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""What an id may look like. No ``/``: it separates a paper's parts."""

MAX_CODE_BYTES = 2000
"""Longer texts do not fit a QR code of level M (ISO 18004: 2,331 bytes); those of the RKSV have
some 300."""

MAX_CENTS = 10**13
"""Larger amounts do not fit a line."""


class ForeignNotValid(Fault):
    """What was handed over must not be printed as a receipt: the code proves its validity."""

    code = "foreign_receipt_not_valid"
    side = Side.PEER
    title = Text(
        "Der fremde Beleg kann nicht gültig gedruckt werden",
        "The other system's receipt cannot be printed as valid",
    )
    advice = Text(
        "Nichts wurde gedruckt. Den Beleg im anderen System ansehen und dort ausdrucken lassen.",
        "Nothing was printed. Look the receipt up in the other system and have it printed there.",
    )


class ForeignPrinterMissing(Fault):
    """There is no printer for it: no register has one, or not the one that was named."""

    code = "foreign_printer_missing"
    side = Side.OPERATOR
    retryable = True
    title = Text(
        "Für fremde Belege ist kein Drucker eingerichtet",
        "No printer is set up for other systems' receipts",
    )
    advice = Text(
        "In der Konfiguration der Kasse einen Drucker zuordnen.",
        "Give the register a printer in the configuration.",
    )


class Foreign(Protocol):
    """A foreign receipt as it is handed over. ``id`` is unique; ``number`` and ``register`` are
    printed as they are, ``code`` is the text of the QR code, ``time`` is ISO 8601 or any text.
    ``lines`` are texts with amounts and ``total`` is an amount, in cents. ``register_id`` names
    the box's register whose printer is used, ``None`` the first that has one."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def register(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def lines(self) -> Sequence[tuple[str, int | None]]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def register_id(self) -> str | None: ...
    @property
    def reference(self) -> str | None: ...


class ForeignPapers:
    """Takes foreign receipts for printing, each once."""

    def __init__(self, journal: Journal, registers: Sequence[str], clock: Clock) -> None:
        """``registers`` are the ids of those that have a printer."""
        self._journal = journal
        self._registers = registers
        self._clock = clock

    async def take(self, receipt: Foreign) -> None:
        """Have a receipt printed: durable on return. The same id again does nothing.

        Raises ``ForeignNotValid``, ``ForeignPrinterMissing`` and what the journal raises; nothing
        happened then.
        """
        _check(receipt)
        if self._taken(receipt.id) is not None:
            return
        body = to_json(_body(receipt))
        new = NewEvent(
            events.FOREIGN_RECEIPT,
            self._now(),
            body,
            self._place(receipt.register_id),
            f"{PREFIX}{receipt.id}",
        )
        key = Key(_key(receipt.id), hashlib.sha256(body).digest()[:16])
        try:
            await self._journal.submit(WriteSet((new,), key=key))
        except KeyTaken:
            # A twin was faster.
            return

    async def again(self, receipt_id: str) -> bool:
        """Have a receipt printed once more, marked as copy: durable on return. ``False``: it was
        never handed over. Raises what the journal raises."""
        taken = self._taken(receipt_id)
        if taken is None:
            return False
        body = to_json({"completed": taken.seq})
        new = NewEvent(
            events.REPRINT_WANTED, self._now(), body, taken.register, f"{PREFIX}{receipt_id}"
        )
        await self._journal.submit(WriteSet((new,)))
        return True

    def papers(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return what became of a receipt's papers, ``None`` if it was never handed over.

        ``state`` is that of the first paper (``due``, ``sending``, ``printed``, ``not_printed``,
        ``unknown``), ``papers`` are all of them.
        """
        taken = self._taken(receipt_id)
        if taken is None:
            return None
        found = papers_of(self._journal.reader, f"{PREFIX}{receipt_id}")
        return {
            "state": found[0].state,
            "register": taken.register,
            "papers": [each.as_body() for each in found],
        }

    def _taken(self, receipt_id: str) -> Event | None:
        """Return the event by which a receipt was handed over."""
        found = self._journal.reader.key(_key(receipt_id))
        return None if found is None else self._journal.reader.event(found[1])

    def _place(self, wanted: str | None) -> str:
        if not self._registers:
            raise ForeignPrinterMissing
        if wanted is None:
            return self._registers[0]
        if wanted not in self._registers:
            message = f"register {wanted}"
            raise ForeignPrinterMissing(message)
        return wanted

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _check(receipt: Foreign) -> None:
    if not _ID.fullmatch(receipt.id):
        message = f"id {receipt.id!r}"
        raise ForeignNotValid(message)
    missing = [name for name in ("code", "number", "register") if not getattr(receipt, name)]
    if missing:
        message = f"{receipt.id} has no {', '.join(missing)}"
        raise ForeignNotValid(message)
    if len(receipt.code.encode()) > MAX_CODE_BYTES:
        message = f"{receipt.id}: its code has more than {MAX_CODE_BYTES} bytes"
        raise ForeignNotValid(message)
    amounts = [receipt.total or 0, *(cents or 0 for _, cents in receipt.lines)]
    if max(abs(each) for each in amounts) > MAX_CENTS:
        message = f"{receipt.id}: an amount above {MAX_CENTS} cents"
        raise ForeignNotValid(message)


def _key(receipt_id: str) -> str:
    # Keys of commands hold no control characters, so this is none of theirs.
    return f"foreign\x1f{receipt_id}"


def _body(receipt: Foreign) -> dict[str, Any]:
    """Return what is stored. ``belegnummer`` is named as in the box's own receipts, because pages
    speak of a paper by it."""
    body: dict[str, Any] = {
        "belegnummer": receipt.number,
        "kassen_id": receipt.register,
        "time": receipt.time,
        "code": receipt.code,
        "lines": [list(line) for line in receipt.lines],
        "total": receipt.total,
        "notes": list(receipt.notes),
    }
    if receipt.reference is not None:
        body["reference"] = receipt.reference
    return body
