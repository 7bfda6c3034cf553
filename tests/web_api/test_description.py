"""The description of the API: complete, consistent, and true of every answer and every body."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from bridge.devices.faults import DeviceUnknown
from bridge.health import Level
from bridge.journal.faults import JournalBehind
from bridge.model.roles import Role
from bridge.web.api import models
from bridge.web.api.registers import KINDS
from bridge.web.caller import Caller
from tests.till.harness import new_key
from tests.web_api.description import assert_sound, operations
from tests.web_api.desk import BACKOFFICE, TECHNICIAN, TILL, Desk, desk, line, served
from tests.web_api.fake_vendors import FakeVendors, unknown_run

CONTRACT = """\
POST /v1/receipts
GET /v1/receipts
GET /v1/receipts/{receipt_id}
POST /v1/receipts/{receipt_id}/lines
PATCH /v1/receipts/{receipt_id}/lines/{n}
DELETE /v1/receipts/{receipt_id}/lines/{n}
POST /v1/receipts/{receipt_id}/discount
PUT /v1/receipts/{receipt_id}/customer
POST /v1/receipts/{receipt_id}/payments
DELETE /v1/receipts/{receipt_id}/payments/{n}
POST /v1/receipts/{receipt_id}/complete
POST /v1/receipts/{receipt_id}/abort
POST /v1/receipts/{receipt_id}/storno
POST /v1/receipts/{receipt_id}/reprint
GET /v1/registers
GET /v1/registers/{register_id}
POST /v1/registers/{register_id}/receipts
POST /v1/registers/{register_id}/unlatch
POST /v1/registers/{register_id}/closing
POST /v1/registers/{register_id}/cash
GET /v1/events
GET /v1/health-board
GET /v1/devices
POST /v1/devices/{device}/test
POST /v1/links/connect
POST /v1/journal/rebuild
GET /v1/exports/dep7
GET /v1/exports/dep131
GET /v1/exports/tse
GET /v1/exports/dsfinvk
GET /v1/vendors
GET /v1/vendors/{vendor}
GET /v1/runs
GET /v1/runs/{run_id}
POST /v1/runs/{run_id}/resolve
DELETE /v1/runs/{run_id}
""".splitlines()
"""Every operation of the local API (docs/local-api.md)."""

CALLERS = (TILL, BACKOFFICE, TECHNICIAN)


async def described(it: Desk) -> dict[str, Any]:
    """Return the description as it is served."""
    found: dict[str, Any] = (await it._http.get("/openapi.json")).json()
    return found


async def test_every_operation_of_the_contract_is_described_and_no_other(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        found = [f"{method} {path}" for method, path, _ in operations(await described(it))]
    assert sorted(found) == sorted(CONTRACT)


async def test_every_described_operation_exists_and_asks_who_calls(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        description = await described(it)
        it.caller = None
        for method, path, _ in operations(description):
            url = re.sub(r"\{\w+\}", "1", path)
            answer = await it._http.request(method, url)
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "unauthorised"
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_described_role_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for method, path, what in operations(await described(it)):
            if what["operationId"] == "followEvents":
                continue  # an answer without end; its role is TILL, below which nobody is
            url = re.sub(r"\{\w+\}", "1", path).removeprefix("/v1")
            for caller in CALLERS:
                answer = await it.call(method, url, as_=caller)
                forbidden = answer.json().get("code") == "forbidden"
                assert forbidden is not caller.role.may(Role(what["x-role"])), (path, caller)


async def test_the_description_is_sound(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        assert_sound(await described(it))


async def test_what_has_effect_says_how_to_repeat_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for method, path, what in operations(await described(it)):
            headers = {
                each["name"]: each["required"]
                for each in what.get("parameters", [])
                if each["in"] == "header"
            }
            needs_key = headers.get("Idempotency-Key", False)
            ends = path.endswith(
                ("/payments", "/complete", "/abort", "/storno", "/reprint", "}/receipts")
            )
            assert needs_key is ends, (method, path)
            if needs_key:
                assert "same Idempotency-Key" in what["x-retry"]
            if method == "GET":
                assert what["x-retry"] == "changes nothing"


class Examples:
    """A request for each operation that answers JSON, with the model of its answer."""

    def __init__(self, it: Desk) -> None:
        self.it = it
        self.seen: set[str] = set()

    async def check(
        self,
        id_: str,
        model: type[BaseModel],
        answer: httpx.Response,
        status: int = 200,
    ) -> Any:
        """Hold an answer against its model."""
        assert answer.status_code == status, answer.text
        model.model_validate_json(answer.content)
        self.seen.add(id_)
        return answer.json()


LINE: dict[str, Any] = line(quantity="2.500", discount_percent="10.00", article="4711", text="Käse")
PERSON = {"id": "7", "name": "Eva", "address": ["Weg 1"], "uid": "ATU12345678"}
LATER = "2026-11-21T23:00:00+01:00"


async def test_every_body_and_every_answer_is_as_described_through_a_real_server(
    tmp_path: Path,
) -> None:
    """Posts each command with every field it has."""
    vendors = FakeVendors()
    vendors.known = {"run-1": unknown_run("run-1")}
    async with desk(tmp_path, vendors=vendors) as it, served(it.app) as address:
        it._http = httpx.AsyncClient(base_url=address, timeout=60)
        it.board.report("printer:counter", Level.FAILED, "lost", DeviceUnknown("x"), paper="out")
        description = await described(it)
        bodies = {
            what["operationId"]: what["requestBody"]["content"]["application/json"]["schema"]
            for _, _, what in operations(description)
            if "requestBody" in what
        }
        examples = Examples(it)
        used: set[str] = set()

        async def send(
            id_: str,
            model: type[BaseModel],
            method: str,
            path: str,
            body: dict[str, Any] | None = None,
            status: int = 200,
            as_: Caller = TECHNICIAN,
        ) -> Any:
            if body is not None:
                used.add(id_)
                # Every field that is described is sent, and every one that is sent is described.
                assert set(body) == set(bodies[id_]["properties"]) - NOT_TOGETHER.get(id_, set())
            key = {} if method == "GET" else {"key": new_key()}
            answer = await it.call(method, path, body, as_=as_, **key)
            return await examples.check(id_, model, answer, status)

        more = {"expires": LATER}
        receipt = await send(
            "openReceipt",
            models.ReceiptView,
            "POST",
            "/receipts",
            {
                "register_id": "K1",
                "kind": "sale",
                "lines": [LINE],
                "operator": PERSON,
                "customer": PERSON,
                "parked_id": "p-1",
                "reference": "Tisch 4",
                "note": "Danke",
                "receipt_expires": LATER,
                **more,
            },
            201,
        )
        path, view = f"/receipts/{receipt['id']}", models.ReceiptView
        await send("addLine", view, "POST", f"{path}/lines", {**LINE, "rev": 1, **more})
        await send("changeLine", view, "PATCH", f"{path}/lines/1", {**LINE, "rev": 2, **more})
        await send("removeLine", view, "DELETE", f"{path}/lines/1", {"rev": 3, **more})
        await send(
            "setDiscount", view, "POST", f"{path}/discount", {"rev": 4, "percent": "5", **more}
        )
        await send(
            "setCustomer", view, "PUT", f"{path}/customer", {"rev": 5, "customer": PERSON, **more}
        )
        paid = await send(
            "pay",
            view,
            "POST",
            f"{path}/payments",
            {"rev": 6, "kind": "cash", "cents": 100, "given_cents": 200, **more},
        )
        n = paid["payments"][0]["n"]
        await send("removePayment", view, "DELETE", f"{path}/payments/{n}", {"rev": 7, **more})
        await examples.check("readReceipt", view, await it.call("GET", path))
        done = await send(
            "completeReceipt",
            view,
            "POST",
            f"{path}/complete",
            {"rev": 8, "payments": [{"kind": "cash"}], "total_cents": paid["total"], **more},
        )
        assert done["state"] == "completed"
        await send("reprintReceipt", view, "POST", f"{path}/reprint", more)
        await send(
            "cancelReceipt",
            view,
            "POST",
            f"{path}/storno",
            {"lines": [{"n": 2, "quantity": "1"}], "operator": PERSON, **more},
            201,
        )
        doomed = await it.opened()
        await send(
            "abortReceipt",
            view,
            "POST",
            f"/receipts/{doomed['id']}/abort",
            {"rev": 1, "reason": "Irrtum", **more},
        )
        for kind in ("null", "training", "month", "year"):
            made = {"kind": kind, **more}
            url = "/registers/K1/receipts"
            await send("makeRegisterReceipt", view, "POST", url, made, 201)
        await send("listReceipts", models.ReceiptList, "GET", "/receipts")
        await send("listRegisters", models.RegisterList, "GET", "/registers")
        await send("readRegister", models.RegisterView, "GET", "/registers/K1")
        it.shop.till.latch("K1", JournalBehind("a cloud knows more"))
        url = "/registers/K1/unlatch"
        await send("unlatchRegister", models.RegisterView, "POST", url, {"reason": "settled"})
        await send("readHealthBoard", models.BoardView, "GET", "/health-board")
        await send("listDevices", models.DeviceList, "GET", "/devices")
        url = "/devices/printer:counter/test"
        await send("testDevice", models.Found, "POST", url, {"test": "page"})
        await send("connectNow", models.Nothing, "POST", "/links/connect", status=202)
        await send("rebuildJournal", models.Rebuilt, "POST", "/journal/rebuild")
        await send("listVendors", models.VendorList, "GET", "/vendors")
        await send("readVendor", models.VendorDetail, "GET", "/vendors/flexi")
        await send("listRuns", models.RunList, "GET", "/runs")
        await send("readRun", models.RunView, "GET", "/runs/run-1")
        decided = {"outcome": "done", "note": "seen in Flexi"}
        await send("resolveRun", models.RunView, "POST", "/runs/run-1/resolve", decided)
        answers = {
            what["operationId"]
            for _, _, what in operations(description)
            if any(
                "$ref" in content.get("schema", {})
                for status, response in what["responses"].items()
                if status.startswith("2")
                for content in response.get("content", {}).values()
            )
        }
        assert examples.seen == answers
        assert used == set(bodies)
        it.shop.bons()
        await it._http.aclose()


NOT_TOGETHER = {"setDiscount": {"cents"}, "addLine": {"settles"}, "changeLine": {"settles"}}
"""Fields of a body that cannot be sent with the others."""


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_a_registers_receipt_is_described(tmp_path: Path, kind: str) -> None:
    async with desk(tmp_path) as it:
        description = await described(it)
        what = description["paths"]["/v1/registers/{register_id}/receipts"]["post"]
        schema = what["requestBody"]["content"]["application/json"]["schema"]
        assert kind in schema["properties"]["kind"]["enum"]
        assert f"`{kind}` {KINDS[kind]}" in what["description"]


async def test_a_problem_is_as_described(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for answer in (
            await it.call("GET", "/receipts/x"),
            await it.call("POST", "/receipts", {}),
            await it.call("POST", "/registers/K1/cash"),
            await it.call("GET", "/devices"),
        ):
            models.Problem.model_validate_json(answer.content)
            assert answer.json()["status"] == answer.status_code
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["cache-control"] == "no-store"
