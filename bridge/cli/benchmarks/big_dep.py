"""A big valid DEP for measuring: sales of one register, signed with a fresh test key."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.fiscal.rksv import code, jws
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.dep import Group, write_dep
from bridge.fiscal.rksv.keys import KeyContainer, KeyEntry, write_container

KASSEN_ID = "BENCH-KASSE-1"
SERIAL = "5bd2c0de17a4"
SUITE = "R1-AT1"

BEGIN = datetime(2018, 1, 2, 7, 30)  # noqa: DTZ001 - receipts bear naive Austrian local time

_ES256 = ec.ECDSA(SHA256())


def write_big_dep(dep: Path, container: Path, count: int, seed: int) -> None:
    """Write a DEP of ``count`` receipts and the keys that verify it. ``seed`` fixes all but the
    signatures."""
    chance = random.Random(seed)  # noqa: S311 - amounts and a test key
    private = ec.derive_private_key(chance.getrandbits(200) + 1, ec.SECP256R1())
    aes_key = chance.randbytes(32)
    with dep.open("wb") as out:
        write_dep(out, [Group(b"", (), _receipts(count, chance, private, aes_key))])
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with container.open("wb") as out:
        keys = KeyContainer(aes_key, (KeyEntry(SERIAL, "PUBLIC_KEY", public),))
        write_container(out, keys)


def _receipts(
    count: int, chance: random.Random, private: ec.EllipticCurvePrivateKey, aes_key: bytes
) -> Iterator[str]:
    cipher = CounterCipher(aes_key)
    amounts: code.Amounts = (0, 0, 0, 0, 0)
    previous, counter, time = KASSEN_ID, 0, BEGIN
    for running in range(1, count + 1):
        number = str(running)
        counter += sum(amounts)
        text = code.payload(
            SUITE,
            KASSEN_ID,
            number,
            code.format_time(time),
            amounts,
            cipher.encrypt(KASSEN_ID, number, counter),
            SERIAL,
            jws.chain_value(previous),
        )
        message = jws.signing_input(text)
        r, s = utils.decode_dss_signature(private.sign(message, _ES256))
        previous = jws.assemble(message, r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        yield previous
        # A million receipts take about six years.
        time += timedelta(seconds=chance.randrange(20, 380))
        amounts = (chance.randrange(100, 9000), chance.randrange(0, 4000), 0, 0, 0)
