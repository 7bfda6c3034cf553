"""What is read out of the card's certificate: length, serial number, public key.

The serial is taken from the DER structure (ITU-T X.690, RFC 5280 section 4.1) before any library
sees the certificate, because libraries reject or complain about serial 0, the mark of a card that
was never activated.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.signing.faults import CardNotActivated

SIGNATURE_BYTES = 64
_SEQUENCE = 0x30
_INTEGER = 0x02
_VERSION = 0xA0  # context tag [0] of TBSCertificate
_ES256 = ec.ECDSA(Prehashed(SHA256()))


def certificate_length(start: bytes) -> int | None:
    """Return the length in bytes of the DER SEQUENCE that begins with ``start``.

    ``None`` if ``start`` is no beginning of a certificate (empty or erased file).
    """
    header = _header(start, 0)
    if header is None or header[0] != _SEQUENCE:
        return None
    _, content, length = header
    return content + length


def certificate_serial(certificate: bytes) -> int:
    """Return the certificate's serial number. Raises ``CardNotActivated`` if there is none."""
    outer = _header(certificate, 0)
    inner = _header(certificate, outer[1]) if outer and outer[0] == _SEQUENCE else None
    if inner is None or inner[0] != _SEQUENCE:
        raise CardNotActivated("the certificate file holds no certificate")
    field = _header(certificate, inner[1])
    if field is not None and field[0] == _VERSION:
        field = _header(certificate, field[1] + field[2])
    if field is None or field[0] != _INTEGER or field[1] + field[2] > len(certificate):
        raise CardNotActivated("the certificate has no serial number")
    return int.from_bytes(certificate[field[1] : field[1] + field[2]], "big", signed=True)


def field_11(serial: int) -> str:
    """Return the serial as field 11 of a receipt shows it: lower-case hex, no leading zeros."""
    return format(serial, "x")


def public_key(certificate: bytes) -> ec.EllipticCurvePublicKey:
    """Return the certificate's P-256 key. Raises ``CardNotActivated`` if it has none."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CardNotActivated("the certificate cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CardNotActivated("the certificate's key is no P-256 key")
    return key


def subject_public_key_info(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the key as SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signature_is_right(key: ec.EllipticCurvePublicKey, digest: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (r‖s, 64 bytes) is the key's signature of ``digest``."""
    half = SIGNATURE_BYTES // 2
    der = encode_dss_signature(
        int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    )
    try:
        key.verify(der, digest, _ES256)
    except InvalidSignature:
        return False
    return True


def _header(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Return tag, offset of the content and its length; ``None`` if ``data`` ends before."""
    if len(data) < at + 2:
        return None
    tag, first = data[at], data[at + 1]
    if first < 0x80:
        return tag, at + 2, first
    count = first & 0x7F
    # A certificate on a card is far below 64 KiB: more than two length bytes is no certificate.
    if count not in {1, 2} or len(data) < at + 2 + count:
        return None
    return tag, at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count], "big")
