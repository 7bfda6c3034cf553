"""The life of a receipt: one table, live and when the journal is read back."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.journal.faults import JournalDamaged
from bridge.journal.projections import load
from bridge.model import events
from bridge.model.receipt import Receipt, State
from bridge.till.faults import Refused
from bridge.till.lifecycle import FINAL, RECEIPT_EVENTS, TRANSITIONS, apply
from bridge.till.projections import OpenReceipts
from tests.conftest import Scale
from tests.till.harness import Shop, line, new_key

STATES: tuple[State | None, ...] = (None, *State)
OTHER_EVENTS = {
    value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)
} - RECEIPT_EVENTS
LINE = {"n": 1, "text": "x", "quantity": 1000, "unit_cents": 100, "rate": "normal"}

BODIES: dict[str, dict[str, Any]] = {
    events.OPENED: {"kind": "sale"},
    events.LINE_ADDED: {"line": LINE},
    events.LINE_CHANGED: {"line": LINE},
    events.LINE_REMOVED: {"n": 1},
    events.DISCOUNT_SET: {"discount": None},
    events.CUSTOMER_SET: {"customer": None},
    events.PAID: {"payment": {"n": 2, "kind": "cash", "cents": 100}},
    events.PAYMENT_REMOVED: {"n": 2},
    events.COMPLETED: {"kind": "null", "lines": [], "payments": []},
    events.ABORTED: {"reason": "x"},
}


def after(state: State | None, kind: str) -> Receipt:
    """Return what an event makes of a receipt in a state."""
    receipt = None if state is None else Receipt("r", "K1", 0, state=state, rev=1)
    body = {"rev": 2, **BODIES.get(kind, {})}
    return apply(receipt, kind, body, receipt_id="r", register="K1", time=0)


@pytest.mark.parametrize("kind", sorted(RECEIPT_EVENTS | OTHER_EVENTS))
@pytest.mark.parametrize("state", STATES)
def test_what_the_table_does_not_name_cannot_happen(state: State | None, kind: str) -> None:
    if (state, kind) in TRANSITIONS:
        assert after(state, kind).state is TRANSITIONS[state, kind]
    else:
        with pytest.raises(JournalDamaged, match=kind):
            after(state, kind)


def test_ends_are_final() -> None:
    assert not [state for state, _ in TRANSITIONS if state in FINAL]


def test_a_receipt_can_end_in_every_way_while_nobody_has_paid() -> None:
    ends = (events.COMPLETED, events.ABORTED, events.WITHDRAWN, events.EXPIRED)
    assert {after(State.OPEN, kind).state for kind in ends} == FINAL


def test_a_receipt_with_money_on_it_is_neither_withdrawn_nor_expired() -> None:
    assert (State.PAYING, events.WITHDRAWN) not in TRANSITIONS
    assert (State.PAYING, events.EXPIRED) not in TRANSITIONS


def random_command(chance: random.Random, shop: Shop) -> tuple[str, dict[str, Any]]:
    """Return a command that may or may not be allowed."""
    known = list(shop.register().open.values())
    if not known or chance.random() < 0.15:
        lines = [random_line(chance) for _ in range(chance.randint(0, 4))]
        kind = chance.choice(("sale", "sale", "training", "reentry"))
        fields: dict[str, Any] = {"register_id": "K1", "lines": lines, "kind": kind}
        if chance.random() < 0.3:
            fields |= {
                "operator": {"id": "7", "name": "Çelik"},
                "customer": {"name": "Gasthof", "address": ["A 1"], "uid": "ATU1"},
                "parked_id": "p-1",
                "reference": "r-1",
                "note": "Notiz",
                "origin": "cloud",
                "receipt_expires": "2026-12-01T00:00:00Z",
            }
        return "open", fields
    receipt = chance.choice(known)
    of: dict[str, Any] = {"receipt": receipt.id, "rev": receipt.rev}
    if chance.random() < 0.1:
        of["rev"] += chance.choice((-1, 1))
    n = chance.randint(1, max(receipt.next_n, 2))
    keyed = {**of, "key": new_key()}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("add_line", {**of, "line": random_line(chance)}),
        ("add_line", {**of, "line": random_line(chance)}),
        ("change_line", {**of, "n": n, "line": random_line(chance)}),
        ("remove_line", {**of, "n": n}),
        ("set_discount", {**of, "percent": str(chance.randint(0, 100))}),
        ("set_discount", {**of, "cents": chance.randint(0, 500)}),
        ("set_discount", of),
        ("set_customer", {**of, "customer": {"name": "B"}}),
        ("set_customer", of),
        ("pay", {**keyed, "payment": {"cents": chance.randint(-50, 300)}}),
        ("pay", {**keyed, "payment": {"given_cents": chance.randint(0, 5000)}}),
        ("remove_payment", {**of, "n": n}),
        ("complete", {**keyed, "payments": [{"kind": "cash"}]}),
        ("abort", {**keyed, "reason": "Irrtum"}),
        ("withdraw", {"receipt": receipt.id}),
    ]
    return chance.choice(choices)


def random_line(chance: random.Random) -> dict[str, Any]:
    rate = chance.choice(("normal", "reduced1", "reduced2", "zero", "special", "special49"))
    made = line("Ware", chance.randint(-300, 900), rate)
    made["quantity"] = chance.choice(("1", "2", "-1", "0.333", "-0.5"))
    if chance.random() < 0.2:
        made["discount_percent"] = str(chance.randint(0, 100))
    if chance.random() < 0.2:
        made["article"] = "4711"
    return made


@pytest.mark.parametrize("seed", range(3))
async def test_what_the_till_holds_in_memory_is_what_the_journal_says(
    tmp_path: Path, scale: Scale, seed: int
) -> None:
    chance = random.Random(seed)
    refused = done = 0
    async with Shop(tmp_path) as shop:
        for step in range(scale.of(150, 3_000)):
            type_, fields = random_command(chance, shop)
            try:
                await shop.do(type_, **fields)
                done += 1
            except Refused:
                refused += 1
            if step % 50 == 49:
                check_rebuilt(shop, f"seed {seed}, step {step}")
        check_rebuilt(shop, f"seed {seed}")
        head, still_open = shop.register().head, shop.register().open
        shop.bons()
        await shop.journal.rebuild()
        check_rebuilt(shop, f"seed {seed}, projections rebuilt")
    assert done > 50
    assert refused > 10
    async with shop.again() as later:
        assert later.register().head == head
        assert later.register().open == still_open
        for receipt in list(still_open.values()):
            await later.do("add_line", receipt=receipt.id, rev=receipt.rev, line=line("später", 10))


def check_rebuilt(shop: Shop, case: str) -> None:
    """Hold memory against the projection and against a replay of all events by the table."""
    register = shop.register()
    projected = {
        receipt_id: OpenReceipts.unpack(receipt_id, packed)
        for receipt_id, packed in load(shop.journal.reader, OpenReceipts()).items()
    }
    assert projected == register.open, case
    replayed: dict[str, Receipt] = {}
    for event in shop.events():
        if event.kind in RECEIPT_EVENTS and event.receipt is not None:
            replayed[event.receipt] = apply(
                replayed.get(event.receipt),
                event.kind,
                event.data(),
                receipt_id=event.receipt,
                register=event.register or "",
                time=event.time,
            )
    alive = {name: each for name, each in replayed.items() if each.state not in FINAL}
    assert alive == register.open, case
    for receipt in alive.values():
        cents = [line.cents for line in receipt.lines]
        again = [replace(line).cents for line in register.open[receipt.id].lines]
        assert cents == again, case
