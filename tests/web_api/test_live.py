"""Server-sent events over a real server: order, resuming, roles, secrets, clients that go."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.health import HealthBoard, Level
from bridge.journal.event import NewEvent, WriteSet
from bridge.model import events
from bridge.web.api import live
from bridge.web.api.live import HEARTBEAT_S
from tests.till.harness import new_key
from tests.web_api.desk import BACKOFFICE, PATIENCE_S, TECHNICIAN, TILL, Desk, desk, served, soon


class Stream:
    """A client of the stream. ``next`` returns the fields of the next event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.comments = 0

    async def next(self) -> dict[str, str]:
        async with asyncio.timeout(PATIENCE_S):
            fields: dict[str, str] = {}
            async for text in self._lines:
                if text.startswith(":"):
                    self.comments += 1
                elif text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                elif fields:
                    return fields
                elif self.comments:
                    return {}
        message = "the stream has ended"
        raise AssertionError(message)

    async def until(self, event: str) -> dict[str, Any]:
        """Return the data of the next event of a kind."""
        while (found := await self.next()).get("event") != event:
            pass
        data: dict[str, Any] = json.loads(found["data"])
        return data


def nobody_listens(board: HealthBoard) -> bool:
    """Return whether the board has forgotten all its listeners: with their last reference."""
    gc.collect()
    return not board._listeners


@contextlib.asynccontextmanager
async def listening(address: str, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    """Open the stream and take its greeting."""
    async with (
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client,
        client.stream("GET", f"/v1/events{query}", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert (await stream.next())["retry"]
        yield stream


async def test_a_page_sees_every_event_of_a_receipt_in_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address, listening(address) as stream:
        sale = await it.completed()
        first, second = await stream.next(), await stream.next()
        assert [each["event"] for each in (first, second)] == [events.OPENED, events.COMPLETED]
        data = json.loads(second["data"])
        assert data["receipt"] == sale["id"]
        assert data["body"]["belegnummer"] == sale["belegnummer"]
        assert int(second["id"]) == data["seq"] == int(first["id"]) + 1


async def test_a_page_that_was_away_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        async with listening(address) as stream:
            await it.opened()
            seen = await stream.next()
        await it.opened(reference="while away")
        last = {"Last-Event-ID": seen["id"]}
        async with listening(address, "?after=0", **last) as stream:
            missed = await stream.next()
            assert int(missed["id"]) == int(seen["id"]) + 1
            assert json.loads(missed["data"])["body"]["reference"] == "while away"


async def test_a_page_that_knows_more_than_the_journal_is_told_to_begin_anew(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        last = it.shop.journal.last_seq
        async with listening(address, "?after=99999") as stream:
            assert await stream.next() == {"id": str(last), "event": "reset", "data": "{}"}
            await it.opened()
            assert int((await stream.next())["id"]) == last + 1


async def test_a_very_old_page_gets_all_it_missed(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        for _ in range(20):
            await it.completed()
        async with listening(address, "?after=0") as stream:
            numbers = [int((await stream.next())["id"]) for _ in range(40)]
        kinds = {event.seq: event.kind for event in it.shop.events()}
        assert numbers == [seq for seq, kind in kinds.items() if kind != events.UNIT_RECORDED][:40]


async def test_below_a_technician_only_receipts_papers_and_outages_are_seen(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        mark = {"unit": "card", "mark": "0123456789abcdef"}
        now = int(it.shop.clock.now().timestamp() * 1000)
        new = NewEvent(events.PIN_REFUSED, now, json.dumps(mark).encode())
        await it.shop.journal.submit(WriteSet((new,)))
        kinds = [event.kind for event in it.shop.events()]
        await it.completed()
        seen = {}
        for caller in (TILL, BACKOFFICE, TECHNICIAN):
            it.caller = caller
            async with listening(address, "?after=0") as stream:
                found: list[dict[str, str]] = []
                while not found or found[-1]["event"] != events.OPENED:
                    found.append(await stream.next())
                seen[caller.name] = found
        for name in (TILL.name, BACKOFFICE.name):
            assert [each["event"] for each in seen[name]] == [events.COMPLETED, events.OPENED]
        assert [each["event"] for each in seen[TECHNICIAN.name]] == [*kinds, events.OPENED]


async def test_neither_pin_marks_nor_the_turnover_counter_leave_the_box(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        mark = "0123456789abcdef"
        now = int(it.shop.clock.now().timestamp() * 1000)
        body = json.dumps({"unit": "card", "mark": mark}, separators=(",", ":")).encode()
        await it.shop.journal.submit(WriteSet((NewEvent(events.PIN_REFUSED, now, body),)))
        await it.completed()
        it.caller = TECHNICIAN
        async with listening(address, "?after=0") as stream:
            received: list[dict[str, str]] = []
            while len([each for each in received if each["event"] == events.COMPLETED]) < 2:
                received.append(await stream.next())
        text = json.dumps(received)
        assert events.PIN_REFUSED in text
        assert mark not in text
        assert "counter" not in text


async def test_changes_of_the_health_board_come_without_id_in_the_callers_language(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        english = {"Accept-Language": "en"}
        async with listening(address, **english) as stream:
            it.board.report("printer:counter", Level.OK, "ready", paper="ok")
            found = await stream.next()
            assert "id" not in found
            assert found["event"] == "health"
            assert json.loads(found["data"])["facts"] == {"paper": "ok"}


async def test_an_idle_line_is_shown_to_be_alive(tmp_path: Path) -> None:
    async with (
        desk(tmp_path) as it,
        served(it.app) as address,
        listening(address) as stream,
    ):
        for beat in range(1, 4):
            await soon(lambda: HEARTBEAT_S in it.shop.clock.sleeping)
            it.shop.clock.advance(HEARTBEAT_S)
            assert await stream.next() == {}
            assert stream.comments >= beat


async def test_a_client_that_goes_leaves_nothing_behind(tmp_path: Path) -> None:
    async with desk(tmp_path) as it, served(it.app) as address:
        quiet = asyncio.all_tasks()
        for _ in range(5):
            async with listening(address):
                assert len(it.board._listeners) == 1
            await soon(lambda: nobody_listens(it.board))
        await soon(lambda: asyncio.all_tasks() <= quiet)
        await it.completed()


async def test_a_client_that_does_not_read_costs_the_box_a_bounded_amount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0
    frame = live.frame

    def counted(event: Any, *, sees_all: bool) -> bytes | None:
        nonlocal taken
        taken += 1
        # Far more than what sockets hold, so that a deaf client is felt at once.
        return (frame(event, sees_all=sees_all) or b"") + b": %s\n\n" % (b"x" * 1_000_000)

    monkeypatch.setattr(live, "frame", counted)
    async with desk(tmp_path) as it, served(it.app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: box\r\n\r\n")
        await reader.readline()
        # The client reads no more, the box goes on.
        for number in range(100):
            await it.completed()
            it.board.report("printer:counter", Level.OK, f"look {number}")
        assert taken <= 10 + live.WAITING
        writer.close()
        await soon(lambda: nobody_listens(it.board))


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 16, ""])
async def test_a_wrong_place_to_begin_is_refused(tmp_path: Path, after: str) -> None:
    async with desk(tmp_path) as it:
        answer = await it.call("GET", f"/events?after={after}")
        assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


async def test_the_server_can_end_streams_when_it_stops(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        async with served(it.app) as address, listening(address):
            pass
        board: HealthBoard = it.board
        await soon(lambda: nobody_listens(board))


async def test_two_pages_see_a_new_push_at_once(tmp_path: Path) -> None:
    async with (
        desk(tmp_path) as it,
        served(it.app) as address,
        listening(address) as one,
        listening(address) as other,
    ):
        await pushed(it)
        for stream in (one, other):
            data = await stream.until(events.OPENED)
            assert data["body"]["origin"] == "asello"


async def pushed(it: Desk) -> None:
    """Open a receipt as a cloud does."""
    await it.shop.do(
        "open", register_id="K1", origin="asello", parked_id="p-7", key=new_key(), lines=[]
    )
