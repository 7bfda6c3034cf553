"""What the cloud is told: everything that concerns it, in order, until it is acknowledged."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from bridge.cloud import envelope
from bridge.cloud.envelope import Frame
from bridge.journal.event import NewEvent, WriteSet
from bridge.model import events
from simulators.soft_unit import SoftUnit
from tests.cloud.box import PEER, box_and_cloud, linked
from tests.cloud.scripted import ScriptedCloud, Visit, eventually
from tests.conftest import Scale
from tests.till.harness import Shop, line, new_key


def chained(frames: list[Frame], begin: int) -> None:
    """Check that each frame names the one before it and that numbers rise."""
    before = begin
    for frame in frames:
        assert frame.prev == before
        assert frame.seq is not None
        assert frame.seq > before
        before = frame.seq


async def test_a_completed_receipt_is_reported_with_all_that_the_contract_names(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.result(await visit.open(1, "P-1", reference="R-1"))
        [receipt] = box.shop.register().open.values()
        done = await box.shop.complete(receipt)
        report = await visit.got(envelope.RECEIPT_COMPLETED)
        body = done.event.data()
        [bon] = box.shop.bons()[-1:]
        code = report.data.pop("code")
        assert code.startswith(f"_R1-AT100_KASSE-K1_{bon.number}_{body['time']}_")
        assert report.data == {
            "parked_id": "P-1",
            "reference": "R-1",
            "receipt_id": receipt.id,
            "register": "K1",
            "kind": "sale",
            "number": done.event.number,
            "belegnummer": body["belegnummer"],
            "time": body["time"],
            "totals": {"reduced1": 120},
            "total": 120,
            "payments": [{"kind": "cash", "cents": 120}],
        }


async def test_receipts_of_the_counter_are_reported_too_and_those_of_others_are_not(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path, registers_of_shop=("K1", "K2"), registers=("K1",)) as (
        box,
        cloud,
    ):
        visit = await cloud.welcomed()
        await box.ready()
        shop = box.shop
        await shop.sale(origin="other", parked_id="P-1")
        await shop.sale(register="K2")
        mine = await shop.sale()
        storno = await shop.do("storno", receipt=mine.event.receipt, key=new_key())
        elsewhere = await shop.sale(register="K2", origin=PEER, parked_id="P-2")
        await visit.got(envelope.RECEIPT_COMPLETED, 3)
        assert [f.data["receipt_id"] for f in visit.of(envelope.RECEIPT_COMPLETED)] == [
            mine.event.receipt,
            storno.event.receipt,
            elsewhere.event.receipt,
        ]
        assert [f.data["kind"] for f in visit.of(envelope.RECEIPT_COMPLETED)] == [
            "sale",
            "storno",
            "sale",
        ]
        assert [f.data["parked_id"] for f in visit.of(envelope.RECEIPT_OPENED)] == ["P-2"]


async def test_aborted_and_expired_receipts_are_reported_to_the_cloud_that_parked_them(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        shop = box.shop
        soon = "2026-11-21T09:01:00Z"
        for origin in (PEER, "other", "operator"):
            receipt = await shop.open(origin=origin, parked_id=f"A-{origin}")
            await shop.do(
                "abort", receipt=receipt.id, rev=receipt.rev, key=new_key(), reason="Irrtum"
            )
            await shop.open(origin=origin, parked_id=f"E-{origin}", receipt_expires=soon)
        await shop.open()
        box.clock.advance(120)
        assert len(await shop.till.expire()) == 3
        await visit.got(envelope.RECEIPT_EXPIRED)
        [aborted] = visit.of(envelope.RECEIPT_ABORTED)
        assert (aborted.data["parked_id"], aborted.data["reason"]) == (f"A-{PEER}", "Irrtum")
        [expired] = visit.of(envelope.RECEIPT_EXPIRED)
        assert expired.data["parked_id"] == f"E-{PEER}"
        assert expired.data["register"] == "K1"


async def test_an_outage_is_reported_with_its_receipts(tmp_path: Path) -> None:
    unit = SoftUnit("card", "card")
    async with (
        Shop(tmp_path, units=[unit]) as shop,
        ScriptedCloud(shop.clock.now) as cloud,
        linked(shop, cloud.url) as box,
    ):
        visit = await cloud.welcomed()
        await box.ready()
        unit.damaged = True
        await shop.sale()
        begin = await visit.got(envelope.OUTAGE_BEGIN)
        assert (begin.data["register"], begin.data["first_number"]) == ("K1", 2)
        [_, last] = visit.numbered()
        assert last.type == envelope.OUTAGE_BEGIN


async def test_numbers_rise_and_each_frame_names_the_one_before(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        for _ in range(5):
            await box.shop.sale()
        await visit.got(envelope.RECEIPT_COMPLETED, 5)
        chained(visit.numbered(), 0)
        journal_id = box.shop.journal.reader.meta("journal_id")
        assert [f.id for f in visit.numbered()] == [
            f"{journal_id}-{f.seq}" for f in visit.numbered()
        ]


async def test_what_happened_before_the_cloud_was_known_is_never_reported(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
        async with ScriptedCloud(shop.clock.now) as cloud, linked(shop, cloud.url):
            visit = await cloud.welcomed()
            later = await shop.sale()
            report = await visit.got(envelope.RECEIPT_COMPLETED)
            assert report.data["receipt_id"] == later.event.receipt
    async with (
        shop.again() as shop,
        ScriptedCloud(shop.clock.now) as cloud,
        linked(shop, cloud.url),
    ):
        visit = await cloud.welcomed(last_out=0)
        report = await visit.got(envelope.RECEIPT_COMPLETED)
        assert report.data["receipt_id"] == later.event.receipt
        assert len(shop.events(events.CLOUD_JOINED)) == 1


async def test_after_a_break_the_box_sends_from_where_the_cloud_is_with_the_same_ids(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        visit.acks_events = False
        await visit.welcome()
        for _ in range(5):
            await box.shop.sale()
        await visit.got(envelope.RECEIPT_COMPLETED, 5)
        first = visit.numbered()
        visit.connection.transport.abort()
        await box.again()
        later = await cloud.visit()
        has = first[1].seq
        await later.welcome(last_out=has)
        await later.got(envelope.RECEIPT_COMPLETED, 3)
        again = later.numbered()
        assert [(f.id, f.seq, f.data) for f in again] == [(f.id, f.seq, f.data) for f in first[2:]]
        chained(again, has or 0)


async def test_a_cloud_restored_from_a_backup_gets_everything_again_from_there(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        for _ in range(4):
            await box.shop.sale()
        await visit.got(envelope.RECEIPT_COMPLETED, 4)
        progress = box.link._here.progress
        await eventually(lambda: progress.acknowledged == visit.numbered()[-1].seq)
        await visit.close()
        await box.again()
        restored = await cloud.visit()
        assert restored.hello.data["first_unacked"] is None
        await restored.welcome(last_out=visit.numbered()[0].seq)
        await restored.got(envelope.RECEIPT_COMPLETED, 3)
        assert [f.id for f in restored.numbered()] == [f.id for f in visit.numbered()[1:]]


async def test_a_cloud_that_claims_more_than_there_is_changes_nothing_but_the_board(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed(last_out=1_000_000)
        await eventually(lambda: box.code == "cloud_ahead")
        sold = await box.shop.sale()
        report = await visit.got(envelope.RECEIPT_COMPLETED)
        assert report.data["receipt_id"] == sold.event.receipt


async def test_no_more_than_the_window_is_sent_ahead_and_acks_do_not_wait_for_it(
    tmp_path: Path,
) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        visit.acks_events = False
        await visit.welcome(limits={"window": 3})
        for _ in range(8):
            await box.shop.sale()
        await visit.open(1, "P-1")
        await visit.until(lambda: visit.acked() == 1)
        assert len(visit.numbered()) == 3
        await visit.ack(visit.numbered()[1].seq or 0)
        await visit.until(lambda: len(visit.numbered()) == 5)
        visit.acks_events = True
        await visit.ack(visit.numbered()[-1].seq or 0)
        await visit.result("id-1")
        await visit.got(envelope.RECEIPT_COMPLETED, 8)
        chained(visit.numbered(), 0)


async def test_an_ack_of_what_was_never_sent_skips_nothing(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        visit.acks_events = False
        await visit.welcome(limits={"window": 2})
        await visit.ack(2**40)
        await visit.send(envelope.PING, {})
        await visit.got(envelope.PONG)
        for _ in range(4):
            await box.shop.sale()
        await visit.until(lambda: len(visit.numbered()) == 2)
        await visit.ack(2**40)
        await visit.until(lambda: len(visit.numbered()) == 4)
        chained(visit.numbered(), 0)
        assert box.link._here.progress.acknowledged <= (visit.numbered()[-1].seq or 0)


async def test_the_cursor_is_kept_every_half_minute_and_at_the_end(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        async with linked(shop, cloud.url) as box:
            visit = await cloud.welcomed()
            await box.ready()
            await shop.sale()
            report = await visit.got(envelope.RECEIPT_COMPLETED)
            reader = shop.journal.reader
            await box.pass_time(25)
            assert reader.cursor(f"cloud:{PEER}") == 0
            await box.pass_time(10)
            await eventually(lambda: reader.cursor(f"cloud:{PEER}") == report.seq)
            await shop.sale()
            last = await visit.got(envelope.RECEIPT_COMPLETED, 2)
            await eventually(lambda: box.link._here.progress.acknowledged == last.seq)
        assert shop.journal.reader.cursor(f"cloud:{PEER}") == last.seq


async def test_a_message_that_the_cloud_finds_too_big_is_sent_once_only(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        visit.acks_events = False
        await visit.welcome()
        await box.ready()
        receipts = [await box.shop.sale() for _ in range(2)]
        big = await box.shop.sale(parked_id="x" * 64, reference="y" * 64)
        await visit.got(envelope.RECEIPT_COMPLETED, 3)
        await visit.close(envelope.CLOSE_TOO_BIG)
        await box.waiting("cloud_frame_refused")
        await box.again()
        later = await cloud.welcomed()
        await later.until(lambda: len(later.numbered()) == 3)
        assert [f.type for f in later.numbered()] == [
            envelope.RECEIPT_COMPLETED,
            envelope.RECEIPT_COMPLETED,
            envelope.SKIP,
        ]
        assert later.numbered()[2].id.endswith(f"-{big.event.seq}")
        assert later.numbered()[0].data["receipt_id"] == receipts[0].event.receipt
        chained(later.numbered(), 0)


async def test_a_limit_of_the_cloud_is_kept(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed(limits={"max_frame_bytes": 1024})
        await box.ready()
        payments = [{"kind": "cash", "cents": 1} for _ in range(20)]
        await box.shop.sale(line(cents=20), note="n")
        receipt = await box.shop.open(line(cents=20), parked_id="z" * 64, reference="ü" * 64)
        await box.shop.complete(receipt, payments=payments)
        await visit.until(lambda: len(visit.numbered()) == 2)
        assert all(len(raw.encode()) <= 1024 for raw in visit.raw[1:])
        assert visit.numbered()[1].type == envelope.SKIP


async def drained(visit: Visit, count: int) -> list[Frame]:
    await visit.until(lambda: len(visit.of(envelope.RECEIPT_ABORTED)) == count)
    return visit.of(envelope.RECEIPT_ABORTED)


async def test_a_long_outage_is_drained_in_order_each_event_once(
    tmp_path: Path, scale: Scale
) -> None:
    count = scale.of(1000, 10_000)
    async with Shop(tmp_path) as shop, ScriptedCloud(shop.clock.now) as cloud:
        async with linked(shop, cloud.url) as box:
            await cloud.welcomed()
            await box.ready()
        opened = await shop.open(origin=PEER, parked_id="P-0")
        written: list[Any] = []
        for n in range(count):
            body = b'{"rev":2,"reason":"%d","parked_id":"P-0"}' % n
            new = NewEvent(events.ABORTED, 0, body, "K1", opened.id)
            written.append(shop.journal.submit(WriteSet((new,))))
        await asyncio.gather(*written)
        async with linked(shop, cloud.url):
            visit = await cloud.welcomed()
            frames = await drained(visit, count)
            assert [frame.data["reason"] for frame in frames] == [str(n) for n in range(count)]
            chained(visit.numbered(), 0)
            assert len({frame.id for frame in visit.numbered()}) == len(visit.numbered())
            last = visit.numbered()[-1].seq
            await eventually(lambda: shop.journal.last_seq == last)


async def test_many_commands_are_drained_after_an_outage_each_once(
    tmp_path: Path, scale: Scale
) -> None:
    count = scale.of(500, 10_000)
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        for seq in range(1, count + 1):
            await visit.until(lambda seq=seq: seq - max(visit.acked(), 0) <= 16)  # type: ignore[misc]  # a default binds it
            await visit.command(seq, envelope.RECEIPT_WITHDRAW, {"parked_id": f"P-{seq}"})
        await visit.until(lambda: len(visit.of(envelope.RESULT)) == count)
        assert [f.re for f in visit.of(envelope.RESULT)] == [
            f"id-{seq}" for seq in range(1, count + 1)
        ]
        assert len(box.shop.events(events.CLOUD_TAKEN)) == count


async def test_hello_says_where_the_box_stands(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await visit.result(await visit.open(1, "P-1"))
        await box.shop.sale()
        await visit.close()
        await box.again()
        later = await cloud.visit()
        hello = later.hello.data
        [receipt] = box.shop.register().open.values()
        last = box.shop.events()[-1]
        sold = box.shop.journal.reader.last_numbered("K1")
        assert sold is not None
        assert (hello["box"], hello["software"], hello["boot"]) == (
            "box-1",
            "bonbridge/0.0",
            "boot-1",
        )
        assert hello["last_in"] == 1
        assert hello["last_out"] == last.seq
        assert hello["open"] == [{"parked_id": "P-1", "receipt_id": receipt.id}]
        assert hello["max_in_flight"] == envelope.MAX_IN_FLIGHT
        assert hello["journal"] == {
            "journal_id": box.shop.journal.reader.meta("journal_id"),
            "seq": last.seq,
            "hash": last.hash.hex(),
            "registers": [{"id": "K1", "number": 2, "counter": 120, "chain": sold.hash.hex()}],
        }


async def known(shop: Shop, **changes: Any) -> dict[str, Any]:
    """Return a journal head as a cloud knows it, with changes at its register."""
    last = shop.journal.reader.last_numbered("K1")
    assert last is not None
    head = {"id": "K1", "number": last.number, "counter": 0, "chain": last.hash.hex(), **changes}
    return {"journal_id": "x", "seq": 1, "hash": "", "registers": [head]}


async def test_a_cloud_that_knows_a_later_receipt_latches_the_register(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        await visit.welcome(journal=await known(box.shop, number=2))
        await box.ready()
        latch = box.shop.register().latch
        assert latch is not None
        assert latch.startswith("journal_behind")
        part = box.board.part("register:K1")
        assert part is not None
        assert (part.level, part.fault and part.fault.code) == ("failed", "journal_behind")
        state = await visit.got(envelope.LATCH_CHANGED)
        assert state.data["fault"]["code"] == "journal_behind"
        await box.shop.open()
        assert [each.register for each in box.shop.events(events.REGISTER_LATCHED)] == ["K1"]


async def test_a_cloud_that_knows_another_receipt_latches_the_register(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.visit()
        await visit.welcome(journal=await known(box.shop, chain="00" * 32))
        await box.ready()
        assert box.shop.register().latch is not None


async def test_a_cloud_that_knows_the_same_or_less_latches_nothing(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        for changes in ({}, {"chain": ""}, {"number": 0, "chain": "ff"}, {"id": "K9"}):
            visit = await cloud.visit()
            await visit.welcome(journal=await known(box.shop, **changes))
            await box.ready()
            assert box.shop.register().latch is None
            await visit.close()
            await box.again()
