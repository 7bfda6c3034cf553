"""Documents that the cloud itself creates: signed first, then stored, and never undone."""

from __future__ import annotations

import json
import uuid
from typing import Any

from bridge.model.money import line_cents
from bridge.model.rates import AUSTRIA_TABLE, BUCKETS_AT
from simulators.cloud import assumed
from simulators.cloud.bodies import CreateBody
from simulators.cloud.hsm import NO_TURNOVER, Hsm
from simulators.cloud.refusal import Refusal
from simulators.cloud.store import Store
from simulators.cloud.subscriptions import Subscriptions

OWN_BOX = ""
"""What stands for the cloud where documents name the box they came from."""


class Documents:
    """Makes receipts of what external programs send. The register's upkeep (here: its Startbeleg)
    is the cloud's own business."""

    def __init__(self, store: Store, hsm: Hsm, subscriptions: Subscriptions) -> None:
        self._store = store
        self._hsm = hsm
        self._subscriptions = subscriptions

    async def create(self, body: CreateBody, raw: bytes) -> int:
        """Sign, store, tell webhooks; return the document's number. Each call makes another.

        Raises ``Refusal`` 400 for a sum that no receipt can have; nothing is stored then.
        """
        register = body.cash_register
        async with self._hsm.turn:
            if not self._hsm.begun(register):
                self._hsm.store(register, await self._hsm.sign(register, NO_TURNOVER))
            day = self._hsm.today()
            totals = _totals(body)
            amounts = [0] * BUCKETS_AT
            for name, cents in totals.items():
                rate = AUSTRIA_TABLE.find(name, day)
                if rate is None:
                    raise Refusal(400, "validation_failed", f"{name} is not valid now")
                amounts[rate.bucket] += cents
            normal, reduced1, reduced2, zero, special = amounts
            signed = await self._hsm.sign(register, (normal, reduced1, reduced2, zero, special))
            total = sum(totals.values())
            report = {
                "receipt_id": str(uuid.uuid4()),
                "register": signed.kassen_id,
                "number": signed.number,
                "time": signed.time.isoformat(),
                "totals": totals,
                "total": total,
                "payments": [{"kind": body.payment_type, "cents": total}],
                "code": signed.code,
                "kind": "sale",
                "sent": json.loads(raw),
            }
            with self._store.transaction():
                self._hsm.store(register, signed)
                number = self._insert(report, body.reference)
                for action in (assumed.ACTION_CREATED, assumed.ACTION_DOCUMENT_CREATED):
                    self._subscriptions.notify(action, number, body.reference)
        return number

    def _insert(self, report: dict[str, Any], reference: str | None) -> int:
        cursor = self._store.do(
            "INSERT INTO document (box, receipt, register, number, reference, frame, body)"
            " VALUES (?, ?, ?, ?, ?, 0, ?)",
            *(OWN_BOX, report["receipt_id"], report["register"], report["number"]),
            *(reference, json.dumps(report)),
        )
        return cursor.lastrowid or 0


def _totals(body: CreateBody) -> dict[str, int]:
    totals: dict[str, int] = {}
    for item in body.items:
        rate = assumed.VAT_CODES[item.vatcode]
        cents = line_cents(int(item.quantity * 1000), int(item.price * 100))
        totals[rate] = totals.get(rate, 0) + cents
    return totals
