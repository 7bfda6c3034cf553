"""What every check needs: keys, period, patterns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bridge.fiscal.rksv.code import FIRST_DAY, VIENNA, format_time
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.keys import KeyContainer

EARLIEST = f"{FIRST_DAY.isoformat()}T00:00:00"
"""Check TIMEOFRECEIPT_WITHIN_PERIOD."""

LONGEST_JWS = 8192
"""Characters; a code of 1000 characters of four bytes each fits."""

SHORTEST, LONGEST = 100, 1000
"""Characters of the QR string (BASICCONSTRAINTS_RECEIPT_LENGTH)."""

COUNTER_BYTES = range(5, 17)
CHAIN_BYTES = 8
SIGNATURE_BYTES = 64

AMOUNT = r"-?(?:[1-9][0-9]+|[0-9]),[0-9]{2}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
SUITE = r"R[1-9][0-9]*-(?:AT0|[A-Z]{2}[1-9][0-9]*)"
KNOWN_SUITE = r"R1-AT(?:0|[1-9][0-9]*)"
HEX_SERIAL = r"[0-9a-fA-F]+"
CLOSED_SERIAL = r"(?:U:[A-Z]{2}[0-9A-Z]{2,13}|S:[0-9]{9}|G:[0-9]{13})-[0-9A-Za-z]+"
"""Ordnungsbegriff and key id. # assumed: a UID is two letters and 2 to 13 letters or digits."""

CLOSED_SUITE_END = "-AT0"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a verification is told. ``latest`` is the last allowed time of a receipt in the form
    of field 4; ``None`` allows the future."""

    keys: KeyContainer
    latest: str | None


def settings_for(keys: KeyContainer, *, allow_future: bool, now: datetime) -> Settings:
    """Build settings; ``now`` is aware, or naive Austrian local time.

    In the hour that October repeats a receipt may bear the later reading of the clock: the end of
    that hour counts.
    """
    if allow_future:
        return Settings(keys, None)
    local = now.astimezone(VIENNA) if now.tzinfo else now
    if local.fold:
        local = local.replace(minute=59, second=59)
    return Settings(keys, format_time(local.replace(tzinfo=None)))


class Tools:
    """Loaded keys of one container: public keys by field 11, AES for the counters."""

    def __init__(self, settings: Settings) -> None:
        keys = settings.keys
        self.latest = settings.latest
        self.public_keys: dict[str, ec.EllipticCurvePublicKey] = {
            entry.id: entry.public_key() for entry in keys.entries
        }
        self.cipher = CounterCipher(keys.aes_key)
        # ICM of one block: ECB of the initial counter blocks gives the key streams.
        ecb = modes.ECB()  # noqa: S305  single blocks that never repeat, as ICM demands
        self.key_streams = Cipher(algorithms.AES256(keys.aes_key), ecb).encryptor()


@lru_cache(maxsize=4)
def tools_for(settings: Settings) -> Tools:
    """Return the loaded keys, kept from block to block."""
    return Tools(settings)
