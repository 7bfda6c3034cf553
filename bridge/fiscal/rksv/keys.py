"""The key container of the BMF check tool: ``cryptographicMaterialContainer.json``.

It holds the AES key of one register and the public keys of its signing units, by field 11 of the
receipts, character by character (rksv.md section 7). The AES key is a secret: it appears in no
``repr`` and no message.
"""

from __future__ import annotations

import base64
import json
import warnings
from binascii import a2b_base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.fiscal.rksv.faults import KeysUnreadable
from bridge.fiscal.rksv.jws import load_public_key

AES_KEY_BYTES = 32

LARGEST_CONTAINER = 16 * 1024 * 1024
"""Bytes. # assumed: some ten thousand certificates, more than any till ever uses."""

DeviceType = Literal["CERTIFICATE", "PUBLIC_KEY"]


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One signing unit: ``id`` equals field 11; ``der`` is an X.509 certificate or a
    SubjectPublicKeyInfo, as ``type`` says."""

    id: str
    type: DeviceType
    der: bytes

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the P-256 key. Raises ``ValueError`` if there is none."""
        if self.type == "PUBLIC_KEY":
            return load_public_key(self.der)
        return read_certificate(self.der)[1]


@dataclass(frozen=True, slots=True)
class KeyContainer:
    """The keys of one register. ``aes_key`` is 32 bytes."""

    aes_key: bytes = field(repr=False)
    entries: tuple[KeyEntry, ...]

    @classmethod
    def of(cls, aes_key: bytes, records: Iterable[Mapping[str, Any]]) -> KeyContainer:
        """Build from unit records as the journal keeps them: ``serial`` (field 11) and base64
        DER in ``certificate`` (empty in a closed system) and ``public_key``."""
        entries = []
        for record in records:
            certificate = base64.b64decode(record["certificate"])
            der = certificate or base64.b64decode(record["public_key"])
            kind: DeviceType = "CERTIFICATE" if certificate else "PUBLIC_KEY"
            entries.append(KeyEntry(record["serial"], kind, der))
        return cls(aes_key, tuple(entries))


def read_certificate(der: bytes) -> tuple[int, ec.EllipticCurvePublicKey]:
    """Return serial number and P-256 key of an X.509 certificate. Raises ``ValueError``."""
    try:
        with warnings.catch_warnings():
            # Of serials that RFC 5280 does not allow: cards with such ones are in use.
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            serial, key = certificate.serial_number, certificate.public_key()
    except (x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return serial, key
    message = "the certificate's key is no P-256 key"
    raise ValueError(message)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str | None = None
    type: DeviceType = Field(alias="signatureDeviceType")
    der: str = Field(alias="signatureCertificateOrPublicKey")


class _Container(BaseModel):
    model_config = ConfigDict(extra="ignore")

    aes_key: str = Field(alias="base64AESKey")
    entries: dict[str, _Entry] = Field(alias="certificateOrPublicKeyMap")


def read_container(stream: BinaryIO) -> KeyContainer:
    """Read a key container and try every key. Raises ``KeysUnreadable``."""
    raw = stream.read(LARGEST_CONTAINER + 1)
    if len(raw) > LARGEST_CONTAINER:
        raise KeysUnreadable("the file is far too large for a key container")
    try:
        found = _Container.model_validate_json(raw.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        # Only places and kinds: the input of a failed field may be the AES key.
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors()} - {""})
        message = f"wrong or missing: {', '.join(places)}" if places else "the file is no JSON"
        raise KeysUnreadable(message) from None
    aes_key = _base64(found.aes_key, "base64AESKey")
    if len(aes_key) != AES_KEY_BYTES:
        raise KeysUnreadable(f"the AES key has {len(aes_key)} bytes instead of {AES_KEY_BYTES}")
    return KeyContainer(aes_key, tuple(_entry(key, each) for key, each in found.entries.items()))


def _entry(key: str, found: _Entry) -> KeyEntry:
    if found.id is not None and found.id != key:
        raise KeysUnreadable(f"the entry {key!r} says of itself that it is {found.id!r}")
    entry = KeyEntry(key, found.type, _base64(found.der, key))
    try:
        entry.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeysUnreadable(f"the entry {key!r} holds no P-256 key as {found.type}") from error
    return entry


def _base64(text: str, place: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:
        raise KeysUnreadable(f"{place}: not base64") from None


def write_container(out: BinaryIO, container: KeyContainer) -> None:
    """Write a key container as the BMF check tool reads it."""
    entries = {
        entry.id: {
            "id": entry.id,
            "signatureDeviceType": entry.type,
            "signatureCertificateOrPublicKey": base64.b64encode(entry.der).decode(),
        }
        for entry in container.entries
    }
    document = {
        "base64AESKey": base64.b64encode(container.aes_key).decode(),
        "certificateOrPublicKeyMap": entries,
    }
    out.write(json.dumps(document, indent=1, ensure_ascii=False).encode())
