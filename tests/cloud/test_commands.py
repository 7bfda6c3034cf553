"""A cloud's commands: what they do at the counter, what they are refused for."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.cloud import envelope
from bridge.journal.event import WriteSet
from bridge.model import events
from tests.cloud.box import PEER, box_and_cloud, linked
from tests.cloud.scripted import ScriptedCloud, eventually, pushed_line
from tests.till.harness import Shop, line


def opened(shop: Shop) -> list[Any]:
    return shop.events(events.OPENED)


async def test_a_pushed_receipt_is_opened_acknowledged_and_reported(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        sent = await visit.open(
            1,
            "P-1",
            reference="R-1",
            note="Tisch 7",
            customer={"name": "Frau Huber", "address": ["Gasse 1", "1010 Wien"], "uid": "ATU1"},
            lines=[pushed_line(), pushed_line("Kaffee", 390, quantity="2", rate="normal")],
        )
        assert await visit.result(sent) == {"state": "done"}
        await visit.until(lambda: visit.acked() == 1)
        report = await visit.got(envelope.RECEIPT_OPENED)
        [receipt] = box.shop.register().open.values()
        assert report.data == {
            "parked_id": "P-1",
            "reference": "R-1",
            "receipt_id": receipt.id,
            "register": "K1",
        }
        assert (receipt.origin, receipt.parked_id, receipt.note) == (PEER, "P-1", "Tisch 7")
        assert [each.cents for each in receipt.lines] == [120, 780]
        assert receipt.customer is not None
        assert receipt.customer.address == ("Gasse 1", "1010 Wien")


async def test_effect_and_acknowledgement_are_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        written: list[WriteSet] = []
        submit = box.shop.journal.submit

        def watched(write: WriteSet, *more: Any) -> Any:
            written.append(write)
            return submit(write, *more)

        monkeypatch.setattr(box.shop.journal, "submit", watched)
        await visit.result(await visit.open(1, "P-1"))
        await visit.until(lambda: visit.acked() == 1)
        assert [[new.kind for new in write.events] for write in written] == [
            [events.OPENED, events.CLOUD_TAKEN]
        ]
        first, second = box.shop.events()[-2:]
        assert (first.kind, second.kind) == (events.OPENED, events.CLOUD_TAKEN)
        assert second.seq == first.seq + 1
        body = second.data()
        assert body == {
            "peer": PEER,
            "seq": 1,
            "id": "id-1",
            "type": envelope.RECEIPT_OPEN,
            "state": "done",
        }


async def test_a_receipt_that_is_open_already_is_not_opened_twice(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        for seq in (1, 2, 3):
            await visit.open(seq, "P-1")
        for seq in (1, 2, 3):
            assert await visit.result(f"id-{seq}") == {"state": "done"}
        assert len(opened(box.shop)) == 1


async def test_a_parked_receipt_that_was_sold_is_never_opened_again(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.open(1, "P-1")
        await visit.got(envelope.RECEIPT_OPENED)
        [receipt] = box.shop.register().open.values()
        await box.shop.complete(receipt)
        again = await visit.command(
            2,
            envelope.RECEIPT_OPEN,
            {"parked_id": "P-1", "lines": [pushed_line()]},
            key="new-key-2",
        )
        assert (await visit.result(again))["code"] == "parked_completed"
        assert len(opened(box.shop)) == 1


async def test_a_parked_receipt_that_was_aborted_may_be_opened_anew(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.open(1, "P-1")
        await visit.got(envelope.RECEIPT_OPENED)
        [receipt] = box.shop.register().open.values()
        await box.shop.do(
            "abort", receipt=receipt.id, rev=receipt.rev, key="abort-key", reason="Irrtum"
        )
        again = await visit.command(
            2,
            envelope.RECEIPT_OPEN,
            {"parked_id": "P-1", "lines": [pushed_line()]},
            key="new-key-2",
        )
        assert await visit.result(again) == {"state": "done"}
        assert len(opened(box.shop)) == 2


async def test_a_key_used_again_under_a_new_number_has_no_second_effect(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        data = {"parked_id": "P-1", "lines": [pushed_line()]}
        for seq in (1, 2):
            sent = await visit.command(seq, envelope.RECEIPT_OPEN, data, key="the-same-key")
            assert await visit.result(sent) == {"state": "done"}
        other = await visit.command(
            3, envelope.RECEIPT_OPEN, {**data, "note": "anders"}, key="the-same-key"
        )
        assert (await visit.result(other))["code"] == "key_reused"
        assert len(opened(box.shop)) == 1


async def test_a_withdrawn_receipt_is_gone_and_reported(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.open(1, "P-1", reference="R-1")
        sent = await visit.command(2, envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"})
        assert await visit.result(sent) == {"state": "done"}
        report = await visit.got(envelope.RECEIPT_WITHDRAWN)
        assert report.data["parked_id"] == "P-1"
        assert report.data["reference"] == "R-1"
        assert not box.shop.register().open
        again = await visit.command(
            3, envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"}, key="command-2"
        )
        assert await visit.result(again) == {"state": "done"}
        late = await visit.command(4, envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"})
        assert (await visit.result(late))["code"] == "receipt_not_open"


async def test_a_receipt_in_use_cannot_be_withdrawn(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.result(await visit.open(1, "P-1"))
        [receipt] = box.shop.register().open.values()
        await box.shop.do("add_line", receipt=receipt.id, rev=receipt.rev, line=line())
        sent = await visit.command(2, envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"})
        assert await visit.result(sent) == {
            "state": "refused",
            "code": "in_use",
            "detail": receipt.id,
            "retryable": False,
        }
        assert receipt.id in box.shop.register().open


async def test_a_cloud_cannot_withdraw_what_another_one_parked(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        await box.shop.open(origin="other", parked_id="P-1")
        visit = await cloud.welcomed()
        sent = await visit.command(1, envelope.RECEIPT_WITHDRAW, {"parked_id": "P-1"})
        assert (await visit.result(sent))["code"] == "receipt_unknown"
        assert len(box.shop.register().open) == 1


REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "no expiry": (envelope.RECEIPT_OPEN, {}, {"exp": None}, "expiry_missing"),
    "no expiry of a withdrawal": (
        envelope.RECEIPT_WITHDRAW,
        {"parked_id": "P-0"},
        {"exp": None},
        "expiry_missing",
    ),
    "expired": (envelope.RECEIPT_OPEN, {}, {"late": True}, "command_expired"),
    "foreign register": (envelope.RECEIPT_OPEN, {"register": "K2"}, {}, "register_unknown"),
    "unknown register": (envelope.RECEIPT_OPEN, {"register": "K9"}, {}, "register_unknown"),
    "unknown rate": (
        envelope.RECEIPT_OPEN,
        {"lines": [pushed_line(rate="luxury")]},
        {},
        "rate_unknown",
    ),
    "bad quantity": (
        envelope.RECEIPT_OPEN,
        {"lines": [pushed_line(quantity="1,5")]},
        {},
        "command_invalid",
    ),
    "blank edge": (envelope.RECEIPT_OPEN, {"note": " x"}, {}, "command_invalid"),
    "blank edge of the parked id": (
        envelope.RECEIPT_OPEN,
        {"parked_id": "P "},
        {},
        "command_invalid",
    ),
    "underscore": (envelope.RECEIPT_OPEN, {"register": "K_1"}, {}, "register_unknown"),
    "too long a name": (
        envelope.RECEIPT_OPEN,
        {"customer": {"name": "x" * 101}},
        {},
        "command_invalid",
    ),
    "a float as cents": (
        envelope.RECEIPT_OPEN,
        {"lines": [{**pushed_line(), "unit_cents": 1.2}]},
        {},
        "frame_invalid",
    ),
    "amount too large": (
        envelope.RECEIPT_OPEN,
        {"lines": [pushed_line(cents=10**9, quantity="9")]},
        {},
        "amount_limit",
    ),
    "no parked id": (envelope.RECEIPT_OPEN, {"parked_id": None}, {}, "frame_invalid"),
    "unknown parked id": (
        envelope.RECEIPT_WITHDRAW,
        {"parked_id": "P-0"},
        {},
        "receipt_unknown",
    ),
    "unknown type": ("receipt.explode", {}, {}, "unsupported_type"),
    "control characters in the key": (
        envelope.RECEIPT_OPEN,
        {},
        {"key": "12345678\n"},
        "command_invalid",
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_a_bad_command_is_refused_acknowledged_and_without_effect(
    tmp_path: Path, case: str
) -> None:
    kind, data, more, code = REFUSED[case]
    async with box_and_cloud(tmp_path, registers_of_shop=("K1", "K2"), registers=("K1",)) as (
        box,
        cloud,
    ):
        visit = await cloud.welcomed()
        more = dict(more)
        if more.pop("late", False):
            more["exp"] = box.clock.now() - timedelta(seconds=1)
        fields = {"parked_id": "P-1", "lines": [pushed_line()], **data}
        sent = await visit.command(1, kind, fields, **more)
        result = await visit.result(sent)
        assert (result["state"], result["code"]) == ("refused", code)
        await visit.until(lambda: visit.acked() == 1)
        assert not opened(box.shop)
        good = await visit.open(2, "P-2")
        assert await visit.result(good) == {"state": "done"}


async def test_a_skip_is_taken_without_effect(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.send(envelope.SKIP, {}, seq=1)
        await visit.open(2, "P-1")
        await visit.until(lambda: visit.acked() == 2)
        assert len(opened(box.shop)) == 1


async def test_everything_repeated_three_times_and_shuffled_has_its_effect_once(
    tmp_path: Path,
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        count = envelope.MAX_IN_FLIGHT
        for batch in range(5):
            first = batch * count + 1
            numbers = list(range(first, first + count)) * 3
            chance.shuffle(numbers)
            for seq in numbers:
                await visit.open(seq, f"P-{seq}")
            last = first + count - 1
            await visit.until(lambda last=last: visit.acked() == last)  # type: ignore[misc]  # a default binds it
        total = 5 * count
        await visit.until(lambda: len({f.re for f in visit.of(envelope.RESULT)}) == total)
        parked = [event.data()["parked_id"] for event in opened(box.shop)]
        assert parked == [f"P-{seq}" for seq in range(1, total + 1)]
        taken = [event.data()["seq"] for event in box.shop.events(events.CLOUD_TAKEN)]
        assert sorted(taken) == list(range(1, total + 1))
        assert {f.data["state"] for f in visit.of(envelope.RESULT)} == {"done"}


async def test_a_repetition_gets_the_same_result_again_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.result(await visit.open(1, "P-1"))
        await visit.open(1, "P-1")
        again = await visit.got(envelope.RESULT, 2)
        assert again.id == visit.of(envelope.RESULT)[0].id
        shop = box.shop
    async with (
        shop.again() as later,
        ScriptedCloud(later.clock.now) as cloud,
        linked(later, cloud.url),
    ):
        visit = await cloud.visit()
        assert visit.hello.data["last_in"] == 1
        await visit.welcome(last_out=again.seq)
        await visit.open(1, "P-1")
        repeated = await visit.got(envelope.RESULT)
        assert (repeated.id, repeated.seq) == (again.id, again.seq)
        assert visit.acked() == 1
        assert len(opened(later)) == 1


async def test_a_number_used_for_another_message_is_not_carried_out(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.result(await visit.open(1, "P-1"))
        data = {"parked_id": "P-2", "lines": [pushed_line()]}
        await visit.command(1, envelope.RECEIPT_OPEN, data, id="another", key="another-key")
        error = await visit.got(envelope.ERROR)
        assert (error.re, error.data["code"]) == ("another", "sequence_conflict")
        await eventually(lambda: box.code == "sequence_conflict")
        assert box.part.level == "degraded"
        assert len(opened(box.shop)) == 1


@pytest.mark.parametrize("years", [-10, 10])
async def test_a_clock_ten_years_off_refuses_no_good_command_and_accepts_no_expired_one(
    tmp_path: Path, years: int
) -> None:
    shift = timedelta(days=years * 365)
    async with box_and_cloud(tmp_path, now=lambda clock: clock.now() + shift) as (box, cloud):
        visit = await cloud.welcomed()
        assert await visit.result(await visit.open(1, "P-1")) == {"state": "done"}
        late = await visit.command(
            2,
            envelope.RECEIPT_OPEN,
            {"parked_id": "P-2", "lines": [pushed_line()]},
            exp=cloud.now() - timedelta(seconds=1),
        )
        assert (await visit.result(late))["code"] == "command_expired"
        assert box.part.facts["clock_offset_s"] == shift.total_seconds()


async def test_a_clock_that_jumps_back_while_connected_accepts_no_expired_command(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        exp = box.clock.now() + timedelta(minutes=5)
        box.clock.advance(301)
        box.clock.time -= timedelta(hours=1)
        data = {"parked_id": "P-1", "lines": [pushed_line()]}
        sent = await visit.command(1, envelope.RECEIPT_OPEN, data, exp=exp)
        assert (await visit.result(sent))["code"] == "command_expired"
        assert not opened(box.shop)


async def test_a_full_disk_refuses_nothing_and_acknowledges_nothing_until_there_is_room(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        box.shop.disk_full()
        # More than the pages that happen to be free in the journal.
        lines = [pushed_line("x" * 190)] * 400
        for seq in (1, 2):
            await visit.open(seq, f"P-{seq}", lines=lines)
        await eventually(lambda: box.code == "disk_full")
        assert box.part.level == "degraded"
        assert not visit.of(envelope.RESULT)
        assert visit.acked() <= 0
        box.shop.disk_full(False)
        await eventually(lambda: box.clock.sleeping.count(5.0) == 3)
        box.clock.advance(5)
        await visit.until(lambda: visit.acked() == 2)
        await eventually(lambda: box.part.level == "ok")
        assert len(opened(box.shop)) == 2
