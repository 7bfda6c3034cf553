"""Vendors as the rest of the box sees them: set-up, health, own orders, notifications."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.health import HealthBoard, Level
from bridge.model.exchange import LocalCall
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine import discovery
from bridge.vendors.engine.desk import Desk
from bridge.vendors.engine.faults import (
    CallInvalid,
    QueueFull,
    RunKeyReused,
    RunUnknown,
    VendorDisabled,
    VendorFault,
    VendorUnreachable,
)
from bridge.vendors.engine.spec import Kind, Session, Vendor
from bridge.vendors.engine.wire import segment
from tests.till.harness import START
from tests.vendors.engine.desks import post
from tests.vendors.engine.service import CARD, PARCEL, PASSWORD, VENDOR
from tests.vendors.harness import FakeClock, FakeHost, counter


def changed(**changes: Any) -> Callable[[str], Vendor]:
    return lambda _: replace(VENDOR, **changes)


def broken(name: str) -> Vendor:
    raise VendorDisabled(f"{name}: SyntaxError")


def crashing(name: str) -> Vendor:
    raise RuntimeError(name)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"secrets": {}}, "vendor_not_configured"),
        ({"secrets": {"password": "x", "other": "y"}}, "vendor_not_configured"),
        ({"options": {"nonsense": 1}}, "vendor_not_configured"),
        ({"options": {"slow": "maybe"}}, "vendor_not_configured"),
        ({"find": broken}, "vendor_disabled"),
        ({"find": crashing}, "vendor_disabled"),
        ({"find": changed(name="other")}, "vendor_disabled"),
    ],
)
async def test_a_vendor_that_cannot_work_says_so_and_answers_so(
    tmp_path: Path, given: dict[str, Any], code: str
) -> None:
    async with post(tmp_path, **given) as p:
        part = p.counter.part()
        assert part.level is Level.FAILED
        assert part.fault is not None
        assert part.fault.code == code
        reply = await p.send("parcels", "P1")
        assert (reply.status, reply.json()["code"]) == (424, code)
        [view] = p.counter.desk.vendors("de")
        assert view.fault is not None
        assert view.fault["code"] == code
        assert await p.counter.runs() == []
        with pytest.raises((VendorNotConfigured, VendorDisabled)):
            await p.counter.desk.submit("post", "send_parcel", LocalCall(method="POST"), key="k")


async def test_a_vendor_without_address_is_not_set_up(tmp_path: Path) -> None:
    async with counter(tmp_path, "post", None, find=changed(), secrets={"password": "x"}) as box:
        fault = box.part().fault
        assert fault is not None
        assert "`url` is missing" in fault.detail


async def test_a_box_without_vendors_makes_no_file(tmp_path: Path) -> None:
    clock = FakeClock(START)
    desk = Desk(
        [],
        lambda name: pytest.fail(name),
        tmp_path / "vendors.db",
        clock,
        lambda: 0.0,
        HealthBoard(clock),
        FakeHost(),
        user_agent="test",
    )
    await desk.start()
    assert (desk.routes(), desk.vendors("de")) == ([], [])
    assert await desk.runs(vendor=None, state=None, limit=10, language="de") == []
    with pytest.raises(RunUnknown):
        await desk.run("x", "de")
    with pytest.raises(VendorNotConfigured):
        await desk.submit("flexi", "pay", LocalCall(method="POST"), key="k")
    await desk.stop()
    assert not (tmp_path / "vendors.db").exists()


async def test_the_board_tells_how_the_vendor_is(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        assert p.counter.part().level is Level.UNKNOWN, "not looked at yet"
        assert (await p.counter.check()).level is Level.OK
        p.gone()
        part = await p.counter.check()
        assert (part.level, part.fault and part.fault.code) == (Level.FAILED, "vendor_unreachable")
        await p.send("parcels", "P1")
        assert p.counter.part().facts["queued"] == 1
        p.back()
        await p.counter.clock.advance(60)
        assert (await p.counter.check()).level is Level.OK
        await p.counter.settle()
        assert p.counter.part().facts["queued"] == 0
        p.stage.fault("drop_after", path="/cards")
        run = (await p.send("cards", "C1")).json()["run"]
        part = p.counter.part()
        assert (part.level, part.facts["unknown"]) == (Level.DEGRADED, 1)
        assert part.fault is not None
        assert part.fault.code == "outcome_unknown"
        [view] = p.counter.desk.vendors("de")
        assert (view.level, view.unknown, view.queued) == ("degraded", 1, 0)
        await p.counter.desk.resolve(run, done=True, note="", by="Anna")
        assert p.counter.part().level is Level.OK


async def test_the_box_looks_at_the_vendor_by_itself_now_and_then(tmp_path: Path) -> None:
    async with post(tmp_path, watch=True, chance=0.5) as p:
        await p.counter.clock.advance(14)
        assert p.stage.log == []
        await p.counter.clock.advance(1)
        assert len(p.stage.calls("GET", "/rates")) == 1
        await p.counter.clock.advance(299)
        assert len(p.stage.calls("GET", "/rates")) == 1
        await p.counter.clock.advance(1)
        assert len(p.stage.calls("GET", "/rates")) == 2


class Incomplete(VendorFault):
    code = "test_incomplete"
    amber = True


async def test_a_check_may_say_that_a_person_should_look(tmp_path: Path) -> None:
    async def check(session: Session) -> None:
        raise Incomplete("two records are missing")

    async def facts(session: Session) -> Mapping[str, Any]:
        return {"records": 5, "password": "hidden-value"}

    async with post(tmp_path, find=changed(check=check, facts=facts)) as p:
        part = await p.counter.check()
        assert (part.level, part.fault and part.fault.code) == (Level.DEGRADED, "test_incomplete")
        assert part.facts["records"] == 5
        assert part.facts["password"] == "***"


async def test_a_program_file_with_a_defect_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def defect(*_: Any) -> Any:
        raise ZeroDivisionError

    def wrong(*_: Any) -> Any:
        raise ZeroDivisionError

    operations = (
        replace(PARCEL, build=defect),
        replace(CARD, accept=wrong),
        replace(PARCEL, name="other", path="/other", before=defect),
    )
    async with post(tmp_path, find=changed(operations=operations, check=defect)) as p:
        reply = await p.send("parcels", "P1")
        assert (reply.status, reply.json()["code"]) == (424, "vendor_disabled")
        assert (await p.send("cards", "C1")).json()["code"] == "outcome_unknown"
        assert (await p.send("other", "P2")).json()["code"] == "vendor_broken"
        assert p.office.parcels == []
        assert (await p.counter.check()).level is Level.FAILED


# Own orders


def own(id_: str, **more: Any) -> LocalCall:
    return LocalCall(method="POST", body=json.dumps({"id": id_, **more}).encode())


async def test_an_own_order_is_taken_once_per_key_and_not_waited_for(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.2, path="/parcels")
        desk = p.counter.desk
        first = await desk.submit("post", "send_parcel", own("P1"), key="settle-1")
        assert first.state in ("queued", "sending")
        again = await desk.submit("post", "send_parcel", own("P1"), key="settle-1")
        assert again.id == first.id
        assert (await p.counter.ended(first.id)).state == "succeeded"
        done = await desk.submit("post", "send_parcel", own("P1"), key="settle-1")
        assert (done.id, done.state) == (first.id, "succeeded")
        with pytest.raises(RunKeyReused):
            await desk.submit("post", "send_parcel", own("P2"), key="settle-1")
        assert p.office.parcels == ["P1"]


async def test_an_own_order_that_is_refused_for_good_is_a_failed_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        call = LocalCall(method="POST", body=b"nonsense")
        view = await p.counter.desk.submit("post", "send_parcel", call, key="settle-1")
        assert view.state == "failed"
        assert view.problem is not None
        assert view.problem["code"] == "call_invalid"
        again = await p.counter.desk.submit("post", "send_parcel", call, key="settle-1")
        assert again.id == view.id
        assert p.counter.part().facts["failed"] == 1
        stopped = own("P2", stop=True)
        run = await p.counter.desk.submit("post", "send_parcel", stopped, key="settle-2")
        assert (await p.counter.ended(run.id)).state == "failed"
        same = await p.counter.desk.submit("post", "send_parcel", stopped, key="settle-2")
        assert same.id == run.id, "the key of an own order is never free again"


async def test_an_own_order_that_finds_no_room_can_be_repeated(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        for n in range(20):
            await p.send("parcels", f"P{n}")
        with pytest.raises(QueueFull):
            await p.counter.desk.submit("post", "send_parcel", own("P"), key="settle-1")
        p.back()
        for each in await p.counter.runs():
            await p.counter.ended(each.id, step_s=60)
        view = await p.counter.desk.submit("post", "send_parcel", own("P"), key="settle-1")
        assert (await p.counter.ended(view.id)).state == "succeeded"


# Notifications


async def test_a_genuine_notification_is_worked_off_once_also_over_a_restart(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        greeting = await p.counter.webhook("GET", query={"echo": "4acb"})
        assert (greeting.status, greeting.body, greeting.media_type) == (200, b"4acb", "text/plain")
        genuine = {"signature": "genuine"}
        for _ in range(2):
            reply = await p.counter.webhook(body={"id": "d1", "notes": []}, headers=genuine)
            assert reply.status == 200
        await p.counter.settle()
        await p.counter.restart()
        await p.counter.webhook(body={"id": "d1", "notes": []}, headers=genuine)
        await p.counter.webhook(body={"id": "d2", "notes": []}, headers=genuine)
        await p.counter.settle()
        assert (await p.memory("heard"))["heard"] == ["d1", "d2"]


async def test_a_forged_or_malformed_notification_changes_nothing(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        for body, headers in (
            ({"id": "d1", "notes": []}, {"signature": "forged"}),
            ({"id": "d1", "notes": []}, {}),
            (b"nonsense", {"signature": "genuine"}),
            ({}, {"signature": "genuine"}),
        ):
            reply = await p.counter.webhook(body=body, headers=headers)
            assert (reply.status, reply.json()["code"]) == (401, "webhook_refused")
        await p.counter.settle()
        assert await p.memory("heard") == {}


async def test_a_notification_that_does_not_work_yet_waits_and_holds_up_no_other(
    tmp_path: Path,
) -> None:
    assert VENDOR.trigger is not None
    worked: list[str] = []
    trouble = {"d1"}

    async def handle(delivery: Any, session: Session) -> None:
        if delivery.id in trouble:
            raise VendorUnreachable("away")
        worked.append(delivery.id)

    find = changed(trigger=replace(VENDOR.trigger, handle=handle))
    async with post(tmp_path, find=find) as p:
        for id_ in ("d1", "d2"):
            await p.counter.webhook(body={"id": id_, "notes": []}, headers={"signature": "genuine"})
        await p.counter.settle()
        assert worked == ["d2"]
        trouble.clear()
        await p.counter.clock.advance(60)
        assert worked == ["d2", "d1"]


# Secrets and the log


async def test_no_secret_is_seen_in_logs_views_or_problems(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bridge")
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        seen = [(await p.send("letters", "L1", bad=True)).body.decode()]
        p.stage.fault("drop_after", path="/cards")
        seen.append((await p.send("cards", "C1")).body.decode())
        seen += [str(each) for each in await p.counter.runs()]
        seen.append(str(p.counter.desk.vendors("de")))
        seen.append(str(p.counter.board.parts()))
        text = "\n".join([*seen, caplog.text])
        for secret in (PASSWORD, "token-0-0123456789", "echoed-secret"):
            assert secret not in text
        assert "send_parcel" in caplog.text, "each end of a run is one line of the log"


# Program files


@pytest.mark.parametrize(
    "operation",
    [
        replace(PARCEL, reconcile=None),
        replace(CARD, no_reconcile=""),
        replace(PARCEL, build=None),
        replace(PARCEL, kind=Kind.LOCAL),
        replace(CARD, method="GET", unsafe_get=True),
    ],
)
def test_a_program_file_must_say_what_matters(operation: Any) -> None:
    with pytest.raises(VendorDisabled):
        discovery.check(replace(VENDOR, operations=(operation,)))
    with pytest.raises(VendorDisabled):
        discovery.check(replace(VENDOR, operations=(PARCEL, PARCEL)))
    discovery.check(VENDOR)


@pytest.mark.parametrize("name", ["engine", "nobody", "../x", "os.path", ""])
def test_a_vendor_that_does_not_exist_is_not_set_up(name: str) -> None:
    with pytest.raises(VendorNotConfigured):
        discovery.load(name)


@pytest.mark.parametrize("value", ["..", ".", "../c", "a/../b", "code:x/..", "a\\..\\b"])
def test_a_value_that_climbs_never_becomes_a_path(value: str) -> None:
    with pytest.raises(CallInvalid):
        segment(value)
    assert segment("2026/17..b") == "2026%2F17..b"
