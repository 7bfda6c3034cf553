"""Makes big valid DEPs for tests and benchmarks: seeded, streamed, in flat memory."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.fiscal.rksv.code import Amounts, format_time, payload
from bridge.fiscal.rksv.counter import STORNO, TRAINING, CounterCipher
from bridge.fiscal.rksv.dep import Group, write_dep
from bridge.fiscal.rksv.jws import assemble, chain_value, signing_input
from bridge.fiscal.rksv.keys import KeyContainer, KeyEntry

TEST_SCALAR = 0x0B0B_B81D_6E7E_57C0_DE00_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0001
"""A test key: never use it for anything else."""

BEGIN = datetime(2024, 1, 1, 8)  # noqa: DTZ001  receipts bear naive Austrian local time
NOTHING: Amounts = (0, 0, 0, 0, 0)

_ES256 = ec.ECDSA(SHA256(), deterministic_signing=True)


class DepMaker:
    """Signs receipts of one register one after another. All randomness comes from ``seed``.

    ``number`` turns the running number into a Belegnummer.
    """

    def __init__(
        self,
        seed: int,
        *,
        kassen_id: str = "BIG-1",
        suite: str = "R1-AT1",
        serial: str = "7e57",
        counter_bytes: int = 8,
        number: Callable[[int], str] = str,
    ) -> None:
        self.random = random.Random(seed)
        self.kassen_id = kassen_id
        self.suite = suite
        self.serial = serial
        self.key = ec.derive_private_key(TEST_SCALAR, ec.SECP256R1())
        self.aes_key = self.random.randbytes(32)
        self.cipher = CounterCipher(self.aes_key, counter_bytes)
        self.number = number
        self.count = 0
        self.counter = 0
        self.time = BEGIN
        self.chain = chain_value(kassen_id)

    def container(self) -> KeyContainer:
        """Return the keys that verify the receipts."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return KeyContainer(self.aes_key, (KeyEntry(self.serial, "PUBLIC_KEY", der),))

    def receipt(self, amounts: Amounts, *, fixed: str = "", signed: bool = True) -> str:
        """Make the next receipt; ``fixed`` is ``TRAINING``, ``STORNO`` or empty."""
        self.count += 1
        if fixed != TRAINING:
            self.counter += sum(amounts)
        number = self.number(self.count)
        field = fixed or self.cipher.encrypt(self.kassen_id, number, self.counter)
        time = format_time(self.time)
        self.time += timedelta(seconds=self.random.choice((0, 1, 17)))
        text = payload(
            self.suite, self.kassen_id, number, time, amounts, field, self.serial, self.chain
        )
        to_sign = signing_input(text)
        jws = assemble(to_sign, self._sign(to_sign) if signed else None)
        self.chain = chain_value(jws)
        return jws

    def _sign(self, to_sign: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(to_sign, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def receipts(self, count: int) -> Iterator[str]:
        """Yield a Startbeleg, then sales with now and then a training, a storno, an outage with
        its Sammelbeleg."""
        if not count:
            return
        yield self.receipt(NOTHING)
        left = count - 1
        while left:
            dice = self.random.random()
            if dice < 0.002 and left >= 4:
                yield self.receipt(self._amounts(), signed=False)
                yield self.receipt(self._amounts(), fixed=STORNO, signed=False)
                if self.random.random() < 0.5:
                    yield self.receipt(self._amounts())
                    left -= 1
                yield self.receipt(NOTHING)
                left -= 3
                continue
            if dice < 0.01:
                yield self.receipt(self._amounts(), fixed=TRAINING)
            elif dice < 0.02:
                normal, *_ = self._amounts()
                yield self.receipt((-normal, 0, 0, 0, 0), fixed=STORNO)
            elif dice < 0.03:
                yield self.receipt(NOTHING)
            else:
                yield self.receipt(self._amounts())
            left -= 1

    def _amounts(self) -> Amounts:
        roll = self.random.randrange
        return roll(1, 9999), roll(0, 5) * 330, roll(0, 2) * 1290, 0, 0


def write_big_dep(out: BinaryIO, count: int, seed: int) -> KeyContainer:
    """Write a valid DEP of so many receipts; return the keys that verify it."""
    maker = DepMaker(seed)
    write_dep(out, [Group(b"", (), maker.receipts(count))])
    return maker.container()
