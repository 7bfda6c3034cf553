"""Registers, health board, devices, links, derived state."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.devices.faults import DeviceUnknown
from bridge.health import Level
from bridge.journal.faults import JournalBehind
from bridge.model.roles import Role
from bridge.web.api.registers import KINDS
from bridge.web.caller import Caller
from tests.till.harness import HeldUnit, new_key
from tests.web_api.desk import BACKOFFICE, TECHNICIAN, TILL, desk

CALLERS = {Role.TILL: TILL, Role.BACKOFFICE: BACKOFFICE, Role.TECHNICIAN: TECHNICIAN}


async def test_a_register_tells_how_it_is(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with desk(tmp_path, units=[unit], registers=("K1", "K2"), start=False) as it:
        fresh = (await it.call("GET", "/registers/K1")).json()
        assert (fresh["state"], fresh["last_number"], fresh["last_belegnummer"]) == (
            "not_started",
            0,
            None,
        )
        assert (fresh["kassen_id"], fresh["printer"]) == ("KASSE-K1", "counter")
        path = "/registers/K1/receipts"
        await it.call("POST", path, {"kind": "start"}, key=new_key(), as_=TECHNICIAN)
        await it.opened()
        unit.damaged = True
        await it.completed()
        one, other = (await it.call("GET", "/registers")).json()["registers"]
        assert (one["state"], one["last_belegnummer"], one["open"]) == ("started", "2", 1)
        assert (one["outage"]["first_number"], one["outage"]["last_number"]) == (2, 2)
        assert {each["name"] for each in one["rates"]} >= {"normal", "reduced1", "special49"}
        assert (other["id"], other["state"], other["printer"]) == ("K2", "not_started", None)
        it.shop.register().latch = "journal_behind: the mirror knows receipt 5"
        latched = (await it.call("GET", "/registers/K1")).json()
        assert latched["state"] == "latched"
        assert latched["latch"] == "journal_behind: the mirror knows receipt 5"


async def test_receipts_of_the_registers_own_are_made_in_their_order(tmp_path: Path) -> None:
    async with desk(tmp_path, start=False) as it:
        path = "/registers/K1/receipts"
        kinds = ["start", "null", "month", "year", "closing"]
        for number, kind in enumerate(kinds, 1):
            key = new_key()
            made = await it.call("POST", path, {"kind": kind}, key=key, as_=TECHNICIAN)
            assert made.status_code == 201, made.text
            view = made.json()
            assert (view["kind"], view["number"], view["state"]) == (kind, number, "completed")
            assert view["lines"] == view["payments"] == []
            read = await it.call("GET", made.headers["location"].removeprefix("/v1"))
            assert read.json() == view
            again = await it.call("POST", path, {"kind": kind}, key=key, as_=TECHNICIAN)
            assert again.json() == view
            assert again.headers["idempotent-replay"] == "true"
        assert (await it.call("GET", "/registers/K1")).json()["state"] == "closed"
        ended = await it.call("POST", path, {"kind": "null"}, key=new_key())
        assert (ended.status_code, ended.json()["code"]) == (409, "register_closed")
        it.shop.bons()


async def test_a_month_receipt_is_not_on_paper_and_a_null_receipt_is(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        path = "/registers/K1/receipts"
        month = await it.call("POST", path, {"kind": "month"}, key=new_key(), as_=BACKOFFICE)
        null = await it.call("POST", path, {"kind": "null"}, key=new_key())
        assert month.json()["papers"] == []
        assert [each["state"] for each in null.json()["papers"]] == ["due"]


async def test_the_sammelbeleg_after_an_outage_names_what_it_ends(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with desk(tmp_path, units=[unit], collective_by_itself=False) as it:
        unit.damaged = True
        await it.completed()
        unit.damaged = False
        for each in it.shop.units:
            await each.wake()
        path = "/registers/K1/receipts"
        made = await it.call("POST", path, {"kind": "collective"}, key=new_key(), as_=BACKOFFICE)
        assert made.status_code == 201, made.text
        assert made.json()["ended_outage"]["first"] == "2"
        assert made.json()["outage"] is None


async def test_a_training_receipt_is_opened_and_completed_like_any_other(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        key = new_key()
        body = {"kind": "training"}
        opened = await it.call("POST", "/registers/K1/receipts", body, key=key)
        assert opened.status_code == 201
        assert (opened.json()["kind"], opened.json()["state"]) == ("training", "open")
        again = await it.call("POST", "/registers/K1/receipts", body, key=key)
        assert again.json()["id"] == opened.json()["id"]
        path = f"/receipts/{opened.json()['id']}"
        line = {"text": "Übung", "unit_cents": 500, "rate": "normal"}
        await it.call("POST", f"{path}/lines", line, rev=1)
        done = await it.call("POST", f"{path}/complete", {"payments": [{}]}, rev=2, key=new_key())
        assert (done.json()["kind"], done.json()["state"]) == ("training", "completed")
        assert it.shop.bons()[-1].counter is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("caller", CALLERS.values(), ids=lambda caller: caller.name)
async def test_who_may_make_which_receipt(tmp_path: Path, kind: str, caller: Caller) -> None:
    async with desk(tmp_path, start=False) as it:
        before = len(it.shop.events())
        answer = await it.call(
            "POST", "/registers/K1/receipts", {"kind": kind}, key=new_key(), as_=caller
        )
        if caller.role.may(KINDS[kind]):
            assert answer.status_code in (201, 409), answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            assert len(it.shop.events()) == before


@pytest.mark.parametrize("body", [{}, {"kind": "gift"}, {"kind": 1}, {"kind": ["null"]}])
async def test_a_kind_that_is_none_is_named(tmp_path: Path, body: dict[str, object]) -> None:
    async with desk(tmp_path) as it:
        path = "/registers/K1/receipts"
        answer = await it.call("POST", path, body, key=new_key(), as_=TECHNICIAN)
        assert answer.status_code == 400
        assert answer.json()["problems"][0].startswith("kind: must be one of null")
        more = {"kind": "null", "lines": []}
        answer = await it.call("POST", path, more, key=new_key())
        assert answer.json()["problems"] == ["lines: Extra inputs are not permitted"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/receipts"), ("POST", "/closing"), ("POST", "/cash")],
)
async def test_a_register_that_is_not_there_is_not_found(
    tmp_path: Path, method: str, path: str
) -> None:
    async with desk(tmp_path) as it:
        body = {"kind": "null"} if method == "POST" else None
        url = f"/registers/K9{path}"
        answer = await it.call(method, url, body, key=new_key(), as_=TECHNICIAN)
        assert (answer.status_code, answer.json()["code"]) == (404, "register_unknown")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/registers/K1/closing"), ("POST", "/registers/K1/cash")],
)
async def test_what_is_not_built_says_so(tmp_path: Path, method: str, path: str) -> None:
    async with desk(tmp_path) as it:
        answer = await it.call(method, path, as_=TECHNICIAN)
        assert (answer.status_code, answer.json()["code"]) == (501, "not_built")


async def test_the_health_board_is_shown_with_its_worst_part_first_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.board.report("journal", Level.OK, "ready")
        it.board.report("cloud:asello", Level.OFF)
        board = (await it.call("GET", "/health-board")).json()
        assert (board["level"], board["version"], board["box"]) == ("ok", "1.2.3", "test")
        it.board.report("printer:counter", Level.FAILED, "lost", DeviceUnknown("counter"))
        english = {"Accept-Language": "en"}
        board = (await it.call("GET", "/health-board", headers=english)).json()
        assert board["level"] == "failed"
        parts = {each["part"]: each for each in board["parts"]}
        assert parts["printer:counter"]["fault"]["title"] == "There is no such device"
        assert "fault" not in parts["journal"]
        assert board["last_seq"] == it.shop.journal.last_seq


async def test_devices_are_listed_and_tested_by_a_technician(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.board.report("printer:counter", Level.OK, "ready")
        listed = (await it.call("GET", "/devices", as_=TECHNICIAN)).json()["devices"]
        assert [each["name"] for each in listed] == ["printer:counter"]
        assert listed[0]["health"]["level"] == "ok"
        path = "/devices/printer:counter/test"
        found = await it.call("POST", path, {"test": "page"}, as_=TECHNICIAN)
        assert found.json() == {"outcome": "printed"}
        assert it.devices.tested == [("printer:counter", "page")]
        for body in ({}, {"test": 1}, {"test": ""}, {"test": "page", "times": 3}):
            answer = await it.call("POST", path, body, as_=TECHNICIAN)
            assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
        answer = await it.call("POST", "/devices/x/test", {"test": "page"}, as_=TECHNICIAN)
        assert (answer.status_code, answer.json()["code"]) == (404, "device_unknown")
        assert len(it.devices.tested) == 1


async def test_a_waiting_person_can_have_links_tried_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        assert (await it.call("POST", "/links/connect")).status_code == 202
        assert it.connected == 1


async def test_derived_state_is_rebuilt_while_the_box_runs(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        sale, still = await it.completed(), await it.opened()
        answer = await it.call("POST", "/journal/rebuild", as_=TECHNICIAN)
        assert answer.json() == {"events": it.shop.journal.last_seq}
        assert (await it.call("GET", f"/receipts/{sale['id']}")).json() == sale
        assert (await it.call("GET", f"/receipts/{still['id']}")).json() == still


async def test_a_technician_lifts_the_latch_that_a_cloud_put_on(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        path, reason = "/registers/K1/unlatch", {"reason": "the cloud had been restored"}
        for caller in (TILL, BACKOFFICE):
            assert (await it.call("POST", path, reason, as_=caller)).status_code == 403
        refused = await it.call("POST", path, reason, as_=TECHNICIAN)
        assert (refused.status_code, refused.json()["code"]) == (409, "latch_stands")
        it.shop.till.latch("K1", JournalBehind("asello knows receipt 5"))
        for bad in ({}, {"reason": ""}, {"reason": "x", "force": True}):
            assert (await it.call("POST", path, bad, as_=TECHNICIAN)).status_code == 400
        assert it.shop.register().latch is not None
        lifted = await it.call("POST", path, reason, as_=TECHNICIAN)
        assert (lifted.status_code, lifted.json()["state"]) == (200, "started")
        await it.completed()
