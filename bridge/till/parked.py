"""What became of a receipt that a cloud pushed, found by the cloud's own id.

The cloud room keeps one projection of all it has taken; the part of it that leads from a parked
id to the receipt is here, so that others who know a parked id need nothing of clouds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.journal.event import Event
from bridge.journal.projections import Entries, Projection, look_up
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.model.receipt import State
from bridge.till.projections import where_is
from bridge.till.till import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedFacts:
    """A receipt that was pushed to this box, as of the last durable event.

    ``state`` is ``OPEN`` (also while it is being paid) or how it ended. ``reason`` is there for an
    aborted one; ``kassen_id``, ``number`` and ``jws`` for a completed one. ``register`` is the id
    of the box's register.
    """

    parked_id: str
    receipt: str
    register: str
    state: State
    reference: str | None = None
    reason: str | None = None
    kassen_id: str | None = None
    number: int | None = None
    belegnummer: str | None = None
    jws: str | None = None


def parked_key(origin: str, parked_id: str) -> str:
    """Return the entry of a parked receipt in a projection that uses ``note_opened``."""
    # Names hold no control characters.
    return f"{origin}\x1f{parked_id}"


def note_opened(event: Event, entries: Entries) -> None:
    """Let a projection remember which receipt was opened last for a parked one."""
    # A quotation mark inside a text is escaped, so only a key can look like this.
    if event.kind != events.OPENED or b'"parked_id":' not in event.body:
        return
    body = event.data()
    if "parked_id" in body and event.receipt is not None:
        key = parked_key(body.get("origin", ""), body["parked_id"])
        entries.put(key, event.receipt.encode())


def parked_receipt(
    till: Till, reader: Reader, names: Projection, origin: str, parked_id: str
) -> ParkedFacts | None:
    """Return what became of the receipt that was opened last for a parked one, ``None`` if none
    ever was here.

    ``origin`` is the cloud's name; ``names`` a projection of the journal that uses
    ``note_opened``. The cost does not grow with the journal.
    """
    with reader.snapshot():
        found = look_up(reader, names, parked_key(origin, parked_id))
        if found is None:
            return None
        receipt = found.decode()
        where = where_is(reader, receipt)
        last = reader.event(where.last_seq)
    body = {} if last is None else last.data()
    facts = ParkedFacts(
        parked_id=parked_id,
        receipt=receipt,
        register=where.register,
        state=where.state,
        reference=body.get("reference"),
        reason=body.get("reason"),
    )
    if last is None or where.state is not State.COMPLETED:
        return facts
    register = till.registers.get(where.register)
    return replace(
        facts,
        kassen_id=None if register is None else register.register.kassen_id,
        number=last.number,
        belegnummer=body["belegnummer"],
        jws=last.jws,
    )
