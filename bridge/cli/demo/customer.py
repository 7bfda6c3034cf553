"""The demo's external program: a booking system that parks receipts and hears how they ended."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from bridge.cli.demo.desk import Cloud
from bridge.cli.demo.faults import BoxAnswersNot
from bridge.cli.demo.record import Record
from bridge.cli.demo.shop import Errand
from bridge.fiscal.rksv.jws import OUTAGE_TEXT
from bridge.model.money import format_cents
from simulators.cloud import assumed
from simulators.cloud.parking import ABORTED, COMPLETED
from simulators.cloud.program import ExternalProgram, Item, Order
from simulators.cloud.program_faults import CloudRefused
from simulators.cloud.secret_files import program_login

AGAIN_S = 0.2
"""Seconds before a receipt is asked to be opened again when no box is connected."""

TRIES = 300

VATCODE_OF = {rate: code for code, rate in assumed.VAT_CODES.items()}

BAR = 24
"""Length of the progress bar."""


class Customer:
    """Buys: parks a receipt, has it opened at the box, waits for its end, fetches the document."""

    def __init__(self, program: ExternalProgram, record: Record, total: int) -> None:
        self._program = program
        self._record = record
        self._total = total
        self._ended = 0

    @classmethod
    @asynccontextmanager
    async def at(cls, cloud: Cloud, record: Record, total: int) -> AsyncIterator[Self]:
        """Sign in at the cloud and listen for its webhooks."""
        program = ExternalProgram(cloud.http, program_login(cloud.login_file), heard=record.webhook)
        await program.start()
        try:
            yield cls(program, record, total)
        finally:
            await program.stop()

    @property
    def webhooks(self) -> int:
        """How many receipts the webhooks have told of."""
        return len(self._record.notified)

    async def buy(self, errand: Errand) -> None:
        """Have a receipt made. Raises ``BoxAnswersNot`` when what is fetched does not agree."""
        parked = await self._program.park(_order(errand.opening))
        await self._open(parked)
        ended = await self._program.ended(parked)
        if ended.state == ABORTED:
            self._record.was_aborted(errand.name)
            self._show(errand.name, "aborted, the program was told")
            return
        if ended.state != COMPLETED or ended.document is None:
            message = f"{errand.name} ended as {ended.state}"
            raise BoxAnswersNot(message)
        document = await self._program.fetch(ended.document)
        same = await self._program.fetch_by_reference(errand.name)
        if same != document:
            message = f"{errand.name}: by reference the cloud has another document than by id"
            raise BoxAnswersNot(message)
        self._record.fetched(errand.name, document)
        number, amount = document[assumed.DOCUMENT_NUMBER], document[assumed.DOCUMENT_TOTAL]
        how = "webhook" if ended.by_webhook else "asked"
        signed = "signed" if _is_signed(document) else "NOT SIGNED (card is out)"
        text = f"completed as {number:>3} {format_cents(amount):>9} EUR, {signed} → {how} → fetched"
        self._show(errand.name, text)

    async def _open(self, parked: str) -> None:
        """Have a parked receipt opened, as soon as the box is connected."""
        for _ in range(TRIES):
            try:
                await self._program.open(parked)
            except CloudRefused as refused:
                if refused.facts.get("status") != assumed.STATUS_NO_BOX:
                    raise
                await asyncio.sleep(AGAIN_S)
            else:
                return
        raise BoxAnswersNot("the box does not connect to the cloud")

    def _show(self, name: str, text: str) -> None:
        self._ended += 1
        if self._ended > self._total:
            print(f"   {name} parked → pushed → {text}", flush=True)
            return
        filled = BAR * self._ended // self._total
        bar = "█" * filled + "░" * (BAR - filled)
        print(f"{bar} {self._ended:>4}/{self._total}  {name} parked → pushed → {text}", flush=True)


def _is_signed(document: dict[str, Any]) -> bool:
    """Whether a document's code ends with a signature, not with the text of an outage."""
    _, _, signature = document[assumed.DOCUMENT_CODE].rpartition("_")
    return base64.b64decode(signature) != OUTAGE_TEXT.encode()


def _order(opening: dict[str, Any]) -> Order:
    items = tuple(
        Item(line["text"], line["unit_cents"], VATCODE_OF[line["rate"]], line["quantity"])
        for line in opening["lines"]
    )
    return Order(items, opening["reference"], opening.get("note"))
