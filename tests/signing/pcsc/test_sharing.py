"""Other programs on the same card: they reset it, hold it, keep it for themselves."""

from __future__ import annotations

import asyncio
import threading

import pytest

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.faults import CardGone, SigningTimeout
from drivers.signing.pcsc_codes import Code
from drivers.signing.pcsc_faults import CardReaderInUse
from drivers.signing.pcsc_library import RESET_CARD, SHARE_EXCLUSIVE, UNPOWER_CARD
from drivers.signing.pcsc_readers import reader_names
from tests.signing.contract import digest_of, verify
from tests.signing.pcscd import OtherProgram, Reader, pcsc_unit, transport, until

DIGEST = digest_of("receipt")
SELECT_MF = "00A4000C023F00"


async def test_a_reset_by_another_program_is_healed_without_a_reset_of_ours(
    reader: Reader, unit: AcosIdUnit, other: OtherProgram
) -> None:
    record = await unit.read()
    other.connect()
    for _ in range(5):
        verify(record, DIGEST, await unit.sign(DIGEST))
        assert other.reset() == 0
        before = reader.card.resets
        verify(record, DIGEST, await unit.sign(DIGEST))
        assert reader.card.resets == before
        # So the other program finds its card as it left it, too.
        assert other.transmit(SELECT_MF) == "9000"


async def test_a_first_signature_survives_a_reset_between_selection_and_pin_check(
    reader: Reader, unit: AcosIdUnit, other: OtherProgram
) -> None:
    """The PIN is not proven yet, but the service says that the card never saw it."""
    record = await unit.read()
    other.connect()
    other.reset()
    verify(record, DIGEST, await unit.sign(DIGEST))
    assert reader.card.state.verifies == 1


async def test_a_reset_by_another_program_that_met_no_card_is_healed(
    reader: Reader, unit: AcosIdUnit, other: OtherProgram
) -> None:
    """The service then takes the reader for empty as long as no card comes or goes, although the
    card was back before it saw it leave."""
    record = await unit.read()
    unit._connect_timeout_s = 2.0
    for _ in range(3):
        verify(record, DIGEST, await unit.sign(DIGEST))
        assert other.connect() == 0
        reader.pull()
        assert other.reset() == Code.E_NO_SMARTCARD
        before = reader.card.resets
        reader.insert()
        await asyncio.to_thread(until, lambda: reader.card.resets > before)  # noqa: B023 - called within this turn
        verify(record, DIGEST, await unit.sign(DIGEST))
        other.disconnect()
        # So that the next round finds a service that has counted since our card was opened.
        reader.pull()
        await asyncio.to_thread(until, lambda: not reader_names()[0].card_present)
        reader.insert()
        await asyncio.to_thread(until, lambda: reader_names()[0].card_present)


@pytest.mark.parametrize("how", [RESET_CARD, UNPOWER_CARD])
async def test_a_program_that_resets_the_card_when_it_leaves_is_healed(
    unit: AcosIdUnit, other: OtherProgram, how: int
) -> None:
    record = await unit.read()
    other.connect()
    verify(record, DIGEST, await unit.sign(DIGEST))
    other.disconnect(how)
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_program_that_selects_elsewhere_is_healed(
    reader: Reader, unit: AcosIdUnit, other: OtherProgram
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    other.connect()
    assert other.transmit(SELECT_MF) == "9000"
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_nobody_comes_between_pin_check_and_signature(
    reader: Reader, unit: AcosIdUnit, other: OtherProgram
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    other.connect()
    # The programs would spoil each other's PIN state in every round if they could get between.
    stopping = threading.Event()
    codes: list[int] = []

    def disturb() -> None:
        while not stopping.is_set():
            codes.append(other.reset())

    disturber = threading.Thread(target=disturb)
    before = reader.card.state.signatures
    way = transport()
    way.connect(10.0)
    try:
        with way.transaction():
            disturber.start()
            for command in (SELECT_MF, "00A4000C02DF01", "0020008A0826123456FFFFFFFF"):
                assert way.transmit(bytes.fromhex(command)) == b"\x90\x00"
            assert way.transmit(bytes.fromhex("002A9E9A20") + DIGEST + b"\x40")[-2:] == b"\x90\x00"
            assert codes == []
    finally:
        stopping.set()
        disturber.join()
    assert reader.card.state.signatures == before + 1
    assert set(codes) == {0}
    with pytest.raises(CardGone), way.transaction():
        pass
    way.close()
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_program_that_holds_the_card_costs_a_time_out_and_stops_nothing_else(
    unit: AcosIdUnit, other: OtherProgram, reader: Reader
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    other.connect()
    assert other.begin() == 0
    unit._sign_timeout_s = 0.3
    signing = asyncio.create_task(unit.sign(DIGEST))
    turns = 0
    while not signing.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10, "the loop stood still while the card was held"
    with pytest.raises(SigningTimeout):
        await signing
    with pytest.raises(SigningTimeout):
        await unit.sign(DIGEST)
    assert other.end() == 0
    unit._sign_timeout_s = 25.0
    verify(record, DIGEST, await unit.sign(DIGEST))
    # The requests nobody waited for any more did not sign.
    assert reader.card.state.signatures == 2


async def test_a_held_card_is_waited_for(unit: AcosIdUnit, other: OtherProgram) -> None:
    record = await unit.read()
    other.connect()
    assert other.begin() == 0
    signing = asyncio.create_task(unit.sign(DIGEST))
    await asyncio.sleep(0)
    assert other.end() == 0
    verify(record, DIGEST, await signing)


async def test_a_card_another_program_keeps_for_itself_is_in_use_until_it_leaves(
    reader: Reader,
) -> None:
    unit = pcsc_unit()
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    await unit.close()

    alone = OtherProgram(reader.name, SHARE_EXCLUSIVE)
    assert alone.connect() == 0
    unit = pcsc_unit(connect_timeout_s=0.1)
    with pytest.raises(CardReaderInUse):
        await unit.read()
    unit._connect_timeout_s = 10.0
    reading = asyncio.create_task(unit.read())
    await asyncio.sleep(0)
    alone.disconnect()
    assert await reading == record
    verify(record, DIGEST, await unit.sign(DIGEST))
    # Nor can it take the card away from us.
    assert alone.connect() == Code.E_SHARING_VIOLATION
    alone.close()
    await unit.close()


async def test_two_boxes_on_one_card_both_sign(reader: Reader, unit: AcosIdUnit) -> None:
    second = pcsc_unit()
    record = await unit.read()
    assert await second.read() == record
    digests = [digest_of(f"shared {number}") for number in range(20)]

    async def work(one: AcosIdUnit) -> None:
        for digest in digests:
            verify(record, digest, await one.sign(digest))

    await asyncio.gather(work(unit), work(second))
    assert reader.card.state.signatures >= 40
    await second.close()
