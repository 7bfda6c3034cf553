"""Key, certificate and number of a new simulated card; reproducible when a seed is given."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from simulators.card.state import CardState

DEFAULT_PIN = "123456"
MAX_TRIES = 3  # assumed: the number of PIN tries of ACOS-ID is not documented
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_VALID_FROM = datetime(2026, 1, 1, tzinfo=UTC)
_VALID_TO = datetime(2046, 1, 1, tzinfo=UTC)


def new_card(
    *, seed: str | None = None, scalar: int | None = None, pin: str = DEFAULT_PIN, serial: int = -1
) -> CardState:
    """Return the state of a fresh card.

    The same ``seed`` gives the same key, certificate and CIN, byte for byte. ``scalar`` fixes the
    private key itself (1 <= scalar < order of P-256). ``serial`` replaces the certificate's serial
    number; 0 makes a card that was never activated. Raises ``ValueError`` for a bad scalar.
    """
    seed = secrets.token_hex(16) if seed is None else seed
    if scalar is None:
        scalar = int.from_bytes(sha256(f"key:{seed}".encode()).digest(), "big")
        scalar = scalar % (_P256_ORDER - 1) + 1
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    cin = sha256(f"cin:{seed}".encode()).hexdigest()[:16]
    if serial < 0:
        serial = int(sha256(f"serial:{seed}".encode()).hexdigest()[:10], 16) | 1
    return CardState(
        key=f"{scalar:064x}",
        certificate=_certificate(key, cin, serial).hex(),
        cin=cin,
        pin=pin,
        tries_left=MAX_TRIES,
    )


def _certificate(key: ec.EllipticCurvePrivateKey, cin: str, serial: int) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AT"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"bonbridge simulated card {cin}"),
        ]
    )
    der = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or 1)
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_TO)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256(), ecdsa_deterministic=True)
        .public_bytes(Encoding.DER)
    )
    if serial == 0:
        # The library builds no certificate with serial 0, so INTEGER 1 is turned into INTEGER 0.
        der = der.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1)
    return der
