"""A group's certificate must be that of every receipt in the group, wherever it stands."""

from __future__ import annotations

import itertools
import json
import random
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bridge.fiscal.rksv.keys import KeyContainer, KeyEntry
from tests.rksv.cases import checks, dep_of, keys_of, payload_of, receipts_of, verify_in_all_modes
from tests.support.big_dep import TEST_SCALAR, DepMaker
from tests.support.vectors import vectors

CHECK = "DEP_GROUP_CERTIFICATE"
SERIAL = 0x7E57

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test key, for nothing else")])
OWN_KEY = ec.derive_private_key(TEST_SCALAR, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(TEST_SCALAR + 1, ec.SECP256R1())


def certificate(serial: int, key: ec.EllipticCurvePrivateKey) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
    )
    return builder.sign(OWN_KEY, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("serial", "key", "reason"),
    [
        (SERIAL, OTHER_KEY, "another key"),
        (SERIAL + 1, OWN_KEY, "7e58"),
        (SERIAL + 1, OTHER_KEY, "7e58"),
        (SERIAL, OWN_KEY, None),
    ],
    ids=["same serial, other key", "other serial, same key", "all other", "the right one"],
)
def test_serial_and_key_of_a_group_certificate_are_both_compared(
    serial: int, key: ec.EllipticCurvePrivateKey, reason: str | None
) -> None:
    maker = DepMaker(seed=1)
    dep = dep_of(maker.receipts(5), certificate(serial, key))
    container = KeyContainer(
        maker.aes_key, (KeyEntry("7e57", "CERTIFICATE", certificate(SERIAL, OWN_KEY)),)
    )
    report = verify_in_all_modes(dep, container)
    if reason is None:
        assert report.findings == ()
    else:
        assert checks(report) == {(1, CHECK)}
        assert reason in report.findings[0].text


def test_receipts_in_a_foreign_group_are_found_however_the_file_is_grouped() -> None:
    folder = vectors("rksv", "worked-example")
    keys = keys_of(folder)
    receipts = receipts_of(folder)
    certificates = {entry.id: b64encode(entry.der).decode() for entry in keys.entries}
    for seed in range(40):
        print(f"seed {seed}")
        dice = random.Random(seed)
        groups = []
        expected = set()
        borders = sorted(dice.sample(range(1, len(receipts)), dice.randrange(1, 8)))
        for begin, end in itertools.pairwise([0, *borders, len(receipts)]):
            named = dice.choice([*certificates, ""])
            seen: set[str] = set()
            for place, jws in enumerate(receipts[begin:end], start=begin + 1):
                serial = payload_of(jws).split("_")[11]
                if named and serial not in {named, *seen}:
                    expected.add((place, CHECK))
                seen.add(serial)
            members = [
                ("Signaturzertifikat", certificates.get(named, "")),
                ("Zertifizierungsstellen", []),
                ("Belege-kompakt", receipts[begin:end]),
            ]
            dice.shuffle(members)  # the certificate may come after the receipts
            groups.append(dict(members))
        dep = json.dumps({"Belege-Gruppe": groups}).encode()
        assert checks(verify_in_all_modes(dep, keys)) == expected
