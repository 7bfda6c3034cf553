"""Several readers: which one is meant, and what is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from drivers.signing.faults import CardAbsent
from drivers.signing.pcsc import PcscAddress, PcscTransport
from drivers.signing.pcsc_faults import CardReaderAmbiguous, CardReaderNotFound
from drivers.signing.pcsc_library import SHARE_EXCLUSIVE
from drivers.signing.pcsc_readers import reader_names
from simulators.card.pcscd import READER, PrivatePcscd
from tests.signing.cards import make_unit
from tests.signing.contract import digest_of, verify
from tests.signing.pcscd import READERS, OtherProgram, Reader, pcsc_unit, transport, until

DIGEST = digest_of("receipt")


def cards_seen(*present: bool) -> None:
    """Wait until the service has noticed what is in its readers."""
    until(lambda: tuple(state.card_present for state in reader_names()) == present)


@pytest.fixture(autouse=True)
def empty_at_first(service: PrivatePcscd) -> None:
    """The service has noticed that the cards of the test before are gone."""
    del service
    cards_seen(False, False)


@pytest.fixture
def second(service: PrivatePcscd) -> Iterator[Reader]:
    """The second reader with a card of its own in it."""
    reader = Reader(service, 1, seed="second")
    yield reader
    reader.take_away()


def test_readers_are_listed_with_what_is_in_them(reader: Reader) -> None:
    cards_seen(True, False)
    first, second = reader_names()
    assert (first.name, second.name) == READERS
    assert first.atr == reader.card.atr.hex().upper()
    assert not first.exclusive
    assert (second.card_present, second.atr, second.mute) == (False, "", False)


def test_a_card_kept_by_another_program_is_listed_as_such(reader: Reader) -> None:
    cards_seen(True, False)
    alone = OtherProgram(reader.name, SHARE_EXCLUSIVE)
    assert alone.connect() == 0
    until(lambda: reader_names()[0].exclusive)
    alone.disconnect()
    alone.close()


def test_listing_readers_disturbs_no_card(reader: Reader) -> None:
    way = transport()
    way.connect(10.0)
    before = reader.card.resets
    for _ in range(3):
        reader_names()
    with way.transaction():
        assert way.transmit(bytes.fromhex("00A4000C023F00")) == b"\x90\x00"
    assert reader.card.resets == before
    way.close()


async def test_two_cards_sign_side_by_side(reader: Reader, second: Reader) -> None:
    units = [pcsc_unit(each.name) for each in (reader, second)]
    records = [await unit.read() for unit in units]
    assert records[0].serial != records[1].serial

    async def work(number: int) -> None:
        for count in range(20):
            digest = digest_of(f"{number} {count}")
            verify(records[number], digest, await units[number].sign(digest))

    await asyncio.gather(work(0), work(1))
    assert reader.card.state.signatures == second.card.state.signatures == 20
    for unit in units:
        await unit.close()


async def test_any_reader_means_the_only_one_with_a_card(second: Reader) -> None:
    cards_seen(False, True)
    unit = make_unit(PcscTransport(PcscAddress.parse("pcsc:*")), connect_timeout_s=10.0)
    record = await unit.read()
    assert record.certificate.hex() == second.card.state.certificate
    verify(record, DIGEST, await unit.sign(DIGEST))
    await unit.close()


def test_any_reader_with_two_cards_is_refused_and_names_both(
    reader: Reader, second: Reader
) -> None:
    cards_seen(True, True)
    with pytest.raises(CardReaderAmbiguous) as raised:
        PcscTransport(PcscAddress.parse("pcsc:*")).connect(0.05)
    assert raised.value.facts["readers"] == [reader.name, second.name]


def test_a_beginning_that_fits_both_readers_is_refused(reader: Reader) -> None:
    with pytest.raises(CardReaderAmbiguous):
        PcscTransport(PcscAddress.parse(f"pcsc:{READER}")).connect(0.05)


def test_a_wrong_name_is_not_found_and_the_right_ones_are_told(reader: Reader) -> None:
    with pytest.raises(CardReaderNotFound) as raised:
        transport("Gemalto").connect(0.05)
    assert raised.value.facts["readers"] == list(READERS)
    assert READERS[0] in raised.value.detail


def test_a_reader_without_a_card_is_named(reader: Reader) -> None:
    with pytest.raises(CardAbsent, match=READERS[1]):
        transport(READERS[1]).connect(0.05)


async def test_a_card_is_waited_for(service: PrivatePcscd) -> None:
    way = transport()
    waiting = asyncio.create_task(asyncio.to_thread(way.connect, 30.0))
    await asyncio.to_thread(until, lambda: way._context is not None)
    reader = Reader(service)
    assert await waiting == reader.card.atr
    way.close()
    reader.take_away()
