"""Sending a return: test and real, once, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridge.model.roles import Role
from tests.vendors.kassomat.office import FIGURES, REAL, TEST, Office, codes, office, sent
from tests.vendors.kassomat.samples import SUMS


def own(**changes: Any) -> dict[str, Any]:
    """Return a return in the vendor's own form."""
    inner = {"year": 2026, "month": 10, "preview": False, "test": True, "data": SUMS}
    return {"assessment": {**inner, **changes}}


@pytest.mark.covers("K-8", "K-33", "K-37", "K-41", "K-42", "K-70")
async def test_a_test_return_is_pending_at_once_and_completed_later(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert reply.status == 202
        body = reply.json()
        assert reply.headers["location"] == f"/v1/runs/{body['run']}"
        assert body["state"] == "waiting"
        assert body["vendor_status"] == 201
        shown = body["vendor_body"]["assessment"]
        assert shown["status"] == "pending"
        assert [shown[name] for name in ("pdf", "kz66", "kz81", "kz83", "kz86")] == [None] * 5
        assert shown["sent_at"].startswith("2026-11-21T10:00:00+")
        done = await o.ended(reply)
        assert done.state == "succeeded"
        assert done.result["status"] == "completed"
        assert (done.result["kz83"], done.result["kz66"]) == ("-2.54", "8.82")
        assert done.result["pdf"].startswith("/pdf/ElsterReport_")
        [stored] = o.stored()
        assert (stored["test"], stored["preview"]) == (True, False)
        assert codes(reply) == []


@pytest.mark.covers("K-13", "K-80")
async def test_a_real_return_needs_the_confirmation_of_its_figures(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        confirm = await o.confirm()
        other = await o.confirm({**FIGURES, "in_7": 1235})
        o.clear()
        for wrong in ({}, {"confirm": ""}, {"confirm": "yes"}, {"confirm": other}):
            reply = await o.c.call("POST", "/returns", body={**REAL, **wrong}, key="k-1")
            assert (reply.status, reply.json()["code"]) == (428, "confirmation_required")
            assert confirm not in reply.body.decode(), "the answer must not give it away"
        assert o.posts() == []
        reply = await o.c.call("POST", "/returns", body={**REAL, "confirm": confirm}, key="k-1")
        assert reply.status == 202
        assert (await o.ended(reply)).state == "succeeded"
        [stored] = o.stored()
        assert (stored["test"], stored["testmode"], stored["preview"]) == (False, False, False)


async def test_the_confirmation_may_come_as_header(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        confirm = {"X-Confirm": await o.confirm()}
        body = own(test=False)
        refused = await o.c.call("POST", "/returns", body=body, key="k-1")
        assert refused.status == 428
        reply = await o.c.call("POST", "/returns", body=body, headers=confirm, key="k-1")
        assert reply.status == 202


async def test_a_real_return_needs_the_role_backoffice_and_a_test_does_not(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        body = {**REAL, "confirm": await o.confirm()}
        for each in (body, own(test=False)):
            refused = await o.c.call("POST", "/returns", body=each, key="k-1", role=Role.TILL)
            assert (refused.status, refused.json()["code"]) == (403, "forbidden")
        tested = await o.c.call("POST", "/returns", body=TEST, key="k-2", role=Role.TILL)
        assert tested.status == 202
        real = await o.c.call("POST", "/returns", body=body, key="k-3", role=Role.BACKOFFICE)
        assert real.status == 202


@pytest.mark.covers("K-69")
@pytest.mark.parametrize("path", ["/returns", "/returns/preview"])
async def test_both_flags_and_nested_sums_are_always_on_the_wire(tmp_path: Path, path: str) -> None:
    async with office(tmp_path) as o:
        body = TEST if path == "/returns" else FIGURES
        reply = await o.c.call("POST", path, body=body, key="k-1")
        [post] = o.posts()
        assert sent(post) == {
            "assessment": {
                "year": 2026,
                "month": 10,
                "preview": path != "/returns",
                "test": True,
                "data": SUMS,
            }
        }
        shown = reply.json()["vendor_body"]["assessment"]
        assert {name: shown[name] for name in SUMS} == SUMS


async def test_the_vendors_own_body_goes_as_it_stands(tmp_path: Path) -> None:
    raw = (
        b'{ "assessment" :\n {"note":"\xc3\xa4", "data": {"out_19":4567,"in_7": 1234, "out_7":2345,'
        b'"in_19":3456, "x":null},\t"test":true,"month":10,"preview":false,"year":2026,'
        b'"quarter":null} , "more": 1.50 }'
    )
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=raw, key="k-1")
        assert reply.status == 202
        assert [each.body for each in o.posts()] == [raw]


@pytest.mark.covers("K-79")
async def test_own_bodies_that_ask_for_a_preview_send_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for test in (True, False):
            body = own(preview=True, test=test)
            for path in ("/returns", "/returns/preview"):
                reply = await o.c.call("POST", path, body=body, key=f"k-{test}", role=Role.TILL)
                assert reply.status == 201
                assert reply.json()["vendor_body"]["assessment"]["status"] == "preview"
                assert reply.json()["confirm"]
        assert o.stored() == []
        assert await o.c.runs() == []
        refused = await o.c.call("POST", "/returns/preview", body=own())
        assert (refused.status, refused.json()["code"]) == (422, "call_invalid")


@pytest.mark.parametrize("flag", ["preview", "test"])
@pytest.mark.parametrize("value", ["absent", None, 1, "true"])
async def test_a_flag_is_never_assumed(tmp_path: Path, flag: str, value: Any) -> None:
    async with office(tmp_path) as o:
        body = own(**{flag: value})
        if value == "absent":
            del body["assessment"][flag]
        reply = await o.c.call("POST", "/returns", body=body, key="k-1")
        assert reply.status == 422
        assert f"/assessment/{flag}" in reply.json()["detail"]
        assert o.stage.log == []


BAD = [
    {"month": None},
    {"quarter": 3},
    {"month": 0},
    {"month": 13},
    {"month": None, "quarter": 5},
    {"month": 8.0},
    {"month": True},
    {"year": "2026"},
    {"year": 26},
    {"in_7": -1},
    {"in_7": 12.5},
    {"in_7": "12"},
    {"in_7": None},
    {"out_19": 10**14},
    {"mode": "echt"},
    {"mode": None},
    {"in7": 1},
    {"from_journal": True},
]


@pytest.mark.covers("K-35", "K-36")
@pytest.mark.parametrize("changes", BAD)
async def test_a_return_that_cannot_be_is_refused_before_anything_is_sent(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body={**TEST, **changes}, key="k-1")
        assert (reply.status, reply.json()["code"]) == (422, "call_invalid")
        assert reply.json()["problems"]
        assert o.stage.log == []


@pytest.mark.covers("K-4", "K-5")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"assessment":7}',
        b"\xff\xfe{\x00}\x00",
        b'{"year":2026,"year":2027}',
        b'{"assessment":{"test":true,"test":false}}',
        b'{"in_7":NaN}',
        b'{"x":"\\ud800"}',
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        json.dumps({"assessment": {"year": 2026, "month": 10, "preview": False}}).encode(),
    ],
)
async def test_what_is_no_json_object_in_utf8_is_refused(tmp_path: Path, body: bytes) -> None:
    async with office(tmp_path) as o:
        for path in ("/returns", "/returns/preview", "/returns/estimate"):
            reply = await o.c.call("POST", path, body=body, key="k-1")
            assert (reply.status, reply.json()["code"]) == (422, "call_invalid")
        assert o.stage.log == []


@pytest.mark.covers("K-35")
async def test_a_quarter_is_sent_as_quarter(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        body = {"year": 2026, "quarter": 3, **SUMS, "mode": "test"}
        reply = await o.c.call("POST", "/returns", body=body, key="k-1")
        shown = reply.json()["vendor_body"]["assessment"]
        assert (shown["month"], shown["quarter"]) == (None, 3)
        assert "month" not in sent(o.posts()[0])["assessment"]


@pytest.mark.parametrize(
    ("period", "warned"),
    [
        ({"year": 2013, "month": 8}, ["period_old"]),
        ({"year": 2025, "month": 11}, []),
        ({"year": 2025, "month": 10}, ["period_old"]),
        ({"year": 2026, "month": 11}, ["period_running"]),
        ({"year": 2027, "month": 1}, ["period_running"]),
        ({"year": 2026, "quarter": 4}, ["period_running"]),
        ({"year": 2026, "quarter": 3}, []),
    ],
)
async def test_old_and_running_periods_are_sent_with_a_warning(
    tmp_path: Path, period: dict[str, int], warned: list[str]
) -> None:
    async with office(tmp_path) as o:
        body = {**period, **SUMS, "mode": "test"}
        reply = await o.c.call("POST", "/returns", body=body, key="k-1")
        assert reply.status == 202
        assert codes(reply) == warned


async def test_a_201_with_an_error_is_a_failure(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.surface.switch(refuse_201=1)
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        problem = reply.json()
        assert (reply.status, problem["code"]) == (502, "kassomat_refused")
        assert problem["vendor_status"] == 201
        assert "Preview muss auf false" in problem["detail"]
        [run] = await o.c.runs()
        assert run.state == "failed"
        assert o.stored() == []


async def test_a_preview_with_an_error_gives_no_confirmation(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.surface.switch(refuse_201=1)
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert (reply.status, reply.json()["code"]) == (502, "kassomat_refused")


async def test_what_the_vendor_refuses_is_told_and_not_repeated(tmp_path: Path) -> None:
    async with office(tmp_path, filled=False) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        problem = reply.json()
        assert (reply.status, problem["code"]) == (502, "vendor_rejected")
        assert problem["vendor_status"] == 422
        assert "Absenderdaten" in problem["vendor_body"]["message"]
        assert len(o.posts()) == 1


@pytest.mark.covers("K-45")
async def test_a_failed_return_is_shown_and_not_sent_again(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.surface.switch(failing=True)
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        done = await o.ended(reply)
        assert done.state == "failed"
        assert done.result["status"] == "failed"
        await o.pass_time(3600)
        assert len(o.posts()) == 1


@pytest.mark.covers("K-60")
async def test_a_correction_is_seen(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        first = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert codes(first) == []
        await o.ended(first)
        second = await o.c.call("POST", "/returns", body=TEST, key="k-2")
        assert codes(second) == ["already_sent", "correction"]
        assert second.json()["correction"] is True
        real = {**REAL, "confirm": await o.confirm()}
        await o.ended(await o.c.call("POST", "/returns", body=real, key="k-3"))
        preview = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert codes(preview) == ["already_sent"]


@pytest.mark.covers("K-7", "K-13", "K-92")
@pytest.mark.parametrize("flag", ["test", "testmode"])
async def test_a_real_return_that_became_a_test_is_said(tmp_path: Path, flag: str) -> None:
    async with office(tmp_path, paid=False) as o:
        o.surface.switch(forced_flag=flag)
        real = {**REAL, "confirm": await o.confirm()}
        reply = await o.c.call("POST", "/returns", body=real, key="k-1")
        assert codes(reply) == ["sent_as_test"]
        assert reply.json()[flag] is True


async def test_a_test_without_any_test_flag_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        # The vendor's older page says that its demo accounts overwrite the flag with false.
        made = o.surface.books.assess

        def unmarked(*args: Any) -> Any:
            found = made(*args)
            found.flags = {**found.flags, "test": False, "testmode": False}
            return found

        monkeypatch.setattr(o.surface.books, "assess", unmarked)
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert codes(reply) == ["test_flag_missing"]


async def test_the_same_key_gives_the_same_return(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        real = {**REAL, "confirm": await o.confirm()}
        o.clear()
        first = await o.c.call("POST", "/returns", body=real, key="k-1")
        done = await o.ended(first)
        again = await o.c.call("POST", "/returns", body=real, key="k-1")
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json()["run"] == done.id
        assert len(o.posts()) == 1
        other = await o.c.call("POST", "/returns", body={**real, "in_7": 5}, key="k-1")
        assert other.json()["code"] == "idempotency_key_reused"
        missing = await o.c.call("POST", "/returns", body=real)
        assert (missing.status, missing.json()["code"]) == (400, "idempotency_key_required")


async def test_a_second_real_return_waits_for_the_first_to_be_decided(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        real = {**REAL, "confirm": await o.confirm()}
        o.clear()
        replies = await asyncio.gather(
            *(o.c.call("POST", "/returns", body=real, key=f"k-{n}") for n in range(3))
        )
        assert sorted(reply.status for reply in replies) == [202, 409, 409]
        refused = [each.json() for each in replies if each.status == 409]
        assert {each["code"] for each in refused} == {"kassomat_return_undecided"}
        assert len(o.posts()) == 1
        await o.ended(next(each for each in replies if each.status == 202))
        later = await o.c.call("POST", "/returns", body=real, key="k-9")
        assert later.status == 202


@pytest.mark.covers("K-44")
async def test_a_return_can_be_looked_at_by_both_ids_at_any_time(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        run, name = reply.json()["run"], reply.json()["id"]
        for status in ("pending", "completed"):
            for each in (run, name):
                looked = await o.c.call("GET", f"/returns/{each}", role=Role.TILL)
                assert looked.status == 200
                assert looked.json()["status"] == status
                assert looked.json()["vendor_body"]["assessment"]["id"] == name
            await o.ended(reply)
        uri = o.stored()[0]["uri"]
        assert {each.target for each in o.calls("GET") if name in each.target} == {uri}
        listed = await o.c.call("GET", "/returns")
        assert [each["id"] for each in listed.json()["vendor_body"]["assessments"]] == [name]


async def test_ids_that_nobody_knows_are_said(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for path in ("/returns/nothing", "/returns/nothing/report.pdf"):
            reply = await o.c.call("GET", path)
            assert (reply.status, reply.json()["code"]) == (404, "vendor_record_unknown")
        reply = await o.c.call("GET", f"/returns/{'f' * 24}")
        assert (reply.status, reply.json()["vendor_status"]) == (502, 404)
        o.surface.switch(refuse_201=1)
        refused = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        reply = await o.c.call("GET", f"/returns/{refused.json()['run']}")
        assert (reply.status, reply.json()["code"]) == (409, "kassomat_return_not_there")
        assert reply.json()["state"] == "failed"


async def polled(o: Office, reply: Any, seconds: float) -> list[float]:
    """Return the seconds at which a return was looked at."""
    o.clear()
    began = o.stage.clock.monotonic()
    looks = []
    while (now := o.stage.clock.monotonic() - began) < seconds:
        step = 1.0 if now < 60 else 10.0
        await o.pass_time(step)
        looks += [now + step] * len(o.calls("GET"))
        o.clear()
    return looks


@pytest.mark.covers("K-43")
async def test_a_return_is_looked_at_often_first_and_stays_pending_after_ten_minutes(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, pending_s=5000.0) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        looks = await polled(o, reply, 700)
        assert looks[:8] == [3, 6, 9, 12, 15, 20, 30, 60]
        assert looks[8:] == list(range(90, 601, 30))
        run = await o.c.run(reply.json()["run"])
        assert run.state == "waiting"
        await o.pass_time(5000)
        looked = await o.c.call("GET", f"/returns/{run.id}")
        assert looked.json()["status"] == "completed"
