"""The way of a receipt through the API: opened, completed, aborted, cancelled, printed again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.fiscal.rksv.code import qr_code
from bridge.model import events
from bridge.web.api import lookup
from tests.till.harness import HeldUnit, new_key, until, writer_held
from tests.web_api.desk import PROGRAM, TECHNICIAN, desk, line


async def test_a_receipt_is_opened_edited_paid_completed_and_read(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        lines = [line(), line(text="Kaffee", unit_cents=320, rate="normal", quantity="2.000")]
        answer = await it.call("POST", "/receipts", {"register_id": "K1", "lines": lines})
        receipt = answer.json()
        assert answer.headers["location"] == f"/v1/receipts/{receipt['id']}"
        assert answer.headers["etag"] == '"1"'
        assert (receipt["state"], receipt["total"], receipt["due"]) == ("open", 760, 760)
        assert receipt["totals"] == {"reduced1": 120, "normal": 640}
        path = f"/receipts/{receipt['id']}"
        paid = await it.call("POST", f"{path}/payments", {"given_cents": 500}, rev=1, key=new_key())
        assert paid.status_code == 200
        assert paid.headers["etag"] == '"2"'
        assert (paid.json()["state"], paid.json()["due"]) == ("paying", 260)
        body = {"payments": [{"kind": "cash", "given_cents": 1000}], "total_cents": 760}
        done = await it.call("POST", f"{path}/complete", body, rev=2, key=new_key())
        assert done.status_code == 200
        view = done.json()
        assert (view["state"], view["belegnummer"], view["signed"]) == ("completed", "2", True)
        assert [each["change_cents"] for each in view["payments"]] == [0, 740]
        assert view["taxes"][1] == {
            "rate": "normal",
            "label": "20 %",
            "permille": 200,
            "gross": 640,
            "net": 533,
            "tax": 107,
        }
        assert view["papers"] == [
            {"paper": receipt["id"], "state": "due", "copy": False, "time": view["ended"]}
        ]
        last = it.shop.journal.reader.last_numbered("K1")
        assert last is not None
        assert view["code"] == qr_code(last.jws or "")
        read = await it.call("GET", path)
        assert read.json() == view
        assert read.headers["etag"] == done.headers["etag"]
        it.shop.bons()


async def test_the_view_tells_everything_that_was_said_at_the_opening(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        customer = {"name": "Huber & Söhne", "address": ["Weg 2", "6020 Innsbruck"], "uid": "ATU1"}
        receipt = await it.opened(
            operator={"id": "7", "name": "Eva"},
            customer=customer,
            reference="Tisch 4",
            parked_id="p-1",
            note="Danke",
            receipt_expires="2026-11-21T13:00:00+01:00",
        )
        assert receipt["operator"] == {"id": "7", "name": "Eva", "address": [], "uid": ""}
        assert receipt["customer"] == {"id": "", **customer}
        assert [receipt[name] for name in ("reference", "parked_id", "note")] == [
            "Tisch 4",
            "p-1",
            "Danke",
        ]
        assert receipt["expires"] == receipt["opened"] + 3 * 3_600_000
        view = await it.call(
            "POST", f"/receipts/{receipt['id']}/complete", {"payments": [{}]}, rev=1, key=new_key()
        )
        for name in ("operator", "customer", "reference", "parked_id", "note", "expires", "opened"):
            assert view.json()[name] == receipt[name], name


async def test_who_opened_a_receipt_is_told_by_its_origin_and_cannot_be_claimed(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        body = {"register_id": "K1"}
        operator = await it.call("POST", "/receipts", body)
        program = await it.call("POST", "/receipts", body, as_=PROGRAM)
        assert operator.json()["origin"] == "operator"
        assert program.json()["origin"] == "api:warehouse"
        claimed = await it.call("POST", "/receipts", {**body, "origin": "asello"}, as_=PROGRAM)
        assert claimed.status_code == 400
        assert claimed.json()["problems"] == ["origin: Extra inputs are not permitted"]


async def test_a_repeated_command_has_one_effect_and_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        key = new_key()
        body = {"register_id": "K1", "lines": [line()]}
        first = await it.call("POST", "/receipts", body, key=key)
        again = await it.call("POST", "/receipts", body, key=key)
        assert again.json() == first.json()
        assert again.headers["location"] == first.headers["location"]
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"
        path = f"/receipts/{first.json()['id']}/complete"
        body, key = {"payments": [{"kind": "cash"}]}, new_key()
        done = await it.call("POST", path, body, rev=1, key=key)
        repeated = await it.call("POST", path, body, rev=1, key=key)
        assert repeated.status_code == 200
        assert repeated.json() == done.json()
        assert repeated.headers["idempotent-replay"] == "true"
        other = await it.call("POST", path, {"total_cents": 5}, rev=1, key=key)
        assert (other.status_code, other.json()["code"]) == (409, "key_reused")
        assert len(it.shop.bons()) == 2


async def test_one_thousand_cents_are_not_taken_twice_by_two_twins(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt, key = await it.opened(), new_key()
        path = f"/receipts/{receipt['id']}/complete"
        body = {"payments": [{"kind": "cash"}]}
        answers = await asyncio.gather(
            *(it.call("POST", path, body, rev=1, key=key) for _ in range(8))
        )
        assert {each.status_code for each in answers} == {200}
        assert len({each.text for each in answers}) <= 2, "the order of members may differ"
        assert len({str(sorted(each.json().items())) for each in answers}) == 1
        assert sum("idempotent-replay" not in each.headers for each in answers) == 1
        assert len(it.shop.bons()) == 2


async def test_a_change_for_another_state_is_refused_with_the_present_rev(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        path = f"/receipts/{receipt['id']}"
        await it.call("POST", f"{path}/lines", line(), rev=1)
        late = await it.call("POST", f"{path}/lines", line(), rev=1)
        assert late.status_code == 409
        assert (late.json()["code"], late.json()["rev"]) == ("receipt_changed", 2)
        assert (await it.call("GET", path)).json()["rev"] == 2


async def test_an_aborted_receipt_shows_what_it_was(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened(reference="Tisch 4")
        path = f"/receipts/{receipt['id']}"
        await it.call("POST", f"{path}/lines", line(text="Torte"), rev=1)
        aborted = await it.call("POST", f"{path}/abort", {"reason": "Irrtum"}, rev=2, key=new_key())
        view = aborted.json()
        assert (view["state"], view["reason"], view["rev"]) == ("aborted", "Irrtum", 3)
        assert [each["text"] for each in view["lines"]] == ["Semmel", "Torte"]
        assert (view["reference"], view["number"], view["total"]) == ("Tisch 4", None, None)
        assert (await it.call("GET", path)).json() == view
        gone = await it.call("POST", f"{path}/lines", line(), rev=3)
        assert (gone.status_code, gone.json()["code"]) == (409, "receipt_not_open")


async def test_a_storno_is_a_receipt_of_its_own_that_names_the_cancelled_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as it:
        sale = await it.completed(line(quantity="3.000"))
        path = f"/receipts/{sale['id']}/storno"
        part = {"lines": [{"n": 1, "quantity": "1.000"}]}
        first = await it.call("POST", path, part, key=new_key())
        assert first.status_code == 201
        view = first.json()
        assert first.headers["location"] == f"/v1/receipts/{view['id']}"
        assert (view["kind"], view["total"]) == ("storno", -120)
        assert view["storno_of"] == {"number": sale["belegnummer"], "receipt": sale["id"]}
        assert view["lines"][0]["cancels"] == 1
        key = new_key()
        rest = await it.call("POST", path, key=key)
        assert rest.json()["total"] == -240
        again = await it.call("POST", path, key=key)
        assert again.json() == rest.json()
        assert again.headers["idempotent-replay"] == "true"
        nothing = await it.call("POST", path, key=new_key())
        assert (nothing.status_code, nothing.json()["code"]) == (409, "storno_impossible")
        it.shop.bons()


async def test_a_reprint_adds_a_copy_to_the_papers(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        sale = await it.completed()
        path = f"/receipts/{sale['id']}"
        copy = await it.call("POST", f"{path}/reprint", key=new_key())
        assert copy.status_code == 200
        papers = [(each["state"], each["copy"]) for each in copy.json()["papers"]]
        assert papers == [("due", False), ("due", True)]
        receipt = await it.opened()
        early = await it.call("POST", f"/receipts/{receipt['id']}/reprint", key=new_key())
        assert (early.status_code, early.json()["code"]) == (409, "receipt_not_completed")


async def test_a_receipt_that_is_being_signed_is_read_when_it_is_durable(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with desk(tmp_path, units=[unit]) as it:
        receipt = await it.opened()
        path = f"/receipts/{receipt['id']}"
        async with writer_held(it.shop):
            body = {"payments": [{"kind": "cash"}]}
            completing = asyncio.ensure_future(
                it.call("POST", f"{path}/complete", body, rev=1, key=new_key())
            )
            await until(lambda: receipt["id"] not in it.shop.register().open)
            reading = asyncio.ensure_future(it.call("GET", path))
            await asyncio.sleep(0)
            assert not reading.done()
        done, read = await completing, await reading
        assert read.json() == done.json()


async def test_a_caller_that_hangs_up_during_complete_gets_its_result_by_the_same_key(
    tmp_path: Path,
) -> None:
    unit = HeldUnit("card", "card")
    async with desk(tmp_path, units=[unit]) as it:
        receipt, key = await it.opened(), new_key()
        path = f"/receipts/{receipt['id']}/complete"
        body = {"payments": [{"kind": "cash"}]}
        unit.gate.clear()
        hasty = asyncio.ensure_future(it.call("POST", path, body, rev=1, key=key))
        await until(lambda: unit.asked > 1)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        unit.gate.set()
        again = await it.call("POST", path, body, rev=1, key=key)
        assert again.status_code == 200
        assert again.json()["state"] == "completed"
        assert len(it.shop.bons()) == 2


async def test_an_outage_is_told_on_the_receipt(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with desk(tmp_path, units=[unit]) as it:
        unit.damaged = True
        sale = await it.completed()
        assert sale["signed"] is False
        assert sale["outage"]["first_number"] == sale["number"]
        assert (await it.call("GET", f"/receipts/{sale['id']}")).json() == sale


async def test_a_total_that_cannot_be_worked_out_is_a_fault_in_the_view(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened(line(), line(unit_cents=100))
        path = f"/receipts/{receipt['id']}"
        await it.call("POST", f"{path}/discount", {"cents": 200}, rev=1)
        await it.call("DELETE", f"{path}/lines/1", rev=2)
        view = (await it.call("GET", path, headers={"Accept-Language": "en"})).json()
        assert (view["total"], view["due"], view["totals"]) == (None, None, {})
        assert view["fault"]["code"] == "discount_impossible"
        assert view["fault"]["title"] == "The discount exceeds the amount"
        completed = await it.call("POST", f"{path}/complete", rev=3, key=new_key())
        assert completed.json()["code"] == "discount_impossible"


@pytest.mark.parametrize(
    "receipt_id", ["unknown", "x" * 65, "%00", "..%2f..", "%20", "0" * 64, "%F0%9F%92%A9"]
)
async def test_an_unknown_receipt_is_not_found_whatever_its_name(
    tmp_path: Path, receipt_id: str
) -> None:
    async with desk(tmp_path) as it:
        answer = await it.call("GET", f"/receipts/{receipt_id}")
        assert answer.status_code == 404
        for action in ("abort", "complete", "storno", "reprint"):
            body = {"reason": "x"} if action == "abort" else None
            path = f"/receipts/{receipt_id}/{action}"
            more: dict[str, Any] = {} if action in ("storno", "reprint") else {"rev": 1}
            answer = await it.call("POST", path, body, key=new_key(), **more)
            assert answer.status_code == 404


async def test_lists_begin_with_open_receipts_and_walk_ended_ones_backwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "SLICE", 7)
    monkeypatch.setattr(lookup, "MAX_LOOKED_AT", 20)
    async with desk(tmp_path, registers=("K1", "K2")) as it:
        ended = []
        for number in range(12):
            it.shop.clock.advance(60)
            if number % 4 == 3:
                receipt = await it.opened()
                path = f"/receipts/{receipt['id']}/abort"
                await it.call("POST", path, {"reason": "x"}, rev=1, key=new_key())
                ended.append(receipt["id"])
            else:
                register = "K2" if number % 2 else "K1"
                ended.append((await it.completed(register_id=register))["id"])
        still = [(await it.opened())["id"] for _ in range(2)]

        async def pages(**query: str | int) -> list[str]:
            found, params = [], {"limit": 5, **query}
            while True:
                page = (await it.call("GET", "/receipts", params=params)).json()
                assert sum(each["ended"] is not None for each in page["receipts"]) <= 5
                found += [each["id"] for each in page["receipts"]]
                if page["next"] is None:
                    return found
                params["before"] = page["next"]

        everything = await pages()
        assert sorted(everything[:2]) == sorted(still)
        starts = everything[-2:]
        assert everything[2:-2] == ended[::-1]
        assert await pages(state="open") == everything[:2]
        assert await pages(state="ended") == [*ended[::-1], *starts]
        assert await pages(state="aborted") == [ended[number] for number in (11, 7, 3)]
        # 1, 5 and 9 were K2's; 3, 7 and 11 were aborted at K1.
        assert await pages(register="K2", state="completed", limit=2) == [
            *(ended[number] for number in (9, 5, 1)),
            starts[0],
        ]
        now = int(it.shop.clock.now().timestamp() * 1000)
        assert await pages(since=now - 60_000, state="ended") == [ended[11], ended[10]]


async def test_a_page_costs_the_same_however_long_the_journal_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_LOOKED_AT", 40)
    async with desk(tmp_path) as it:
        for _ in range(30):
            await it.completed()
        await it.shop.journal.settle()
        read = 0
        reader = it.shop.journal.reader
        walk = reader.events

        def counted(after: int = 0, upto: int | None = None) -> object:
            nonlocal read
            for event in walk(after, upto):
                read += 1
                yield event

        monkeypatch.setattr(reader, "events", counted)
        few = await it.call("GET", "/receipts", params={"limit": 5})
        assert len(few.json()["receipts"]) == 5
        assert read <= lookup.SLICE
        read = 0
        none = await it.call("GET", "/receipts", params={"state": "expired"})
        assert none.json()["receipts"] == []
        assert none.json()["next"] is not None
        assert read == 40


async def test_a_list_shows_of_an_aborted_receipt_what_is_known(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened(parked_id="p-1", reference="Tisch 4")
        path = f"/receipts/{receipt['id']}/abort"
        await it.call("POST", path, {"reason": "Irrtum"}, rev=1, key=new_key())
        found = (await it.call("GET", "/receipts?state=aborted")).json()["receipts"][0]
        assert found["parked_id"] == "p-1"
        assert (found["kind"], found["reason"], found["total"]) == ("sale", "Irrtum", None)
        assert found["opened"] == receipt["opened"]


@pytest.mark.parametrize(
    "query",
    ["state=paid", "since=yesterday", "limit=0", "limit=201", "limit=x", "before=-1", "since=1.5"],
)
async def test_a_list_with_a_wrong_filter_names_it(tmp_path: Path, query: str) -> None:
    async with desk(tmp_path) as it:
        answer = await it.call("GET", f"/receipts?{query}")
        assert answer.status_code == 400
        assert answer.json()["problems"][0].startswith(query.partition("=")[0])


async def test_a_journal_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        path = f"/receipts/{receipt['id']}"
        it.shop.disk_full()
        lines = [line(text="x" * 200) for _ in range(60)]
        refused = await it.call("POST", "/receipts", {"register_id": "K1", "lines": lines})
        assert refused.status_code == 507
        assert refused.json()["code"] == "disk_full"
        it.shop.disk_full(full=False)
        assert (await it.call("GET", path)).json() == receipt
        opened = it.shop.events(events.OPENED)
        assert [event.receipt for event in opened] == [receipt["id"]]
        technician = await it.call("GET", "/registers/K1", as_=TECHNICIAN)
        assert technician.json()["open"] == 1
