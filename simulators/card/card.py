"""The card itself: a small ISO 7816-4 file system, a PIN, a key. Bytes in, bytes out.

Source: A-Trust APDU manual 0.3 for RKSV cards and ISO/IEC 7816-4, where the manual is silent.
``process`` takes any bytes and never raises but ``CardDied``, which a fault switch asks for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from drivers.signing.atr import ACOS_ID, CARD_TYPES
from drivers.signing.pin import pin_block
from simulators.card.apdu import Command, parse
from simulators.card.identity import MAX_TRIES
from simulators.card.state import CardState, StateFile
from simulators.card.switches import FaultSwitches

DEFAULT_ATR: Final = CARD_TYPES[0].atr_prefix
SIGNING_AID: Final = bytes.fromhex("D0400000220001")
CERTIFICATE_FILE_BYTES: Final = 2048  # assumed: the real file's size is not documented
SAVE_COUNTERS_EVERY: Final = 1000
"""APDUs between two writes of the counters; a kill loses at most so many counts."""

_MF, _SIGNING, _CERTIFICATE, _CIN = 0x3F00, 0xDF01, 0xC000, 0xD001

OK = b"\x90\x00"
END_OF_FILE = b"\x62\x82"
WRONG_LENGTH = b"\x67\x00"
SECURITY = b"\x69\x82"
BLOCKED = b"\x69\x83"
NO_FILE = b"\x69\x86"
BAD_DATA = b"\x6a\x80"
NOT_FOUND = b"\x6a\x82"
WRONG_PARAMETERS = b"\x6a\x86"
NO_REFERENCE = b"\x6a\x88"
BEYOND = b"\x6b\x00"
NO_INSTRUCTION = b"\x6d\x00"
NO_CLASS = b"\x6e\x00"
BROKEN = b"\x6f\x00"


class CardDied(Exception):
    """The card was pulled or died while it worked on a command: there is no answer."""


class AcosIdCard:
    """One ACOS-ID card. Used by one thread; ``state`` may be read by others.

    ``deterministic`` makes signatures reproducible (RFC 6979). ``sleep`` takes seconds.
    """

    def __init__(
        self,
        state: CardState,
        *,
        file: StateFile | None = None,
        switches: FaultSwitches | None = None,
        deterministic: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.state = state
        self.switches = switches or FaultSwitches()
        self._file = file or StateFile(None)
        self._sleep = sleep
        self._key = ec.derive_private_key(int(state.key, 16), ec.SECP256R1())
        self._algorithm = ec.ECDSA(Prehashed(SHA256()), deterministic_signing=deterministic)
        self._pin_block = pin_block(state.pin)
        certificate = bytes.fromhex(state.certificate)
        self._files = {
            (_SIGNING, _CERTIFICATE): certificate.ljust(CERTIFICATE_FILE_BYTES, b"\x00")
            if certificate
            else b"",
            (_MF, _CIN): bytes.fromhex(state.cin),
        }
        self._folder = _MF
        self._selected: bytes | None = None
        self._verified = False

    @property
    def atr(self) -> bytes:
        """The ATR, as the fault switch has it."""
        return bytes.fromhex(self.switches.settings.atr) or DEFAULT_ATR

    def reset(self) -> None:
        """Power-up or reset: master file selected, PIN not verified."""
        self._folder = _MF
        self._selected = None
        self._verified = False

    def save(self) -> None:
        """Write state and counters durably."""
        self._file.save(self.state)

    def process(self, apdu: bytes) -> bytes:
        """Answer one command APDU with data and SW1 SW2. Raises only ``CardDied``."""
        self.state = replace(self.state, apdus=self.state.apdus + 1)
        if self.state.apdus % SAVE_COUNTERS_EVERY == 0:
            self.save()
        answer = self._answer(apdu)
        if self.switches.take_last("die_in_apdu"):
            self.reset()
            raise CardDied
        return answer

    def _answer(self, apdu: bytes) -> bytes:
        command = parse(apdu)
        if command is None:
            return WRONG_LENGTH
        if command.cla != 0x00:
            return NO_CLASS
        if command.ins == 0xA4:
            return self._select(command)
        if command.ins == 0xB0:
            return self._read_binary(command)
        if command.ins == 0x20:
            return self._verify(command)
        if command.ins == 0x2A:
            return self._sign(command)
        return NO_INSTRUCTION

    def _select(self, command: Command) -> bytes:
        if command.p2 not in {0x00, 0x0C}:
            return WRONG_PARAMETERS
        if command.p1 == 0x04:
            if command.data != SIGNING_AID:
                return NOT_FOUND
            self._enter(_SIGNING)
        elif command.p1 == 0x00:
            if len(command.data) != 2:
                return WRONG_LENGTH
            file_id = int.from_bytes(command.data, "big")
            if file_id == _MF or (self._folder == _MF and file_id == _SIGNING):
                self._enter(file_id)
            elif self._files.get((self._folder, file_id)):
                self._selected = self._files[self._folder, file_id]
            else:
                return NOT_FOUND
        else:
            return WRONG_PARAMETERS
        # assumed: with P2=00 a template without fields; the manual only uses P2=0C
        return b"\x6f\x00" + OK if command.p2 == 0x00 and command.le else OK

    def _enter(self, folder: int) -> None:
        self._folder = folder
        self._selected = None

    def _read_binary(self, command: Command) -> bytes:
        if command.p1 & 0x80:
            return NOT_FOUND
        if command.data or command.le is None:
            return WRONG_LENGTH
        if self._selected is None:
            return NO_FILE
        offset = command.p1 << 8 | command.p2
        if offset >= len(self._selected):
            return BEYOND
        data = self._selected[offset : offset + command.le]
        # assumed: Le 00 means "all there is", any other Le must be met in full
        return data + (OK if len(data) == command.le or command.le == 256 else END_OF_FILE)

    def _verify(self, command: Command) -> bytes:
        if command.p1 != 0x00:
            return WRONG_PARAMETERS
        if self._folder != _SIGNING or command.p2 != ACOS_ID.pin_reference:
            return NO_REFERENCE
        if not command.data:
            # ISO/IEC 7816-4: without data VERIFY asks for the state and spends no try
            if self._verified:
                return OK
            return self._tries_left()
        self.state = replace(self.state, verifies=self.state.verifies + 1)
        self._verified = False
        if self.state.tries_left == 0:
            return BLOCKED
        if len(command.data) != 8:
            return WRONG_LENGTH
        if command.data[0] >> 4 != 2:
            return BAD_DATA
        right = compare_digest(command.data, self._pin_block)
        tries = MAX_TRIES if right else self.state.tries_left - 1
        if tries != self.state.tries_left:
            self.state = replace(self.state, tries_left=tries)
            self.save()
        self._verified = right
        return OK if right else self._tries_left()

    def _tries_left(self) -> bytes:
        tries = self.state.tries_left
        return bytes([0x63, 0xC0 | tries]) if tries else BLOCKED

    def _sign(self, command: Command) -> bytes:
        if (command.p1, command.p2) != (0x9E, 0x9A):
            return WRONG_PARAMETERS
        if len(command.data) != 32:
            return BAD_DATA
        if command.le not in {0x40, 256}:
            return WRONG_LENGTH
        if self.switches.take("reset_between"):
            self.reset()
        verified, self._verified = self._verified, False
        if not verified or self._folder != _SIGNING or self.switches.take("security_lost"):
            return SECURITY
        if self.switches.take("fail_next_signatures"):
            return BROKEN
        if delay_ms := self.switches.settings.delay_ms:
            self._sleep(delay_ms / 1000)
        signature = self._signature(command.data)
        self.state = replace(self.state, signatures=self.state.signatures + 1)
        if self.switches.take("short_answers"):
            return signature[:1]
        if self.switches.take("cut_signatures"):
            return signature[:-1] + OK
        if self.switches.take("wrong_signatures"):
            signature = signature[:-1] + bytes([signature[-1] ^ 0x01])
        return signature + OK

    def _signature(self, digest: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(digest, self._algorithm))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
