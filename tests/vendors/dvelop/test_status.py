"""What pages are told of the master data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.model.exchange import VendorView
from tests.vendors.dvelop.boxes import Box, box
from tests.vendors.dvelop.examples import batch_of, example


async def _send(at: Box, entity: str, *records: dict[str, Any]) -> str:
    reply = await at.batch(entity, batch_of(entity, *records))
    return (await at.ended(reply)).state


async def _view(at: Box) -> VendorView:
    """Return what the page shows after a fresh look."""
    await at.counter.desk.check_all()
    (view,) = at.counter.desk.vendors("en")
    return view


async def test_each_list_tells_its_last_job_status_records_and_age(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        assert (await at.get("/status")).json()["lists"] == []
        await _send(at, "companies", example("companies"))
        units = [{"nr": str(n), "name": "x"} for n in range(7)]
        await _send(at, "cost_units", *units)
        await at.pass_time(100.0)
        status = (await at.get("/status")).json()
        assert [each["entity"] for each in status["lists"]] == ["companies", "cost_units"]
        last = status["lists"][1]
        assert (last["status"], last["records"], last["bucket"]) == ("successful", 7, "masterdata")
        assert 100 <= last["age_s"] <= 110
        assert (await at.get(f"/jobs/{last['job_id']}")).json()["status"] == "successful"
        view = await _view(at)
        assert [each["entity"] for each in view.facts["lists"]] == ["companies", "cost_units"]


async def test_a_list_that_failed_is_named_until_a_later_one_is_successful(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        order = example("purchase_orders")
        assert await _send(at, "purchase_orders", order) == "succeeded"
        assert (await _view(at)).level == "ok"
        assert await _send(at, "purchase_orders", order | {"id": "2"}) == "failed"
        view = await _view(at)
        assert view.level == "degraded"
        assert view.fault is not None
        assert (view.fault["code"], view.fault["entities"]) == (
            "dvelop_import_failed",
            ["purchase_orders"],
        )
        assert await _send(at, "purchase_orders", order) == "succeeded"
        # The failed run itself stays on the board for a day.
        await at.pass_time(86_401.0)
        assert (await _view(at)).level == "ok"


@pytest.mark.covers("D-188")
async def test_document_types_without_credit_note_are_amber(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        assert (await _view(at)).level == "ok"
        invoice = example("document_types")
        await _send(at, "document_types", invoice)
        view = await _view(at)
        assert view.level == "degraded"
        assert view.fault is not None
        assert view.fault["code"] == "dvelop_master_data_incomplete"
        warnings = (await at.get("/status")).json()["warnings"]
        assert [each["code"] for each in warnings] == ["document_types_incomplete"]
        credit = json.dumps(invoice | {"id": "cn", "credit_note": True})
        assert (await at.put("document_types", credit)).status == 201
        assert (await _view(at)).level == "ok"


async def test_a_refused_key_is_red(tmp_path: Path) -> None:
    async with box(tmp_path, secrets={"api_key": "another-api-key"}) as at:
        view = await _view(at)
        assert view.level == "failed"
        assert view.fault is not None
        assert view.fault["code"] == "vendor_auth"
