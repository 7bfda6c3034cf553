"""What every signing unit must do, whatever it is made of. Subclass it and give a ``unit``."""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from drivers.contract.fault import Fault
from drivers.contract.signing import SigningUnit, UnitRecord


def digest_of(text: str) -> bytes:
    """A digest as the box would ask to sign it."""
    return sha256(text.encode()).digest()


def verify(record: UnitRecord, digest: bytes, signature: bytes) -> None:
    """Raise ``InvalidSignature`` unless the record's key made the signature."""
    key = load_der_public_key(record.public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))


class SigningUnitContract:
    """Abstract: pytest collects it only through subclasses whose name begins with ``Test``."""

    async def test_the_record_has_what_field_11_and_the_dep_need(self, unit: SigningUnit) -> None:
        record = await unit.read()
        assert re.fullmatch(r"[1-9a-f][0-9a-f]*", record.serial)
        certificate = x509.load_der_x509_certificate(record.certificate)
        assert int(record.serial, 16) == certificate.serial_number
        assert record.public_key == certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        assert record.vda.startswith("AT")

    async def test_a_signature_fits_the_certificate(self, unit: SigningUnit) -> None:
        record = await unit.read()
        for number in range(5):
            digest = digest_of(f"receipt {number}")
            signature = await unit.sign(digest)
            assert len(signature) == 64
            verify(record, digest, signature)
            with pytest.raises(InvalidSignature):
                verify(record, digest_of("another receipt"), signature)

    async def test_reading_twice_gives_the_same_record(self, unit: SigningUnit) -> None:
        assert await unit.read() == await unit.read()

    async def test_a_probe_between_signatures_disturbs_nothing(self, unit: SigningUnit) -> None:
        await unit.probe()
        record = await unit.read()
        for number in range(3):
            digest = digest_of(f"probed {number}")
            verify(record, digest, await unit.sign(digest))
            await unit.probe()

    async def test_requests_at_the_same_time_are_served_one_by_one(self, unit: SigningUnit) -> None:
        record = await unit.read()
        digests = [digest_of(f"parallel {number}") for number in range(8)]
        signatures = await asyncio.gather(*(unit.sign(digest) for digest in digests))
        for digest, signature in zip(digests, signatures, strict=True):
            verify(record, digest, signature)

    async def test_a_digest_of_another_length_is_refused(self, unit: SigningUnit) -> None:
        await unit.read()
        for length in (0, 31, 33):
            with pytest.raises(ValueError, match="32 bytes"):
                await unit.sign(bytes(length))

    async def test_a_caller_that_gives_up_leaves_a_working_unit(self, unit: SigningUnit) -> None:
        record = await unit.read()
        task = asyncio.create_task(unit.sign(digest_of("given up")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        digest = digest_of("next")
        verify(record, digest, await unit.sign(digest))

    async def test_a_closed_unit_says_so_and_closes_twice(self, unit: SigningUnit) -> None:
        await unit.read()
        await unit.close()
        await unit.close()
        with pytest.raises(Fault) as raised:
            await unit.sign(digest_of("too late"))
        assert raised.value.code == "unit_closed"
