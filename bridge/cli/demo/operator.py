"""The demo's operator: works through errands by the till's own commands.

Every command with an effect carries a key that follows from seed and errand, so an interrupted
demo that starts again repeats commands that may or may not have been carried out, and nothing is
done twice: just what a restarted cloud or tablet does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bridge.app import Box
from bridge.cli.demo.shop import REGISTER, Errand
from bridge.model import events
from bridge.model.commands import parse_command
from bridge.model.receipt import Receipt
from bridge.till.amounts import add_up
from bridge.till.register import Done


class Operator:
    """Serves one box. ``acknowledged`` is called with each answer that ends a receipt."""

    def __init__(self, box: Box, seed: str, acknowledged: Callable[[str, Done], None]) -> None:
        self._box = box
        self._seed = seed
        self._acknowledged = acknowledged

    def has_begun(self, number: int) -> bool:
        """Whether an errand was begun by an earlier, interrupted demo."""
        return self._box.journal.reader.key(self._key(f"{number}-open")) is not None

    async def start_register(self) -> None:
        """Make the Startbeleg, once in the register's life."""
        if self._box.till.registers[REGISTER].head.number == 0:
            await self.own_receipt("start")

    async def own_receipt(self, kind: str) -> Done:
        """Make a receipt of the register's own: Startbeleg, Nullbeleg."""
        done = await self._do(
            {"type": "register_receipt", "register_id": REGISTER, "kind": kind}, kind
        )
        self._acknowledged("completed", done)
        return done

    async def serve(self, errand: Errand) -> Done:
        """Open, edit, and complete or abort one receipt; go on where it was left."""
        done = await self._do(errand.opening, f"{errand.number}-open")
        receipt_id = str(done.event.receipt)
        receipt, ended = self._box.till.receipt(receipt_id)
        if receipt is not None:
            for edit in errand.edits[receipt.rev - 1 :]:
                await self._do({**edit, "receipt": receipt_id, "rev": receipt.rev})
                receipt = self._open(receipt_id)
            ended = (await self._end(errand, receipt)).event
        assert ended is not None
        if errand.cancelled and ended.kind == events.COMPLETED:
            await self._cancel(errand, receipt_id)
        return Done(ended)

    async def _end(self, errand: Errand, receipt: Receipt) -> Done:
        base = {"receipt": receipt.id, "rev": receipt.rev}
        if errand.abort_reason is not None:
            done = await self._do(
                {**base, "type": "abort", "reason": errand.abort_reason}, f"{errand.number}-abort"
            )
            self._acknowledged("aborted", done)
            return done
        total = self._total(receipt)
        payment: dict[str, Any] = {"kind": "cash"}
        if errand.round_up_to:
            steps = -(-total // errand.round_up_to)
            payment["given_cents"] = steps * errand.round_up_to
        done = await self._do(
            {**base, "type": "complete", "payments": [payment], "total_cents": total},
            f"{errand.number}-complete",
        )
        self._acknowledged("completed", done)
        return done

    async def _cancel(self, errand: Errand, receipt_id: str) -> None:
        operator = errand.opening["operator"]
        done = await self._do(
            {"type": "storno", "receipt": receipt_id, "operator": operator},
            f"{errand.number}-storno",
        )
        self._acknowledged("completed", done)

    async def _do(self, command: dict[str, Any], key: str | None = None) -> Done:
        if key is not None:
            command = {**command, "key": self._key(key)}
        return await self._box.till.execute(parse_command(json.dumps(command)))

    def _key(self, name: str) -> str:
        return f"demo-{self._seed}-{name}"

    def _open(self, receipt_id: str) -> Receipt:
        receipt, _ = self._box.till.receipt(receipt_id)
        assert receipt is not None
        return receipt

    def _total(self, receipt: Receipt) -> int:
        register = self._box.till.registers[REGISTER]
        day = register.moment().day
        rates = register.regime.rates
        return add_up(receipt.lines, receipt.discount, rates, day, receipt.next_n).total
