"""Frames of a box: kept before they are acknowledged, once each, and nothing silently lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cloud_sim.world import RawBox, World, cloud, completed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path) as world:
        yield world


async def frames(world: World) -> list[int]:
    return [each["seq"] for each in (await world.control(get="frames"))["frames"]]


async def test_many_frames_are_kept_in_order_and_acknowledged_together(world: World) -> None:
    async with world.box() as box:
        for _ in range(300):
            await box.report("outage.begin", {})
        await box.acked(600)
    assert await frames(world) == list(range(2, 602, 2))
    async with world.dial() as wire:
        assert (await RawBox(wire).hello())["last_out"] == 600


async def test_a_repeated_frame_is_acknowledged_again_and_has_no_second_effect(
    world: World,
) -> None:
    async with world.box() as box:
        for _ in range(3):
            await box.report("receipt.completed", completed(), seq=2, prev=0)
            await box.acked(2)
        state = await world.state()
    assert state["documents"] == 1
    assert state["counts"]["frames_repeated"] == 2


async def test_a_result_sent_again_without_prev_is_a_repetition(world: World) -> None:
    async with world.box() as box:
        await box.report("result", {"state": "done"}, re="x")
        await box.acked(2)
        await box.say("result", {"state": "done"}, seq=2, id="j-2", re="x")
        await box.acked(2)
    assert await frames(world) == [2]


async def test_the_same_receipt_in_another_frame_makes_no_second_document(world: World) -> None:
    async with world.box() as box:
        await box.report("receipt.completed", completed())
        await box.report("receipt.completed", completed())
        await box.acked(4)
    assert (await world.state())["documents"] == 1


@pytest.mark.parametrize("prev", [3, None])
async def test_a_gap_is_never_acknowledged_and_ends_the_connection(
    world: World, prev: int | None
) -> None:
    async with world.box() as box:
        await box.report("outage.begin", {})
        await box.acked(2)
        await box.report("outage.end", {}, prev=prev)
        assert (await box.expect("error"))["data"]["code"] == "sequence_gap"
        assert await box.closed() == 1011
    assert await frames(world) == [2]


async def test_another_frame_under_a_number_or_id_in_use_is_a_conflict_without_ack(
    world: World,
) -> None:
    for again in ({"seq": 2, "id": "other"}, {"seq": 8, "id": "j-2"}):
        async with world.box() as box:
            box.seq = 0
            await box.report("outage.begin", {}, seq=2)
            await box.acked(2)
            await box.report("outage.end", {}, prev=2, **again)
            assert (await box.expect("error"))["data"]["code"] == "sequence_conflict"
            await box.say("ping", {})
            await box.expect("pong")
            assert not [frame for frame in box.others if frame["type"] == "ack"]
        assert await frames(world) == [2]


async def test_what_cannot_be_used_is_kept_told_and_does_not_stop_what_follows(
    world: World,
) -> None:
    async with world.box() as box:
        await box.report("receipt.dance", {})
        assert (await box.expect("error"))["data"] == {
            "code": "unsupported_type",
            "detail": "receipt.dance",
        }
        await box.report("receipt.completed", completed(number="secret"))
        error = await box.expect("error")
        assert error["re"] == "j-4"
        assert error["data"]["code"] == "frame_invalid"
        assert "number" in error["data"]["detail"]
        assert "secret" not in error["data"]["detail"]
        await box.report("skip", {})
        await box.report("receipt.completed", completed())
        await box.acked(8)
    assert await frames(world) == [2, 4, 6, 8]
    assert (await world.state())["documents"] == 1


@pytest.mark.parametrize(
    "raw", ["{", "[]", b"\x00", "[" * 100_000, json.dumps({"v": 1, "id": "", "type": "x"})]
)
async def test_a_frame_that_is_none_is_told_and_the_link_goes_on(
    world: World, raw: str | bytes
) -> None:
    async with world.box() as box:
        await box.wire.send(raw)
        assert (await box.expect("error"))["data"]["code"] == "frame_invalid"
        await box.report("outage.begin", {})
        await box.acked(2)


async def test_a_frame_that_is_too_big_is_closed_with_1009(world: World) -> None:
    async with world.box() as box:
        await box.wire.send("x" * 300_000)
        assert await box.closed() == 1009


async def test_states_and_errors_of_the_box_can_be_looked_at(world: World) -> None:
    async with world.box() as box:
        await box.say("device.changed", {"part": "printer:counter", "level": "failed"})
        await box.say("error", {"code": "frame_invalid"}, re="q")
        await box.say("receipt.dance", {})
        await box.expect("error")
        state = await world.state()
    assert state["box_states"][0]["part"] == "printer:counter"
    assert state["box_errors"] == [{"box": "demo-box", "re": "q", "code": "frame_invalid"}]


async def test_a_box_cannot_end_what_was_sent_to_another(tmp_path: Path) -> None:
    boxes = ("demo-box", "other-box")
    async with (
        cloud(tmp_path / "two", boxes=boxes) as world,
        world.box() as box,
        world.dial(box="other-box") as wire,
    ):
        other = RawBox(wire, "other-box")
        await other.hello()
        parked, command = await world.opened(box)
        await box.done(command)
        await other.report("receipt.aborted", {"parked_id": parked})
        await other.acked(2)
        assert (await world.parked(parked))["state"] == "opening"
