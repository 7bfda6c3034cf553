"""A counter with a simulated Flexi behind it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.model.roles import Role
from simulators.vendors.flexi import FlexiSurface, make
from simulators.vendors.flexi.books import CashDocument, Invoice
from simulators.vendors.kit import Logged, SimClock, Stage
from tests.vendors.flexi.samples import OPTIONS, SECRETS
from tests.vendors.harness import Counter, Reply, counter

XML = "application/xml"


@dataclass
class Shop:
    """The box (``box``), the vendor on its port (``stage``) and its books (``flexi``)."""

    box: Counter
    stage: Stage
    flexi: FlexiSurface
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def pay(self, key: str = "", **changes: Any) -> Reply:
        """Pay FV1 in cash, with a new key unless one is given; ``None`` leaves a field out."""
        body = {"invoice": "code:FV1", "paid_on": "2026-11-21", **changes}
        body = {name: value for name, value in body.items() if value is not None}
        return await self.box.call(
            "POST", "/cash-payments", body=body, key=key or self.new_key(), role=Role.TILL
        )

    async def check(self, **changes: Any) -> Reply:
        """Try such a payment out."""
        body = {"invoice": "code:FV1", "paid_on": "2026-11-21", **changes}
        body = {name: value for name, value in body.items() if value is not None}
        return await self.box.call("POST", "/cash-payments/check", body=body, role=Role.TILL)

    async def raw(
        self,
        content: bytes,
        *,
        key: str = "",
        evidence: str = "faktura-vydana",
        allow: bool = False,
        query: Mapping[str, str] | None = None,
        role: Role = Role.TECHNICIAN,
    ) -> Reply:
        """Send a document of Flexi's own by the technician's call."""
        return await self.box.call(
            "POST",
            f"/xml/{evidence}",
            body=content,
            headers={"X-Allow-Duplicate": "1"} if allow else {},
            key=key or self.new_key(),
            query=dict(query or {}),
            media=XML,
            role=role,
        )

    async def given(self, content: bytes, *, key: str = "", allow: bool = False) -> Reply:
        """Send a document of Flexi's own to the counter's call."""
        return await self.box.call(
            "POST",
            "/cash-payments",
            body=content,
            headers={"X-Allow-Duplicate": "1"} if allow else {},
            key=key or self.new_key(),
            media=XML,
            role=Role.TILL,
        )

    def new_key(self) -> str:
        """Return a key that was not used yet."""
        return f"k-{next(self.numbers)}"

    def invoice(self, code: str = "FV1") -> Invoice:
        """Return an invoice of the books."""
        return next(each for each in self.flexi.company.invoices if each.kod == code)

    def paid(self, *codes: str) -> list[str]:
        """Return what is paid on invoices."""
        return [str(self.invoice(code).paid.quantize(Decimal("0.01"))) for code in codes]

    @property
    def new_documents(self) -> list[CashDocument]:
        """Cash documents beside that of the example data."""
        return [each for each in self.flexi.company.cash if each.kod != "P0042"]

    @property
    def internal(self) -> list[Decimal]:
        """Amounts of internal documents."""
        return [each.amount for each in self.flexi.company.internal]

    @property
    def imports(self) -> list[Logged]:
        """Requests that import something for good."""
        return [each for each in self.stage.calls("PUT") if "dry-run" not in each.target]


@asynccontextmanager
async def shop(
    tmp_path: Path,
    *,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    strict: bool = False,
    **vendor: Any,
) -> AsyncIterator[Shop]:
    """Open a counter; ``vendor`` are options of the simulator."""
    clock = SimClock()
    flexi = make(clock, **vendor)
    async with (
        Stage(flexi, clock) as stage,
        counter(
            tmp_path,
            "flexi",
            stage,
            options={**OPTIONS, **(options or {})},
            secrets={**SECRETS, **(secrets or {})},
            strict=strict,
        ) as box,
    ):
        yield Shop(box, stage, flexi)
