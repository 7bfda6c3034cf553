"""The PIN: sent once if wrong, latched, never shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from drivers.contract.fault import Fault
from drivers.signing.faults import (
    CardCommunication,
    PinBlocked,
    PinMalformed,
    PinMissing,
    PinRefused,
)
from drivers.signing.pin import PinEntry, PinSource, pin_block
from simulators.card.identity import new_card
from tests.signing.cards import PIN, WRONG_PIN, Desk, make_slot
from tests.signing.contract import digest_of

DIGEST = digest_of("receipt")
CANARY = "73519284"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.close()


@pytest.mark.parametrize(
    ("digits", "block"),
    [
        ("123456", "26123456FFFFFFFF"),
        ("1234", "241234FFFFFFFFFF"),
        ("12345", "2512345FFFFFFFFF"),
        ("123456789012", "2C123456789012FF"),
    ],
)
def test_a_pin_block_has_format_2(digits: str, block: str) -> None:
    assert pin_block(digits).hex().upper() == block


@pytest.mark.parametrize("digits", ["", "123", "1234567890123", "12a4", "12 34", "١٢٣٤", "²²²²"])
def test_a_malformed_pin_is_refused_before_it_is_sent(digits: str) -> None:
    with pytest.raises(PinMalformed) as raised:
        pin_block(digits)
    assert not digits or digits not in str(raised.value)


async def test_a_wrong_pin_is_tried_once_only(desk: Desk) -> None:
    unit = desk.unit(pin=WRONG_PIN)
    await unit.read()
    for _ in range(5):
        with pytest.raises(PinRefused) as raised:
            await unit.sign(DIGEST)
        assert raised.value.facts == {"tries_left": 2}
    assert desk.card.state.verifies == 1
    assert unit.pin_is_refused


async def test_the_latch_outlives_read_probe_and_reconnect(desk: Desk) -> None:
    unit = desk.unit(pin=WRONG_PIN)
    await unit.read()
    with pytest.raises(PinRefused):
        await unit.sign(DIGEST)
    desk.set(pulled=True)
    with pytest.raises(Fault):
        await unit.probe()
    desk.set(pulled=False)
    await unit.read()
    desk.transport.journal.clear()
    with pytest.raises(PinRefused):
        await unit.probe()
    with pytest.raises(PinRefused):
        await unit.sign(DIGEST)
    assert desk.transport.journal == []


async def test_a_newly_entered_pin_ends_the_latch(desk: Desk) -> None:
    unit = desk.unit(pin=WRONG_PIN)
    await unit.read()
    with pytest.raises(PinRefused):
        await unit.sign(DIGEST)
    unit.enter_pin(PIN)
    assert not unit.pin_is_refused
    assert len(await unit.sign(DIGEST)) == 64
    assert desk.card.state.tries_left == 3


async def test_a_malformed_new_pin_leaves_the_latch(desk: Desk) -> None:
    unit = desk.unit(pin_refused=True)
    with pytest.raises(PinMalformed):
        unit.enter_pin("12")
    assert unit.pin_is_refused


async def test_a_latch_remembered_by_the_box_sends_nothing(desk: Desk) -> None:
    unit = desk.unit(pin_refused=True)
    await unit.read()
    with pytest.raises(PinRefused) as raised:
        await unit.sign(DIGEST)
    assert raised.value.facts == {"tries_left": None}
    assert desk.card.state.verifies == 0


async def test_the_last_wrong_try_and_a_blocked_card_are_called_blocked() -> None:
    desk = Desk(make_slot(replace(new_card(seed="own"), tries_left=1)))
    unit = desk.unit(pin=WRONG_PIN)
    await unit.read()
    for _ in range(2):
        with pytest.raises(PinBlocked):
            await unit.sign(DIGEST)
    assert desk.card.state.verifies == 1
    unit.enter_pin(PIN)
    with pytest.raises(PinBlocked):
        await unit.sign(DIGEST)
    await desk.close()


@pytest.mark.parametrize("pin", [None, "", lambda: None])
async def test_without_a_pin_nothing_is_sent(desk: Desk, pin: PinSource) -> None:
    unit = desk.unit(pin=pin)
    await unit.read()
    desk.transport.journal.clear()
    with pytest.raises(PinMissing):
        await unit.sign(DIGEST)
    assert desk.transport.journal == []
    unit.enter_pin(PIN)
    assert len(await unit.sign(DIGEST)) == 64


async def test_a_pin_that_cannot_be_fetched_is_missing(desk: Desk) -> None:
    def fetch() -> str:
        raise PermissionError(CANARY)

    unit = desk.unit(pin=fetch)
    await unit.read()
    with pytest.raises(PinMissing) as raised:
        await unit.sign(DIGEST)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


async def test_a_pin_is_fetched_for_each_signature(desk: Desk) -> None:
    fetched: list[str] = []

    def fetch() -> str:
        fetched.append("x")
        return PIN

    unit = desk.unit(pin=fetch)
    await unit.read()
    await unit.sign(DIGEST)
    await unit.sign(DIGEST)
    assert len(fetched) == 2


async def test_the_lost_answer_to_a_first_pin_check_is_not_repeated_at_once(desk: Desk) -> None:
    unit = desk.unit(pin=WRONG_PIN)
    await unit.read()
    desk.set(die_in_apdu=1)
    with pytest.raises(CardCommunication):
        await unit.sign(DIGEST)
    assert desk.card.state.verifies == 1


async def test_a_first_pin_check_that_never_left_is_made_after_reconnecting(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    desk.transport.close()
    assert len(await unit.sign(DIGEST)) == 64
    assert desk.card.state.verifies == 1


async def test_a_card_lost_after_a_first_good_pin_check_is_healed(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    desk.set(die_in_apdu=2)
    assert len(await unit.sign(DIGEST)) == 64


def encodings(digits: str) -> list[str]:
    """The PIN as it could appear in a text: digits, block, and the block as Python shows bytes."""
    block = pin_block(digits)
    return [digits, block.hex(), block.hex().upper(), repr(block)[2:-1], digits[::-1]]


async def test_the_pin_appears_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    for card_pin in (CANARY, PIN):
        desk = Desk(make_slot(new_card(seed="canary", pin=card_pin)))
        unit = desk.unit(pin=CANARY)
        await unit.read()
        for switch in (
            {},
            {"fail_next_signatures": 1},
            {"die_in_apdu": 1},
            {"short_answers": 2},
            {"security_lost": 2},
            {"wrong_signatures": 1},
            {"pulled": True},
        ):
            desk.set(**switch)
            try:
                await unit.sign(DIGEST)
            except Fault as fault:
                texts += traceback.format_exception(fault)
                texts += [repr(fault), str(fault.as_problem("de")), str(fault.as_problem("en"))]
        texts += [repr(unit), str(unit), repr(PinEntry(CANARY)), " ".join(desk.transport.journal)]
        unit.enter_pin(CANARY)
        texts.append(repr(unit))
        await desk.close()
    texts += [f"{entry.getMessage()} {entry.args!r} {entry.exc_text}" for entry in caplog.records]
    assert len(texts) > 30
    for text in texts:
        for encoded in encodings(CANARY):
            assert encoded not in text
