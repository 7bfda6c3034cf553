"""Austria's regime: a draft becomes a numbered, chained, signed receipt.

Number, time, counter and chaining value are fixed for all tries; suite and serial (fields 1 and
11) belong to the unit, so the payload is built anew for each. When every unit is out, the same
draft goes out with the outage text and the suite and serial last used successfully
(till-rules.md section 2, rksv.md section 3).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bridge.fiscal.regime import Draft
from bridge.fiscal.rksv import code, jws
from bridge.fiscal.rksv.counter import STORNO, TRAINING, CounterCipher
from bridge.fiscal.rksv.unit_faults import SignatureNeeded, UnitNeverRead
from bridge.fiscal.rksv.units import UnitPool
from bridge.model.rates import AUSTRIA_TABLE
from bridge.model.receipt import Kind
from bridge.model.register import Register
from bridge.model.seal import Head, Outage, Seal
from drivers.contract.signing import UnitRecord

VIENNA = ZoneInfo("Europe/Vienna")

FIRST_DAY = date(2015, 9, 1)
"""No receipt of the RKSV can be older (check TIMEOFRECEIPT_WITHIN_PERIOD)."""

_MUST_SIGN = frozenset({Kind.START, Kind.COLLECTIVE, Kind.YEAR, Kind.MONTH})
"""Receipts that are never made with the outage text: Start- and Jahresbeleg and the Sammelbeleg by
law, the Monatsbeleg because it is postponed until the unit is back (till-rules.md section 6)."""

_FIXED_COUNTER = {Kind.TRAINING: TRAINING, Kind.STORNO: STORNO}


@lru_cache(maxsize=64)
def _offset(hour: int) -> timedelta:
    """Vienna's offset from UTC in an hour (Unix time // 3600): it changes on full hours only."""
    return datetime.fromtimestamp(hour * 3600, VIENNA).utcoffset() or timedelta()


class RksvRegime:
    """The RKSV for one register: its AES key and the units it may use."""

    rates = AUSTRIA_TABLE

    def __init__(self, cipher: CounterCipher, pool: UnitPool) -> None:
        self._cipher = cipher
        self._pool = pool

    def local(self, utc: datetime) -> datetime:
        """Return Austrian local time, naive, whole seconds."""
        offset = _offset(int(utc.timestamp()) // 3600)
        return (utc.astimezone(UTC) + offset).replace(tzinfo=None, microsecond=0)

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
        after = replace(
            head,
            number=draft.number,
            counter=counter,
            time=draft.time,
            closed=draft.kind is Kind.CLOSING,
        )
        if signature is not None:
            sealed = jws.assemble(signature.signing_input, signature.raw)
            record = signature.record
            outage = None if draft.kind.is_null else head.outage
            after = replace(
                after,
                jws=sealed,
                suite=f"R1-{record.vda}",
                serial=record.serial,
                outage=outage,
            )
            return Seal(sealed, signed=True, unit=signature.unit, head=after)
        if draft.must_sign or draft.kind in _MUST_SIGN:
            reasons = "; ".join(f"{name}: {fault}" for name, fault in self._pool.faults().items())
            raise SignatureNeeded(reasons or "no signing unit")
        if not head.serial:
            raise UnitNeverRead(register.id)
        sealed = jws.assemble(signing_input(head.suite, head.serial), None)
        since, first = (
            (draft.time, draft.number)
            if head.outage is None
            else (head.outage.since, head.outage.first_number)
        )
        after = replace(after, jws=sealed, outage=Outage(since, first, draft.number))
        return Seal(sealed, signed=False, unit="", head=after)
