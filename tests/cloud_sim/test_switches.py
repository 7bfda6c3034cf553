"""Every fault that the cloud can play."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from bridge.cloud.envelope import MAX_FRAME_BYTES
from simulators.cloud.switches import Settings
from tests.cloud_sim.world import RawBox, World, cloud, completed, until
from tests.till.harness import FakeClock

SILENCE_S = 0.2
"""Long enough to see that nothing comes; a simulator that says something says it at once."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path) as world:
        yield world


async def opened(world: World, count: int) -> None:
    for _ in range(count):
        parked = await world.park()
        answer = await world.rest.post(f"/api/v2/parked/{parked}/open")
        assert answer.status_code == 200


async def nothing_comes(box: RawBox) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SILENCE_S):
            await box.wire.recv()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_the_handshake_is_answered_by_any_status(world: World, status: int) -> None:
    await world.control(set={"http_status": status, "http_times": 2, "retry_after": "7"})
    for _ in range(2):
        with pytest.raises(InvalidStatus) as refused:
            await world.dial()
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["Retry-After"] == "7"
    async with world.box():
        pass


async def test_without_a_number_of_times_a_status_stays(world: World) -> None:
    await world.control(set={"http_status": 503})
    for _ in range(3):
        with pytest.raises(InvalidStatus) as refused:
            await world.dial()
        assert "Retry-After" not in refused.value.response.headers
    assert (await world.state())["counts"]["handshakes"] == 3


@pytest.mark.parametrize("code", [1000, 1008, 1012, 1013, 4001, 4003, 4010])
async def test_connections_are_closed_after_the_handshake_or_the_welcome(
    world: World, code: int
) -> None:
    await world.control(set={"close_code": code, "close_times": 1})
    async with world.dial() as wire:
        assert await RawBox(wire).closed() == code
    await world.control(set={"close_code": code, "close_at": "welcome", "close_times": 1})
    async with world.box() as box:
        assert await box.closed() == code
    async with world.box() as box:
        await world.control(do="close", code=code)
        assert await box.closed() == code


async def test_a_connection_is_dropped_now_without_a_word(world: World) -> None:
    async with world.box() as box:
        await world.control(do="drop")
        assert await box.closed() == 1006


async def test_the_connection_breaks_at_the_nth_frame_which_is_lost(world: World) -> None:
    await world.control(set={"drop_after_frames": 3})
    async with world.box() as box:
        for _ in range(3):
            await box.report("outage.begin", {})
        assert await box.closed() == 1006
    async with world.dial() as wire:
        assert (await RawBox(wire).hello())["last_out"] == 4


async def test_the_connection_breaks_in_place_of_the_nth_ack(world: World) -> None:
    await world.control(set={"drop_before_ack": 2})
    async with world.box() as box:
        await box.report("outage.begin", {})
        await box.acked(2)
        await box.report("receipt.completed", completed())
        assert await box.closed() == 1006
    async with world.dial() as wire:
        assert (await RawBox(wire).hello())["last_out"] == 4
    assert (await world.state())["documents"] == 1


async def test_numbered_frames_are_repeated(world: World) -> None:
    await world.control(set={"repeat_frames": 2})
    async with world.box() as box:
        _, first = await world.opened(box)
        same = [await box.expect("receipt.open") for _ in range(2)]
        await opened(world, 1)
        assert (await box.expect("receipt.open"))["seq"] == 2
    assert [frame["id"] for frame in same] == [first["id"]] * 2


async def test_frames_are_shuffled_within_a_window_the_same_way_for_a_seed(world: World) -> None:
    await opened_while_away(world, 8)
    seen = []
    for seed in (5, 5, 6):
        await world.control(set={"reorder_window": 8, "reorder_seed": seed})
        async with world.box() as box:
            seen.append([(await box.expect("receipt.open"))["seq"] for _ in range(8)])
    assert seen[0] == seen[1] != seen[2]
    assert sorted(seen[0]) == list(range(1, 9)) != seen[0]


async def opened_while_away(world: World, count: int) -> None:
    """Have commands wait that a box has not acknowledged."""
    async with world.box(max_in_flight=count):
        await opened(world, count)


async def test_shuffling_does_not_wait_for_ever_for_its_window(world: World) -> None:
    await world.control(set={"reorder_window": 50})
    async with world.box() as box:
        await opened(world, 2)
        assert {(await box.expect("receipt.open"))["seq"] for _ in range(2)} == {1, 2}


async def test_an_ack_is_held_back(tmp_path: Path) -> None:
    clock = FakeClock()
    async with cloud(tmp_path, clock=clock) as world, world.box() as box:
        await world.control(set={"ack_delay_ms": 300})
        await box.report("outage.begin", {})
        await until(lambda: clock.sleeping == [0.3])
        assert await frames_kept(world) == 1
        await nothing_comes(box)
        clock.advance(0.3)
        await box.acked(2)


async def frames_kept(world: World) -> int:
    return len((await world.control(get="frames"))["frames"])


async def test_acks_may_never_come(world: World) -> None:
    await world.control(set={"never_ack": True})
    async with world.box() as box:
        await box.report("outage.begin", {})
        await box.say("ping", {})
        await box.expect("pong")
        await nothing_comes(box)
    async with world.dial() as wire:
        assert (await RawBox(wire).hello())["last_out"] == 2


async def test_a_handshake_in_the_black_hole_is_answered_when_it_closes(world: World) -> None:
    await world.control(set={"black_hole": "handshake"})
    dialling = asyncio.ensure_future(world.dial(open_timeout=None).__aenter__())
    await until(lambda: world.simulator.cloud.counts["handshakes"] == 1)
    await asyncio.wait([dialling], timeout=SILENCE_S)
    assert not dialling.done()
    await world.control(set={"black_hole": ""})
    wire = await dialling
    await RawBox(wire).hello()
    await wire.close()


async def test_a_mute_cloud_lives_and_says_nothing(world: World) -> None:
    async with world.box() as box:
        await world.control(set={"black_hole": "mute"})
        await box.report("outage.begin", {})
        await nothing_comes(box)
        await (await box.wire.ping())
        parked = await world.park()
        await world.rest.post(f"/api/v2/parked/{parked}/open")
        await nothing_comes(box)
    async with world.dial() as wire:
        newer = RawBox(wire)
        await newer.say("hello", {"box": "demo-box", "software": "0", "boot": "b"})
        await nothing_comes(newer)
    await world.control(set={"black_hole": ""})
    async with world.box() as box:
        assert (await box.expect("receipt.open"))["data"]["parked_id"] == parked


async def test_a_deaf_cloud_does_not_even_answer_pings(world: World) -> None:
    async with world.box() as box:
        await world.control(set={"black_hole": "deaf"})
        await box.report("outage.begin", {})
        pong = asyncio.ensure_future(await box.wire.ping())
        await nothing_comes(box)
        assert not pong.done()
        await world.control(set={"black_hole": ""})
        async with asyncio.timeout(30):
            await pong
        await box.report("outage.end", {}, prev=0)
        await box.acked(4)


@pytest.mark.parametrize("kind", ["handshake", "deaf", "mute"])
async def test_the_simulator_ends_while_it_is_a_black_hole(tmp_path: Path, kind: str) -> None:
    async with cloud(tmp_path) as world, world.box() as box:
        await world.control(set={"black_hole": kind})
        dialling = asyncio.ensure_future(world.dial(open_timeout=None).__aenter__())
        await until(lambda: world.simulator.cloud.counts["handshakes"] == 2)
        await world.simulator._boxes.stop()
        await asyncio.wait([dialling])
        await box.wire.wait_closed()
    if dialling.exception() is None:
        await dialling.result().close()


async def test_broken_frames_reach_the_box(world: World) -> None:
    async with world.dial(max_size=2**20) as wire:
        box = RawBox(wire)
        await box.hello()
        await world.control(do="malformed")
        with pytest.raises(json.JSONDecodeError):
            json.loads(await wire.recv())
        await world.control(do="binary")
        assert isinstance(await wire.recv(), bytes)
        await world.control(do="oversized")
        assert len(await wire.recv()) > MAX_FRAME_BYTES
        await world.control(do="send_raw", text="anything")
        assert await wire.recv() == "anything"


async def test_an_unknown_type_is_numbered_and_comes_until_it_is_acknowledged(
    world: World,
) -> None:
    await world.control(do="unsupported_type")
    for _ in range(2):
        async with world.box() as box:
            assert (await box.expect("receipt.unheard"))["seq"] == 1
    async with world.box(last_in=1) as box:
        _, command = await world.opened(box)
    assert command["seq"] == 2


async def test_commands_have_expired_or_never_do(world: World) -> None:
    await world.control(set={"expired_commands": 1, "endless_commands": 0})
    async with world.box() as box:
        _, command = await world.opened(box)
        assert datetime.fromisoformat(command["exp"]) < datetime.fromisoformat(command["ts"])
        await world.control(set={"endless_commands": 1})
        _, command = await world.opened(box)
        assert "exp" not in command
        _, command = await world.opened(box)
        assert datetime.fromisoformat(command["exp"]) > datetime.fromisoformat(command["ts"])


async def test_the_clouds_clock_may_be_wrong(world: World) -> None:
    decade = timedelta(days=3650)
    await world.control(set={"clock_offset_s": -int(decade.total_seconds())})
    async with world.dial() as wire:
        box = RawBox(wire)
        welcome = await box.hello()
        _, command = await world.opened(box)
    wrong = datetime.now(UTC) - decade
    for told in (welcome["time"], command["ts"], command["exp"]):
        assert abs(datetime.fromisoformat(told) - wrong) < timedelta(hours=1)


async def test_a_cloud_restored_from_a_backup_asks_for_what_it_has_forgotten(
    world: World,
) -> None:
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.opened", {"parked_id": parked})
        await box.report("receipt.completed", completed(parked))
        await world.becomes(parked, "completed")
        await world.control(do="forget", frames=2)
        assert await box.closed() == 1012
    assert (await world.parked(parked))["state"] == "opening"
    async with world.dial() as wire:
        box = RawBox(wire, last_in=1)
        assert (await box.hello())["last_out"] == 2
        await box.report("receipt.opened", {"parked_id": parked})
        await box.report("receipt.completed", completed(parked))
        await world.becomes(parked, "completed")
    assert (await world.state())["documents"] == 1


async def test_forgotten_commands_shift_the_numbers_unless_jumping_is_off(world: World) -> None:
    async with world.box() as box:
        for _ in range(3):
            _, command = await world.opened(box)
            await box.ack(command["seq"])
        await box.say("ping", {})
        await box.expect("pong")
        await world.control(do="forget", commands=2)
    async with world.box(last_in=3) as box:
        _, command = await world.opened(box)
        assert command["seq"] == 4
        await box.ack(4)
        await box.say("ping", {})
        await box.expect("pong")
        await world.control(do="forget", commands=1)
    await world.control(set={"no_jump": True})
    async with world.box(last_in=4) as box:
        _, command = await world.opened(box)
        assert command["seq"] <= 4
        await box.say("error", {"code": "sequence_conflict"}, re=command["id"])
        await box.say("ping", {})
        await box.expect("pong")
    assert (await world.state())["box_errors"][0]["code"] == "sequence_conflict"


async def test_a_second_identity_takes_the_place_of_the_box(world: World) -> None:
    async with world.box() as box:
        await world.control(do="second_identity")
        assert await box.closed() == 4009


async def test_the_cloud_claims_to_know_more_of_the_journal(world: World) -> None:
    register = {"id": "KASSE-1", "number": 5, "counter": 1, "chain": "aa"}
    journal = {"journal_id": "J", "seq": 9, "hash": "bb", "registers": [register]}
    await world.control(set={"head_ahead": 3})
    for _ in range(2):
        async with world.dial() as wire:
            welcome = await RawBox(wire).hello(journal=journal)
        assert welcome["journal"]["registers"][0]["number"] == 8
    await world.control(set={"head_ahead": 0})
    async with world.dial() as wire:
        welcome = await RawBox(wire).hello(journal=journal)
    assert welcome["journal"]["registers"][0] == register


@pytest.mark.parametrize(
    "request_line",
    [
        b"no json",
        b"[]",
        b"[" * 100_000,
        b'{"do": "dance"}',
        b'{"do": "drop"}',
        b'{"do": "drop", "box": "other"}',
        b'{"do": "close", "code": 1006}',
        b'{"do": "forget", "frames": -1}',
        b'{"do": "forget", "frames": "all"}',
        b'{"get": "frames", "after": 1.5}',
        b'{"set": {"never_akk": true}}',
        b'{"set": {"never_ack": 1}}',
        b'{"set": {"repeat_frames": -1}}',
        b'{"set": {"repeat_frames": true}}',
        b'{"set": {"black_hole": "grey"}}',
        b'{"set": {"close_code": 17}}',
        b'{"set": {"close_code": 1006}}',
        b'{"set": {"http_status": 99}}',
        b'{"set": {"retry_after": "a\\r\\nb"}}',
    ],
)
async def test_a_bad_request_is_answered_by_an_error(world: World, request_line: bytes) -> None:
    answer: dict[str, Any] = await world.simulator.controls.answer(request_line)
    assert list(answer) == ["error"]
    assert (await world.control(get="state"))["switches"] == {
        field.name: field.default for field in fields(Settings)
    }
