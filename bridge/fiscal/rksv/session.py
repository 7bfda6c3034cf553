"""Austria's regime: a draft becomes a numbered, chained, signed receipt.

Number, time, counter and chaining value are fixed for all tries; suite and serial (fields 1 and
11) belong to the unit, so the payload is built anew for each. When every unit is out, the same
draft goes out with the outage text and the suite and serial last used successfully
(till-rules.md section 2, rksv.md section 3).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from bridge.fiscal.regime import Draft
from bridge.fiscal.rksv import code, jws
from bridge.fiscal.rksv.code import FIRST_DAY, VIENNA
from bridge.fiscal.rksv.counter import STORNO, TRAINING, CounterCipher
from bridge.fiscal.rksv.unit_faults import SignatureNeeded, UnitNeverRead
from bridge.fiscal.rksv.units import UnitPool
from bridge.model.rates import AUSTRIA_TABLE
from bridge.model.receipt import Kind
from bridge.model.register import Register
from bridge.model.seal import Head, Outage, Seal
from drivers.contract.signing import UnitRecord

_MUST_SIGN = frozenset({Kind.START, Kind.COLLECTIVE, Kind.YEAR, Kind.MONTH})
"""Receipts that are never made with the outage text: Start- and Jahresbeleg and the Sammelbeleg by
law, the Monatsbeleg because it is postponed until the unit is back (till-rules.md section 6)."""

_FIXED_COUNTER = {Kind.TRAINING: TRAINING, Kind.STORNO: STORNO}


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local times of receipts are naive by law


@lru_cache(maxsize=64)
def _offset(hour: int) -> int:
    """Vienna's offset from UTC in seconds in an hour (Unix time // 3600): it changes on full
    hours only."""
    offset = datetime.fromtimestamp(hour * 3600, VIENNA).utcoffset() or timedelta()
    return int(offset.total_seconds())


class RksvRegime:
    """The RKSV for one register: its AES key and the units it may use."""

    rates = AUSTRIA_TABLE

    def __init__(self, cipher: CounterCipher, pool: UnitPool) -> None:
        self._cipher = cipher
        self._pool = pool

    def local(self, utc: datetime) -> datetime:
        """Return Austrian local time, naive, whole seconds."""
        seconds = int(utc.timestamp())
        return _EPOCH + timedelta(seconds=seconds + _offset(seconds // 3600))

    def known_from(self) -> date:
        """Return the first day of the RKSV's receipts."""
        return FIRST_DAY

    def can_sign(self) -> bool:
        """Whether a unit is usable."""
        return self._pool.usable()

    def record(self, unit: str) -> UnitRecord | None:
        """Return what is known of a unit."""
        return next((each.record for each in self._pool.units if each.name == unit), None)

    async def seal(self, register: Register, head: Head, draft: Draft) -> Seal:
        """Seal a draft. Raises ``SignatureNeeded``, ``UnitNeverRead``, ``SigningBusy`` and
        ``CounterOverflow``."""
        kassen_id = register.kassen_id
        number = register.belegnummer(draft.number)
        counted = draft.kind is not Kind.TRAINING
        counter = head.counter + sum(draft.amounts) if counted else head.counter
        encrypted = self._cipher.encrypt(kassen_id, number, counter)
        field = _FIXED_COUNTER.get(draft.kind, encrypted)
        time = code.format_time(draft.time)
        chain = jws.chain_value(head.jws or kassen_id)

        def signing_input(suite: str, serial: str) -> bytes:
            return jws.signing_input(
                code.payload(suite, kassen_id, number, time, draft.amounts, field, serial, chain)
            )

        def build(record: UnitRecord) -> bytes:
            return signing_input(f"R1-{record.vda}", record.serial)

        signature = await self._pool.sign(build)
        closed = draft.kind is Kind.CLOSING
        if signature is not None:
            sealed = jws.assemble(signature.signing_input, signature.raw)
            record = signature.record
            after = Head(
                number=draft.number,
                counter=counter,
                jws=sealed,
                time=draft.time,
                suite=f"R1-{record.vda}",
                serial=record.serial,
                outage=None if draft.kind.is_null else head.outage,
                closed=closed,
            )
            return Seal(sealed, signed=True, unit=signature.unit, head=after)
        if draft.must_sign or draft.kind in _MUST_SIGN:
            reasons = "; ".join(f"{name}: {fault}" for name, fault in self._pool.faults().items())
            raise SignatureNeeded(reasons or "no signing unit")
        if not head.serial:
            raise UnitNeverRead(register.id)
        sealed = jws.assemble(signing_input(head.suite, head.serial), None)
        begun = head.outage
        outage = Outage(
            draft.time if begun is None else begun.since,
            draft.number if begun is None else begun.first_number,
            draft.number,
        )
        after = Head(
            number=draft.number,
            counter=counter,
            jws=sealed,
            time=draft.time,
            suite=head.suite,
            serial=head.serial,
            outage=outage,
            closed=closed,
        )
        return Seal(sealed, signed=False, unit="", head=after)
