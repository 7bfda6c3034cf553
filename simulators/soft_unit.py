"""A signing unit in memory: a real P-256 key without card and reader, for replays and tests."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.contract.fault import Fault, Side, Text
from drivers.contract.signing import UnitRecord
from simulators.card.identity import new_card

_PREHASHED = ec.ECDSA(utils.Prehashed(SHA256()))


class UnitDamaged(Fault):
    """The switch ``damaged`` of a simulated unit."""

    code = "simulated_unit_damaged"
    side = Side.DEVICE
    retryable = True
    title = Text("Simulierter Ausfall", "Simulated failure")
    advice = Text("Schalter im Simulator zurücknehmen.", "Take the simulator's switch back.")


class SoftUnit:
    """Implements the signing unit's contract. ``damaged`` makes every request fail.

    ``closed_system`` (an Ordnungsbegriff with key id, e.g. ``U:ATU12345678-K0``) makes it a unit
    of a closed system: suite AT0, no certificate.
    """

    def __init__(
        self, name: str, seed: str, *, vda: str = "AT100", closed_system: str | None = None
    ) -> None:
        self.name = name
        self.damaged = False
        self.signatures = 0
        state = new_card(seed=seed)
        self._key = ec.derive_private_key(int(state.key, 16), ec.SECP256R1())
        certificate = bytes.fromhex(state.certificate)
        serial = x509.load_der_x509_certificate(certificate).serial_number
        self._record = UnitRecord(
            vda="AT0" if closed_system else vda,
            serial=closed_system or format(serial, "x"),
            certificate=b"" if closed_system else certificate,
            issuers=(),
            public_key=self._key.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            ),
        )

    async def read(self) -> UnitRecord:
        """Return the unit's record."""
        await self.probe()
        return self._record

    async def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes."""
        if self.damaged:
            raise UnitDamaged(self.name)
        self.signatures += 1
        r, s = utils.decode_dss_signature(self._key.sign(digest, _PREHASHED))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    async def probe(self) -> None:
        """Raise ``UnitDamaged`` while the switch is set."""
        if self.damaged:
            raise UnitDamaged(self.name)

    async def close(self) -> None:
        """Nothing to close."""
