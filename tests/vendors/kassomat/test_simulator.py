"""The simulated vendor as a program meets it, with nothing of the box: plain HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from simulators.vendors.kassomat import make
from simulators.vendors.kassomat.program import EMAIL, PASSWORD
from simulators.vendors.kit import SimClock, Stage

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

U = "508beab375d493265c000001"
TENANT = "508ea15575d493265c00000c"
CASHBOOK = "508f8fc475d493265c000012"
RETURN = "508fb97d75d493265c00001d"
PATH = f"/v1/tenants/{TENANT}/cashbooks/{CASHBOOK}"
DEMO_EMAIL = "user_6ce01701f0f97f6c48e84b92ef83d909ec6899d3@kassomat.net"
PDF = "/pdf/ElsterReport_db0a69287a7d67ba8238359a8fd035d2fce77c75.pdf"
TOKEN = "CiNydtFjpJwGzxMrtxA8"
SENDER = {
    "name": "Beispiel Kassenbuch",
    "tax_id": "9212034567893",
    "tax_id_raw": "12/345/67893",
    "tax_first_name": "Max",
    "tax_last_name": "Mustermann",
    "tax_street": "Musterstraße 22",
    "tax_zip": "12345",
    "tax_city": "Musterstadt",
    "tax_phone": "00493087654321",
    "tax_email": "max@mustermann.de",
}
SUMS = {"in_7": 1234, "out_7": 2345, "in_19": 3456, "out_19": 4567}
ASSESSMENT = {"year": 2013, "month": 8, "preview": False, "test": False, "data": SUMS}
ANSWER: dict[str, Any] = {
    "id": RETURN,
    "year": 2013,
    "month": 8,
    "quarter": None,
    "preview": False,
    "in_7": 1234,
    "in_19": 3456,
    "out_7": 2345,
    "out_19": 4567,
    "sent_at": "2013-08-30T12:27:55+01:00",
    "pdf": None,
    "kz66": None,
    "kz81": None,
    "kz83": None,
    "kz86": None,
    "status": "pending",
    "uri": f"{PATH}/assessments/{RETURN}",
    "test": False,
    "testmode": False,
    "correction": False,
}


class Client:
    """Speaks to the vendor as its page shows it."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient) -> None:
        self.stage = stage
        self._http = http
        self.token = ""
        self.path = ""

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        headers.setdefault("Accept", "application/json")
        content = None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.token:
            headers.setdefault("X-Kassomat-Auth-Token", self.token)
        return await self._http.request(method, path, content=content, headers=headers)

    async def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        session = {"session": {"email": email, "password": password}}
        answer = await self.call("POST", "/v1/session", session)
        assert answer.status_code == 201
        self.token = answer.json()["api_session"]["authentication_token"]
        tenant = (await self.call("GET", "/v1/tenants")).json()["tenants"][0]
        listed = await self.call("GET", tenant["subresource_uris"]["cashbooks"])
        self.path = listed.json()["cashbooks"][0]["uri"]
        return self.token

    async def ready(self) -> None:
        """Log in and fill in the sender data."""
        await self.log_in()
        answer = await self.call("PUT", self.path, {"cashbook": SENDER})
        assert answer.status_code == 200

    async def send(self, **changes: Any) -> httpx.Response:
        body = {"assessment": {**ASSESSMENT, **changes}}
        return await self.call("POST", f"{self.path}/assessments", body)

    async def listed(self) -> list[Any]:
        answer = await self.call("GET", f"{self.path}/assessments")
        found: list[Any] = answer.json()["assessments"]
        return found


@asynccontextmanager
async def vendor(**options: Any) -> AsyncIterator[Client]:
    clock = SimClock(START)
    stage = Stage(make(clock, **options), clock)
    async with stage, httpx.AsyncClient(base_url=stage.url) as http:
        yield Client(stage, http)


@pytest.mark.covers("K-15", "K-19", "K-21", "K-71", "K-72", "K-89")
async def test_the_examples_are_answered_as_printed() -> None:
    async with vendor() as client:
        client.stage.surface.golden()
        call = client.call
        made = await call("POST", "/v1/user", {"user": {"demo": True}})
        assert made.status_code == 201
        assert made.json() == {
            "root_name": "user",
            "user": {"email": DEMO_EMAIL, "id": U, "uri": "/v1/user"},
        }
        session = {"session": {"email": DEMO_EMAIL, "password": "password"}}
        entered = await call("POST", "/v1/session", session)
        assert entered.status_code == 201
        assert entered.json() == {
            "root_name": "api_session",
            "api_session": {"authentication_token": TOKEN},
        }
        client.token = TOKEN
        tenant = {
            "id": TENANT,
            "name": "Beispiel Mandant",
            "uri": f"/v1/tenants/{TENANT}",
            "subresource_uris": {"cashbooks": f"/v1/tenants/{TENANT}/cashbooks"},
        }
        tenants = await call("GET", "/v1/tenants")
        assert tenants.status_code == 200
        assert tenants.json() == {
            "root_name": "tenants",
            "page": 1,
            "total_pages": 1,
            "total_records": 3,
            "tenants": [tenant],
        }
        first = {**SENDER, "tax_street": "Musterstraße 1", "tax_phone": "00493012345678"}
        more = {
            "uri": PATH,
            "subresource_uris": {
                "bookings": f"{PATH}/bookings",
                "assessments": f"{PATH}/assessments",
            },
        }
        cashbooks = await call("GET", f"/v1/tenants/{TENANT}/cashbooks")
        assert cashbooks.json() == {
            "root_name": "cashbooks",
            "page": 1,
            "total_pages": 1,
            "total_records": 4,
            "cashbooks": [{"id": CASHBOOK, **first, **more}],
        }
        changed = await call("PUT", PATH, {"cashbook": SENDER})
        assert changed.status_code == 200
        assert changed.json() == {
            "root_name": "cashbook",
            "cashbook": {"id": CASHBOOK, **SENDER, **more},
        }
        sent = await call("POST", f"{PATH}/assessments", {"assessment": ASSESSMENT})
        assert sent.status_code == 201
        assert sent.json() == {"root_name": "assessment", "assessment": ANSWER}
        assert list(sent.json()["assessment"]) == list(ANSWER)
        looked = await call("GET", ANSWER["uri"])
        assert looked.status_code == 200
        assert looked.json()["assessment"] == {
            **ANSWER,
            "pdf": PDF,
            "kz66": "294.14",
            "kz81": "0.0",
            "kz83": "-294.14",
            "kz86": "0.0",
            "status": "completed",
        }
        async with httpx.AsyncClient() as bare:
            report = await bare.get(client.stage.url + PDF)
        assert report.content.startswith(b"%PDF-")
        found = await call("GET", "/v1/fiscal_offices?tax_id=12/345/67893")
        assert found.json() == {
            "root_name": "fiscal_offices",
            "fiscal_offices": [{"id": "9212", "name": "Finanzamt Coburg", "fqti": "9212034567893"}],
        }
        again = await call("POST", "/v1/tenants", {"tenant": {"name": "Beispiel Mandant"}})
        assert again.status_code == 201
        assert again.json() == {"root_name": "tenant", "tenant": tenant}
        new = await call("POST", f"/v1/tenants/{TENANT}/cashbooks", {"cashbook": first})
        assert new.status_code == 201
        shown = new.json()["cashbook"]
        assert shown.pop("tax_raw_id") == SENDER["tax_id_raw"]
        assert shown.pop("tax_state") == "Musterland"
        expected = {"id": CASHBOOK, **first, **more}
        del expected["tax_id_raw"]
        assert shown == expected
        left = await call("DELETE", "/v1/session")
        assert (left.status_code, left.content) == (204, b"")


async def test_the_examples_misprints_come_by_switch_only() -> None:
    async with vendor() as client:
        client.stage.surface.golden()
        await client.log_in(DEMO_EMAIL, "password")
        control = {"Accept": "application/json"}
        await client.call("POST", "/_sim/kassomat", {"defective": "uris"}, **control)
        tenant = (await client.call("GET", "/v1/tenants")).json()["tenants"][0]
        assert tenant["id"] == TENANT
        assert tenant["uri"] == "/v1/tenants/508ea21175d493265c00000d"
        listed = await client.call("GET", tenant["subresource_uris"]["cashbooks"])
        assert listed.json()["cashbooks"][0]["uri"] == PATH
        await client.call("POST", "/_sim/kassomat", {"defective": "all"}, **control)
        listed = await client.call("GET", tenant["subresource_uris"]["cashbooks"])
        with pytest.raises(ValueError, match="delimiter"):
            listed.json()


@pytest.mark.covers("K-16", "K-57")
async def test_nothing_is_answered_without_a_session() -> None:
    async with vendor() as client:
        token = await client.log_in()
        path = client.path
        assert await client.log_in() == token, "a second log-in gives the same token"
        for wrong in ("", "x" * 20, token.lower() + "x"):
            client.token = wrong
            for method, target in (
                ("GET", "/v1/tenants"),
                ("PUT", path),
                ("POST", f"{path}/assessments"),
                ("GET", "/v1/fiscal_offices?tax_id=12/345/67893"),
                ("DELETE", "/v1/session"),
            ):
                assert (await client.call(method, target)).status_code == 401
        client.token = token
        assert (await client.call("DELETE", "/v1/session")).status_code == 204
        assert (await client.call("GET", "/v1/tenants")).status_code == 401
        client.token = ""
        assert await client.log_in() != token


async def test_a_wrong_password_and_unknown_ids_are_refused() -> None:
    async with vendor() as client:
        wrong = {"session": {"email": EMAIL, "password": "x"}}
        assert (await client.call("POST", "/v1/session", wrong)).status_code == 401
        await client.log_in()
        for path in (
            "/v1/tenants/508ea15575d493265c0000ff/cashbooks",
            client.path[:-24] + "f" * 24,
            f"{client.path}/assessments/{'f' * 24}",
            "/pdf/ElsterReport_0.pdf",
        ):
            assert (await client.call("GET", path)).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"month": None},
        {"quarter": 3},
        {"month": 0},
        {"month": 13},
        {"month": None, "quarter": 0},
        {"month": None, "quarter": 5},
        {"month": "8"},
        {"year": "2013"},
        {"data": {**SUMS, "in_7": -1}},
        {"data": {**SUMS, "in_7": 12.5}},
        {"data": {**SUMS, "in_7": "12"}},
        {"data": {**SUMS, "in_7": True}},
        {"data": {"in_7": 1}},
        {"preview": 1},
    ],
)
async def test_a_return_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    async with vendor() as client:
        await client.ready()
        answer = await client.send(**changes)
        assert answer.status_code == 422
        assert answer.json()["error"] == "Kassomat::ValidationError"
        assert await client.listed() == []


@pytest.mark.covers("K-54", "K-85")
@pytest.mark.parametrize("name", SENDER)
async def test_sender_data_must_be_whole(name: str) -> None:
    async with vendor() as client:
        await client.log_in()
        refused = await client.send()
        assert refused.status_code == 422, "nothing is sent for a cashbook without sender data"
        for value in ("", None):
            sender = {**SENDER, name: value}
            assert (await client.call("PUT", client.path, {"cashbook": sender})).status_code == 422
        sender = {each: SENDER[each] for each in SENDER if each != name}
        tenant = client.path.split("/cashbooks")[0]
        answer = await client.call("POST", f"{tenant}/cashbooks", {"cashbook": sender})
        assert answer.status_code == 422


async def test_a_wrong_check_digit_is_refused() -> None:
    async with vendor() as client:
        await client.log_in()
        sender = {**SENDER, "tax_id": "9212034567894"}
        assert (await client.call("PUT", client.path, {"cashbook": sender})).status_code == 422


@pytest.mark.covers("K-43", "K-45", "K-46", "K-47", "K-87")
async def test_a_return_is_pending_for_3_to_15_seconds_and_has_its_figures_then() -> None:
    async with vendor() as client:
        await client.ready()
        clock = client.stage.clock
        for month in range(1, 9):
            sent = (await client.send(month=month)).json()["assessment"]
            assert sent["sent_at"] == datetime.fromisoformat(sent["sent_at"]).isoformat()
            assert sent["sent_at"].endswith("+01:00")
            clock.advance(2.9)
            early = (await client.call("GET", sent["uri"])).json()["assessment"]
            assert early == sent
            assert (early["status"], early["pdf"], early["kz83"]) == ("pending", None, None)
            clock.advance(12.1)
            done = (await client.call("GET", sent["uri"])).json()["assessment"]
            assert done["status"] == "completed"
            assert (done["kz83"], done["kz66"]) == ("-2.54", "8.82")
            report = await client.call("GET", done["pdf"])
            assert report.content.startswith(b"%PDF-")


async def test_a_failed_return_has_no_figures_and_no_report() -> None:
    async with vendor(pending_s=5.0) as client:
        await client.ready()
        await client.call("POST", "/_sim/kassomat", {"failing": True})
        sent = (await client.send()).json()["assessment"]
        client.stage.clock.advance(5.0)
        done = (await client.call("GET", sent["uri"])).json()["assessment"]
        assert (done["status"], done["pdf"], done["kz66"]) == ("failed", None, None)


@pytest.mark.covers("K-38", "K-39")
async def test_a_preview_is_computed_and_not_stored() -> None:
    async with vendor() as client:
        await client.ready()
        for test in (True, False):
            answer = await client.send(preview=True, test=test)
            shown = answer.json()["assessment"]
            assert shown["kz83"] == "-2.54"
            assert shown["sent_at"] is None
            assert (await client.call("GET", shown["uri"])).status_code == 404
        assert await client.listed() == []
        assert (await client.send()).json()["assessment"]["correction"] is False


async def test_omitted_flags_mean_preview_and_test() -> None:
    async with vendor() as client:
        await client.ready()
        body = {"assessment": {"year": 2013, "month": 8, "data": SUMS}}
        shown = (await client.call("POST", f"{client.path}/assessments", body)).json()["assessment"]
        assert (shown["preview"], shown["test"]) == (True, True)
        assert await client.listed() == []


@pytest.mark.covers("K-60")
async def test_a_second_return_of_a_period_is_a_correction() -> None:
    async with vendor() as client:
        await client.ready()
        shown = [
            (await client.send(**changes)).json()["assessment"]["correction"]
            for changes in (
                {},
                {},
                {"month": 9},
                {"month": None, "quarter": 3},
                {"month": None, "quarter": 3, "test": True},
            )
        ]
        assert shown == [False, True, False, False, True]


@pytest.mark.covers("K-7")
@pytest.mark.parametrize("flag", ["test", "testmode"])
async def test_without_a_package_every_return_is_a_test(flag: str) -> None:
    async with vendor(paid=False) as client:
        await client.ready()
        await client.call("POST", "/_sim/kassomat", {"forced_flag": flag})
        shown = (await client.send()).json()["assessment"]
        assert {name: shown[name] for name in ("test", "testmode")} == {
            "test": flag == "test",
            "testmode": flag == "testmode",
        }


@pytest.mark.covers("K-10", "K-32")
async def test_a_demo_account_has_a_tenant_and_a_filled_cashbook() -> None:
    async with vendor() as client:
        made = (await client.call("POST", "/v1/user", {"user": {"demo": True}})).json()["user"]
        assert made["email"].startswith("user_")
        await client.log_in(made["email"], "password")
        shown = (await client.send()).json()["assessment"]
        assert shown["testmode"] is True


async def test_an_error_may_come_with_201() -> None:
    async with vendor() as client:
        await client.ready()
        await client.call("POST", "/_sim/kassomat", {"refuse_201": 1})
        answer = await client.send()
        assert answer.status_code == 201
        assert answer.json()["error"] == "Kassomat::ValidationError"
        assert await client.listed() == []
        assert "error" not in (await client.send()).json()


async def test_only_json_in_utf8_is_taken() -> None:
    async with vendor() as client:
        await client.log_in()
        tenants = "/v1/tenants"
        assert (await client.call("POST", tenants, b"{")).status_code == 400
        assert (await client.call("POST", tenants, b'{"tenant":"\xe4"}')).status_code == 400
        kind = {"Content-Type": "text/plain"}
        assert (await client.call("POST", tenants, b"{}", **kind)).status_code == 415
        assert (await client.call("GET", tenants, Accept="text/html")).status_code == 406


@pytest.mark.covers("K-23")
async def test_lists_are_paged() -> None:
    async with vendor() as client:
        await client.log_in()
        for name in ("Zwei", "Drei"):
            answer = await client.call("POST", "/v1/tenants", {"tenant": {"name": name}})
            assert answer.status_code == 201
        again = await client.call("POST", "/v1/tenants", {"tenant": {"name": "Drei"}})
        assert again.status_code == 422, "names are unique"
        page = (await client.call("GET", "/v1/tenants?page=2&per=2")).json()
        assert [each["name"] for each in page["tenants"]] == ["Drei"]
        assert (page["page"], page["total_pages"], page["total_records"]) == (2, 2, 3)
