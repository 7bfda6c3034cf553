"""Looking: invoices, payments, health; logging in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bridge.config import VendorSettings
from bridge.health import Level
from bridge.model.roles import Role
from bridge.vendors.engine.spec import Settlement
from bridge.vendors.flexi import VENDOR
from simulators.vendors.flexi import assumed
from tests.vendors.flexi.shop import shop
from tests.vendors.harness import counter


@pytest.mark.parametrize("ident", ["FAKTURA1", "code:FAKTURA1", "Code:FAKTURA1", "1129"])
async def test_an_invoice_shows_what_the_counter_needs(tmp_path: Path, ident: str) -> None:
    async with shop(tmp_path) as s:
        reply = await s.box.call("GET", f"/invoices/{ident}", role=Role.TILL)

        assert reply.status == 200
        body = reply.json()
        assert {name: body[name] for name in body if not name.startswith("vendor")} == {
            "kind": "issued",
            "id": "1129",
            "kod": "FAKTURA1",
            "sumCelkem": "1000.0",
            "zbyvaUhradit": "1000.0",
            "stavUhrK": "",
            "mena": "code:EUR",
            "nazFirmy": "Novák s.r.o.",
            "storno": "false",
            "zamekK": "zamek.otevreno",
            "invoice": "FAKTURA1",
            "customer": "Novák s.r.o.",
            "total_cents": 100_000,
            "open_cents": 100_000,
            "currency": "EUR",
            "state": "open",
            "locked": False,
        }
        assert body["vendor_status"] == 200
        assert body["vendor_body"]["winstrom"]["faktura-vydana"][0]["kod"] == "FAKTURA1"


async def test_received_invoices_are_another_evidence(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        found = await s.box.call("GET", "/invoices/FP1", query={"kind": "received"})
        wrong = await s.box.call("GET", "/invoices/FP1", query={"kind": "issued"})
        odd = await s.box.call("GET", "/invoices/FP1", query={"kind": "both"})
        bad = await s.box.call("GET", "/invoices/x:1")

        assert found.json()["nazFirmy"] == "Rychlý kurýr"
        assert (wrong.status, wrong.json()["code"]) == (502, "vendor_rejected")
        assert (odd.status, bad.status) == (422, 422)


async def test_a_payment_is_found_by_its_run_and_by_its_document(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        paid = (await s.pay(amount="400.00", remainder="castecnaUhrada")).json()

        for ident in (paid["run"], paid["paying_document"]):
            reply = await s.box.call("GET", f"/cash-payments/{ident}", role=Role.TILL)
            body = reply.json()
            assert reply.status == 200
            assert body["run"] == paid["run"]
            assert body["state"] == "succeeded"
            assert body["in_flexi"] is True
            (document,) = body["documents"]
            assert document["sumCelkem"] == "400.0"
            assert document["typPohybuK"] == "typPohybu.prijem"


async def test_a_document_that_others_made_is_shown_too(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        for ident in ("ext:SHOP:42", "1501", "P0042"):
            body = (await s.box.call("GET", f"/cash-payments/{ident}")).json()
            assert body["in_flexi"] is True
            assert "run" not in body
        missing = await s.box.call("GET", "/cash-payments/code:NO")
        assert missing.json()["code"] == "vendor_record_unknown"
        assert (await s.box.call("GET", "/cash-payments/x:1")).status == 422


async def test_while_flexi_is_gone_a_payment_says_what_is_known(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("drop_before", -1)
        ordering = asyncio.ensure_future(s.pay())
        while not ordering.done():
            await s.box.clock.advance(1)
        run = (await ordering).json()["run"]
        looking = asyncio.ensure_future(s.box.call("GET", f"/cash-payments/{run}"))
        while not looking.done():
            await s.box.clock.advance(1)
        body = (await looking).json()

        assert body["state"] == "queued"
        assert body["in_flexi"] is False
        assert body["documents"] == []
        assert body["problem"]["code"] in ("vendor_answer_lost", "vendor_paused")


async def test_a_refused_payment_is_not_in_flexi(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        problem = (await s.pay(amount="1200.00")).json()
        body = (await s.box.call("GET", f"/cash-payments/{problem['run']}")).json()

        assert (body["state"], body["in_flexi"], body["documents"]) == ("failed", False, [])


async def test_credentials_go_with_each_request(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        await s.pay()

        assert s.stage.log
        proofs = {each.header("authorization") for each in s.stage.log}
        assert proofs == {"Basic YWRtaW46ZmxleGktc2VjcmV0"}
        assert all(each.status != 401 for each in s.stage.log)


async def test_a_session_is_opened_once_and_renewed_when_it_has_ended(tmp_path: Path) -> None:
    async with shop(tmp_path, options={"auth": "session"}) as s:
        assert (await s.pay(amount="1.00", remainder="castecnaUhrada")).status == 201
        assert len(s.stage.calls("POST", "/login-logout")) == 1

        s.flexi.end_sessions()
        assert (await s.pay(amount="2.00", remainder="castecnaUhrada")).status == 201
        assert len(s.stage.calls("POST", "/login-logout")) == 2
        assert s.paid("FV1") == ["3.00"]
        others = [each for each in s.stage.log if not each.path.startswith("/login-logout")]
        assert all(each.header("x-authsessionid") for each in others)
        assert all("authSessionId" not in each.target for each in s.stage.log)
        assert all(each.header("authorization") is None for each in s.stage.log)


@pytest.mark.parametrize(("auth", "status"), [("basic", 401), ("session", 401), ("session", 200)])
async def test_wrong_credentials_are_said_so(
    tmp_path: Path, auth: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused log-in may come with status 200 and ``success`` false."""
    monkeypatch.setattr(assumed, "LOGIN_REFUSED_STATUS", status)
    wrong = {"password": "wrong-password"}
    async with shop(tmp_path, options={"auth": auth}, secrets=wrong) as s:
        reply = await s.box.call("GET", "/invoices/FV1")

        assert (reply.status, reply.json()["code"]) == (502, "vendor_auth")
        assert b"wrong-password" not in reply.body


async def test_the_health_board_says_whether_flexi_works(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        assert (await s.box.check()).level is Level.OK
        s.stage.fault("status", -1, status=404)
        part = await s.box.check()
        assert part.level is Level.FAILED
        assert part.fault is not None
        assert part.fault.code == "vendor_setup"


async def test_without_an_address_the_vendor_is_not_set_up(tmp_path: Path) -> None:
    secrets = {"user": "admin", "password": "flexi-secret"}
    async with counter(
        tmp_path, "flexi", None, options={"company": "demo"}, secrets=secrets
    ) as box:
        reply = await box.call("GET", "/invoices/FV1")

        assert (reply.status, reply.json()["code"]) == (424, "vendor_not_configured")
        assert VendorSettings(name="flexi").url is None


def settlement(cents: int = 1234, invoice: str = "20260017") -> Settlement:
    return Settlement(
        invoice=invoice,
        kind="issued",
        cents=cents,
        time=0,
        date="2026-11-21",
        receipt="r-1",
        number=7,
        register="KASSE-1",
    )


@pytest.mark.parametrize(
    ("cents", "amount"), [(1, "0.01"), (99, "0.99"), (100, "1.00"), (1234, "12.34")]
)
def test_a_settled_invoice_becomes_a_payment_in_euros(cents: int, amount: str) -> None:
    assert VENDOR.settle is not None
    name, call = VENDOR.settle(settlement(cents))

    assert name == "pay"
    assert json.loads(call.body) == {
        "invoice": "code:20260017",
        "kind": "issued",
        "amount": amount,
        "paid_on": "2026-11-21",
        "remainder": "castecnaUhrada",
    }


async def test_a_receipt_settles_an_invoice_in_flexi_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        assert VENDOR.settle is not None
        name, call = VENDOR.settle(settlement(40_000, "FV1"))
        for _ in range(2):
            run = await s.box.desk.submit("flexi", name, call, key="receipt-r-1-0")
            assert (await s.box.ended(run.id)).state == "succeeded"

        assert s.paid("FV1") == ["400.00"]
        assert len(s.imports) == 1
