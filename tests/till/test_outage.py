"""Signing units that fail: outage, second unit, return, Sammelbeleg."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.fiscal.rksv.unit_faults import SignatureNeeded, SigningBusy
from bridge.fiscal.rksv.units import Signature
from bridge.journal.faults import DiskFull
from bridge.model import events
from bridge.till.faults import NoOutage, RegisterNotStarted
from bridge.till.register import Done
from drivers.contract.signing import UnitRecord
from simulators.soft_unit import SoftUnit
from tests.till.harness import HeldUnit, Shop, SwappedUnit, big, line, new_key, until


def kinds(shop: Shop) -> list[tuple[str, bool]]:
    """Return kind and signedness of all receipts."""
    numbered = shop.journal.reader.numbered("K1")
    return [(event.data()["kind"], event.data()["signed"]) for event in numbered]


async def test_a_failed_unit_means_outage_text_with_the_last_suite_and_serial(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        await shop.sale()
        shop.soft[0].damaged = True
        done = await shop.sale(line(cents=77))
        assert done.event.data()["signed"] is False
        bons = shop.bons()
        assert [bon.signed for bon in bons] == [True, True, False]
        assert (bons[2].suite, bons[2].serial) == (bons[1].suite, bons[1].serial)
        assert bons[2].counter == 197
        begun = shop.events(events.OUTAGE_BEGIN)
        assert [(event.register, event.data()["first_number"]) for event in begun] == [("K1", 3)]
        assert begun[0].data()["since"] == "2026-11-21T10:00:00"


async def test_training_and_storno_in_an_outage_bear_the_outage_text(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        shop.soft[0].damaged = True
        await shop.sale(kind="training")
        await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        await shop.sale()
        await shop.own("null")
        bons = shop.bons()
        assert [bon.signed for bon in bons] == [True, True, False, False, False, False]
        assert [bon.field_10 for bon in bons[2:4]] == ["VFJB", "U1RP"]
        assert bons[-1].counter == 120


async def test_while_the_outage_lasts_no_unit_is_asked(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit]) as shop:
        unit.damaged = True
        await shop.sale()
        asked = unit.asked
        for _ in range(5):
            await shop.sale()
        assert unit.asked == asked
        assert len(shop.events(events.OUTAGE_BEGIN)) == 1


async def test_a_second_unit_takes_over_without_an_outage(tmp_path: Path) -> None:
    first, second = SoftUnit("first", "1"), SoftUnit("second", "2", vda="AT1")
    async with Shop(tmp_path, units=[first, second]) as shop:
        await shop.sale()
        first.damaged = True
        await shop.sale()
        second.damaged = True
        await shop.sale()
        bons = shop.bons()
        assert [bon.signed for bon in bons] == [True, True, True, False]
        assert [bon.suite for bon in bons] == ["R1-AT100", "R1-AT100", "R1-AT1", "R1-AT1"]
        assert bons[2].serial == bons[3].serial != bons[1].serial
        assert len(shop.events(events.OUTAGE_BEGIN)) == 1
        assert len(shop.events(events.UNIT_RECORDED)) == 2


async def test_number_time_and_counter_are_the_same_for_all_tries(tmp_path: Path) -> None:
    first, second = HeldUnit("first", "1"), SoftUnit("second", "2")
    async with Shop(tmp_path, units=[first, second]) as shop:
        receipt = await shop.open()
        first.gate.clear()
        completing = asyncio.ensure_future(shop.complete(receipt))
        await until(lambda: first.asked > 1)
        first.damaged = True
        shop.clock.advance(3)
        first.gate.set()
        await completing
        bon = shop.bons()[-1]
        assert (bon.number, bon.time, bon.counter) == ("2", "2026-11-21T10:00:00", 120)


async def test_a_unit_that_is_too_slow_is_out(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit], outage_limit_s=0.01) as shop:
        unit.gate.clear()
        await shop.sale()
        assert [bon.signed for bon in shop.bons()] == [True, False]
        fault = shop.units[0].fault
        assert fault is not None
        assert fault.code == "signing_unit_slow"


async def test_a_foreign_signature_never_reaches_the_journal(tmp_path: Path) -> None:
    unit = SwappedUnit("card", "card")
    async with Shop(tmp_path, units=[unit]) as shop:
        await shop.sale()
        unit.swapped = True
        await shop.sale()
        assert [bon.signed for bon in shop.bons()] == [True, True, False]
        fault = shop.units[0].fault
        assert fault is not None
        assert fault.code == "signature_foreign"


async def test_the_return_of_the_unit_ends_the_outage_with_a_sammelbeleg(tmp_path: Path) -> None:
    async with Shop(tmp_path, number_prefix="W-") as shop:
        shop.soft[0].damaged = True
        for _ in range(3):
            await shop.sale()
        assert await shop.look() is False
        assert len(shop.bons()) == 4
        shop.soft[0].damaged = False
        assert await shop.look() is True
        collective = shop.journal.reader.by_number("K1", 5)
        assert collective is not None
        body = collective.data()
        assert body["kind"] == "collective"
        assert (body["ended_outage"]["first"], body["ended_outage"]["last"]) == ("W-2", "W-4")
        ended = shop.events(events.OUTAGE_END)
        assert [event.data()["last_number"] for event in ended] == [4]
        assert shop.register().head.outage is None
        await shop.sale()
        assert [bon.signed for bon in shop.bons()] == [True, False, False, False, True, True]
        assert shop.bons()[4].amounts == (0, 0, 0, 0, 0)
        assert shop.bons()[4].counter == 360


@pytest.mark.parametrize("next_receipt", ["sale", "training", "storno", "null", "month"])
async def test_the_sammelbeleg_comes_before_the_next_receipt(
    tmp_path: Path, next_receipt: str
) -> None:
    async with Shop(tmp_path) as shop:
        sold = await shop.sale()
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        # The unit is back, but nobody had time for the Sammelbeleg yet.
        assert await shop.units[0].wake()
        if next_receipt == "storno":
            await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        elif next_receipt in {"null", "month"}:
            await shop.own(next_receipt)
        else:
            await shop.sale(kind=next_receipt)
        assert kinds(shop)[2:] == [("sale", False), ("collective", True), (next_receipt, True)]
        shop.bons()


async def test_a_refused_command_makes_no_sammelbeleg(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        await shop.units[0].wake()
        before = len(shop.events())
        with pytest.raises(Exception, match="payment_missing"):
            await shop.complete(receipt, payments=[])
        assert len(shop.events()) == before


async def test_a_sammelbeleg_that_fails_leaves_the_outage_as_it_is(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        await shop.units[0].wake()
        shop.soft[0].damaged = True
        await shop.sale()
        assert kinds(shop)[1:] == [("sale", False), ("sale", False)]
        outage = shop.register().head.outage
        assert outage is not None
        assert (outage.first_number, outage.last_number, outage.count) == (2, 3, 2)


async def test_an_outage_survives_a_restart_with_its_duty(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop:
        shop.soft[0].damaged = True
        await shop.sale()
        await shop.sale()
    async with shop.again() as later:
        # The unit could not be read at all in this run.
        assert later.units[0].record is None
        outage = later.register().head.outage
        assert outage is not None
        assert (outage.first_number, outage.last_number) == (2, 3)
        await later.sale()
        assert len(later.events(events.OUTAGE_BEGIN)) == 1
        later.soft[0].damaged = False
        await later.look()
        await later.sale()
        assert kinds(later)[4:] == [("collective", True), ("sale", True)]
        ended = next(iter(later.events(events.OUTAGE_END))).data()
        assert (ended["first_number"], ended["last_number"]) == (2, 4)
    async with shop.again() as last:
        assert last.register().head.outage is None
        last.bons()


async def test_every_register_ends_its_own_outage(tmp_path: Path) -> None:
    async with Shop(tmp_path, registers=("K1", "K2", "K3")) as shop:
        shop.soft[0].damaged = True
        await shop.sale(register="K1")
        await shop.sale(register="K3")
        shop.soft[0].damaged = False
        await shop.look()
        assert [len(shop.bons(name)) for name in ("K1", "K2", "K3")] == [3, 1, 3]


async def test_a_full_disk_does_not_keep_units_from_being_found_back(
    tmp_path: Path,
) -> None:
    """The Sammelbeleg cannot be written; the unit is used all the same, and the duty stays."""
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        filling = await shop.open(*big())
        shop.disk_full()
        with pytest.raises(DiskFull):
            await asyncio.gather(*(shop.sale() for _ in range(20)))
        await shop.till.finish()
        assert await shop.look() is True
        await shop.till.finish()
        assert shop.register().head.outage is not None
        shop.disk_full(False)
        await shop.complete(filling)
        assert shop.register().head.outage is None
        assert kinds(shop)[-2:] == [("collective", True), ("sale", True)]
        shop.bons()


@pytest.mark.parametrize("kind", ["month", "year", "collective"])
async def test_receipts_that_must_be_signed_refuse_the_outage_text(
    tmp_path: Path, kind: str
) -> None:
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.sale()
        with pytest.raises(SignatureNeeded):
            await shop.own(kind)
        assert len(shop.bons()) == 2
        shop.soft[0].damaged = False
        await shop.units[0].wake()
        await shop.own(kind)
        assert kinds(shop)[2] == ("collective", True)


async def test_a_register_that_never_had_a_startbeleg_makes_nothing(tmp_path: Path) -> None:
    async with Shop(tmp_path, start=False) as shop:
        receipt = await shop.open()
        with pytest.raises(RegisterNotStarted):
            await shop.complete(receipt)
        for kind in ("null", "month", "year", "collective", "closing"):
            with pytest.raises(RegisterNotStarted):
                await shop.own(kind)
        shop.soft[0].damaged = True
        with pytest.raises(SignatureNeeded):
            await shop.own("start")
        assert not shop.bons()
        shop.soft[0].damaged = False
        await shop.look()
        await shop.own("start")
        await shop.complete(receipt)
        assert len(shop.bons()) == 2


async def test_a_sammelbeleg_without_outage_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        with pytest.raises(NoOutage):
            await shop.own("collective")


async def held(shop: Shop, unit: HeldUnit) -> asyncio.Task[Done]:
    """Let the second register hold the unit."""
    other = await shop.open(register="K2")
    unit.gate.clear()
    asked = unit.asked
    holding = asyncio.ensure_future(shop.complete(other))
    await until(lambda: unit.asked > asked)
    return holding


async def test_waiting_for_other_registers_is_busy_and_no_outage(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit], registers=("K1", "K2"), queue_limit_s=0.01) as shop:
        receipt = await shop.open()
        before = len(shop.events())
        holding = await held(shop, unit)
        with pytest.raises(SigningBusy):
            await shop.complete(receipt)
        assert shop.receipt(receipt.id) == receipt
        assert len(shop.events()) == before + 1
        unit.gate.set()
        await holding
        await shop.complete(receipt)
        assert [bon.signed for bon in shop.bons("K1") + shop.bons("K2")] == [True] * 4


async def test_a_second_unit_signs_when_the_first_is_held_too_long(tmp_path: Path) -> None:
    unit = HeldUnit("first", "1")
    units = [unit, SoftUnit("second", "2")]
    async with Shop(tmp_path, units=units, registers=("K1", "K2"), queue_limit_s=0.01) as shop:
        holding = await held(shop, unit)
        await shop.sale()
        units[1].damaged = True
        with pytest.raises(SigningBusy):
            await shop.sale()
        unit.gate.set()
        await holding
        assert len(shop.bons("K1")) == 2
        assert not shop.events(events.OUTAGE_BEGIN)


async def test_a_receipt_never_overtakes_the_sammelbeleg_because_the_unit_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt signed in its place could make it too late by the law's count."""
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.sale()
        shop.soft[0].damaged = False
        await shop.units[0].wake()
        receipt = await shop.open()
        real = shop.units[0].sign
        busy = [True, False]

        async def held_once(build: Callable[[UnitRecord], bytes]) -> Signature | None:
            if busy.pop(0):
                raise SigningBusy("held by another register")
            return await real(build)

        monkeypatch.setattr(shop.units[0], "sign", held_once)
        with pytest.raises(SigningBusy):
            await shop.complete(receipt)
        monkeypatch.undo()
        assert busy == [False]
        await shop.complete(receipt)
        assert kinds(shop)[1:] == [("sale", False), ("collective", True), ("sale", True)]


async def test_a_unit_that_fails_while_others_wait_for_it_fails_all_of_them(
    tmp_path: Path,
) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit], registers=("K1", "K2")) as shop:
        holding = await held(shop, unit)
        asked = unit.asked
        waiting = asyncio.ensure_future(shop.sale())
        await until(lambda: shop.units[0]._queued == 1)
        unit.damaged = True
        unit.gate.set()
        await asyncio.gather(holding, waiting)
        assert unit.asked == asked
        assert not shop.bons("K1")[-1].signed
        assert not shop.bons("K2")[-1].signed


async def test_a_unit_that_is_held_is_looked_for_again(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit], registers=("K1", "K2"), queue_limit_s=0.01) as shop:
        holding = await held(shop, unit)
        shop.units[0]._out(SigningBusy("as if it had failed"))
        assert await shop.look() is False
        unit.gate.set()
        await holding
        assert await shop.look() is True


async def test_a_unit_that_is_out_is_looked_for_again_and_again(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        shop.soft[0].damaged = True
        await shop.sale()
        async with shop.watching():
            for round_ in range(4):
                await until(lambda: len(shop.clock.sleeping) == 1)
                assert shop.clock.sleeping == [30.0]
                shop.soft[0].damaged = round_ < 3
                shop.clock.advance(30)
            await until(lambda: shop.register().head.outage is None)
        await shop.till.finish()
        assert kinds(shop)[1:] == [("sale", False), ("collective", True)]
