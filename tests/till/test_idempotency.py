"""Exactly one effect per key, whoever repeats what, when, and whoever hangs up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.model import events
from bridge.till.faults import (
    CommandExpired,
    KeyReused,
    PaymentMissing,
    ReceiptChanged,
    ReceiptNotOpen,
)
from drivers.contract.fault import Fault
from tests.till.harness import START, HeldUnit, Shop, command, line, new_key, until


async def test_the_same_command_again_gets_the_same_answer_and_no_second_event(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path) as shop:
        key = new_key()
        opening = command("open", register_id="K1", lines=[line()], key=key)
        first, second = await shop.till.execute(opening), await shop.till.execute(opening)
        assert (first.repeated, second.repeated) == (False, True)
        assert first.event == second.event
        receipt = shop.receipt(str(first.event.receipt))
        ending = new_key()
        done = await shop.complete(receipt, key=ending)
        repeated = await shop.complete(receipt, key=ending)
        assert repeated.event == done.event
        assert repeated.repeated
        assert len(shop.events(events.OPENED)) == 1
        assert len(shop.bons()) == 2


@pytest.mark.parametrize(
    "what",
    ["open", "pay", "add_line", "abort", "storno", "register_receipt", "reprint", "complete"],
)
async def test_every_kind_of_command_is_carried_out_once_per_key(tmp_path: Path, what: str) -> None:
    async with Shop(tmp_path) as shop:
        sold = (await shop.sale()).event.receipt
        receipt = await shop.open()
        of = {"receipt": receipt.id, "rev": receipt.rev}
        choices: dict[str, dict[str, Any]] = {
            "open": {"register_id": "K1"},
            "pay": {**of, "payment": {"cents": 20}},
            "add_line": {**of, "line": line()},
            "abort": {**of, "reason": "Irrtum"},
            "storno": {"receipt": sold},
            "register_receipt": {"register_id": "K1", "kind": "null"},
            "reprint": {"receipt": sold},
            "complete": {**of, "payments": [{"kind": "cash"}]},
        }
        wanted = command(what, key=new_key(), **choices[what])
        before = len(shop.events())
        first = await shop.till.execute(wanted)
        answers = await asyncio.gather(*(shop.till.execute(wanted) for _ in range(5)))
        assert {answer.event.seq for answer in answers} == {first.event.seq}
        assert len(shop.events()) == before + 1
    async with shop.again() as later:
        again = await later.till.execute(wanted)
        assert again.repeated
        assert again.event == first.event
        assert len(later.events()) == before + 1


async def test_many_twins_at_once_have_one_effect(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        key = new_key()
        answers = await asyncio.gather(*(shop.complete(receipt, key=key) for _ in range(20)))
        assert {answer.event.seq for answer in answers} == {answers[0].event.seq}
        assert sum(not answer.repeated for answer in answers) == 1
        opening = command("open", register_id="K1", key=new_key())
        opened = await asyncio.gather(*(shop.till.execute(opening) for _ in range(20)))
        assert len({answer.event.receipt for answer in opened}) == 1
        assert len(shop.register().open) == 1
        assert len(shop.bons()) == 2


async def test_a_key_for_something_else_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        key = new_key()
        receipt, other = await shop.open(), await shop.open()
        await shop.complete(receipt, key=key)
        before = len(shop.events())
        with pytest.raises(KeyReused):
            await shop.complete(other, key=key)
        with pytest.raises(KeyReused):
            await shop.complete(receipt, key=key, total_cents=120)
        with pytest.raises(KeyReused):
            await shop.do("open", register_id="K1", key=key)
        with pytest.raises(KeyReused):
            await shop.own("null", key=key)
        assert len(shop.events()) == before
        await shop.complete(other)
        assert len(shop.bons()) == 3


async def test_a_reused_key_disturbs_nobody_else(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        key = new_key()
        first, second, third, *others = [await shop.open() for _ in range(7)]
        await shop.complete(first, key=key)
        results = await asyncio.gather(
            shop.complete(second, key=key),
            *(shop.complete(other) for other in others),
            shop.do("open", register_id="K1"),
            shop.do("add_line", receipt=third.id, rev=third.rev, line=line()),
            return_exceptions=True,
        )
        assert isinstance(results[0], KeyReused)
        assert not [each for each in results[1:] if isinstance(each, BaseException)]
        assert len(shop.bons()) == 6


async def test_a_twin_with_other_content_is_refused_while_the_first_is_under_way(
    tmp_path: Path,
) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit]) as shop:
        receipt, key = await shop.open(), new_key()
        unit.gate.clear()
        first = asyncio.ensure_future(shop.complete(receipt, key=key))
        await until(lambda: unit.asked > 1)
        twin = asyncio.ensure_future(shop.complete(receipt, key=key))
        with pytest.raises(KeyReused):
            await shop.complete(receipt, key=key, total_cents=120)
        unit.gate.set()
        assert (await first).event == (await twin).event
        assert len(shop.bons()) == 2


async def test_an_expired_command_does_nothing(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        before = len(shop.events())
        for expires in (START, START - timedelta(seconds=90)):
            with pytest.raises(CommandExpired):
                await shop.complete(receipt, expires=expires.isoformat())
            with pytest.raises(CommandExpired):
                await shop.do("open", register_id="K1", expires=expires.isoformat())
        assert len(shop.events()) == before
        later = START + timedelta(seconds=1)
        await shop.complete(receipt, expires=later.isoformat())


async def test_a_repeat_after_its_expiry_still_gets_its_answer(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt, key = await shop.open(), new_key()
        expires = (START + timedelta(minutes=5)).isoformat()
        opening = command("open", register_id="K1", key=new_key(), expires=expires)
        done = await shop.complete(receipt, key=key, expires=expires)
        opened = await shop.till.execute(opening)
        shop.clock.advance(3600)
        again = await shop.complete(receipt, key=key, expires=expires)
        assert again.repeated
        assert again.event == done.event
        assert (await shop.till.execute(opening)).event == opened.event


async def test_another_expiry_is_no_other_content(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt, key = await shop.open(), new_key()
        first = await shop.complete(receipt, key=key)
        later = (START + timedelta(hours=1)).isoformat()
        assert (await shop.complete(receipt, key=key, expires=later)).event == first.event


async def test_a_stale_rev_is_refused_with_the_present_one(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        await shop.do("add_line", receipt=receipt.id, rev=1, line=line())
        before = len(shop.events())
        choices: dict[str, dict[str, Any]] = {
            "add_line": {"line": line()},
            "remove_line": {"n": 1},
            "set_discount": {"percent": "5"},
            "pay": {"key": new_key()},
            "complete": {"key": new_key(), "payments": [{}]},
            "abort": {"key": new_key(), "reason": "x"},
        }
        for type_, fields in choices.items():
            with pytest.raises(ReceiptChanged) as caught:
                await shop.do(type_, receipt=receipt.id, rev=1, **fields)
            assert caught.value.facts["rev"] == 2
            assert caught.value.as_problem()["rev"] == 2
        assert len(shop.events()) == before


async def test_of_two_tablets_with_the_same_rev_one_wins(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt = await shop.open()
        results = await asyncio.gather(
            *(
                shop.do("add_line", receipt=receipt.id, rev=1, line=line(f"Tablet {n}"))
                for n in range(4)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(each, ReceiptChanged) for each in results) == 3
        assert len(shop.receipt(receipt.id).lines) == 2


async def test_a_refused_command_leaves_neither_key_nor_event(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        receipt, key = await shop.open(), new_key()
        before = len(shop.events())
        with pytest.raises(PaymentMissing):
            await shop.complete(receipt, key=key, payments=[])
        assert len(shop.events()) == before
        assert shop.journal.reader.key(key) is None
        done = await shop.complete(receipt, key=key)
        assert not done.repeated
        with pytest.raises(ReceiptNotOpen):
            await shop.complete(receipt)


async def test_a_caller_that_hangs_up_cancels_nothing(tmp_path: Path) -> None:
    unit = HeldUnit("card", "card")
    async with Shop(tmp_path, units=[unit]) as shop:
        receipt, waiting = await shop.open(), await shop.open()
        key = new_key()
        unit.gate.clear()
        caller = asyncio.ensure_future(shop.complete(receipt, key=key))
        await until(lambda: unit.asked > 1)
        # This one has not even begun: it waits behind the other.
        queued = asyncio.ensure_future(shop.complete(waiting))
        await asyncio.sleep(0)
        for task in (caller, queued):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        unit.gate.set()
        again = await shop.complete(receipt, key=key)
        assert again.event.kind == events.COMPLETED
        await shop.till.finish()
        assert not shop.register().open
        assert len(shop.bons()) == 3


async def test_a_repeat_after_hanging_up_finds_the_one_effect(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        opening = command("open", register_id="K1", lines=[line()], key=new_key())
        caller = asyncio.ensure_future(shop.till.execute(opening))
        await asyncio.sleep(0)
        caller.cancel()
        done = await shop.till.execute(opening)
        await shop.till.finish()
        assert [event.receipt for event in shop.events(events.OPENED)] == [done.event.receipt]
        assert list(shop.register().open) == [done.event.receipt]


async def test_a_caller_that_hangs_up_on_a_failing_command_leaves_no_noise(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        heard: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: heard.append(context))
        receipt = await shop.open()
        caller = asyncio.ensure_future(shop.complete(receipt, payments=[]))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises((asyncio.CancelledError, Fault)):
            await caller
        await shop.till.finish()
        assert not heard
        await shop.complete(receipt)
