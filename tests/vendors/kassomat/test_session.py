"""The account and its session: log-in, token, log-out, demo account."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.health import Level
from bridge.model.roles import Role
from bridge.vendors.kassomat import VENDOR
from simulators.vendors.kassomat.program import EMAIL, PASSWORD
from tests.vendors.harness import counter
from tests.vendors.kassomat.office import FIGURES, SECRETS, TEST, office, sent

TOKEN = "X-Kassomat-Auth-Token"


@pytest.mark.covers("K-17", "K-18", "K-20", "K-75", "K-76")
async def test_the_box_logs_in_as_the_page_shows_it(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        await o.ended(reply)
        login, *rest = o.stage.log
        assert (login.method, login.target) == ("POST", "/v1/session")
        assert sent(login) == {"session": {"email": EMAIL, "password": PASSWORD}}
        names = [name for name, _ in login.headers]
        assert TOKEN not in names
        for each in rest:
            headers = dict(each.headers)
            assert len(headers[TOKEN]) == 20
            if each.method == "DELETE":
                continue
            assert headers["Accept"] == "application/json"
            assert ("Content-Type" in headers) == (each.method == "POST")
            assert headers.get("Content-Type", "application/json") == "application/json"


@pytest.mark.covers("K-6", "K-75")
async def test_the_address_is_the_vendors_over_https(tmp_path: Path) -> None:
    assert VENDOR.base_url == "https://api.kassomat.net"
    async with counter(tmp_path, "kassomat", None, secrets=SECRETS) as c:
        assert c.desk._engaged["kassomat"].office.channel.way.base_url == VENDOR.base_url


@pytest.mark.covers("K-56", "K-58", "K-77")
async def test_the_box_logs_out_after_a_return(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert o.calls("DELETE") == []
        await o.ended(reply)
        [leave] = o.calls("DELETE")
        assert (leave.target, leave.body, leave.status) == ("/v1/session", b"", 204)
        names = {name.lower() for name, _ in leave.headers}
        assert not names & {"accept", "content-type"}
        assert o.surface.books.sessions == {}


@pytest.mark.covers("K-86")
async def test_the_box_logs_out_once_after_several_returns(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        replies = [
            await o.c.call("POST", "/returns", body={**TEST, "month": month}, key=f"k-{month}")
            for month in (7, 8, 9)
        ]
        for reply in replies:
            await o.ended(reply)
        assert len(o.calls("DELETE")) == 1
        assert len(o.calls("POST", "/v1/session")) == 1


async def test_a_return_that_stays_pending_does_not_keep_the_box_logged_in(tmp_path: Path) -> None:
    async with office(tmp_path, pending_s=9000.0) as o:
        await o.c.call("POST", "/returns", body=TEST, key="k-1")
        for _ in range(65):
            await o.pass_time(10)
        assert len(o.calls("DELETE")) == 1
        assert o.surface.books.sessions == {}
        o.surface.switch(failing=False)
        reply = await o.c.call("POST", "/returns", body={**TEST, "month": 9}, key="k-2")
        assert reply.status == 202


async def test_a_refused_return_logs_out_too(tmp_path: Path) -> None:
    async with office(tmp_path, filled=False) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert reply.status == 502
        assert len(o.calls("DELETE")) == 1


@pytest.mark.covers("K-57", "K-59", "K-62")
async def test_the_next_action_logs_in_again_and_not_before(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for _ in range(3):
            await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert len(o.calls("POST", "/v1/session")) == 1
        left = await o.c.call("DELETE", "/session")
        assert (left.status, left.body) == (204, b"")
        again = await o.c.call("DELETE", "/session")
        assert again.status == 204
        assert len(o.calls("DELETE")) == 1, "who is not logged in does not log out"
        await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert len(o.calls("POST", "/v1/session")) == 2


async def test_a_session_that_another_box_ended_is_renewed_and_the_return_sent_once(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        await o.c.call("GET", "/returns")
        o.surface.books.sessions.clear()
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert reply.status == 202
        assert len(o.calls("POST", "/v1/session")) == 2
        assert len(o.stored()) == 1


async def test_logging_in_tells_nothing_of_the_token(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/session")
        assert (reply.status, reply.json()) == (200, {"logged_in": True, "demo": False})
        [token] = o.surface.books.sessions
        assert token.encode() not in reply.body
        given: dict[str, Any] = {"session": {"email": EMAIL, "password": PASSWORD}}
        assert (await o.c.call("POST", "/session", body=given)).status == 200
        assert len(o.calls("POST", "/v1/session")) == 1
        for wrong in ({"email": "x@y.z", "password": PASSWORD}, {"email": EMAIL, "password": "x"}):
            reply = await o.c.call("POST", "/session", body={"session": wrong})
            assert (reply.status, reply.json()["code"]) == (409, "kassomat_other_account")
        bodies: list[Any] = [{"session": {}}, {"session": 1}, {"email": EMAIL}]
        for bad in bodies:
            assert (await o.c.call("POST", "/session", body=bad)).status == 422


async def test_wrong_credentials_are_tried_three_times_only(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={"email": EMAIL, "password": "wrong"}) as o:
        for _ in range(6):
            reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
            assert (reply.status, reply.json()["code"]) == (502, "vendor_auth")
        assert len(o.calls("POST", "/v1/session")) == 3


async def test_a_login_that_says_error_with_201_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.surface.switch(refuse_login_201=1)
        reply = await o.c.call("POST", "/session")
        assert reply.json()["code"] == "vendor_auth"
        assert [each.status for each in o.stage.log] == [201]


@pytest.mark.covers("K-1", "K-14", "K-15", "K-19", "K-88")
async def test_a_demo_account_suffices_for_everything_but_real_returns(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        missing = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert (missing.status, missing.json()["code"]) == (424, "kassomat_account_missing")
        made = await o.c.call("POST", "/demo-account", body={}, key="a")
        assert made.status == 201
        email = made.json()["email"]
        assert email == made.json()["vendor_body"]["user"]["email"]
        [post] = o.calls("POST", "/v1/user")
        assert sent(post) == {"user": {"demo": True}}
        assert TOKEN not in dict(post.headers)
        reply = await o.c.call("POST", "/returns", body=TEST, key="b")
        assert sent(o.calls("POST", "/v1/session")[0]) == {
            "session": {"email": email, "password": "password"}
        }
        assert (await o.ended(reply)).state == "succeeded"
        report = await o.c.call("GET", f"/returns/{reply.json()['run']}/report.pdf")
        assert report.body.startswith(b"%PDF-")
        confirm = await o.confirm()
        real = {**FIGURES, "mode": "real", "confirm": confirm}
        sham = await o.c.call("POST", "/returns", body=real, key="c")
        assert sham.json()["testmode"] is True
        assert [each["code"] for each in sham.json()["warnings"]] == ["correction", "sent_as_test"]


@pytest.mark.covers("K-14")
async def test_the_pages_own_body_makes_a_demo_account_and_nothing_else_does(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, secrets={}) as o:
        wrong: tuple[dict[str, Any], ...] = (
            {"user": {"email": "a@b.c", "password": "x"}},
            {"user": {"demo": False}},
            {"user": {"demo": True, "email": "a@b.c"}},
            {"user": True},
            {"demo": True},
        )
        for bad in wrong:
            reply = await o.c.call("POST", "/demo-account", body=bad, key="a")
            assert (reply.status, reply.json()["code"]) == (422, "call_invalid")
        assert o.stage.log == []
        raw = b'{"user": {"demo": true}}'
        assert (await o.c.call("POST", "/demo-account", body=raw, key="a")).status == 201
        assert o.calls("POST", "/v1/user")[0].body == raw


async def test_an_account_is_not_replaced_by_a_demo_account(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for body in ({}, {"user": {"demo": True}}, {"force": True}):
            reply = await o.c.call("POST", "/demo-account", body=body, key="a")
            assert (reply.status, reply.json()["code"]) == (409, "kassomat_account_present")
        assert o.stage.log == []


async def test_a_second_demo_account_is_made_on_express_wish_only(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        first = await o.c.call("POST", "/demo-account", body={}, key="a")
        await o.c.call("POST", "/returns/preview", body=FIGURES)
        again = await o.c.call("POST", "/demo-account", body={}, key="b")
        assert (again.status, again.json()["code"]) == (409, "already_done")
        second = await o.c.call("POST", "/demo-account", body={"force": True}, key="c")
        assert second.status == 201
        assert second.json()["email"] != first.json()["email"]
        chosen = await o.c.call("GET", "/choice")
        assert chosen.json() == {"tenant": None, "cashbook": None}
        third = await o.c.call(
            "POST",
            "/demo-account",
            body={"user": {"demo": True}},
            headers={"X-Allow-Duplicate": "1"},
            key="d",
        )
        assert third.status == 201
        await o.c.call("DELETE", "/session")
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert reply.status == 201


async def test_a_demo_account_whose_answer_was_lost_is_unknown(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        o.stage.fault("drop_after", method="POST", path="/v1/user")
        lost = await o.c.call("POST", "/demo-account", body={}, key="a")
        assert (lost.status, lost.json()["code"]) == (504, "outcome_unknown")
        await o.c.desk.resolve(lost.json()["run"], done=False, note="", by="owner")
        made = await o.c.call("POST", "/demo-account", body={}, key="b")
        assert made.status == 201


async def test_a_demo_account_stays_after_a_restart(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        await o.c.restart()
        assert (await o.c.call("POST", "/returns/preview", body=FIGURES)).status == 201


async def test_half_an_account_is_none(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={"email": EMAIL}) as o:
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert reply.json()["code"] == "kassomat_account_missing"
        assert "password" in reply.json()["detail"]


async def test_the_health_board_looks_without_logging_in(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        part = await o.c.check()
        assert part.level is Level.OK
        [look] = o.stage.log
        assert (look.method, look.target, look.status) == ("GET", "/v1/tenants", 401)
        assert TOKEN not in dict(look.headers)
        o.stage.fault("html200", times=-1)
        part = await o.c.check()
        assert part.level is not Level.OK
    (tmp_path / "b").mkdir()
    async with office(tmp_path / "b", secrets={}) as o:
        part = await o.c.check()
        assert part.level is not Level.OK
        assert part.fault is not None
        assert part.fault.code == "kassomat_account_missing"


async def test_the_status_page_shows_the_account_and_the_cashbook(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        assert (await o.c.check()).facts["account"] == "none"
        await o.c.call("POST", "/demo-account", body={}, key="a")
        assert (await o.c.check()).facts["account"] == "demo"
        await o.c.call("POST", "/returns/preview", body=FIGURES)
        chosen = (await o.c.call("GET", "/choice")).json()["cashbook"]
        assert (await o.c.check()).facts["cashbook"] == chosen


async def test_set_up_and_reports_are_for_the_back_office(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        tenant, cashbook = o.place()
        path = f"/tenants/{tenant}/cashbooks"
        for method, target in (
            ("GET", "/tenants"),
            ("POST", "/tenants"),
            ("GET", path),
            ("POST", path),
            ("PUT", f"{path}/{cashbook}"),
            ("PUT", "/choice"),
            ("POST", "/session"),
            ("DELETE", "/session"),
            ("POST", "/demo-account"),
            ("GET", f"/returns/{'f' * 24}/report.pdf"),
        ):
            reply = await o.c.call(method, target, role=Role.TILL, key="a")
            assert reply.status == 403, (method, target)
        assert o.stage.log == []


async def test_many_at_once_log_in_once(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        replies = await asyncio.gather(
            *(o.c.call("POST", "/returns/preview", body=FIGURES) for _ in range(5))
        )
        assert [each.status for each in replies] == [201] * 5
        assert len(o.calls("POST", "/v1/session")) == 1
