"""JWS compact form of a receipt and the chain (rksv.md section 2)."""

from __future__ import annotations

import base64
import hashlib
from binascii import b2a_base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

HEADER = "eyJhbGciOiJFUzI1NiJ9"
"""base64url of ``{"alg":"ES256"}``."""

OUTAGE_TEXT = "Sicherheitseinrichtung ausgefallen"
OUTAGE_SIGNATURE = base64.urlsafe_b64encode(OUTAGE_TEXT.encode()).decode().rstrip("=")

_ES256 = ec.ECDSA(SHA256())
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _base64url(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=")


def signing_input(payload: str) -> bytes:
    """Return header, dot and base64url of the payload: what is hashed and signed."""
    return b"eyJhbGciOiJFUzI1NiJ9." + _base64url(payload.encode())


def assemble(signing_input: bytes, signature: bytes | None) -> str:
    """Return the JWS; ``None`` puts the outage text in the signature's place."""
    if signature is None:
        return f"{signing_input.decode()}.{OUTAGE_SIGNATURE}"
    return (signing_input + b"." + _base64url(signature)).decode()


def parts(jws: str) -> tuple[str, bytes]:
    """Return payload text and signature bytes of a JWS of our own making."""
    _, text, signature = jws.split(".")
    return (
        base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(),
        base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)),
    )


def chain_value(previous: str) -> str:
    """Return field 12: from the previous JWS, or from the Kassen-ID for the Startbeleg."""
    digest = hashlib.sha256(previous.encode()).digest()[:8]
    return b2a_base64(digest, newline=False).decode()


def is_outage(jws: str) -> bool:
    """Whether a receipt bears the outage text instead of a signature."""
    return jws.endswith(f".{OUTAGE_SIGNATURE}")


def load_public_key(der: bytes) -> ec.EllipticCurvePublicKey:
    """Load a SubjectPublicKeyInfo. Raises ``ValueError`` unless it is a P-256 key."""
    key = load_der_public_key(der)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        message = "not a P-256 key"
        raise ValueError(message)
    return key


def der_signature(raw: bytes) -> bytes:
    """Return r‖s (64 bytes) as the DER sequence that crypto libraries want."""
    r, s = raw[:32].lstrip(b"\0") or b"\0", raw[32:].lstrip(b"\0") or b"\0"
    r = b"\0" + r if r[0] & 0x80 else r
    s = b"\0" + s if s[0] & 0x80 else s
    return b"0%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def verify_signature(key: ec.EllipticCurvePublicKey, signing_input: bytes, raw: bytes) -> bool:
    """Whether ``raw`` (64 bytes) is the key's ES256 signature of the signing input."""
    if len(raw) != 64:
        return False
    try:
        key.verify(der_signature(raw), signing_input, _ES256)
    except InvalidSignature:
        return False
    return True
