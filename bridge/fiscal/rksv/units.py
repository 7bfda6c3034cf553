"""Signing units shared by the registers of a box: order, outage, return.

Each unit does one request at a time. Waiting for its turn has its own limit and is no outage; the
outage limit counts from the moment the unit starts on our request. A unit that failed is out: no
receipt waits for it again until a probe in the background has found it back (till-rules.md
section 6).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from bridge.fiscal.rksv.jws import load_public_key, verify_signature
from bridge.fiscal.rksv.unit_faults import KeyUnsuitable, SignatureForeign, SigningBusy, UnitTooSlow
from drivers.contract.fault import Fault
from drivers.contract.signing import SigningUnit, UnitRecord

OUTAGE_LIMIT_S = 5.0
"""Seconds a unit may take for one signature before the receipt goes out with the outage text."""

QUEUE_LIMIT_S = 15.0
"""Seconds a receipt waits for its turn at a unit."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A verified signature over ``signing_input``."""

    unit: str
    record: UnitRecord
    signing_input: bytes
    raw: bytes


class SharedUnit:
    """One signing unit of the box, used by any number of registers.

    ``fault`` says why the unit is out, ``None`` while it is usable. ``record`` is kept when the
    unit goes out: outage receipts need its serial.
    """

    def __init__(
        self,
        unit: SigningUnit,
        *,
        outage_limit_s: float = OUTAGE_LIMIT_S,
        queue_limit_s: float = QUEUE_LIMIT_S,
        on_fault: Callable[[str, Fault], None] | None = None,
    ) -> None:
        """``on_fault`` is told the unit's name and the fault whenever it goes out."""
        self.name = unit.name
        self.record: UnitRecord | None = None
        self.fault: Fault | None = None
        self._unit = unit
        self._key: ec.EllipticCurvePublicKey | None = None
        self._outage_limit_s = outage_limit_s
        self._queue_limit_s = queue_limit_s
        self._turn = asyncio.Lock()
        self._queued = 0
        self._on_fault = on_fault
        self._changed = asyncio.Event()

    @property
    def usable(self) -> bool:
        """Whether a receipt may be handed to the unit."""
        return self.fault is None and self.record is not None

    async def wake(self) -> bool:
        """Open the unit, or find out whether it is back. Returns whether it is usable.

        Raises ``SigningBusy`` when registers held the unit too long, as ``probe`` and ``read`` do.
        """
        return await self._ask(self._find)

    async def probe(self) -> bool:
        """Ask the unit whether it answers; spends no PIN try. Returns whether it is usable."""
        return await self._ask(self._unit.probe if self.usable else self._find)

    async def read(self) -> bool:
        """Read the unit's certificate anew and take what is there now as the unit, also another
        card. Returns whether it is usable."""
        return await self._ask(self._read)

    async def _find(self) -> None:
        if self.record is not None and self.fault is not None:
            await self._unit.probe()
        await self._read()

    async def _read(self) -> None:
        record = await self._unit.read()
        await self._unit.probe()
        self._key = load_public_key(record.public_key)
        self.record = record

    async def _ask(self, question: Callable[[], Awaitable[None]]) -> bool:
        await self._enter()
        try:
            async with asyncio.timeout(self._queue_limit_s):
                await question()
            self.fault = None
            self._tell()
        except TimeoutError:
            self._out(UnitTooSlow(f"{self.name} did not answer"))
        except Fault as fault:
            self._out(fault)
        except ValueError as error:
            self._out(KeyUnsuitable(f"{self.name}: {error}"))
        finally:
            self._turn.release()
        return self.fault is None

    async def sign(self, build: Callable[[UnitRecord], bytes]) -> Signature | None:
        """Sign what ``build`` makes for this unit; ``None`` when the unit is or goes out.

        Raises ``SigningBusy`` when other registers held the unit too long.
        """
        if not self.usable:
            return None
        await self._enter()
        try:
            record, key = self.record, self._key
            if record is None or key is None or self.fault is not None:
                return None
            signing_input = build(record)
            async with asyncio.timeout(self._outage_limit_s):
                raw = await self._unit.sign(hashlib.sha256(signing_input).digest())
            if not verify_signature(key, signing_input, raw):
                self._out(SignatureForeign(f"{self.name}: not by certificate {record.serial}"))
                return None
            return Signature(self.name, record, signing_input, raw)
        except TimeoutError:
            self._out(UnitTooSlow(f"{self.name}: no signature within {self._outage_limit_s} s"))
            return None
        except Fault as fault:
            self._out(fault)
            return None
        finally:
            self._turn.release()

    async def until(self, *, usable: bool) -> None:
        """Wait until the unit is usable, or until it is not."""
        while self.usable is not usable:
            await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _out(self, fault: Fault) -> None:
        self.fault = fault
        self._tell()
        if self._on_fault is not None:
            self._on_fault(self.name, fault)

    async def _enter(self) -> None:
        if not self._turn.locked() and not self._queued:
            await self._turn.acquire()
            return
        self._queued += 1
        try:
            async with asyncio.timeout(self._queue_limit_s):
                await self._turn.acquire()
        except TimeoutError:
            message = f"{self.name} is held by other registers"
            raise SigningBusy(message) from None
        finally:
            self._queued -= 1

    async def close(self) -> None:
        """Close the unit."""
        await self._unit.close()


class UnitPool:
    """The units a register may use, in order of preference."""

    def __init__(self, units: Sequence[SharedUnit]) -> None:
        self.units = tuple(units)

    def usable(self) -> bool:
        """Whether any unit may be handed a receipt."""
        return any(unit.usable for unit in self.units)

    async def sign(self, build: Callable[[UnitRecord], bytes]) -> Signature | None:
        """Ask the units in order; ``None`` when all are out.

        Raises ``SigningBusy`` when none signed and one of them was held too long: that is no
        outage.
        """
        busy: SigningBusy | None = None
        for unit in self.units:
            try:
                signature = await unit.sign(build)
            except SigningBusy as fault:
                busy = fault
                continue
            if signature is not None:
                return signature
        if busy is not None:
            raise busy
        return None

    def faults(self) -> dict[str, Fault]:
        """Return why which unit is out."""
        return {unit.name: unit.fault for unit in self.units if unit.fault is not None}
