"""What the cloud remembers of a box's journal, so that a journal set back is noticed."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.cloud.envelope import JournalHead, RegisterHead

UNKNOWN_CHAIN = ""
"""Hash of a receipt of which only the number is known."""


def both_known(
    known: JournalHead | None, told: JournalHead | None, sold: Mapping[str, int]
) -> JournalHead | None:
    """Return the furthest head of what was known, what the box says now, and what it had sold.

    ``sold`` is the highest receipt number reported of each register. Where numbers are equal the
    one that was known first stays: another hash at the same number is a fork.
    """
    head = told if known is None or (told is not None and told.seq >= known.seq) else known
    if head is None:
        return None
    registers: dict[str, RegisterHead] = {}
    for each in (*(known.registers if known else ()), *(told.registers if told else ())):
        before = registers.get(each.id)
        if before is None or each.number > before.number or _names_hash_of(each, before):
            registers[each.id] = each
    for register, number in sold.items():
        before = registers.get(register)
        if before is None or number > before.number:
            counter = 0 if before is None else before.counter
            registers[register] = RegisterHead(
                id=register, number=number, counter=counter, chain=UNKNOWN_CHAIN
            )
    return head.model_copy(update={"registers": tuple(registers.values())})


def _names_hash_of(told: RegisterHead, known: RegisterHead) -> bool:
    return told.number == known.number and known.chain == UNKNOWN_CHAIN


def ahead_by(head: JournalHead, receipts: int) -> JournalHead:
    """Return a head that claims to know so many receipts more of each register."""
    return head.model_copy(
        update={
            "seq": head.seq + receipts,
            "registers": tuple(
                each.model_copy(update={"number": each.number + receipts, "chain": UNKNOWN_CHAIN})
                for each in head.registers
            ),
        }
    )
