"""A real PC/SC service for tests, the cards in its readers, and another program that uses them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.pcsc import PcscAddress, PcscTransport
from drivers.signing.pcsc_faults import CardSupportMissing
from drivers.signing.pcsc_library import (
    LEAVE_CARD,
    PROTOCOL_T0_OR_T1,
    RESET_CARD,
    SCOPE_USER,
    SHARE_SHARED,
    call,
    load_scard,
    require,
)
from simulators.card.card import AcosIdCard
from simulators.card.identity import new_card
from simulators.card.pcscd import CLIENT_VARIABLE, READER, PcscdMissing, PrivatePcscd
from simulators.card.slot import CardSlot
from simulators.card.switches import FaultSettings, FaultSwitches
from simulators.card.vpcd_client import VpcdClient
from tests.signing.cards import make_unit

PLACE = Path(tempfile.gettempdir()) / f"bonbridge-pcscd-{os.getpid()}"
READERS = (f"{READER} 00 00", f"{READER} 00 01")
LIMIT_S = 30.0


def point_client_here() -> None:
    """Have this process's client library look for the service of the tests.

    It reads the variable at its first call and never again, so this must come before any test.
    """
    os.environ[CLIENT_VARIABLE] = str(PLACE / "run" / "pcscd.comm")


def run_service() -> Iterator[PrivatePcscd]:
    """Start the service of the tests, for a session fixture; skip where there can be none."""
    try:
        load_scard()
    except CardSupportMissing as missing:
        pytest.skip(missing.detail)
    PLACE.mkdir(mode=0o700)
    try:
        try:
            service = PrivatePcscd(PLACE)
        except PcscdMissing as missing:
            pytest.skip(missing.detail)
        service.start()
        yield service
        service.release()
    finally:
        shutil.rmtree(PLACE)


def until(reached: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < end, "the condition was not reached"
        time.sleep(0.005)


class CountingCard(AcosIdCard):
    """Counts PINs it refused and resets."""

    refused = 0
    resets = 0

    def process(self, apdu: bytes) -> bytes:
        """Answer, and count ``63Cx`` and ``6983``."""
        answer = super().process(apdu)
        if apdu[1] == 0x20 and (answer[0] == 0x63 or answer == b"\x69\x83"):
            self.refused += 1
        return answer

    def reset(self) -> None:
        """Reset, and count it."""
        self.resets += 1
        super().reset()


class Reader:
    """One of the service's readers with a card in it, in this process."""

    def __init__(self, service: PrivatePcscd, index: int = 0, *, seed: str = "own") -> None:
        self.name = READERS[index]
        self.switches = FaultSwitches()
        self.card = self._card(seed)
        self.other = self._card("other")
        self.slot = CardSlot(self.card, self.switches, lambda: self.other)
        self._client = VpcdClient(self.slot, "127.0.0.1", service.ports[index])
        self._client.start()

    def _card(self, seed: str) -> CountingCard:
        return CountingCard(new_card(seed=seed), switches=self.switches)

    def set(self, **switches: Any) -> None:
        """Change fault switches."""
        self.switches.change(switches)

    def pull(self) -> None:
        """Take the card out and leave it out."""
        self.set(pulled=True)
        self._client.hang_up()

    def insert(self, *, other: bool = False) -> None:
        """Put the card in again, or another one."""
        self.set(pulled=False, other_card=other)

    def reinsert(self, *, other: bool = False) -> None:
        """Pull the card and put it or another one in so quickly that the service cannot see it.

        Returns when the card is in the reader.
        """
        coming = self.other if other else self.card
        before = coming.resets
        self.set(other_card=other)
        self._client.hang_up()
        until(lambda: coming.resets > before)

    def clear(self) -> None:
        """No faults any more."""
        self.switches.change(asdict(FaultSettings()))

    def take_away(self) -> None:
        """End the card."""
        self._client.stop()


def transport(reader: str = READERS[0], **options: Any) -> PcscTransport:
    """A transport to a reader of the tests."""
    return PcscTransport(PcscAddress.parse(f"pcsc:{reader}"), **options)


def pcsc_unit(reader: str = READERS[0], **options: Any) -> AcosIdUnit:
    """A unit on a reader of the tests, with time for the service's own pace."""
    return make_unit(
        transport(reader), **{"connect_timeout_s": 10.0, "sign_timeout_s": 25.0, **options}
    )


class OtherProgram:
    """Another user of the service with a handle of its own."""

    def __init__(self, reader: str = READERS[0], mode: int = SHARE_SHARED) -> None:
        self._scard = load_scard()
        self._reader, self._mode = reader, mode
        (self._context,) = require(call(self._scard.SCardEstablishContext, SCOPE_USER))
        self._handle = 0
        self._protocol = 0

    def connect(self) -> int:
        """Open the card; return the code."""
        code, rest = call(
            self._scard.SCardConnect, self._context, self._reader, self._mode, PROTOCOL_T0_OR_T1
        )
        if not code:
            self._handle, self._protocol = rest
        return code

    def transmit(self, command: str) -> str:
        """Send a command; return the answer in hex."""
        (answer,) = require(
            call(
                self._scard.SCardTransmit,
                self._handle,
                self._protocol,
                list(bytes.fromhex(command)),
            )
        )
        return bytes(answer).hex()

    def reset(self) -> int:
        """Reset the card; return the code."""
        code, _ = call(
            self._scard.SCardReconnect, self._handle, SHARE_SHARED, PROTOCOL_T0_OR_T1, RESET_CARD
        )
        return code

    def begin(self) -> int:
        """Begin a transaction; return the code."""
        return call(self._scard.SCardBeginTransaction, self._handle)[0]

    def end(self) -> int:
        """End the transaction; return the code."""
        return call(self._scard.SCardEndTransaction, self._handle, LEAVE_CARD)[0]

    def disconnect(self, how: int = LEAVE_CARD) -> None:
        """Close the handle."""
        call(self._scard.SCardDisconnect, self._handle, how)

    def close(self) -> None:
        """Leave the service."""
        call(self._scard.SCardReleaseContext, self._context)
