"""The encrypted turnover counter: AES-256 in ICM mode, one block (rksv.md section 2)."""

from __future__ import annotations

import base64
import hashlib
from binascii import b2a_base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drivers.contract.fault import Fault, Side, Text

TRAINING = "VFJB"
STORNO = "U1RP"


class CounterOverflow(Fault):
    """A turnover beyond what the counter's bytes can hold."""

    code = "counter_overflow"
    side = Side.OPERATOR
    title = Text("Der Umsatzzähler läuft über", "The turnover counter overflows")
    advice = Text("Betrag prüfen; der Beleg wurde nicht erstellt.", "Check the amount.")


class CounterCipher:
    """Encrypts and decrypts turnover counters of ``length`` bytes with a 32-byte key."""

    def __init__(self, key: bytes, length: int = 8) -> None:
        cipher = Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305 - ICM of one block
        self._encryptor = cipher.encryptor()
        self._length = length
        self._limit = 1 << (8 * length - 1)

    def _keystream(self, kassen_id: str, number: str) -> bytes:
        iv = hashlib.sha256(f"{kassen_id}{number}".encode()).digest()[:16]
        return self._encryptor.update(iv)

    def encrypt(self, kassen_id: str, number: str, cents: int) -> str:
        """Return field 10. Raises ``CounterOverflow``."""
        if not -self._limit <= cents < self._limit:
            message = f"{cents} cents do not fit into {self._length} bytes"
            raise CounterOverflow(message)
        length = self._length
        stream = int.from_bytes(self._keystream(kassen_id, number)[:length], "big")
        plain = cents & ((self._limit << 1) - 1)
        return b2a_base64((stream ^ plain).to_bytes(length, "big"), newline=False).decode()

    def decrypt(self, kassen_id: str, number: str, field: str) -> int:
        """Return the cents in field 10; the length is the field's own."""
        data = base64.b64decode(field)
        stream = self._keystream(kassen_id, number)
        plain = bytes(a ^ b for a, b in zip(data, stream, strict=False))
        return int.from_bytes(plain, "big", signed=True)


def key_check_value(key: bytes) -> str:
    """Return the Prüfwert for FinanzOnline: 4 characters."""
    digest = hashlib.sha256(base64.b64encode(key)).digest()[:3]
    return base64.b64encode(digest).decode().rstrip("=")
