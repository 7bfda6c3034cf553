"""Which reader an address means."""

from __future__ import annotations

import pytest

from drivers.signing.pcsc import PcscAddress
from drivers.signing.pcsc_faults import CardReaderAmbiguous, PcscAddressInvalid

NAMES = ["Gemalto USB Shell 00 00", "Gemalto USB Shell 01 00", "Identive CLOUD 00 00"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("pcsc:*", NAMES),
        ("pcsc:Identive", NAMES[2:]),
        ("pcsc:Identive CLOUD 00 00", NAMES[2:]),
        ("pcsc: Identive CLOUD 00 00 ", NAMES[2:]),
        ("pcsc:Gemalto USB Shell 01 00", NAMES[1:2]),
        ("pcsc:Gemalto USB Shell 01", NAMES[1:2]),
        ("pcsc:CLOUD", []),
        ("pcsc:identive", []),
    ],
)
def test_a_reader_is_meant_by_its_name_or_its_beginning(address: str, found: list[str]) -> None:
    assert PcscAddress.parse(address).candidates(NAMES) == found


def test_a_whole_name_wins_over_a_longer_one_that_begins_alike() -> None:
    assert PcscAddress("Reader").candidates(["Reader 2", "Reader"]) == ["Reader"]


def test_a_beginning_of_several_names_is_refused_and_names_them() -> None:
    with pytest.raises(CardReaderAmbiguous) as raised:
        PcscAddress.parse("pcsc:Gemalto").candidates(NAMES)
    assert raised.value.facts["readers"] == NAMES[:2]
    assert NAMES[1] in raised.value.detail


@pytest.mark.parametrize("address", ["", "pcsc", "pcsc:", "pcsc:  ", "usb:Identive", "PCSC:*"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(PcscAddressInvalid, match="pcsc:NAME"):
        PcscAddress.parse(address)


def test_a_serial_number_is_no_address_and_says_why() -> None:
    with pytest.raises(PcscAddressInvalid, match="certificate") as raised:
        PcscAddress.parse("pcsc:serial=1a2b")
    assert raised.value.code == "pcsc_address_invalid"
    assert "pcsc:*" in raised.value.advice.de


def test_an_address_is_written_as_it_was_read() -> None:
    assert str(PcscAddress.parse("pcsc:Identive CLOUD")) == "pcsc:Identive CLOUD"
