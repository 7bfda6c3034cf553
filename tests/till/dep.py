"""A small check of a register's receipts of its own: nothing of the box's fiscal code is used.

Written from rksv.md sections 2 and 3: payload, JWS, chain, turnover counter, signature.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

OUTAGE = b"Sicherheitseinrichtung ausgefallen"


@dataclass(frozen=True, slots=True)
class Bon:
    """One receipt, taken apart. ``counter`` is ``None`` for training and storno; amounts in cents;
    ``time`` as it stands in the code."""

    suite: str
    kassen_id: str
    number: str
    time: str
    amounts: tuple[int, ...]
    field_10: str
    counter: int | None
    serial: str
    signed: bool


def unpadded(text: str) -> bytes:
    """Decode base64url without padding."""
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cents(amount: str) -> int:
    """Read ``-1,20``."""
    assert re.fullmatch(r"-?(0|[1-9]\d*),\d\d", amount), amount
    assert amount != "-0,00"
    return int(amount.replace(",", ""))


def decrypted(key: bytes, kassen_id: str, number: str, field: str) -> int:
    """Decrypt a turnover counter: AES-256 in counter mode, one block."""
    iv = hashlib.sha256(f"{kassen_id}{number}".encode()).digest()[:16]
    decryptor = Cipher(algorithms.AES256(key), modes.CTR(iv)).decryptor()
    raw = base64.b64decode(field, validate=True)
    return int.from_bytes(decryptor.update(raw) + decryptor.finalize(), "big", signed=True)


def checked(
    receipts: Iterable[str], *, kassen_id: str, key: bytes, public_keys: Mapping[str, bytes]
) -> list[Bon]:
    """Return a chain of JWS taken apart; fail where chain, counter, order or signature is wrong.

    ``public_keys`` are SubjectPublicKeyInfo by field 11.
    """
    found: list[Bon] = []
    before, counter, last_time = kassen_id, 0, ""
    for place, jws in enumerate(receipts, 1):
        head, body, signature = jws.split(".")
        assert unpadded(head) == b'{"alg":"ES256"}'
        fields = unpadded(body).decode().split("_")
        assert len(fields) == 13
        empty, suite, kassen, number, time, *amounts, field_10, serial, chain = fields
        assert (empty, kassen) == ("", kassen_id)
        assert chain == base64.b64encode(hashlib.sha256(before.encode()).digest()[:8]).decode()
        values = tuple(cents(amount) for amount in amounts)
        raw = unpadded(signature)
        signed = raw != OUTAGE
        if signed:
            public = load_der_public_key(public_keys[serial])
            assert isinstance(public, ec.EllipticCurvePublicKey)
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            der = utils.encode_dss_signature(r, s)
            public.verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
        if field_10 != "VFJB":
            counter += sum(values)
        decoded = None
        if field_10 not in {"VFJB", "U1RP"}:
            decoded = decrypted(key, kassen_id, number, field_10)
            assert decoded == counter, f"receipt {place}: counter {decoded}, sum {counter}"
        assert time >= last_time, f"receipt {place} is older than the one before"
        found.append(Bon(suite, kassen, number, time, values, field_10, decoded, serial, signed))
        before, last_time = jws, time
    assert len({bon.number for bon in found}) == len(found)
    return found
