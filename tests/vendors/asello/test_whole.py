"""The whole box with asello's cloud and a printer: from a program's call to the paper."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.model import events
from simulators.cloud.assumed import PATH_WEBHOOKS
from simulators.printer.paper import Paper
from tests.vendors.asello.desk import CREATE, receipt, soon
from tests.vendors.asello.whole import TOKEN, Whole, whole
from tests.vendors.harness import PATIENCE_S

BASE = "/v1/vendors/asello"


@asynccontextmanager
async def program(place: Whole) -> AsyncIterator[httpx.AsyncClient]:
    """A program in the shop."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=place.url, headers=headers, timeout=PATIENCE_S, trust_env=False
    ) as client:
        yield client


async def papers(place: Whole, count: int) -> list[Paper]:
    """Wait until so many papers were cut off since the start."""
    await soon(lambda: len(place.printer.papers) >= count)
    await place.printer.settled()
    assert len(place.printer.papers) == count
    return place.printer.papers


async def becomes(client: httpx.AsyncClient, path: str, state: str) -> None:
    """Ask until the paper at a path is in a state."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if (await client.get(path)).json()["state"] == state:
                return
            await asyncio.sleep(0.02)


async def create(client: httpx.AsyncClient, key: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(
        f"{BASE}/receipts", json=receipt(**more), headers={"idempotency-key": key}
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.covers("A-4", "A-5", "A-6", "A-7", "A-8", "A-16", "A-47")
async def test_number_register_and_code_are_on_the_paper_that_the_counters_printer_gives_out(
    tmp_path: Path,
) -> None:
    async with whole(tmp_path) as place, program(place) as client:
        body = await create(client, "order-1")
        (_, paper) = await papers(place, 2)
        shown = "\n".join(paper.texts)
        assert f"Beleg {body['number']}" in shown
        assert f"Kasse {body['register']}" in shown
        assert "2 Blumentopf" in shown
        assert "40,29" in shown
        assert paper.codes == (body["code"],)
        assert paper.cut is not None
        assert "KOPIE" not in shown
        again = await client.post(f"{BASE}/receipts/{body['document']}/reprint")
        assert again.status_code == 202
        (*_, copy) = await papers(place, 3)
        assert " KOPIE " in "\n".join(copy.texts)
        assert copy.codes == paper.codes
        assert [event.kind for event in place.box.journal.reader.events()].count(
            events.FOREIGN_RECEIPT
        ) == 1


@pytest.mark.covers("A-40")
async def test_a_printer_without_paper_repeats_the_paper_and_never_the_receipt(
    tmp_path: Path,
) -> None:
    async with whole(tmp_path) as place, program(place) as client:
        await papers(place, 1)
        place.printer.switches.change({"paper": "out"})
        body = await create(client, "order-1")
        path = f"{BASE}/receipts/{body['document']}/papers"
        state = (await client.get(path)).json()["state"]
        assert state in ("due", "sending", "not_printed")
        assert len(place.printer.papers) == 1
        place.printer.switches.change({"paper": "ok"})
        (_, paper) = await papers(place, 2)
        assert paper.codes == (body["code"],)
        assert len(place.cloud.stage.calls("POST", CREATE)) == 1
        await becomes(client, path, "printed")


@pytest.mark.covers("A-59")
async def test_the_boxs_own_numbers_and_pages_are_untouched_by_foreign_receipts(
    tmp_path: Path,
) -> None:
    async with whole(tmp_path) as place, program(place) as client:
        head = place.box.till.registers["A"].head
        body = await create(client, "order-1")
        await papers(place, 2)
        assert place.box.till.registers["A"].head == head
        listed = (await client.get("/v1/receipts")).json()["receipts"]
        assert body["number"] not in {each.get("reference") for each in listed}
        assert len(listed) == 1, "the Startbeleg alone"
        foreign = await client.get(f"/v1/receipts/foreign:asello-{body['document']}")
        assert foreign.status_code == 404
        export = (await client.get("/v1/exports/dep7", params={"register": "A"})).json()
        assert len(export["Belege-Gruppe"][0]["Belege-kompakt"]) == 1
        for page in ("/", "/status"):
            answer = await client.get(page, headers={"accept": "text/html"})
            assert answer.status_code < 500


async def test_a_paper_of_which_nobody_knows_does_not_break_the_operators_page(
    tmp_path: Path,
) -> None:
    async with whole(tmp_path) as place, program(place) as client:
        await papers(place, 1)
        place.printer.switches.change({"reset_after_bytes": 300})
        body = await create(client, "order-1")
        path = f"{BASE}/receipts/{body['document']}/papers"
        await becomes(client, path, "unknown")
        assert (await client.get("/status")).status_code == 200
        assert (await client.get("/")).status_code == 200


@pytest.mark.covers("A-30", "A-34", "A-52")
async def test_asello_checks_and_calls_the_boxs_webhook_and_the_box_believes_it(
    tmp_path: Path,
) -> None:
    async with whole(tmp_path) as place, program(place) as client:
        login = json.loads(place.cloud.login_file.read_text(encoding="utf-8"))
        async with httpx.AsyncClient(base_url=place.cloud.http_url, trust_env=False) as asello:
            answer = await asello.post("/token", data={**login, "grant_type": "password"})
            asello.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            answer = await asello.post(
                PATH_WEBHOOKS,
                json={
                    "uri": f"{place.url}/v1/webhooks/asello",
                    "secret": "webhook-secret",
                    "events": ["receipt.created", "receipt.aborted"],
                },
            )
            assert answer.status_code == 201, answer.text
        parked = await client.post(
            f"{BASE}/parked", json=receipt(), headers={"idempotency-key": "p-1"}
        )
        opened = await client.post(f"{BASE}/parked/{parked.json()['parked_id']}/open", json={})
        assert opened.status_code == 200
        till = place.box.till.registers["A"]
        await soon(lambda: till.open)
        (receipt_id,) = till.open
        done = await client.post(
            f"/v1/receipts/{receipt_id}/complete",
            json={"payments": [{"kind": "cash"}]},
            headers={"idempotency-key": "complete-1", "if-match": "1"},
        )
        assert done.status_code == 200, done.text
        deliveries = place.cloud.cloud.webhooks.subscriptions
        await soon(lambda: deliveries.counts() == {"waiting": 0, "delivered": 1})
        shown = (await client.get(f"{BASE}/parked/{parked.json()['parked_id']}")).json()
        assert (shown["state"], shown["source"]) == ("completed", "box")
        assert shown["number"] == done.json()["belegnummer"]
        assert shown["code"] == done.json()["code"]
