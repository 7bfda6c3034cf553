"""The external program: parks, opens, and hears of every end, by webhook or by asking."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.cloud.polling import PollLimits
from simulators.cloud.program import Ended, ExternalProgram, Item, Order
from simulators.cloud.program_faults import CloudNotReached, CloudRefused
from simulators.cloud.secret_files import Login, program_login
from simulators.cloud.webhooks import signature
from tests.cloud_sim.world import RawBox, World, cloud, completed, until
from tests.till.harness import FakeClock

ORDER = Order(
    (Item("Blumentopf", 1990, quantity="2"), Item("Semmel", 49, "D", article="S1")),
    reference="R001",
    annotation="Danke",
)


@asynccontextmanager
async def program_of(world: World, **options: Any) -> AsyncIterator[ExternalProgram]:
    login = program_login(world.simulator.login_file)
    program = ExternalProgram(world.simulator.http_url, login, **options)
    await program.start()
    try:
        yield program
    finally:
        await program.stop()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path) as world:
        yield world


async def open_at(box: RawBox, program: ExternalProgram, order: Order = ORDER) -> str:
    """Park and open; the box takes the command."""
    parked = await program.park(order)
    assert await program.open(parked) == "opening"
    await box.done(await box.expect("receipt.open"))
    return parked


async def test_a_completed_receipt_is_heard_of_and_fetched_both_ways(world: World) -> None:
    async with world.box() as box, program_of(world) as program:
        parked = await open_at(box, program)
        await box.report("receipt.completed", completed(parked))
        ended = await program.ended(parked)
        assert ended == Ended("completed", ended.document, by_webhook=True)
        assert ended.document is not None
        document = await program.fetch(ended.document)
        assert document["qrCode"] == "_R1-AT1_KASSE-1_7_…"
        assert await program.fetch_by_reference("R001") == document
        assert await program.fetch_by_reference("R002") is None


async def test_what_is_parked_arrives_as_meant(world: World) -> None:
    async with world.box() as box, program_of(world) as program:
        parked = await program.park(ORDER)
        await program.open(parked, "demo-box")
        data = (await box.expect("receipt.open"))["data"]
    assert data == {
        "parked_id": parked,
        "reference": "R001",
        "note": "Danke",
        "lines": [
            {"text": "Blumentopf", "quantity": "2.000", "unit_cents": 1990, "rate": "normal"},
            {
                "text": "Semmel",
                "quantity": "1.000",
                "unit_cents": 49,
                "rate": "reduced1",
                "article": "S1",
            },
        ],
    }


async def test_an_abort_is_heard_of(world: World) -> None:
    async with world.box() as box, program_of(world) as program:
        parked = await open_at(box, program)
        await box.report("receipt.aborted", {"parked_id": parked})
        assert await program.ended(parked) == Ended("aborted", by_webhook=True)


async def test_receipts_of_others_are_left_alone(world: World) -> None:
    async with world.box() as box, program_of(world) as program:
        parked = await open_at(box, program)
        await box.report("receipt.completed", completed(receipt_id="till-1", number=1))
        other = await world.park(reference="R001")  # the same reference, parked by another
        await world.rest.post(f"/api/v2/parked/{other}/open")
        await box.done(await box.expect("receipt.open"))
        await box.report("receipt.completed", completed(other, receipt_id="r-2", number=2))
        await box.report("receipt.completed", completed(parked, receipt_id="r-3", number=3))
        ended = await program.ended(parked)
        assert ended.document is not None
        assert (await program.fetch(ended.document))["boxReceiptId"] == "r-3"


async def test_several_receipts_end_in_any_order_also_without_reference(world: World) -> None:
    await world.control(set={"omit_reference": True, "webhook_twice": 3})
    async with world.box() as box, program_of(world) as program:
        bare = Order((Item("Semmel", 49, "D"),))
        parked = [await open_at(box, program, bare) for _ in range(4)]
        for number, each in reversed(list(enumerate(parked))):
            if number == 2:
                await box.report("receipt.aborted", {"parked_id": each})
            else:
                data = completed(each, receipt_id=f"r-{number}", number=number + 1)
                await box.report("receipt.completed", data)
        ends = await asyncio.gather(*(program.ended(each) for each in parked))
        assert [end.state for end in ends] == ["completed", "completed", "aborted", "completed"]
        assert all(end.by_webhook for end in ends)
        await until(lambda: program.receiver.accepted == 4 and program.receiver.repeated == 3)


async def test_without_webhooks_the_end_is_found_by_asking(tmp_path: Path) -> None:
    async with (
        cloud(tmp_path) as world,
        world.box() as box,
        program_of(world, poll_s=0.05) as program,
    ):
        await world.control(set={"webhook_bad_signature": 10_000, "silent_abort": True})
        first = await open_at(box, program)
        second = await open_at(box, program)
        await box.report("receipt.aborted", {"parked_id": first})
        await box.report("receipt.completed", completed(second))
        assert await program.ended(first) == Ended("aborted")
        ended = await program.ended(second)
        assert (ended.state, ended.by_webhook) == ("completed", False)
        assert program.receiver.accepted == 0
        await until(lambda: program.receiver.rejected >= 1)


async def test_a_blocked_program_waits_as_told_and_recovers_by_itself(tmp_path: Path) -> None:
    clock = FakeClock()
    limits = PollLimits(interval_s=5, tolerated=0, block_s=60)
    async with (
        cloud(tmp_path, clock=clock, polling=limits) as world,
        world.box() as box,
        program_of(world, clock=clock) as program,
    ):
        await world.control(set={"silent_abort": True})
        parked = await open_at(box, program)
        waiting = asyncio.create_task(program.ended(parked))
        await until(lambda: clock.sleeping == [10])
        clock.advance(10)
        await until(lambda: clock.sleeping == [20])  # asked once: still opening
        path = f"/api/v2/parked/{parked}"
        assert (await world.rest.get(path)).json()["error"] == "polling_blocked"
        await box.report("receipt.aborted", {"parked_id": parked})
        await box.acked(box.seq)
        clock.advance(20)
        await until(lambda: clock.sleeping == [40])  # blocked for 40 s more
        clock.advance(40)
        assert await waiting == Ended("aborted")


async def test_a_later_run_takes_over_what_was_not_delivered(world: World) -> None:
    async with world.box() as box:
        async with program_of(world) as program:
            parked = await open_at(box, program)
        await box.report("receipt.completed", completed(parked))
        await box.acked(box.seq)
        async with program_of(world) as program:
            assert (await program.ended(parked)).state == "completed"
            await until(lambda: program.receiver.accepted == 1)
        webhooks = (await world.rest.get("/api/v2/webhooks")).json()["items"]
        assert len(webhooks) == 1


async def test_an_access_token_that_has_ended_is_renewed(world: World) -> None:
    async with program_of(world) as program:
        program._token = "ended"
        assert await program.park(ORDER)


async def test_discarding_takes_a_parked_receipt_back(world: World) -> None:
    async with program_of(world) as program:
        parked = await program.park(ORDER)
        assert await program.discard(parked) == "withdrawn"
        assert await program.ended(parked) == Ended("withdrawn")
        assert (await program.parked(parked))["state"] == "withdrawn"
        with pytest.raises(CloudRefused) as refused:
            await program.open(parked)
        assert refused.value.facts["status"] == 409
        assert refused.value.facts["error"] == "receipt_withdrawn"


async def test_refusals_and_silence_are_faults_without_secrets(world: World) -> None:
    url = world.simulator.http_url
    program = ExternalProgram(url, Login("program", "wrong-password"))
    with pytest.raises(CloudRefused) as refused:
        await program.park(ORDER)
    assert "wrong-password" not in str(refused.value)
    await program.stop()
    nobody = ExternalProgram("http://127.0.0.1:1", Login("program", "x"))
    with pytest.raises(CloudNotReached):
        await nobody.park(ORDER)
    await nobody.stop()


async def test_webhooks_that_are_not_signed_rightly_change_nothing(world: World) -> None:
    async with world.box() as box, program_of(world) as program:
        parked = await open_at(box, program)
        notification = {"action": "receipt.aborted", "id": parked}
        body = json.dumps({"id": "x", "attempt": 1, "notifications": [notification]}).encode()
        async with httpx.AsyncClient(trust_env=False) as stranger:
            for headers in ({}, {"signature": ""}, {"signature": signature("guess", body)}):
                answer = await stranger.post(program.receiver.uri, content=body, headers=headers)
                assert answer.status_code == 401
            right = {"signature": signature(program._secret, b"{}")}
            answer = await stranger.post(program.receiver.uri, content=b"{}", headers=right)
            assert answer.status_code == 400
            lower = {"signature": signature(program._secret, body).lower()}
            answer = await stranger.post(program.receiver.uri, content=body, headers=lower)
            assert answer.status_code == 200
        assert program.receiver.rejected == 4
        assert (await program.ended(parked)).state == "aborted"
