"""The cloud's own signing module: receipts of the cloud's registers, chained and signed (RKSV).

A real P-256 key and a real chain, so that the code of a cloud receipt can be verified like any
other. The till of a shop has no part in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from bridge.fiscal.rksv import code, jws
from bridge.fiscal.rksv.code import VIENNA, Amounts
from bridge.fiscal.rksv.counter import CounterCipher
from drivers.contract.clock import Clock
from simulators.cloud.assumed import CLOUD_KASSEN_ID
from simulators.cloud.store import Store
from simulators.soft_unit import SoftUnit

NAME = "asello-hsm"
AES_KEY = hashlib.sha256(b"the simulated cloud's key of its turnover counters").digest()
VDA = "AT1"
NO_TURNOVER: Amounts = (0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed receipt that is not stored yet. ``time`` is Austrian local time."""

    kassen_id: str
    number: int
    counter: int
    time: datetime
    jws: str

    @property
    def code(self) -> str:
        """The text of its QR code."""
        return code.qr_code(self.jws)


class Hsm:
    """Signs for all cash registers of the cloud. Hold ``turn`` from signing to storing: the next
    receipt builds on the one before."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.turn = asyncio.Lock()
        self.unit = SoftUnit(NAME, NAME, vda=VDA)
        self._store = store
        self._clock = clock
        self._cipher = CounterCipher(AES_KEY)

    def today(self) -> date:
        """Return the local day."""
        return self._clock.now().astimezone(VIENNA).date()

    async def sign(self, cash_register: int, amounts: Amounts) -> Signed:
        """Sign the next receipt of a cash register. Nothing is stored yet."""
        row = self._store.row(
            "SELECT * FROM chain WHERE cash_register = ? ORDER BY number DESC LIMIT 1",
            cash_register,
        )
        kassen_id = CLOUD_KASSEN_ID.format(cash_register)
        number = 1 if row is None else row["number"] + 1
        counter = sum(amounts) + (0 if row is None else row["counter"])
        time = self._clock.now().astimezone(VIENNA).replace(tzinfo=None, microsecond=0)
        if row is not None:
            time = max(time, datetime.fromisoformat(row["time"]))
        record = await self.unit.read()
        payload = code.payload(
            f"R1-{record.vda}",
            kassen_id,
            str(number),
            code.format_time(time),
            amounts,
            self._cipher.encrypt(kassen_id, str(number), counter),
            record.serial,
            jws.chain_value(kassen_id if row is None else row["jws"]),
        )
        text = jws.signing_input(payload)
        signature = await self.unit.sign(hashlib.sha256(text).digest())
        return Signed(kassen_id, number, counter, time, jws.assemble(text, signature))

    def store(self, cash_register: int, signed: Signed) -> None:
        """Keep a receipt in the chain. The caller holds the transaction."""
        self._store.do(
            "INSERT INTO chain (cash_register, number, counter, time, jws) VALUES (?, ?, ?, ?, ?)",
            *(cash_register, signed.number, signed.counter),
            *(signed.time.isoformat(), signed.jws),
        )

    def begun(self, cash_register: int) -> bool:
        """Whether a cash register has its Startbeleg."""
        return (
            self._store.row("SELECT 1 FROM chain WHERE cash_register = ?", cash_register)
            is not None
        )

    def receipts(self, cash_register: int) -> list[str]:
        """Return the JWS of all receipts of a cash register, in their order."""
        rows = self._store.rows(
            "SELECT jws FROM chain WHERE cash_register = ? ORDER BY number", cash_register
        )
        return [row["jws"] for row in rows]
