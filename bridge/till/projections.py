"""States the till derives from events: open receipts, where each receipt is, what was cancelled."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass

from bridge.journal.event import Event
from bridge.journal.projections import Entries, look_up
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.model.receipt import Receipt, State
from bridge.till.faults import ReceiptUnknown
from bridge.till.lifecycle import FINAL, RECEIPT_EVENTS, TRANSITIONS, apply


class OpenReceipts:
    """Receipts still open, each as its events so far: few, so they are loaded whole at start."""

    name = "open_receipts"

    def apply(self, event: Event, entries: Entries) -> None:
        """Add an event of an open receipt, or forget the receipt when it ends."""
        if event.kind not in RECEIPT_EVENTS or event.receipt is None:
            return
        if event.kind == events.OPENED:
            entries.put(event.receipt, _packed(event))
            return
        before = entries.get(event.receipt)
        if before is None:
            return
        if _ends(event.kind):
            entries.drop(event.receipt)
        else:
            entries.put(event.receipt, before + b"\n" + _packed(event))

    @staticmethod
    def unpack(receipt_id: str, packed: bytes) -> Receipt:
        """Return the open receipt that an entry describes. Raises ``JournalDamaged``."""
        receipt: Receipt | None = None
        for line in packed.split(b"\n"):
            kind, register, time, body = line.split(b"\t", 3)
            receipt = apply(
                receipt,
                kind.decode(),
                json.loads(body),
                receipt_id=receipt_id,
                register=register.decode(),
                time=int(time),
            )
        assert receipt is not None
        return receipt


def _packed(event: Event) -> bytes:
    # Compact JSON holds neither a raw tab nor a raw newline.
    return f"{event.kind}\t{event.register}\t{event.time}\t".encode() + event.body


def _ends(kind: str) -> bool:
    return TRANSITIONS.get((State.OPEN, kind)) in FINAL


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a receipt is: its register, how it ended (or ``open``), and the events that say so."""

    register: str
    state: State
    first_seq: int
    last_seq: int
    number: int | None


class ReceiptIndex:
    """Every receipt by its id."""

    name = "receipts"

    def apply(self, event: Event, entries: Entries) -> None:
        """Note where a receipt begins and ends."""
        if event.receipt is None or event.kind not in RECEIPT_EVENTS:
            return
        if event.kind == events.OPENED:
            found = Whereabouts(event.register or "", State.OPEN, event.seq, event.seq, None)
        elif _ends(event.kind):
            before = entries.get(event.receipt)
            first = event.seq if before is None else json.loads(before)[2]
            state = TRANSITIONS[State.OPEN, event.kind]
            found = Whereabouts(event.register or "", state, first, event.seq, event.number)
        else:
            return
        entries.put(event.receipt, json.dumps(astuple(found), separators=(",", ":")).encode())

    @staticmethod
    def unpack(packed: bytes) -> Whereabouts:
        """Read an entry."""
        register, state, first_seq, last_seq, number = json.loads(packed)
        return Whereabouts(register, State(state), first_seq, last_seq, number)


def where_is(reader: Reader, receipt_id: str) -> Whereabouts:
    """Return where a receipt is, as of the last durable event. Raises ``ReceiptUnknown``."""
    packed = look_up(reader, ReceiptIndex(), receipt_id)
    if packed is None:
        raise ReceiptUnknown(receipt_id)
    return ReceiptIndex.unpack(packed)


class Cancelled:
    """Thousandths cancelled so far, by line, of each receipt that was cancelled at all."""

    name = "cancelled"

    def apply(self, event: Event, entries: Entries) -> None:
        """Add a storno's quantities to those of its original."""
        # A quotation mark inside a text is escaped, so only a key can look like this.
        if event.kind != events.COMPLETED or b'"storno_of":' not in event.body:
            return
        body = event.data()
        reference = body.get("storno_of")
        if reference is None or reference["receipt"] is None:
            return
        taken = self.unpack(entries.get(reference["receipt"]))
        for line in body["lines"]:
            if "cancels" in line:
                n = line["cancels"]
                taken[n] = taken.get(n, 0) + abs(line["quantity"])
        entries.put(
            reference["receipt"],
            json.dumps({str(n): quantity for n, quantity in taken.items()}).encode(),
        )

    @staticmethod
    def unpack(packed: bytes | None) -> dict[int, int]:
        """Read an entry: line number → thousandths."""
        if packed is None:
            return {}
        return {int(n): quantity for n, quantity in json.loads(packed).items()}


class Units:
    """Signing units ever used, by field 11: certificate and issuers for the DEP export."""

    name = "units"

    def apply(self, event: Event, entries: Entries) -> None:
        """Keep the latest record of a unit."""
        if event.kind == events.UNIT_RECORDED:
            entries.put(event.data()["serial"], event.body)


class PinLatches:
    """The mark of the PIN that each unit's card refused last: that PIN is not sent again."""

    name = "pin_latches"

    def apply(self, event: Event, entries: Entries) -> None:
        """Keep the latest refusal of a unit."""
        if event.kind == events.PIN_REFUSED:
            body = event.data()
            entries.put(body["unit"], body["mark"].encode())


class Latches:
    """Why a register may not sign, by its id: what was said while the box ran. (An old copy of the
    journal and a change of board are found anew at each start.)"""

    name = "latches"

    def apply(self, event: Event, entries: Entries) -> None:
        """Keep the latest reason until it is lifted."""
        if event.register is None:
            return
        if event.kind == events.REGISTER_LATCHED:
            entries.put(event.register, event.data()["reason"].encode())
        elif event.kind == events.REGISTER_UNLATCHED:
            entries.drop(event.register)


ALL = (OpenReceipts(), ReceiptIndex(), Cancelled(), Units(), PinLatches(), Latches())
"""The till's projections, in the order the journal applies them."""
