"""Signing units shared by the registers of a box: order, outage, return.

Each unit does one request at a time. Waiting for its turn has its own limit and is no outage; the
outage limit counts from the moment the unit starts on our request. A unit that failed is out: no
receipt waits for it again until a probe in the background has found it back (till-rules.md
section 6).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from bridge.fiscal.rksv.jws import load_public_key, verify_signature
from bridge.fiscal.rksv.unit_faults import KeyUnsuitable, SignatureForeign, SigningBusy, UnitTooSlow
from drivers.contract.clock import Clock
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

    @property
    def usable(self) -> bool:
        """Whether a receipt may be handed to the unit."""
        return self.fault is None and self.record is not None

    async def wake(self) -> bool:
        """Open the unit, or find out whether it is back. Returns whether it is usable."""
        await self._enter()
        try:
            async with asyncio.timeout(self._queue_limit_s):
                if self.record is not None and self.fault is not None:
                    await self._unit.probe()
                self.record = await self._unit.read()
                await self._unit.probe()
                self._key = load_public_key(self.record.public_key)
            self.fault = None
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

    def _out(self, fault: Fault) -> None:
        self.fault = fault
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


class Prober:
    """Looks in the background whether units that are out have come back."""

    def __init__(
        self,
        units: Sequence[SharedUnit],
        clock: Clock,
        interval_s: float,
        on_return: Callable[[], object],
        jitter: Callable[[], float],
    ) -> None:
        self._units = units
        self._clock = clock
        self._interval_s = interval_s
        self._on_return = on_return
        self._jitter = jitter

    async def run(self) -> None:
        """Probe for ever; ``on_return`` is called (and awaited) when a unit came back."""
        while True:
            await self._clock.sleep(self._interval_s * (0.5 + self._jitter()))
            await self.once()

    async def once(self) -> bool:
        """Probe every unit that is out, now. Returns whether one came back."""
        back = False
        for unit in self._units:
            if not unit.usable:
                # One that others still hold is looked at the next time.
                with contextlib.suppress(SigningBusy):
                    back = await unit.wake() or back
        if back:
            result = self._on_return()
            if asyncio.iscoroutine(result):
                await result
        return back
