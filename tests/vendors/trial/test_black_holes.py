"""All five vendors in a black hole: the counter does not care, and the box still stops."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.box import Counter
from tests.flow.evidence import check_numbers
from tests.flow.waiting import LONGEST_S
from tests.vendors.asello.samples import RECEIPT
from tests.vendors.trial.holes import mute, nameless, silent_names
from tests.vendors.trial.shop import REGISTER, Shop, bearer, shop

RECEIPTS = 30

NAME_SERVICE_S = 600.0
"""So long the name service leaves a question open: longer than this test lasts."""

_PAYMENT = {
    "invoice": "code:FV1",
    "amount": "1.00",
    "paid_on": "2026-11-21",
    "remainder": "castecnaUhrada",
}
ORDERS: Mapping[str, tuple[str, Any]] = {
    "flexi": ("/flexi/cash-payments", _PAYMENT),
    "pay": ("/offercube/invoices/17/pay", {}),
    "mail": ("/offercube/invoices/18/send", {"sendtype": 2, "email": "k@example.at"}),
    "create": ("/asello/receipts", {**RECEIPT, "reference": "R1"}),
    "list": ("/dvelop/cost_centers/batch", [{"nr": "1000", "name": "Verwaltung"}]),
}
"""Orders whose call needs nothing of the vendor: they are taken at once."""

QUEUED = ("flexi", "pay", "mail", "list")
"""Those that wait for the vendor as long as it takes."""

_RETURN = {
    "year": 2026,
    "month": 3,
    "mode": "test",
    "in_7": 1,
    "out_7": 2,
    "in_19": 3,
    "out_19": 4,
}
PRESSING = (
    *(("GET", "/flexi/invoices/code:FV1", None), ("GET", "/asello/receipts/1", None)),
    *(("GET", "/dvelop/jobs/65866efa-e8a6-4c9c-ae30-60121b6d039f", None),),
    *(("GET", "/kassomat/returns", None), ("POST", "/kassomat/returns", _RETURN)),
    *(("GET", "/offercube/schema/invoice", None),),
)
"""Calls of programs that wait for the vendor, many at once."""


async def order(client: httpx.AsyncClient) -> dict[str, str]:
    """Order one of each; return the runs by the names of the orders."""
    runs = {}
    for name, (path, body) in ORDERS.items():
        answer = await client.post(
            f"/v1/vendors{path}",
            json=body,
            headers={"Idempotency-Key": f"hole-{name}", "Prefer": "respond-async"},
        )
        assert answer.status_code == 202, f"{name}: {answer.text}"
        runs[name] = answer.json()["run"]
    return runs


async def pressed(client: httpx.AsyncClient) -> None:
    """Ask for everything that waits for a vendor, and hang up when it takes too long for the
    test."""
    calls = (
        client.request(
            method, f"/v1/vendors{path}", json=body, headers={"Idempotency-Key": f"press-{number}"}
        )
        for number, (method, path, body) in enumerate(PRESSING)
    )
    await asyncio.gather(*calls, return_exceptions=True)


async def holds(at: Shop) -> None:
    """Check that 30 receipts are made, that the box stops, and that all runs are there again."""
    async with httpx.AsyncClient(
        base_url=at.box.url, headers=bearer(), timeout=LONGEST_S, trust_env=False
    ) as client:
        runs = await order(client)
        pressing = asyncio.create_task(pressed(client))
        try:
            done = [await sold(at.operator) for _ in range(RECEIPTS)]
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
        assert [each["state"] for each in done] == ["completed"] * RECEIPTS
        assert await at.box.stop() == 0, at.box.log.read_text(encoding="utf-8")
        assert at.box.logged("INFO stopped")
        await at.box.start()
        for name, run in runs.items():
            found = (await client.get(f"/v1/runs/{run}")).json()
            assert found["run"] == run, found
            assert found["key"] == f"hole-{name}"
            states = ("queued", "sending") if name in QUEUED else ("failed", "sending", "unknown")
            assert found["state"] in states, found
        await sold(at.operator)
        check_numbers(at.box.rows(), REGISTER)
        assert await at.box.stop() == 0
        assert at.box.complaints() == []


async def sold(operator: Counter) -> dict[str, Any]:
    """Sell a Sackerl."""
    opened = await operator.ask("POST", "/v1/receipts", {"register_id": REGISTER})
    return await operator.complete(await operator.add_line(opened))


async def test_vendors_that_never_answer_hold_up_neither_receipts_nor_the_stop(
    tmp_path: Path,
) -> None:
    async with mute() as urls, shop(tmp_path, urls) as at:
        await holds(at)


@pytest.mark.proofs
async def test_a_name_service_that_never_answers_holds_up_neither_receipts_nor_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = silent_names(tmp_path / "python", NAME_SERVICE_S)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    async with shop(tmp_path, nameless()) as at:
        await holds(at)
