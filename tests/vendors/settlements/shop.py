"""A shop whose receipts settle invoices, and a desk that takes orders as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.health import Part
from bridge.model.exchange import LocalCall, RunView
from bridge.till.amounts import Settling
from bridge.till.register import Done
from bridge.vendors.engine.spec import Settlement
from bridge.vendors.engine.wire import json_body
from bridge.vendors.settlements import Settle, Settlements
from drivers.contract.fault import Fault
from tests.till.harness import Shop

SETTLING = Settling(frozenset({"alpha", "beta"}))


@dataclass
class Order:
    """An order as the desk got it."""

    vendor: str
    operation: str
    call: LocalCall
    key: str


@dataclass
class ScriptedDesk:
    """Takes each key once. ``trouble`` is raised for a vendor's orders as long as it stands."""

    orders: list[Order] = field(default_factory=list)
    trouble: dict[str, Exception] = field(default_factory=dict)
    asked: int = 0

    async def submit(self, vendor: str, operation: str, call: LocalCall, *, key: str) -> RunView:
        self.asked += 1
        await asyncio.sleep(0)
        if (trouble := self.trouble.get(vendor)) is not None:
            raise trouble
        if all(each.key != key for each in self.orders):
            self.orders.append(Order(vendor, operation, call, key))
        return RunView(
            id=f"run-{key}",
            vendor=vendor,
            operation=operation,
            kind="once",
            state="queued",
            created=0,
            changed=0,
        )

    @property
    def keys(self) -> list[str]:
        """The keys taken, in order."""
        return [each.key for each in self.orders]


def settle(settlement: Settlement) -> tuple[str, LocalCall]:
    """A vendor file's hook that passes everything on."""
    values = {
        name: getattr(settlement, name)
        for name in ("invoice", "kind", "cents", "time", "date", "receipt", "number", "register")
    }
    return "pay", LocalCall(method="POST", body=json_body(values))


SETTLES: Mapping[str, Settle] = {"alpha": settle, "beta": settle}


@asynccontextmanager
async def settling(
    shop: Shop, desk: ScriptedDesk, settles: Mapping[str, Settle] = SETTLES
) -> AsyncIterator[Settlements]:
    """Let settlements be handed over; at the end it is cut, as when the box stops."""
    kassen_ids = {name: f"KASSE-{name}" for name in shop.names}
    made = Settlements(shop.journal, desk, settles, kassen_ids, shop.board, shop.clock, lambda: 0.5)
    await made.start()
    running = asyncio.ensure_future(made.run())
    try:
        yield made
        if running.done():
            running.result()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def payment(
    vendor: str = "alpha", invoice: str = "FV1", cents: int = 5000, **fields: Any
) -> dict[str, Any]:
    """Return a line that pays an invoice."""
    settles = {"vendor": vendor, "invoice": invoice}
    return {"text": f"Rechnung {invoice}", "unit_cents": cents, "settles": settles, **fields}


def shop_at(folder: Path) -> Shop:
    """Return a shop in which invoices of two vendors may be paid."""
    return Shop(folder, settling=SETTLING)


def key(done: Done, n: int = 1) -> str:
    """Return the key under which a line of a receipt is reported."""
    return f"settle-{done.event.receipt}-{n}"


async def soon(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; a test that waits for half a minute has failed."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the journal's thread has no event to wait for
            await asyncio.sleep(0.002)


def cursor(shop: Shop, vendor: str = "alpha") -> int:
    """Return how far a vendor's settlements are noted as handed over."""
    return shop.journal.reader.cursor(f"settlements:{vendor}")


def board(shop: Shop, vendor: str = "alpha") -> Part | None:
    """Return what the board says of a vendor's settlements."""
    return shop.board.part(f"settlement:{vendor}")


def code(shop: Shop, vendor: str = "alpha") -> str:
    """Return the diagnosis on the board, empty if there is none."""
    part = board(shop, vendor)
    fault: Fault | None = None if part is None else part.fault
    return "" if fault is None else fault.code
