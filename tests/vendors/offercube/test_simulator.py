"""The simulator says and does what the vendor's page says, asked directly, by GET and by POST."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from simulators.vendors.kit import SimClock, Stage
from simulators.vendors.offercube import make
from simulators.vendors.offercube.books import Invoice
from simulators.vendors.offercube.surface import OfferCube
from tests.vendors.offercube.samples import SID

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW = int(NOON.timestamp())
GOLDEN = (
    '{"module":"invoice","error":0,"customerid":"4","invoiceid":"201502010","invoicepdf":"321",'
    '"errormsg":[]}'
)


class Cube:
    """The simulator on a port, and a plain client."""

    def __init__(self, stage: Stage, surface: OfferCube, http: httpx.AsyncClient) -> None:
        self.stage = stage
        self.surface = surface
        self._http = http

    async def raw(self, method: str, path: str, **query: str) -> httpx.Response:
        """Send a request without fields."""
        return await self._http.request(method, f"/demo/s/{path}", params=query)

    async def get(self, path: str, **query: str) -> Any:
        """GET with the session."""
        return (await self.raw("GET", path, sid=SID, output="json", **query)).json()

    async def post(self, path: str, **fields: Any) -> Any:
        """POST a form with the session."""
        query = {"sid": SID, "output": "json"}
        found = await self._http.post(f"/demo/s/{path}", params=query, data=fields)
        assert found.status_code == 200
        return found.json()

    def invoice(self, invoice: int) -> Invoice:
        """Return a record."""
        return self.surface.books.invoices[invoice]


@pytest.fixture
async def cube() -> AsyncIterator[Cube]:
    clock = SimClock(NOON)
    surface = make(clock)
    async with (
        Stage(surface, clock) as stage,
        httpx.AsyncClient(base_url=stage.url) as http,
    ):
        yield Cube(stage, surface, http)


@pytest.mark.covers("O-25", "O-57", "O-33", "O-53", "O-54")
@pytest.mark.parametrize("actions", [("send", "pay"), ("pay", "send")])
async def test_the_golden_invoice_answers_exactly_as_the_example(
    cube: Cube, actions: tuple[str, str]
) -> None:
    cube.surface.golden()
    for action in actions:
        answer = await cube.raw("POST", f"invoice/{action}/201502010", sid=SID, output="json")
        assert answer.text == GOLDEN


@pytest.mark.covers("O-28", "O-29")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_plain_request_pays_now(cube: Cube, method: str) -> None:
    answer = await cube.raw(method, "invoice/pay/17", sid=SID)
    assert answer.json()["error"] == 0
    assert cube.invoice(17).paid_dt == NOW


@pytest.mark.covers("O-35", "O-10")
async def test_a_plain_get_sends_nothing_but_makes_the_pdf(cube: Cube) -> None:
    assert (await cube.get("invoice/send/17"))["invoicepdf"] == "901"
    assert not cube.surface.books.mails


@pytest.mark.covers("O-3", "O-4")
async def test_a_price_is_computed_and_cannot_be_written(cube: Cube) -> None:
    record = await cube.get("invoice/get/18")
    assert record["price"] == sum(quantity * cents for _, quantity, cents in record["items"])
    refused = await cube.post("invoice/update/18", price="1", site_email="a@b.at")
    assert refused["error"] == 7
    assert (await cube.get("invoice/get/18"))["price"] == record["price"]
    assert cube.invoice(18).site_email == ""


@pytest.mark.covers("O-6")
@pytest.mark.parametrize("module", ["invoice", "dunning"])
async def test_each_module_has_the_basic_operations(cube: Cube, module: str) -> None:
    operations = (await cube.get(f"{module}/schema/"))["operations"]
    assert operations[:4] == ["schema", "list", "get", "update"]
    assert {each["id"] for each in (await cube.get(f"{module}/list"))["records"]} >= {17, 20}
    assert (await cube.get(f"{module}/get/17"))["number"] == "202611001"
    assert (await cube.post(f"{module}/update/17", site_email="x@y.at"))["error"] == 0
    assert cube.invoice(17).site_email == "x@y.at"


@pytest.mark.covers("O-1")
async def test_invoices_and_dunning_letters_are_records_of_one_module(cube: Cube) -> None:
    records = {each["id"]: each for each in (await cube.get("invoice/list"))["records"]}
    assert records[17]["dunning"] is None
    assert records[20]["dunning"]["level"] == 1


@pytest.mark.covers("O-5", "O-51")
async def test_the_schema_needs_its_slash_and_no_session(cube: Cube) -> None:
    assert (await cube.raw("GET", "invoice/schema/")).json()["module"] == "invoice"
    assert (await cube.raw("GET", "invoice/schema")).status_code == 404


@pytest.mark.covers("O-49", "O-13")
@pytest.mark.parametrize("action", ["send", "pay"])
@pytest.mark.parametrize("query", [{}, {"sid": "another"}], ids=str)
async def test_without_a_session_nothing_is_done(
    cube: Cube, action: str, query: dict[str, str]
) -> None:
    answer = await cube.raw("POST", f"invoice/{action}/17", **query)
    assert answer.status_code == 200
    assert answer.json()["error"] == 10
    assert cube.invoice(17).invoicepdf is None


@pytest.mark.covers("O-14", "O-50")
@pytest.mark.parametrize("action", ["send", "pay"])
async def test_output_chooses_json_or_xml(cube: Cube, action: str) -> None:
    path = f"invoice/{action}/17"
    assert (await cube.raw("POST", path, sid=SID, output="json")).json()["error"] == 0
    answer = await cube.raw("POST", path, sid=SID, output="xml")
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<error>0</error>" in answer.text
    # Not given is allowed, too.
    assert (await cube.raw("POST", path, sid=SID)).status_code == 200


@pytest.mark.covers("O-43")
@pytest.mark.parametrize("action", ["send", "pay"])
async def test_the_id_may_be_in_url_or_body_but_not_two_of_them(cube: Cube, action: str) -> None:
    assert (await cube.post(f"invoice/{action}/17"))["invoiceid"] == "202611001"
    assert (await cube.post(f"invoice/{action}", id="17"))["invoiceid"] == "202611001"
    assert (await cube.post(f"invoice/{action}/17", id="17"))["error"] == 0
    assert (await cube.post(f"invoice/{action}/17", id="18"))["error"] == 6
    assert (await cube.post(f"invoice/{action}"))["error"] == 5
    assert (await cube.post(f"invoice/{action}/999"))["error"] == 5


@pytest.mark.parametrize("sendtype", ["0", "3", "x", "-1"])
async def test_a_wrong_sendtype_does_nothing(cube: Cube, sendtype: str) -> None:
    assert (await cube.post("invoice/send/17", sendtype=sendtype))["error"] in (3, 4)
    assert cube.invoice(17).invoicepdf is None
    assert not cube.surface.books.mails


async def test_a_body_of_another_type_is_not_read(cube: Cube) -> None:
    async with httpx.AsyncClient(base_url=cube.stage.url) as http:
        url = f"/demo/s/invoice/pay/17?sid={SID}"
        await http.post(url, json={"paid_dt": 1_400_000_000})
    assert cube.invoice(17).paid_dt == NOW


async def test_other_tenants_and_modules_are_not_there(cube: Cube) -> None:
    async with httpx.AsyncClient(base_url=cube.stage.url) as http:
        assert (await http.get("/other/s/invoice/schema/")).status_code == 404
    assert (await cube.get("stock/get/17"))["error"] == 2
    assert (await cube.get("dunning/pay/17"))["error"] == 2


async def test_the_invented_log_in_gives_a_session(cube: Cube) -> None:
    cube.surface.expire()
    assert (await cube.get("invoice/get/17"))["error"] == 10
    assert (await cube.post("login", user="box", password="wrong"))["error"] == 11
    given = await cube.post("login", user="box", password="sim-password")
    answer = await cube.raw("GET", "invoice/get/17", sid=given["sid"])
    assert answer.json()["error"] == 0


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "bridge.cli.main", "simulate", "offercube", "--golden"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        books = httpx.get(f"{ready['control']}/books").json()
        url = f"{ready['url']}/demo/s/invoice/send/201502010"
        assert httpx.get(url, params={"sid": SID}).text == GOLDEN
        assert httpx.post(f"{ready['control']}/expire").json() == {"sessions": 0}
        assert httpx.get(url, params={"sid": SID}).json()["error"] == 10
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0
    assert [each["number"] for each in books["invoices"]] == ["201502010"]
