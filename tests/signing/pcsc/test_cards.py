"""Cards pulled, swapped and dying under real ``pcscd``: the same unit goes on, no wrong signature,
no PIN try spent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.contract.signing import UnitRecord
from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.faults import (
    CardAbsent,
    CardCommunication,
    CardNotRecognised,
    CardSwapped,
    PinRefused,
)
from simulators.card.pcscd import PrivatePcscd
from tests.signing.cards import WRONG_PIN
from tests.signing.contract import digest_of, verify
from tests.signing.pcscd import READERS, Reader, pcsc_unit, transport
from tests.signing.process import SimulatorProcess

DIGEST = digest_of("receipt")


async def works(record: UnitRecord, unit: AcosIdUnit) -> None:
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_signature_takes_two_commands(reader: Reader, unit: AcosIdUnit) -> None:
    record = await unit.read()
    await works(record, unit)
    before = reader.card.state.apdus
    for _ in range(10):
        await works(record, unit)
    assert reader.card.state.apdus - before == 20


async def test_a_pulled_card_is_absent_and_is_found_again(reader: Reader) -> None:
    unit = pcsc_unit(connect_timeout_s=0.6)
    record = await unit.read()
    await works(record, unit)
    reader.pull()
    for request in (unit.sign(DIGEST), unit.probe(), unit.read()):
        with pytest.raises(CardAbsent):
            await request
    reader.insert()
    unit._connect_timeout_s = 10.0
    await works(record, unit)
    await unit.close()


async def test_a_card_pulled_and_back_within_the_request_goes_unnoticed(
    reader: Reader, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    await works(record, unit)
    reader.pull()
    signing = asyncio.create_task(unit.sign(DIGEST))
    await asyncio.sleep(0)
    reader.insert()
    verify(record, DIGEST, await signing)


@pytest.mark.parametrize("command", [1, 2])
@pytest.mark.parametrize("proven", [True, False])
async def test_a_card_that_dies_in_a_command_is_back_without_restart(
    reader: Reader, unit: AcosIdUnit, command: int, proven: bool
) -> None:
    """The service reports success with an empty answer. An unproven PIN is not sent again at
    once: the lost answer may have been a refusal."""
    record = await unit.read()
    if proven:
        await works(record, unit)
    signed, checked = reader.card.state.signatures, reader.card.state.verifies
    reader.set(die_in_apdu=command)
    if command == 1 and not proven:
        with pytest.raises(CardCommunication):
            await unit.sign(DIGEST)
        assert reader.card.state.verifies == checked + 1
    await works(record, unit)
    assert reader.card.state.signatures == signed + command
    assert reader.card.state.verifies == checked + 2


async def test_a_card_back_before_the_service_saw_it_leave_is_found(
    reader: Reader, unit: AcosIdUnit
) -> None:
    """A reset that meets a dead card leaves the service thinking that the reader is empty."""
    record = await unit.read()
    await works(record, unit)
    for _ in range(5):
        reader.set(die_in_apdu=1)
        await works(record, unit)


async def test_a_card_reinserted_unseen_is_the_same_card(reader: Reader, unit: AcosIdUnit) -> None:
    record = await unit.read()
    for _ in range(3):
        await works(record, unit)
        reader.reinsert()
    await works(record, unit)


async def test_a_one_byte_answer_is_no_answer(reader: Reader, unit: AcosIdUnit) -> None:
    record = await unit.read()
    await works(record, unit)
    reader.set(short_answers=1)
    await works(record, unit)
    reader.set(short_answers=2)
    with pytest.raises(CardCommunication, match="1 of at least 2"):
        await unit.sign(DIGEST)
    await works(record, unit)


@pytest.mark.parametrize("unseen", [True, False])
async def test_another_card_is_noticed_and_gets_no_pin(
    reader: Reader, unit: AcosIdUnit, unseen: bool
) -> None:
    own = await unit.read()
    await works(own, unit)
    if unseen:
        reader.reinsert(other=True)
    else:
        reader.pull()
        unit._connect_timeout_s = 0.6
        with pytest.raises(CardAbsent):
            await unit.sign(DIGEST)
        unit._connect_timeout_s = 10.0
        reader.insert(other=True)
    with pytest.raises(CardSwapped) as raised:
        await unit.sign(DIGEST)
    assert raised.value.facts["expected_cin"] == reader.card.state.cin
    assert raised.value.facts["found_cin"] == reader.other.state.cin
    assert reader.other.state.signatures == 0
    assert reader.other.state.verifies == 0
    reader.reinsert(other=False)
    with pytest.raises(CardSwapped):
        await unit.sign(DIGEST)
    assert await unit.read() == own
    await works(own, unit)


async def test_another_card_is_used_once_it_was_read(reader: Reader, unit: AcosIdUnit) -> None:
    own = await unit.read()
    reader.reinsert(other=True)
    record = await unit.read()
    assert record.serial != own.serial
    await works(record, unit)


async def test_a_foreign_card_gets_no_command(reader: Reader, unit: AcosIdUnit) -> None:
    reader.set(atr="3B00")
    with pytest.raises(CardNotRecognised) as raised:
        await unit.read()
    assert raised.value.facts["atr"] == "3B00"
    assert reader.card.state.apdus == 0
    reader.set(atr="")
    reader.reinsert()
    await works(await unit.read(), unit)


async def test_a_refused_pin_is_not_sent_again(service: PrivatePcscd, tmp_path: Path) -> None:
    """On the second reader, whose card is a program of its own."""
    state = tmp_path / "state.json"
    unit = pcsc_unit(READERS[1], pin=WRONG_PIN)
    with SimulatorProcess(service.ports[1], state, "--seed", "refused") as card:
        await unit.read()
        for _ in range(3):
            with pytest.raises(PinRefused):
                await unit.sign(DIGEST)
        assert card.state()["verifies"] == 1
        assert card.state()["tries_left"] == 2
    await unit.close()


async def test_a_killed_card_program_is_a_card_that_comes_back(
    service: PrivatePcscd, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    unit = pcsc_unit(READERS[1])
    with SimulatorProcess(service.ports[1], state, "--seed", "killed"):
        record = await unit.read()
        await works(record, unit)
    unit._connect_timeout_s = 0.6
    with pytest.raises(CardAbsent):
        await unit.sign(DIGEST)
    unit._connect_timeout_s = 10.0
    with SimulatorProcess(service.ports[1], state) as card:
        await works(record, unit)
        assert card.state()["tries_left"] == 3
    await unit.close()


async def test_a_transport_by_itself_resets_and_returns_the_atr(reader: Reader) -> None:
    way = transport()
    atr = await asyncio.to_thread(way.connect, 10.0)
    assert atr == reader.card.atr
    before = reader.card.resets
    way.reset()
    assert reader.card.resets > before
    before = reader.card.resets
    assert way.connect(10.0) == atr
    assert reader.card.resets > before
    way.close()
    way.close()
