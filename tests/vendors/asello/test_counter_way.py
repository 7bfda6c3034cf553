"""A receipt parked at asello and opened at this counter; who is asked where it stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.health import Level
from bridge.vendors.asello.parked import BLOCKED_S
from bridge.vendors.engine.host import ParkedReceipt
from tests.vendors.asello.desk import PARKED, World, receipt, world

HERE = ParkedReceipt(parked_id="", receipt="r-1", state="open", reference="R001")


async def parked_at(w: World, key: str = "p-1", **more: Any) -> str:
    reply = await w.park(key, **more)
    assert reply.status == 201, reply.body
    return str(reply.json()["parked_id"])


async def open_at(w: World, parked: str) -> tuple[int, dict[str, object]]:
    reply = await w.counter.call("POST", f"/parked/{parked}/open", body={})
    return reply.status, reply.json()


def here(w: World, parked: str, **facts: object) -> None:
    """Let the box's journal know a parked receipt."""
    found = replace(HERE, parked_id=parked, **facts)  # type: ignore[arg-type]  # by name
    w.counter.host.receipts["asello", parked] = found


def end_at_asello(w: World, parked: str, state: str) -> None:
    """Let asello believe that a parked receipt is in a state."""
    w.surface.cloud.store.do("UPDATE parked SET state = ? WHERE id = ?", state, parked)


@pytest.mark.covers("A-21", "A-22", "A-48")
async def test_parking_sends_the_bytes_and_opens_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        reply = await w.park(internal_note="bleibt")
        body = reply.json()
        assert (reply.status, body["parked_state"], body["reference"]) == (201, "parked", "R001")
        assert body["vendor_body"]["receipt"] == receipt(internal_note="bleibt")
        assert [each.path for each in w.stage.calls("POST")] == ["/token", PARKED]
        assert w.surface.cloud.hsm.receipts(34950) == []
        assert not w.counter.host.printed
        shown = (await w.state(body["parked_id"])).json()
        assert (shown["state"], shown["source"]) == ("parked", "last_known")


@pytest.mark.covers("A-23")
async def test_opening_is_a_further_call_and_twice_is_as_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        for _ in range(2):
            status, body = await open_at(w, parked)
            assert (status, body["parked_state"]) == (200, "opening")
        assert (await w.state(parked)).json()["state"] == "opening"
        given = w.surface.cloud.store.rows("SELECT type FROM outbound")
        assert [row["type"] for row in given] == ["receipt.open"]


async def test_a_completed_one_is_not_opened_again_whoever_knows_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        before = len(w.stage.log)
        here(w, parked, state="completed", register="KASSE-1", number=7, code="_R1…")
        status, body = await open_at(w, parked)
        assert (status, body["code"]) == (409, "vendor_state_conflict")
        assert (body["state"], body["receipt"]) == ("completed", "r-1")
        assert len(w.stage.log) == before, "nothing was sent"
        for n, state in enumerate(("completed", "aborted")):
            elsewhere = await parked_at(w, f"e-{n}", reference=f"E-{n}")
            end_at_asello(w, elsewhere, state)
            status, body = await open_at(w, elsewhere)
            assert (status, body["code"], body["state"]) == (409, "vendor_state_conflict", state)


async def test_without_the_box_opening_fails_loudly_and_it_stays_parked(tmp_path: Path) -> None:
    async with world(tmp_path, box_connected=False) as w:
        parked = await parked_at(w)
        status, body = await open_at(w, parked)
        assert (status, body["code"]) == (502, "asello_box_not_connected")
        assert body["retryable"] is True
        assert (await w.state(parked)).json()["state"] == "parked"


async def test_what_nobody_knows_is_not_there(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for name in ("nothing", "%2E%2E", "a%2Fb", "x" * 200):
            assert (await open_at(w, name))[0] == 404
            assert (await w.state(name)).status == 404
        assert not [
            each for each in w.stage.log if "%2F" not in each.target and ".." in each.target
        ]


async def test_a_body_of_opening_that_is_no_object_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        for body in (b"[]", b"null", b"text", b"[" * 100_000, b"\xff"):
            reply = await w.counter.call("POST", f"/parked/{parked}/open", body=body)
            assert (reply.status, reply.json()["code"]) == (422, "call_invalid")
        reply = await w.counter.call(
            "POST", f"/parked/{parked}/open", body=b' {"box": "demo-box"} '
        )
        assert reply.status == 200
        assert w.stage.log[-1].body == b'{"box": "demo-box"}'


async def test_the_boxs_own_journal_decides_and_nobody_is_asked(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        await open_at(w, parked)
        before = len(w.stage.log)
        for state, facts in (
            ("open", {}),
            ("aborted", {"reason": "Kunde ist gegangen"}),
            ("expired", {}),
            ("withdrawn", {}),
            ("completed", {"register": "KASSE-1", "number": 7, "code": "_R1…"}),
        ):
            here(w, parked, state=state, **facts)
            for _ in range(3):
                shown = (await w.state(parked)).json()
                assert (shown["state"], shown["source"]) == (state, "box")
                assert (shown["receipt_id"], shown["reference"]) == ("r-1", "R001")
        assert shown["number"] == "7"
        assert (shown["register"], shown["code"]) == ("KASSE-1", "_R1…")
        assert len(w.stage.log) == before


# Asking asello


@pytest.mark.covers("A-37", "A-55")
async def test_what_is_not_here_is_asked_seldom_until_it_has_ended(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        asked: list[float] = []
        began = w.counter.clock.monotonic()
        while w.counter.clock.monotonic() - began < 1300:
            before = len(w.looks(parked))
            shown = (await w.state(parked)).json()
            assert shown["state"] == "parked"
            if len(w.looks(parked)) > before:
                assert shown["source"] == "asello"
                asked.append(w.counter.clock.monotonic() - began)
            else:
                assert shown["source"] == "last_known"
            await w.advance(10)
        assert asked == [10, 20, 40, 80, 160, 320, 620, 920, 1220]
        assert w.surface.cloud.store.number("SELECT COUNT(*) FROM parked") == 1
        end_at_asello(w, parked, "aborted")
        await w.advance(300)
        assert (await w.state(parked)).json()["state"] == "aborted"
        looks = len(w.looks(parked))
        await w.advance(86_400)
        assert (await w.state(parked)).json()["state"] == "aborted"
        assert len(w.looks(parked)) == looks, "an end is never asked for again"


async def test_a_change_makes_the_box_ask_sooner_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        for pause in (10, 10, 20, 40):
            await w.advance(pause)
            assert (await w.state(parked)).json()["source"] == "asello"
        end_at_asello(w, parked, "opening")
        await w.advance(80)
        assert (await w.state(parked)).json()["state"] == "opening"
        await w.advance(10)
        assert (await w.state(parked)).json()["source"] == "asello"


async def test_many_who_ask_at_once_are_one_question(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        await w.advance(10)
        replies = await asyncio.gather(*(w.state(parked) for _ in range(10)))
        assert [reply.json()["state"] for reply in replies] == ["parked"] * 10
        assert len(w.looks(parked)) == 1


@pytest.mark.covers("A-36", "A-54")
async def test_one_that_was_completed_elsewhere_is_told_with_its_document(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        document = (await w.create(reference="elsewhere")).json()
        store = w.surface.cloud.store
        store.do("UPDATE document SET parked = ? WHERE id = ?", parked, document["document"])
        end_at_asello(w, parked, "completed")
        await w.advance(10)
        shown = (await w.state(parked)).json()
        assert shown["state"] == "completed"
        assert shown["document"] == document["document"]
        assert (shown["number"], shown["code"]) == (document["number"], document["code"])


@pytest.mark.covers("A-38", "A-56")
async def test_a_blocked_box_stops_asking_shows_amber_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        other = await parked_at(w, "p-2", reference="R002")
        assert (await w.counter.check()).level is Level.OK
        await w.advance(10)
        w.stage.fault("status", status=429, retry_after="60", path=f"{PARKED}/", times=-1)
        shown = (await w.state(parked)).json()
        assert (shown["state"], shown["not_asked"]) == ("parked", "asello_polling_paused")
        looks = len(w.looks(parked))
        part = await w.counter.check()
        assert part.level is Level.DEGRADED
        assert part.fault is not None
        assert part.fault.code == "asello_polling_paused"
        w.stage.no_faults()
        await w.advance(BLOCKED_S - 30)
        for each in (parked, other):
            assert (await w.state(each)).json()["source"] == "last_known"
        unknown = await w.state("never-seen")
        assert (unknown.status, unknown.json()["code"]) == (503, "asello_polling_paused")
        assert len(w.looks(parked)) == looks
        assert w.looks(other) == []
        here(w, parked, state="open")
        assert (await w.state(parked)).json()["state"] == "open", "the counter is not affected"
        del w.counter.host.receipts["asello", parked]
        await w.advance(60)
        assert (await w.state(parked)).json()["source"] == "asello"
        assert (await w.counter.check()).level is Level.OK


@pytest.mark.covers("A-38", "A-56")
async def test_a_pause_survives_a_restart_and_403_is_a_block_too(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        await w.advance(10)
        w.stage.fault("status", status=403, path=f"{PARKED}/")
        assert (await w.state(parked)).json()["source"] == "last_known"
        await w.counter.restart()
        await w.advance(400)
        assert (await w.state(parked)).json()["source"] == "last_known"
        assert (await w.counter.check()).level is Level.DEGRADED
        await w.advance(600)
        assert (await w.state(parked)).json()["source"] == "asello"


async def test_the_real_limits_of_the_simulated_vendor_are_never_hit(tmp_path: Path) -> None:
    async with world(tmp_path, poll_interval_s=5.0) as w:
        parked = await parked_at(w)
        for _ in range(60):
            await w.state(parked)
            await w.advance(2)
        assert {each.status for each in w.looks(parked)} == {200}


async def test_while_asello_cannot_be_reached_the_last_word_counts(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        await w.stage.server.stop()
        await w.advance(10)
        shown = (await w.state(parked)).json()
        assert (shown["state"], shown["source"]) == ("parked", "last_known")
        assert shown["not_asked"].startswith("vendor_")
        assert (await w.state("never-seen")).status == 503


# Parking in doubt


async def test_a_lost_answer_of_parking_is_found_or_failed_never_parked_twice_by_the_box(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        w.stage.fault("drop_after", path=PARKED, method="POST")
        reply = await w.park()
        ended = await w.counter.ended(reply.json()["run"], step_s=5)
        assert (ended.state, len(w.stage.calls("POST", PARKED))) == ("succeeded", 1)
        assert ended.result is not None
        assert (await w.state(ended.result["parked_id"])).json()["state"] == "parked"
        w.stage.fault("drop_before", path=PARKED, method="POST")
        reply = await w.park("p-2", reference="R002")
        assert reply.status == 504
        ended = await w.counter.ended((await w.counter.runs())[0].id, step_s=5)
        assert ended.state == "failed"
        assert len(w.stage.calls("POST", PARKED)) == 2
        assert (await w.park("p-3", reference="R002")).status == 201


async def test_a_reference_is_parked_once_until_that_has_ended_without_a_sale(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        parked = await parked_at(w)
        again = await w.park("p-2")
        assert (again.status, again.json()["code"]) == (409, "already_done")
        here(w, parked, state="completed", number=7)
        assert (await w.park("p-3")).status == 409
        here(w, parked, state="aborted", reason="Kunde ist gegangen")
        assert (await w.park("p-4")).status == 201
        replies = await asyncio.gather(*(w.park(f"q-{n}", reference="Q") for n in range(3)))
        assert sorted(each.status for each in replies) == [201, 409, 409]


async def test_the_check_is_a_look_up_that_nobody_uses(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        assert (await w.counter.check()).level is Level.OK
        (look,) = w.stage.calls("GET")
        assert look.target == "/api/v2/receipts?reference=bonbridge-check"
        w.stage.fault("status", status=404, path="/api/v2/receipts")
        part = await w.counter.check()
        assert part.level is Level.DEGRADED
        assert part.fault is not None
        assert part.fault.code == "asello_look_up_refused"


async def test_names_can_be_replaced_where_asello_calls_things_otherwise(tmp_path: Path) -> None:
    names = {"parked_path": "/api/v3/parken", "document_number": "nummer"}
    async with world(tmp_path, {"names": names}) as w:
        reply = await w.park()
        assert reply.json()["vendor_status"] == 404
        assert w.stage.calls("POST", "/api/v3/parken")
        body = (await w.create()).json()
        assert "number" not in body
    async with world(tmp_path / "wrong", {"names": {"nonsense": "x"}}) as w:
        assert w.counter.part().level is Level.FAILED
