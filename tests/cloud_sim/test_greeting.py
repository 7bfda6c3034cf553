"""How boxes get in: handshake, hello, welcome, and what the cloud remembers of a journal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from bridge.cloud.envelope import Limits
from tests.cloud_sim.world import RawBox, World, cloud, completed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path, boxes=("demo-box", "other-box"), limits=Limits(window=7)) as world:
        yield world


def head(number: int, chain: str = "aa", seq: int = 50) -> dict[str, Any]:
    register = {"id": "KASSE-1", "number": number, "counter": 100 * number, "chain": chain}
    return {"journal_id": "J", "seq": seq, "hash": "bb", "registers": [register]}


@pytest.mark.parametrize("token", ["wrong", "x" * 5000])
async def test_a_wrong_token_is_answered_by_401(world: World, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await world.dial(token=token)
    assert refused.value.response.status_code == 401


async def test_a_revoked_box_gets_403_until_it_is_admitted_again(world: World) -> None:
    async with world.box() as box:
        await world.control(do="revoke", box="demo-box")
        assert await box.closed() == 4003
    with pytest.raises(InvalidStatus) as refused:
        await world.dial()
    assert refused.value.response.status_code == 403
    await world.control(do="admit", box="demo-box")
    async with world.box():
        pass


async def test_another_path_is_not_found(world: World) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await world.dial(path="/boxes")
    assert refused.value.response.status_code == 404


async def test_a_client_without_the_subprotocol_is_refused(world: World) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await world.dial(subprotocols=None)
    assert refused.value.response.status_code == 400


async def test_the_welcome_tells_time_limits_and_the_last_number(world: World) -> None:
    async with world.dial() as wire:
        welcome = await RawBox(wire).hello()
    assert datetime.fromisoformat(welcome["time"]).utcoffset() is not None
    assert welcome["limits"]["window"] == 7
    assert welcome["last_out"] == 0
    assert "token" not in welcome
    assert "journal" not in welcome


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"v": 1, "id": "1", "type": "ping", "data": {}}, 1008),
        ({"v": 1, "id": "1", "type": "hello", "data": {"box": "demo-box"}}, 1008),
        ({"v": 2, "id": "1", "type": "hello", "data": {}}, 4010),
        ("no frame", 1008),
    ],
)
async def test_a_first_frame_that_is_no_hello_ends_the_connection(
    world: World, first: object, code: int
) -> None:
    async with world.dial() as wire:
        await wire.send(json.dumps(first))
        assert await RawBox(wire).closed() == code


@pytest.mark.parametrize("changes", [{"box": "other-box"}, {"last_in": -1}, {"last_in": 2**63}])
async def test_a_hello_that_cannot_be_is_refused(world: World, changes: dict[str, Any]) -> None:
    async with world.dial() as wire:
        said = {"box": "demo-box", "software": "0", "boot": "b", **changes}
        await RawBox(wire).say("hello", said)
        assert await RawBox(wire).closed() == 1008


async def test_a_second_connection_of_the_same_box_replaces_the_first(world: World) -> None:
    async with world.box() as first, world.box() as second:
        assert await first.closed() == 4009
        await second.say("ping", {}, id="p")
        assert (await second.expect("pong"))["re"] == "p"


async def test_the_journals_head_is_remembered_and_the_furthest_one_told(world: World) -> None:
    for told, expected in (
        (head(10), (10, "aa")),
        (head(12, "cc", seq=60), (12, "cc")),
        (head(11, "aa", seq=55), (12, "cc")),  # an old journal put back
        (head(12, "dd", seq=60), (12, "cc")),  # a fork
    ):
        async with world.dial() as wire:
            welcome = await RawBox(wire).hello(journal=told)
        (register,) = welcome["journal"]["registers"]
        assert (register["number"], register["chain"]) == expected
    await world.control(do="forget_head", box="demo-box")
    async with world.dial() as wire:
        welcome = await RawBox(wire).hello(journal=head(1, "ee", seq=3))
    assert welcome["journal"]["registers"][0]["number"] == 1


async def test_a_reported_receipt_that_the_journal_has_lost_is_told(world: World) -> None:
    async with world.box(journal=head(6)) as box:
        await box.report("receipt.completed", completed(number=9))
        await box.acked(2)
    async with world.dial() as wire:
        welcome = await RawBox(wire).hello(journal=head(8, "cc"))
    (register,) = welcome["journal"]["registers"]
    assert (register["number"], register["chain"]) == (9, "")
    async with world.dial() as wire:
        welcome = await RawBox(wire).hello(journal=head(9, "dd"))
    assert welcome["journal"]["registers"][0]["chain"] == "dd"


async def test_a_new_token_is_sent_once_and_works_beside_the_old_one(world: World) -> None:
    await world.control(do="token_due", box="demo-box")
    async with world.dial() as wire:
        token = (await RawBox(wire).hello())["token"]
    async with world.dial(token=token) as wire:
        assert "token" not in await RawBox(wire).hello()
    async with world.box():
        pass


async def test_each_box_has_its_own_streams(world: World) -> None:
    async with world.box() as box, world.dial(box="other-box") as wire:
        other = RawBox(wire, "other-box")
        await other.hello()
        await box.report("outage.begin", {})
        await box.acked(2)
        await other.report("outage.begin", {}, seq=9)
        await other.acked(9)
        boxes = (await world.state())["boxes"]
        assert {name: each["last_in"] for name, each in boxes.items()} == {
            "demo-box": 2,
            "other-box": 9,
        }
