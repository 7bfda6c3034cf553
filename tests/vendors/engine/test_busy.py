"""A vendor that complains (429), fails again and again, or does not know us."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bridge.health import Level
from tests.vendors.engine.desks import post


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_queued_order_waits_as_long_as_the_vendor_asks(tmp_path: Path, form: str) -> None:
    async with post(tmp_path) as p:
        then = format_datetime(p.counter.clock.now() + timedelta(seconds=120), usegmt=True)
        wait = "120" if form == "seconds" else then
        p.stage.fault("status", status=429, path="/parcels", retry_after=wait)
        reply = await p.send("parcels", "P1")
        assert reply.status == 202
        run = reply.json()["run"]
        other = (await p.send("parcels", "P2")).json()["run"]
        await p.counter.clock.advance(118)
        assert (await p.counter.run(run)).state == "queued"
        assert len(p.stage.calls("POST", "/parcels")) == 1, "all others wait as well"
        await p.counter.clock.advance(3)
        assert (await p.counter.ended(run)).state == "succeeded"
        assert (await p.counter.ended(other, step_s=10)).state == "succeeded"


async def test_an_order_that_may_not_wait_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", status=429, path="/letters", retry_after="120")
        reply = await p.send("letters", "L1")
        assert (reply.status, reply.json()["code"]) == (503, "vendor_busy")
        assert reply.headers["retry-after"] == "120"
        await p.counter.clock.advance(60)
        soon = await p.send("letters", "L1")
        assert (soon.status, soon.headers["retry-after"]) == (503, "60")
        assert len(p.stage.calls("POST", "/letters")) == 1, "nothing was sent before the time"
        await p.counter.clock.advance(61)
        assert (await p.send("letters", "L1")).status == 201
        assert p.office.letters == ["L1"]


async def test_after_a_complaint_one_request_goes_at_a_time_until_it_works(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", status=429, path="/parcels", retry_after="5")
        run = (await p.send("parcels", "P1")).json()["run"]
        slots = p.engaged.office.channel.way.slots
        assert slots.width == 1
        await p.counter.clock.advance(6)
        await p.counter.ended(run)
        assert slots.width == 4


async def test_after_five_failures_the_vendor_is_left_alone_and_then_tried_by_a_read(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        p.gone()
        for n in range(5):
            assert (await p.send("letters", f"L{n}")).json()["cause"] == "vendor_unreachable"
        p.back()
        reply = await p.send("letters", "L5")
        assert (reply.json()["code"], reply.json()["cause"]) == ("offline", "vendor_paused")
        read = await p.counter.call("GET", "/rates")
        assert (read.status, read.json()["code"]) == (503, "vendor_paused")
        assert p.stage.log == []
        assert p.counter.part().level is Level.FAILED
        await p.counter.clock.advance(61)
        assert (await p.send("letters", "L5")).status == 201
        assert [each.target for each in p.stage.log] == ["/login", "/rates", "/letters"]
        assert (await p.counter.check()).level is Level.OK


async def test_a_session_that_ended_is_renewed_once_and_the_order_happens_once(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as p:
        await p.counter.call("GET", "/rates")
        p.office.forget_session()
        assert (await p.send("letters", "L1")).status == 201
        assert p.office.letters == ["L1"]
        assert [each.target for each in p.stage.log if each.target != "/rates"] == [
            "/login",
            "/letters",
            "/login",
            "/letters",
        ]


async def test_a_log_in_that_is_refused_three_times_is_not_tried_any_more(tmp_path: Path) -> None:
    async with post(tmp_path, secrets={"password": "wrong-password"}) as p:
        for n in range(5):
            reply = await p.send("letters", f"L{n}")
            assert (reply.status, reply.json()["code"]) == (502, "vendor_auth")
        assert len(p.stage.calls("POST", "/login")) == 3
        assert p.stage.calls("POST", "/letters") == []
        part = await p.counter.check()
        assert (part.level, part.fault and part.fault.code) == (Level.FAILED, "vendor_auth")
        queued = await p.send("parcels", "P1")
        assert queued.status == 202, "what may wait waits for better credentials"
        assert len(p.stage.calls("POST", "/login")) == 3


async def test_requests_share_one_log_in(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.05, path="/login")
        replies = await asyncio.gather(*(p.send("parcels", f"P{n}") for n in range(4)))
        assert [each.status for each in replies] == [201] * 4
        assert len(p.stage.calls("POST", "/login")) == 1


async def test_a_read_is_repeated_while_somebody_waits(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", times=2, status=503, path="/rates")
        assert (await p.counter.call("GET", "/rates")).status == 200
        p.stage.fault("status", times=-1, status=503, path="/rates")
        reply = await p.counter.call("GET", "/rates")
        assert (reply.status, reply.json()["code"]) == (502, "vendor_failing")
        assert reply.json()["vendor_status"] == 503


async def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", times=-1, status=302, path="/rates")
        reply = await p.counter.call("GET", "/rates")
        assert (reply.status, reply.json()["code"]) == (502, "vendor_broken")


REFUSALS = {400: "rejected", 402: "setup", 403: "setup", 404: "rejected", 405: "rejected"} | {
    409: "rejected",
    410: "rejected",
    422: "rejected",
}


@pytest.mark.parametrize(("status", "word"), REFUSALS.items())
async def test_a_refusal_is_final(tmp_path: Path, status: int, word: str) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("status", status=status, path="/parcels")
        reply = await p.send("parcels", "P1")
        assert (reply.status, reply.json()["code"]) == (502, f"vendor_{word}")
        await p.counter.clock.advance(3600)
        assert len(p.stage.calls("POST", "/parcels")) == 1
        assert p.stage.calls("GET", "/parcels") == [], "there is nothing to look up"
