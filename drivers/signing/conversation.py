"""The commands of ACOS-ID and CardOS 5.3 and what their answers mean. Keeps no state.

Source: A-Trust APDU manual 0.3 (2021-12-21) for RKSV cards; ISO/IEC 7816-4. The two families
differ only in the PIN reference.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.signing import status_words
from drivers.signing.atr import CardFamily
from drivers.signing.certificate import SIGNATURE_BYTES, certificate_length
from drivers.signing.faults import CardNotActivated, CardSignatureWrong, unexpected_status
from drivers.signing.status_words import tries_left

SELECT_MF = bytes.fromhex("00A4000C023F00")
SELECT_SIGNING_FOLDER = bytes.fromhex("00A4000C02DF01")
SELECT_CERTIFICATE = bytes.fromhex("00A4000C02C000")
SELECT_CIN = bytes.fromhex("00A4000C02D001")
READ_CIN = bytes.fromhex("00B0000008")
CIN_BYTES = 8
_READ_STEP = 256
_SHORT_FILE_ID_BIT = 0x8000  # set in the offset, it would mean "file by short identifier"
_END_OF_FILE = frozenset(
    {status_words.END_OF_FILE, status_words.WRONG_P1_P2, status_words.OFFSET_BEYOND_FILE}
)


def verify_command(family: CardFamily, pin_block: bytes) -> bytes:
    """Return VERIFY with an 8-byte PIN block. The family must have a PIN reference."""
    reference = family.pin_reference
    if reference is None:
        raise ValueError(f"{family.name} has no VERIFY command in this driver")
    return bytes([0x00, 0x20, 0x00, reference, len(pin_block)]) + pin_block


def sign_command(digest: bytes) -> bytes:
    """Return COMPUTE DIGITAL SIGNATURE with the 32-byte SHA-256 in the same command."""
    return b"\x00\x2a\x9e\x9a\x20" + digest + bytes([SIGNATURE_BYTES])


def read_binary_command(offset: int) -> bytes:
    """Return READ BINARY of 256 bytes at ``offset`` (below 0x8000)."""
    return b"\x00\xb0" + offset.to_bytes(2, "big") + b"\x00"


class WrongPin(Exception):
    """The card answered ``63Cx`` or ``6983``; ``tries`` are left."""

    def __init__(self, tries: int) -> None:
        super().__init__()
        self.tries = tries


class Conversation:
    """One card's commands over ``transmit`` (command APDU -> data + SW1 SW2, at least 2 bytes).

    Every method raises ``CardUnexpectedStatus`` for a status word it has no use for, and lets
    the faults of ``transmit`` through.
    """

    __slots__ = ("_family", "_transmit")

    def __init__(self, transmit: Callable[[bytes], bytes], family: CardFamily) -> None:
        self._transmit = transmit
        self._family = family

    def select_signing_folder(self) -> None:
        """Select the folder with the signature key (MF, DF01)."""
        self._select(SELECT_MF, "selection of the main folder")
        self._select(SELECT_SIGNING_FOLDER, "selection of the signing folder")

    def read_certificate(self) -> bytes:
        """Return the certificate, DER, trimmed. Raises ``CardNotActivated`` if there is none."""
        self.select_signing_folder()
        _, status_word = self._exchange(SELECT_CERTIFICATE)
        if status_word == status_words.FILE_NOT_FOUND:
            raise CardNotActivated("the card has no certificate file")
        if status_word != status_words.OK:
            raise unexpected_status("selection of the certificate", status_word)
        content = bytearray()
        wanted: int | None = None
        while wanted is None or len(content) < wanted:
            command = read_binary_command(len(content))
            data, status_word = self._exchange(command)
            if status_word >> 8 == status_words.WRONG_LE:
                command = command[:-1] + bytes([status_word & 0xFF])
                data, status_word = self._exchange(command)
            at_end = status_word in _END_OF_FILE
            if status_word != status_words.OK and not at_end:
                raise unexpected_status("reading the certificate", status_word)
            content += data
            wanted = certificate_length(bytes(content))
            if wanted is None:
                raise CardNotActivated("the certificate file is empty")
            if at_end or not data or len(content) + _READ_STEP > _SHORT_FILE_ID_BIT:
                break
        if len(content) < wanted:
            raise CardNotActivated(
                f"the certificate file ends after {len(content)} of {wanted} bytes"
            )
        return bytes(content[:wanted])

    def read_cin(self) -> str:
        """Return the card's identification number (CIN), 16 hex digits, lower case."""
        self._select(SELECT_MF, "selection of the main folder")
        self._select(SELECT_CIN, "selection of the card number")
        data, status_word = self._exchange(READ_CIN)
        if status_word != status_words.OK:
            raise unexpected_status("reading the card number", status_word)
        return data[:CIN_BYTES].hex()

    def verify(self, pin_block: bytes) -> None:
        """Present the PIN once. Raises ``WrongPin`` if the card refuses it or is blocked."""
        _, status_word = self._exchange(verify_command(self._family, pin_block))
        tries = tries_left(status_word)
        if status_word == status_words.PIN_BLOCKED:
            tries = 0
        if tries is not None:
            raise WrongPin(tries)
        if status_word != status_words.OK:
            raise unexpected_status("PIN check", status_word)

    def sign(self, digest: bytes) -> bytes:
        """Return the 64-byte signature of a 32-byte digest; the PIN must have been presented.

        Raises ``CardSignatureWrong`` for an answer of another length.
        """
        signature, status_word = self._exchange(sign_command(digest))
        if status_word != status_words.OK:
            raise unexpected_status("signature", status_word)
        if len(signature) != SIGNATURE_BYTES:
            raise CardSignatureWrong(
                f"the signature has {len(signature)} of {SIGNATURE_BYTES} bytes",
                length=len(signature),
            )
        return signature

    def _select(self, command: bytes, step: str) -> None:
        _, status_word = self._exchange(command)
        if status_word != status_words.OK:
            raise unexpected_status(step, status_word)

    def _exchange(self, command: bytes) -> tuple[bytes, int]:
        answer = self._transmit(command)
        return answer[:-2], int.from_bytes(answer[-2:], "big")
