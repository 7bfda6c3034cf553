"""Return codes and the binding's traps, with a stand-in for the binding."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from drivers.contract.fault import Fault
from drivers.signing.faults import (
    CardAbsent,
    CardCommunication,
    CardGone,
    CardReaderUnavailable,
    SigningTimeout,
)
from drivers.signing.pcsc import PcscAddress, PcscTransport
from drivers.signing.pcsc_codes import Code, name_of
from drivers.signing.pcsc_faults import (
    CardAccessDenied,
    CardMute,
    CardReaderAmbiguous,
    CardReaderInUse,
    CardReaderNotFound,
    CardServiceDown,
    CardSupportMissing,
)
from drivers.signing.pcsc_readers import reader_names
from tests.signing.pcsc.scripted import ATR, CARD, READER, ScriptedScard, scripted
from tests.support.vectors import ROOT

VERIFY = bytes.fromhex("0020008A0826123456FFFFFFFF")
GARBAGE = [0x5A] * 65548


def signed(code: int) -> int:
    """The code as a binding with a signed 32-bit type returns it."""
    return code - 2**32


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.W_RESET_CARD, CardGone),
        (Code.W_REMOVED_CARD, CardGone),
        (Code.E_SHARING_VIOLATION, CardGone),
        (Code.E_PROTO_MISMATCH, CardGone),
        (Code.E_INVALID_HANDLE, CardGone),
        (Code.E_NOT_TRANSACTED, CardCommunication),
        (Code.E_NO_SERVICE, CardCommunication),
        (Code.F_COMM_ERROR, CardCommunication),
        (Code.E_NO_SMARTCARD, CardCommunication),
        (Code.E_READER_UNAVAILABLE, CardCommunication),
        (0x8010FFFF, CardCommunication),
        (signed(Code.E_NOT_TRANSACTED), CardCommunication),
        (Code.E_TIMEOUT, SigningTimeout),
        (Code.F_WAITED_TOO_LONG, SigningTimeout),
    ],
)
def test_a_failed_command_tells_whether_the_card_may_have_seen_it(
    code: int, fault: type[Fault], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scard, transport = scripted()
    transport.connect(0)
    scard.answers["SCardTransmit"] = [[code, GARBAGE]]
    with pytest.raises(fault) as raised:
        transport.transmit(VERIFY)
    assert type(raised.value) is fault
    assert f"0x{code & 0xFFFFFFFF:08X}" in raised.value.detail
    said = f"{raised.value!r} {raised.value.facts} {caplog.text}"
    assert len(said) < 300, "the response of a failed call was looked at"
    assert "123456" not in said
    # The handle was given up: no second command without connecting anew.
    with pytest.raises(CardGone):
        transport.transmit(VERIFY)
    assert scard.count("SCardTransmit") == 1
    assert transport.connect(0) == bytes(ATR)


@pytest.mark.parametrize("answer", [[], [0x90]])
def test_success_with_a_short_answer_is_a_fault(answer: list[int]) -> None:
    scard, transport = scripted()
    transport.connect(0)
    scard.answers["SCardTransmit"] = [[0, answer]]
    with pytest.raises(CardCommunication, match="of at least 2") as raised:
        transport.transmit(VERIFY)
    assert type(raised.value) is CardCommunication
    with pytest.raises(CardGone):
        transport.transmit(VERIFY)


@pytest.mark.parametrize("name", ["SCardTransmit", "SCardBeginTransaction", "SCardReconnect"])
def test_a_binding_that_breaks_is_a_dead_service_and_gets_a_new_context(name: str) -> None:
    scard, transport = scripted()
    transport.connect(0)
    scard.answers[name] = [SystemError("returned NULL without setting an exception")]
    with pytest.raises(CardCommunication, match="NO_SERVICE"):
        use(transport, name)
    assert scard.count("SCardReleaseContext") == 1
    transport.connect(0)
    assert scard.count("SCardEstablishContext") == 2


def use(transport: PcscTransport, name: str) -> None:
    """Make the call that reaches a function."""
    if name == "SCardReconnect":
        transport.reset()
    with transport.transaction():
        transport.transmit(VERIFY)


def test_a_card_that_cannot_be_locked_never_saw_a_command() -> None:
    for code in (Code.W_RESET_CARD, Code.W_REMOVED_CARD, Code.E_NO_SERVICE, Code.E_NO_SMARTCARD):
        scard, transport = scripted()
        transport.connect(0)
        scard.answers["SCardBeginTransaction"] = [code]
        with pytest.raises(CardGone), transport.transaction():
            transport.transmit(VERIFY)
        assert scard.count("SCardTransmit") == 0


def test_a_transaction_that_cannot_be_ended_ends_with_the_handle() -> None:
    scard, transport = scripted()
    transport.connect(0)
    scard.answers["SCardEndTransaction"] = [Code.E_SHARING_VIOLATION]
    with transport.transaction():
        assert transport.transmit(VERIFY) == b"\x90\x00"
    assert scard.calls[-1] == "SCardDisconnect 0"
    with pytest.raises(CardGone), transport.transaction():
        pass


def test_a_card_lost_within_a_transaction_is_not_unlocked_again() -> None:
    scard, transport = scripted()
    transport.connect(0)
    scard.answers["SCardTransmit"] = [[Code.E_NOT_TRANSACTED, []]]
    with pytest.raises(CardCommunication), transport.transaction():
        transport.transmit(VERIFY)
    assert scard.count("SCardEndTransaction") == 0


def test_the_card_is_reset_at_connect_but_not_after_another_program_did_it() -> None:
    scard, transport = scripted()
    transport.connect(0)
    transport.connect(0)
    assert scard.count("SCardReconnect 1") == 2
    scard.answers["SCardTransmit"] = [[Code.W_RESET_CARD, []]]
    with pytest.raises(CardGone):
        transport.transmit(VERIFY)
    transport.connect(0)
    assert scard.count("SCardReconnect 1") == 2
    transport.connect(0)
    assert scard.count("SCardReconnect 1") == 3


def test_no_handle_is_ever_closed_but_by_leaving_the_card_as_it_is() -> None:
    scard, transport = scripted()
    transport.connect(0)
    transport.connect(0)
    transport.close()
    closed = [call for call in scard.calls if call.startswith("SCardDisconnect")]
    assert closed == ["SCardDisconnect 0"] * 2


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.E_NO_SMARTCARD, CardAbsent),
        (Code.W_REMOVED_CARD, CardAbsent),
        (Code.W_UNRESPONSIVE_CARD, CardMute),
        (Code.W_UNPOWERED_CARD, CardMute),
        (Code.E_SHARING_VIOLATION, CardReaderInUse),
        (Code.E_UNKNOWN_READER, CardReaderUnavailable),
        (Code.E_NO_SERVICE, CardServiceDown),
        (Code.W_SECURITY_VIOLATION, CardAccessDenied),
        (Code.E_READER_UNAVAILABLE, CardReaderUnavailable),
        (Code.F_INTERNAL_ERROR, CardReaderUnavailable),
    ],
)
def test_a_card_that_cannot_be_opened_is_diagnosed(code: int, fault: type[Fault]) -> None:
    scard, transport = scripted()
    scard.answers["SCardConnect"] = [[code, 0, 0]]
    with pytest.raises(fault) as raised:
        transport.connect(0)
    assert type(raised.value) is fault
    assert transport.connect(0) == bytes(ATR)


@pytest.mark.parametrize("code", [Code.W_SECURITY_VIOLATION, Code.E_NO_ACCESS])
def test_a_service_that_refuses_the_user_is_named(code: int) -> None:
    scard, transport = scripted()
    scard.answers["SCardEstablishContext"] = [[code, 0]]
    with pytest.raises(CardAccessDenied):
        transport.connect(0)


def test_a_refusal_by_a_dying_service_does_not_last() -> None:
    """Its code is the same as that of a refusal."""
    scard, transport = scripted()
    scard.answers["SCardEstablishContext"] = [[Code.W_SECURITY_VIOLATION, 0]]
    assert transport.connect(600) == bytes(ATR)


def test_a_context_that_died_unnoticed_is_replaced_within_one_connect() -> None:
    scard, transport = scripted()
    transport.connect(0)
    scard.answers["SCardListReaders"] = [[Code.E_NO_SERVICE, []]]
    assert transport.connect(600) == bytes(ATR)
    assert scard.count("SCardEstablishContext") == 2


def test_a_card_that_came_up_mute_is_switched_off_and_on() -> None:
    scard, transport = scripted()
    mute = [0, [("list", 0, []), (READER, CARD | 0x200, [])]]
    scard.answers["SCardGetStatusChange"] = [mute]
    assert transport.connect(0) == bytes(ATR)
    assert scard.count("SCardReconnect 2") == 1


def test_a_card_that_stays_mute_is_named() -> None:
    scard, transport = scripted()
    mute = [0, [("list", 0, []), (READER, CARD | 0x200, [])]]
    scard.answers["SCardGetStatusChange"] = [mute]
    scard.answers["SCardReconnect"] = [[Code.W_UNRESPONSIVE_CARD, 0]]
    with pytest.raises(CardMute):
        transport.connect(0)


def test_no_reader_at_all_is_not_found() -> None:
    scard, transport = scripted()
    scard.answers["SCardListReaders"] = [[Code.E_NO_READERS_AVAILABLE, []]]
    with pytest.raises(CardReaderNotFound, match="there: none") as raised:
        transport.connect(0)
    assert raised.value.facts["readers"] == []


def test_two_cards_for_one_address_are_named() -> None:
    scard = ScriptedScard()
    transport = PcscTransport(PcscAddress("*"), load=lambda: scard)
    scard.answers["SCardListReaders"] = [[0, ["A", "B"]]]
    with pytest.raises(CardReaderAmbiguous, match="A, B"):
        transport.connect(0)


def without_pyscard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "smartcard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "smartcard", None)


def test_without_pyscard_the_box_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pyscard(monkeypatch)
    with pytest.raises(CardSupportMissing) as raised:
        PcscTransport(PcscAddress("*")).connect(0)
    assert "bonbridge[card]" in raised.value.advice.en
    with pytest.raises(CardSupportMissing):
        reader_names()


def test_the_driver_is_imported_without_pyscard() -> None:
    program = (
        "import sys; sys.modules['smartcard'] = None; import drivers.signing.pcsc as pcsc; "
        "assert pcsc.PcscTransport"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x80100068, "SCARD_W_RESET_CARD (0x80100068)"),
        (0x8010001D, "SCARD_E_NO_SERVICE (0x8010001D)"),
        (0x80100FFF, "PC/SC code 0x80100FFF"),
    ],
)
def test_a_code_is_named_so_that_it_can_be_searched_for(code: int, name: str) -> None:
    assert name_of(code) == name


def test_the_numbers_are_those_of_the_binding() -> None:
    scard: Any = pytest.importorskip("smartcard.scard")
    for code in Code:
        name = "SCARD_S_SUCCESS" if code is Code.SUCCESS else f"SCARD_{code.name}"
        assert getattr(scard, name) & 0xFFFFFFFF == code, name
