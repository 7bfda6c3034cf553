"""Key containers."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.fiscal.rksv.faults import KeysUnreadable
from bridge.fiscal.rksv.keys import KeyContainer, KeyEntry, read_container, write_container
from tests.rksv.cases import DATA, keys_of
from tests.support.vectors import vectors

CONTAINER = (DATA / "cryptographicMaterialContainer.json").read_bytes()


def spki(curve: ec.EllipticCurve) -> bytes:
    key = ec.generate_private_key(curve).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read(document: Any) -> KeyContainer:
    return read_container(io.BytesIO(json.dumps(document).encode()))


def changed(**fields: Any) -> dict[str, Any]:
    """Return the container of the folder with fields of its entry replaced."""
    document: dict[str, Any] = json.loads(CONTAINER)
    document["certificateOrPublicKeyMap"]["7e57da7a"].update(fields)
    return document


def test_what_is_written_is_read_again() -> None:
    container = KeyContainer(
        bytes(range(32)),
        (
            KeyEntry("U:ATU12345678-Kü", "PUBLIC_KEY", spki(ec.SECP256R1())),
            keys_of(DATA).entries[0],
        ),
    )
    out = io.BytesIO()
    write_container(out, container)
    assert read_container(io.BytesIO(out.getvalue())) == container


def test_the_written_form_is_that_of_the_check_tool() -> None:
    out = io.BytesIO()
    write_container(out, keys_of(DATA))
    document = json.loads(out.getvalue())
    assert list(document) == ["base64AESKey", "certificateOrPublicKeyMap"]
    assert len(document["base64AESKey"]) == 44
    (entry,) = document["certificateOrPublicKeyMap"].items()
    assert entry[0] == entry[1]["id"] == "7e57da7a"
    assert set(entry[1]) == {"id", "signatureDeviceType", "signatureCertificateOrPublicKey"}
    assert json.loads(CONTAINER) == document


def test_units_of_the_journal_become_certificates_or_public_keys() -> None:
    public = spki(ec.SECP256R1())
    certificate = keys_of(DATA).entries[0].der
    records = [
        {
            "serial": "7e57da7a",
            "certificate": base64.b64encode(certificate).decode(),
            "public_key": "",
        },
        {
            "serial": "U:ATU12345678-K0",
            "certificate": "",
            "public_key": base64.b64encode(public).decode(),
        },
    ]
    assert KeyContainer.of(bytes(32), records).entries == (
        KeyEntry("7e57da7a", "CERTIFICATE", certificate),
        KeyEntry("U:ATU12345678-K0", "PUBLIC_KEY", public),
    )


def test_the_aes_key_appears_in_no_repr() -> None:
    container = keys_of(DATA)
    for secret in (container.aes_key.hex(), repr(container.aes_key)):
        assert secret not in repr(container)


def certificate_with(old: bytes, new: bytes) -> str:
    """Return the folder's certificate with some bytes replaced, as base64."""
    der = keys_of(DATA).entries[0].der
    assert der.count(old) == 1
    return base64.b64encode(der.replace(old, new)).decode()


VERSION = bytes.fromhex("a003020102")
"""DER of "version 3" in a certificate."""

P_256 = bytes.fromhex("2a8648ce3d030107")
"""Object identifier of the curve."""


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ({}, "base64AESKey"),
        ([], "no JSON"),
        (changed(id="7e57da7b"), "says of itself"),
        (changed(signatureDeviceType="CARD"), "signatureDeviceType"),
        (changed(signatureDeviceType="PUBLIC_KEY"), "no P-256 key"),
        (changed(signatureCertificateOrPublicKey="AAAA"), "no P-256 key"),
        (changed(signatureCertificateOrPublicKey="%%%"), "not base64"),
        (
            changed(
                signatureCertificateOrPublicKey=certificate_with(VERSION, VERSION[:-1] + b"\x06")
            ),
            "no P-256 key",
        ),
        (
            changed(signatureCertificateOrPublicKey=certificate_with(P_256, P_256[:-1] + b"\x7f")),
            "no P-256 key",
        ),
        (
            changed(
                signatureDeviceType="PUBLIC_KEY",
                signatureCertificateOrPublicKey=base64.b64encode(spki(ec.SECP384R1())).decode(),
            ),
            "no P-256 key",
        ),
        ({"base64AESKey": "c2hvcnQ=", "certificateOrPublicKeyMap": {}}, "5 bytes instead of 32"),
    ],
)
def test_a_bad_container_says_what_is_wrong(document: Any, part: str) -> None:
    with pytest.raises(KeysUnreadable, match=part) as caught:
        read(document)
    assert caught.value.exit_code == 2


def test_no_message_holds_the_aes_key() -> None:
    secret = "c2VjcmV0IHNlY3JldA==" * 4
    for key in (secret, [secret], {"x": secret}):
        with pytest.raises(KeysUnreadable) as caught:
            read({"base64AESKey": key, "certificateOrPublicKeyMap": {}})
        assert secret not in f"{caught.value} {caught.value.detail} {caught.value.as_problem()}"
        assert caught.value.__cause__ is None


def test_an_entry_without_its_own_id_goes_by_its_key() -> None:
    document = json.loads(CONTAINER)
    del document["certificateOrPublicKeyMap"]["7e57da7a"]["id"]
    assert read(document) == keys_of(DATA)


def test_every_published_container_is_read() -> None:
    found = sorted(Path(vectors("rksv")).rglob("cryptographicMaterialContainer.json"))
    assert len(found) > 80
    for path in found:
        assert keys_of(path.parent).entries
