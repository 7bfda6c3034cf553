"""Whatever a cloud sends: the link answers it, survives it, and does nothing that it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.cloud import envelope
from bridge.model import events
from tests.cloud.box import box_and_cloud
from tests.cloud.scripted import eventually, pushed_line

GARBAGE: dict[str, str | bytes] = {
    "no JSON": "hello",
    "empty": "",
    "binary": b'{"v":1,"id":"x","type":"ping"}',
    "an array": "[1,2,3]",
    "a number": "1",
    "half a frame": '{"v":1,"id":"x","type":',
    "no id": '{"v":1,"type":"ping"}',
    "another version": '{"v":2,"id":"x","type":"ping"}',
    "version as text": '{"v":"1","id":"x","type":"ping"}',
    "deep JSON": '{"v":1,"id":"x","type":"ping","data":' + '{"a":' * 40_000 + "1" + "}" * 40_001,
    "deep arrays": '{"v":1,"id":"x","type":"ping","data":{"a":' + "[" * 100_000,
    "a huge number": '{"v":1,"id":"x","type":"ack","data":{"seq":' + "9" * 100_000 + "}}",
    "a huge sequence number": '{"v":1,"id":"x","type":"skip","seq":' + "9" * 30 + "}",
    "negative sequence number": '{"v":1,"id":"x","type":"skip","seq":-1}',
    "sequence number zero": '{"v":1,"id":"x","type":"skip","seq":0}',
    "NaN": '{"v":1,"id":"x","type":"ack","data":{"seq":NaN}}',
    "a lone surrogate": '{"v":1,"id":"x\\ud800","type":"ping"}',
    "an ack of nothing": '{"v":1,"id":"x","type":"ack"}',
    "an ack of text": '{"v":1,"id":"x","type":"ack","data":{"seq":"1"}}',
    "a date that is none": '{"v":1,"id":"x","type":"ping","ts":"yesterday"}',
}


@pytest.mark.parametrize("case", GARBAGE, ids=str)
async def test_what_cannot_be_read_is_answered_and_the_link_goes_on(
    tmp_path: Path, case: str
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.connection.send(GARBAGE[case])
        error = await visit.got(envelope.ERROR)
        assert error.data["code"] == "frame_invalid"
        assert await visit.result(await visit.open(1, "P-1")) == {"state": "done"}
        assert len(cloud.visits) == 1
        assert box.part.level == "ok"


NUMBERED: dict[str, str] = {
    "key too short": '{"v":1,"id":"id-1","type":"receipt.open","seq":1,"key":"x"}',
    "another version": '{"v":9,"id":"id-1","type":"receipt.open","seq":1}',
    "no type": '{"v":1,"id":"id-1","seq":1}',
    "data as text": '{"v":1,"id":"id-1","type":"receipt.open","seq":1,"data":"x"}',
    "expiry without zone": '{"v":1,"id":"id-1","type":"skip","seq":1,"exp":"2026-01-01T00:00:00"}',
}


@pytest.mark.parametrize("case", NUMBERED, ids=str)
async def test_a_numbered_frame_that_cannot_be_read_does_not_block_the_stream(
    tmp_path: Path, case: str
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.connection.send(NUMBERED[case])
        result = await visit.result("id-1")
        assert (result["state"], result["code"]) == ("refused", "frame_invalid")
        assert await visit.result(await visit.open(2, "P-2")) == {"state": "done"}
        await visit.until(lambda: visit.acked() == 2)
        assert len(box.shop.events(events.OPENED)) == 1


async def test_a_refusal_of_a_thousand_wrong_lines_stays_small(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        sent = await visit.open(1, "P-1", lines=[{"text": 1, "rate": 2}] * 999)
        result = await visit.result(sent)
        assert result["code"] == "frame_invalid"
        assert len(result["detail"]) <= 500
        [taken] = box.shop.events(events.CLOUD_TAKEN)
        assert len(taken.body) < 1000


UNNUMBERED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a command": (envelope.RECEIPT_OPEN, {"parked_id": "P-1"}, "sequence_missing"),
    "another command": (envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"}, "sequence_missing"),
    "an unknown type": ("box.explode", {}, "unsupported_type"),
    "a hello": (envelope.HELLO, {}, "unsupported_type"),
}


@pytest.mark.parametrize("case", UNNUMBERED, ids=str)
async def test_a_command_without_number_or_of_unknown_type_is_answered_with_an_error(
    tmp_path: Path, case: str
) -> None:
    kind, data, code = UNNUMBERED[case]
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        sent = await visit.send(kind, data)
        error = await visit.got(envelope.ERROR)
        assert (error.re, error.data["code"]) == (sent, code)
        assert not box.shop.events(events.OPENED)


async def test_a_ping_of_the_cloud_is_answered(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (_, cloud):
        visit = await cloud.welcomed()
        sent = await visit.send(envelope.PING, {})
        assert (await visit.got(envelope.PONG)).re == sent


async def test_an_oversized_frame_ends_the_connection_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.connection.send("x" * (envelope.MAX_FRAME_BYTES + 1))
        closed = await visit.ended()
        assert closed.rcvd is not None
        assert closed.rcvd.code == envelope.CLOSE_TOO_BIG
        await box.waiting("cloud_frame_too_big")
        await box.again()
        later = await cloud.welcomed()
        assert await later.result(await later.open(1, "P-1")) == {"state": "done"}


async def test_a_frame_of_the_largest_size_is_read(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (_, cloud):
        visit = await cloud.welcomed()
        lines = [pushed_line("x" * 190)] * 999
        assert await visit.result(await visit.open(1, "P-1", lines=lines)) == {"state": "done"}


async def test_a_hole_that_stays_ten_seconds_ends_the_connection(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.open(1, "P-1")
        await visit.open(3, "P-3")
        await visit.until(lambda: visit.acked() == 1)
        await visit.send(envelope.PING, {})
        await visit.got(envelope.PONG)
        await box.pass_time(15)
        closed = await visit.ended()
        assert closed.rcvd is not None
        assert closed.rcvd.code == envelope.CLOSE_PROTOCOL
        await box.waiting("cloud_stream_broken")
        assert box.part.fault is not None
        assert "message 2 is missing" in box.part.fault.detail
        await box.again()
        later = await cloud.visit()
        assert later.hello.data["last_in"] == 1
        await later.welcome()
        for seq in (2, 3):
            await later.open(seq, f"P-{seq}")
        await later.until(lambda: later.acked() == 3)
        assert len(box.shop.events(events.OPENED)) == 3


async def test_a_hole_that_closes_in_time_is_no_trouble(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.open(2, "P-2")
        await visit.send(envelope.PING, {})
        await visit.got(envelope.PONG)
        await box.pass_time(10)
        await visit.open(1, "P-1")
        await visit.until(lambda: visit.acked() == 2)
        await box.pass_time(30)
        assert len(cloud.visits) == 1


async def test_more_than_the_box_takes_at_once_ends_the_connection(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        for seq in range(2, 3 + envelope.MAX_IN_FLIGHT):
            await visit.open(seq, f"P-{seq}")
        await box.waiting("cloud_stream_broken")
        assert not box.shop.events(events.OPENED)


async def test_a_cloud_that_floods_gets_few_answers_and_costs_no_memory(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        for _ in range(3000):
            await visit.connection.send("rubbish")
        last = await visit.open(1, "P-1")
        assert await visit.result(last) == {"state": "done"}
        await eventually(lambda: box.part.phase == "ready")
        assert visit.of(envelope.ERROR)
