"""One effect per idempotency key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.vendors.engine.desks import post


@pytest.mark.parametrize("what", ["parcels", "letters", "cards"])
async def test_without_a_key_nothing_that_counts_is_sent(tmp_path: Path, what: str) -> None:
    async with post(tmp_path) as p:
        reply = await p.counter.call("POST", f"/{what}", body={"id": "X"})
        assert (reply.status, reply.json()["code"]) == (400, "idempotency_key_required")
        assert p.stage.log == []


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 65, "a/b"])
async def test_a_key_of_another_shape_is_refused(tmp_path: Path, key: str) -> None:
    async with post(tmp_path) as p:
        reply = await p.counter.call("POST", "/parcels", body={"id": "X"}, key=key)
        assert (reply.status, reply.json()["code"]) == (400, "idempotency_key_invalid")


async def test_the_same_call_again_is_answered_from_memory(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        first = await p.send("parcels", "P1")
        await p.counter.restart()
        again = await p.send("parcels", "P1")
        assert (again.status, again.json()) == (first.status, first.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert p.office.parcels == ["P1"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/parcels", {"id": "P2"}, {}),
        ("/letters", {"id": "P1"}, {}),
        ("/parcels", {"id": "P1"}, {"X-Confirm": "yes"}),
        ("/parcels", {"id": "P1"}, {"X-Allow-Duplicate": "1"}),
    ],
)
async def test_a_key_belongs_to_one_call(
    tmp_path: Path, path: str, body: dict[str, str], headers: dict[str, str]
) -> None:
    async with post(tmp_path) as p:
        run = (await p.send("parcels", "P1", key="k")).json()["run"]
        reply = await p.counter.call("POST", path, body=body, key="k", headers=headers)
        assert (reply.status, reply.json()["code"]) == (409, "idempotency_key_reused")
        assert reply.json()["run"] == run
        assert p.office.parcels == ["P1"]
        assert p.office.letters == []


async def test_two_calls_with_one_key_at_the_same_instant_make_one_run(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("delay", delay_s=0.1, path="/parcels")
        replies = await asyncio.gather(*(p.send("parcels", "P1") for _ in range(5)))
        assert sorted(each.status for each in replies) == [201, 409, 409, 409, 409]
        done = next(each for each in replies if each.status == 201).json()["run"]
        assert {each.json()["run"] for each in replies} == {done}
        assert {each.json().get("code") for each in replies} == {None, "in_progress"}
        assert p.office.parcels == ["P1"]
        assert len(await p.counter.runs()) == 1


async def test_what_was_never_sent_frees_its_key(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.gone()
        reply = await p.send("letters", "L1")
        assert (reply.status, reply.json()["code"]) == (409, "offline")
        assert reply.json()["cause"] == "vendor_unreachable"
        p.back()
        assert (await p.send("letters", "L1")).status == 201
        assert p.office.letters == ["L1"]
        assert [each.state for each in await p.counter.runs()] == ["succeeded", "failed"]


async def test_an_unknown_outcome_is_answered_again_and_never_repeated(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        p.stage.fault("drop_after", path="/cards")
        first = await p.send("cards", "C1")
        assert (first.status, first.json()["code"]) == (504, "outcome_unknown")
        again = await p.send("cards", "C1")
        assert (again.status, again.json()) == (first.status, first.json())
        assert p.office.cards == ["C1"]


async def test_keys_are_optional_where_repeating_is_harmless(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        assert (await p.name("n1", "Anna")).status == 204
        assert (await p.name("n1", "Anna")).status == 204
        assert p.office.names == [("n1", "Anna")] * 2
        assert (await p.name("n1", "Anna", key="k")).status == 204
        assert (await p.name("n1", "Anna", key="k")).headers["idempotent-replayed"] == "true"
        assert p.office.names == [("n1", "Anna")] * 3
