"""Where the journal stands, as the cloud is told, and what it means when the cloud knows more.

A cloud that has seen a receipt the journal does not hold proves that an old copy of the journal
was put back. Signing on would fork the chain, so the register is latched (design section 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.cloud.envelope import JournalHead, OpenCommand, RegisterHead
from bridge.cloud.outbox import Peer
from bridge.journal.reader import Reader
from bridge.till.till import Till

OPEN_LISTED = 500
"""Open parked receipts named in ``hello``; with more it would grow beyond a frame."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A register of which the cloud knows what the journal does not hold."""

    register: str
    detail: str


def journal_head(reader: Reader, peer: Peer) -> JournalHead:
    """Return the head of the journal with the registers that the peer may use."""
    with reader.snapshot():
        last = reader.event(reader.last_seq())
        registers = []
        for register in peer.registers:
            event = reader.last_numbered(register)
            if event is not None and event.number is not None:
                counter = event.data()["counter"]
                head = RegisterHead(
                    id=register, number=event.number, counter=counter, chain=event.hash.hex()
                )
                registers.append(head)
    return JournalHead(
        journal_id=str(reader.meta("journal_id")),
        seq=0 if last is None else last.seq,
        hash="" if last is None else last.hash.hex(),
        registers=tuple(registers),
    )


def forks(reader: Reader, peer: Peer, known: JournalHead | None) -> Iterator[Fork]:
    """Walk the peer's registers of which ``known`` holds more than the journal."""
    for head in known.registers if known is not None else ():
        if head.number < 1 or head.id not in peer.registers:
            continue
        event = reader.by_number(head.id, head.number)
        if event is None:
            last = reader.last_numbered(head.id)
            own = 0 if last is None else last.number
            detail = f"{peer.name} knows receipt {head.number}, the journal ends with {own}"
            yield Fork(head.id, detail)
        elif head.chain and head.chain != event.hash.hex():
            yield Fork(head.id, f"{peer.name} knows another receipt {head.number}")


def open_commands(till: Till, peer: Peer) -> tuple[OpenCommand, ...]:
    """Return the peer's parked receipts that are open here."""
    found = [
        OpenCommand(parked_id=receipt.parked_id, receipt_id=receipt.id)
        for register in till.registers.values()
        for receipt in register.open.values()
        if receipt.origin == peer.name and receipt.parked_id is not None
    ]
    return tuple(found[:OPEN_LISTED])
