"""Every fault switch of the card gives its fault, and the same unit object works afterwards."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.contract.signing import UnitRecord
from drivers.signing.atr import CARD_TYPES
from drivers.signing.faults import (
    CardAbsent,
    CardCommunication,
    CardFault,
    CardNotActivated,
    CardNotRead,
    CardNotRecognised,
    CardSignatureWrong,
    CardSwapped,
    CardUnexpectedStatus,
    SigningTimeout,
)
from simulators.card.card import AcosIdCard
from simulators.card.function_transport import FunctionTransport
from simulators.card.identity import new_card
from simulators.card.slot import CardSlot
from simulators.card.state import CardState
from simulators.card.switches import FaultSwitches
from tests.signing.cards import Desk, make_slot, make_unit
from tests.signing.contract import digest_of, verify

DIGEST = digest_of("receipt")
OPEN = "connect begin a4 a4 a4 b0 b0 a4 a4 b0 a4 a4 end"
SIGN = "begin 20 2a end"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.close()


async def works(record: UnitRecord, desk: Desk) -> None:
    verify(record, DIGEST, await desk.units[0].sign(DIGEST))


async def test_a_signature_is_two_commands_in_one_transaction(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    for _ in range(3):
        desk.transport.journal.clear()
        await unit.sign(DIGEST)
        assert " ".join(desk.transport.journal) == SIGN


async def test_a_probe_selects_and_nothing_else(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    desk.transport.journal.clear()
    await unit.probe()
    assert " ".join(desk.transport.journal) == "begin a4 a4 end"
    assert desk.card.state.verifies == 0


async def test_a_unit_never_read_does_not_sign(desk: Desk) -> None:
    with pytest.raises(CardNotRead):
        await desk.unit().sign(DIGEST)
    assert desk.transport.journal == []


@pytest.mark.parametrize(
    "switch",
    [
        {"die_in_apdu": 1},
        {"die_in_apdu": 2},
        {"short_answers": 1},
        {"security_lost": 1},
        {"reset_between": 1},
    ],
)
async def test_a_proven_pin_makes_one_lost_card_unnoticed(
    desk: Desk, switch: dict[str, Any]
) -> None:
    unit = desk.unit()
    record = await unit.read()
    await unit.sign(DIGEST)
    desk.transport.journal.clear()
    desk.set(**switch)
    await works(record, desk)
    first = "begin 20 end" if switch == {"die_in_apdu": 1} else SIGN
    assert " ".join(desk.transport.journal) == f"{first} {OPEN} {SIGN}"


@pytest.mark.parametrize(
    ("switch", "fault"),
    [
        ({"short_answers": 2}, CardCommunication),
        ({"security_lost": 2}, CardUnexpectedStatus),
        ({"reset_between": 2}, CardUnexpectedStatus),
    ],
)
async def test_a_card_lost_again_in_the_second_try_is_a_fault(
    desk: Desk, switch: dict[str, Any], fault: type[CardFault]
) -> None:
    unit = desk.unit()
    record = await unit.read()
    await unit.sign(DIGEST)
    desk.transport.journal.clear()
    desk.set(**switch)
    with pytest.raises(fault):
        await unit.sign(DIGEST)
    assert desk.transport.journal.count("2a") == 2
    await works(record, desk)


async def test_a_silent_reset_between_two_receipts_is_healed(desk: Desk) -> None:
    unit = desk.unit()
    record = await unit.read()
    await unit.sign(DIGEST)
    desk.card.reset()
    await works(record, desk)
    assert desk.card.state.tries_left == 3


@pytest.mark.parametrize(
    ("switch", "fault"),
    [
        ({"fail_next_signatures": 1}, CardUnexpectedStatus),
        ({"cut_signatures": 1}, CardSignatureWrong),
        ({"wrong_signatures": 1}, CardSignatureWrong),
    ],
)
async def test_a_bad_answer_is_a_fault_at_once_and_the_next_signature_works(
    desk: Desk, switch: dict[str, Any], fault: type[CardFault]
) -> None:
    unit = desk.unit()
    record = await unit.read()
    desk.transport.journal.clear()
    desk.set(**switch)
    with pytest.raises(fault):
        await unit.sign(DIGEST)
    assert desk.transport.journal.count("2a") == 1
    await works(record, desk)


async def test_an_unexpected_status_is_named_in_words(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    desk.set(fail_next_signatures=1)
    with pytest.raises(CardUnexpectedStatus, match="6F00, card error") as raised:
        await unit.sign(DIGEST)
    assert raised.value.facts["sw"] == "6F00"
    assert raised.value.facts["step"] == "signature"
    assert "Fehler der Karte" in raised.value.facts["meaning_de"]


async def test_without_own_check_a_flipped_bit_is_left_to_the_box(desk: Desk) -> None:
    unit = desk.unit(check_signatures=False)
    await unit.read()
    desk.set(wrong_signatures=1)
    assert len(await unit.sign(DIGEST)) == 64


async def test_a_signature_of_another_length_never_gets_through(desk: Desk) -> None:
    unit = desk.unit(check_signatures=False)
    await unit.read()
    desk.set(cut_signatures=1)
    with pytest.raises(CardSignatureWrong) as raised:
        await unit.sign(DIGEST)
    assert raised.value.facts == {"length": 63}


async def test_a_pulled_card_is_absent_and_comes_back(desk: Desk) -> None:
    unit = desk.unit()
    record = await unit.read()
    await unit.sign(DIGEST)
    desk.set(pulled=True)
    for request in (unit.sign(DIGEST), unit.probe(), unit.read()):
        with pytest.raises(CardAbsent):
            await request
    desk.set(pulled=False)
    await unit.probe()
    await works(record, desk)


async def test_loss_and_return_are_logged_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    unit = desk.unit()
    record = await unit.read()
    desk.set(pulled=True)
    for _ in range(5):
        with pytest.raises(CardAbsent):
            await unit.read()
    desk.set(pulled=False)
    await works(record, desk)
    assert [entry.levelname for entry in caplog.records] == ["WARNING", "INFO"]


async def test_a_swapped_card_signs_nothing_until_it_is_read(desk: Desk) -> None:
    unit = desk.unit()
    own = await unit.read()
    await unit.sign(DIGEST)
    desk.set(pulled=True)
    with pytest.raises(CardAbsent):
        await unit.sign(DIGEST)
    desk.set(pulled=False, other_card=True)
    with pytest.raises(CardSwapped) as raised:
        await unit.sign(DIGEST)
    assert raised.value.facts["expected_cin"] == desk.card.state.cin
    assert desk.slot.card is not desk.card
    assert desk.slot.card.state.verifies == 0
    desk.set(other_card=False)
    for request in (unit.sign(DIGEST), unit.probe()):
        with pytest.raises(CardSwapped):
            await request
    desk.set(other_card=True)
    other = await unit.read()
    assert other.serial != own.serial
    await works(other, desk)


async def test_a_card_swapped_within_a_signature_gets_no_pin(desk: Desk) -> None:
    unit = desk.unit()
    await unit.read()
    await unit.sign(DIGEST)
    desk.set(die_in_apdu=2, other_card=True)
    with pytest.raises(CardSwapped):
        await unit.sign(DIGEST)
    assert desk.slot.card.state.verifies == 0


async def test_the_same_number_with_another_certificate_is_a_swap() -> None:
    own = new_card(seed="own")
    foreign = replace(new_card(seed="other"), cin=own.cin)
    switches = FaultSwitches()
    slot = CardSlot(
        AcosIdCard(own, switches=switches),
        switches,
        lambda: AcosIdCard(foreign, switches=switches),
    )
    unit = make_unit(FunctionTransport(slot))
    await unit.read()
    await unit.sign(DIGEST)
    switches.change({"die_in_apdu": 1, "other_card": True})
    with pytest.raises(CardSwapped):
        await unit.sign(DIGEST)
    await unit.close()


async def test_a_foreign_atr_is_not_recognised_and_gets_no_command(desk: Desk) -> None:
    unit = desk.unit()
    desk.set(atr="3B00")
    for request in (unit.read(), unit.probe()):
        with pytest.raises(CardNotRecognised) as raised:
            await request
        assert raised.value.facts["atr"] == "3B00"
    assert desk.card.state.apdus == 0
    desk.set(atr="")
    await works(await unit.read(), desk)


async def test_the_read_card_is_described(desk: Desk) -> None:
    unit = desk.unit()
    record = await unit.read()
    details = unit.details
    assert details is not None
    assert details.card_type is CARD_TYPES[0]
    assert details.cin == desk.card.state.cin
    assert desk.unit().details is None
    assert record.certificate.hex() == desk.card.state.certificate
    assert record.issuers == ()


@pytest.mark.parametrize(
    "state",
    [
        new_card(seed="serial 0", serial=0),
        replace(new_card(seed="no file"), certificate=""),
        replace(new_card(seed="erased"), certificate="ff" * 100),
        replace(new_card(seed="cut"), certificate="3082f000" + "00" * 100),
        replace(new_card(seed="nonsense"), certificate="3007300502010101ff"),
    ],
    ids=["serial 0", "no file", "erased", "cut", "nonsense"],
)
async def test_a_card_without_a_usable_certificate_is_not_activated(state: CardState) -> None:
    desk = Desk(make_slot(state))
    unit = desk.unit()
    with pytest.raises(CardNotActivated):
        await unit.read()
    with pytest.raises(CardNotRead):
        await unit.sign(DIGEST)
    await desk.close()


class HangingTransport(FunctionTransport):
    """Hangs in every command like a reader driver that never returns, until it is freed."""

    def __init__(self, slot: CardSlot) -> None:
        super().__init__(slot)
        self.free = threading.Event()
        self.free.set()
        self.hanging = threading.Event()

    def transmit(self, command: bytes) -> bytes:
        if not self.free.is_set():
            self.hanging.set()
        self.free.wait()
        return super().transmit(command)


async def test_a_hanging_reader_times_out_and_signs_nothing_afterwards() -> None:
    slot = make_slot()
    transport = HangingTransport(slot)
    unit = make_unit(transport, sign_timeout_s=0.05)
    await unit.read()
    transport.journal.clear()
    transport.free.clear()
    for _ in range(2):
        with pytest.raises(SigningTimeout):
            await unit.sign(DIGEST)
    transport.free.set()
    await unit.read()
    assert transport.journal[:3] == ["begin", "20", "end"]
    assert slot.own.state.signatures == 0
    await unit.close()


async def test_closing_does_not_wait_for_a_hanging_reader() -> None:
    transport = HangingTransport(make_slot())
    unit = make_unit(transport, close_timeout_s=0.05)
    await unit.read()
    transport.free.clear()
    task = asyncio.create_task(unit.sign(DIGEST))
    await asyncio.to_thread(transport.hanging.wait)
    await unit.close()
    transport.free.set()
    assert len(await task) == 64
