"""What the box asks of a signing unit (Signaturerstellungseinheit) for the RKSV.

A unit is only ever given the 32-byte SHA-256 of the signing input and answers with the raw
64-byte signature r‖s of ES256. It keeps no receipt and no counter, so a lost answer leaves no
trace and the same receipt may be signed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What is known of a unit once its certificate was read.

    ``vda`` is the provider id of the suite (``AT1`` A-Trust, ``AT0`` closed system).
    ``serial`` is field 11 of the receipt: certificate serial in lower-case hex without leading
    zeros, or ``<Ordnungsbegriff>-<key id>`` in a closed system.
    ``certificate`` and ``issuers`` are DER; empty in a closed system.
    ``public_key`` is the SubjectPublicKeyInfo, DER.
    """

    vda: str
    serial: str
    certificate: bytes
    issuers: tuple[bytes, ...]
    public_key: bytes


class SigningUnit(Protocol):
    """A card, HSM or remote service that signs hashes. All methods raise leaves of ``Fault``.

    ``read`` opens the unit and reads its certificate. ``sign`` takes 32 bytes and returns 64.
    ``probe`` asks cheaply whether the unit answers; it never spends a PIN try.
    The box gives one unit one request at a time.
    """

    name: str

    async def read(self) -> UnitRecord: ...

    async def sign(self, digest: bytes) -> bytes: ...

    async def probe(self) -> None: ...

    async def close(self) -> None: ...
