"""Lost answers, dead lines, restarts, and what happened to the invoice meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.model.exchange import RunView
from tests.vendors.flexi.documents import EXAMPLE, WITHOUT_ID, paying
from tests.vendors.flexi.shop import Shop, shop
from tests.vendors.harness import PATIENCE_S, Reply

PART = {"amount": "400.00", "remainder": "castecnaUhrada"}
FAULTS = [
    {"kind": "drop_after"},
    {"kind": "drop_before"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status_after", "status": 500},
    {"kind": "status_after", "status": 503},
    {"kind": "html200"},
    {"kind": "bad_json"},
]


async def over(s: Shop, reply: Reply) -> RunView:
    """Wait until the payment of a reply is over, however long it takes."""
    return await s.box.ended(reply.json()["run"], step_s=5)


async def paid_in_time(s: Shop, **order: Any) -> tuple[Reply, RunView]:
    """Order a payment and let time pass until it is over."""
    reply = await in_time(s, s.pay(**order))
    return reply, await over(s, reply)


async def booked(s: Shop) -> None:
    """Wait until Flexi has made a cash document."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if s.new_documents:
                return
            await asyncio.sleep(0.005)


def offline(s: Shop) -> None:
    """Close every connection before anything is done."""
    s.stage.fault("drop_before", -1)


def online(s: Shop) -> None:
    """Take that back."""
    s.stage.no_faults()


async def in_time(s: Shop, asking: Coroutine[Any, Any, Reply]) -> Reply:
    """Let time pass until a call is answered."""
    task = asyncio.ensure_future(asking)
    while not task.done():
        await s.box.clock.advance(1)
    return await task


@pytest.mark.covers("F-46")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: "-".join(map(str, each.values())))
async def test_a_lost_answer_never_pays_twice(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault(**fault, method="PUT")
        reply, run = await paid_in_time(s, key="k", **PART)

        assert run.state == "succeeded", reply.body
        assert s.paid("FV1") == ["400.00"]
        assert len(s.new_documents) == 1
        ids = {each.body for each in s.imports}
        assert len(ids) == 1, "each repetition has the same id"
        assert run.result is not None
        assert run.result["paying_document"] == f"ext:{s.new_documents[0].ext[0]}"


async def test_a_payment_that_was_carried_out_is_not_sent_again(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("drop_after", method="PUT")
        reply = await s.pay(**PART)

        assert reply.status == 200
        assert reply.json()["documents"][0]["sumCelkem"] == "400.0"
        assert len(s.imports) == 1


async def test_the_box_asks_until_flexi_can_say(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("drop_after", method="PUT")
        ordering = asyncio.ensure_future(s.pay(**PART))
        await booked(s)
        offline(s)
        for _ in range(12):
            await s.box.clock.advance(1)
        reply = await ordering
        assert reply.status == 202
        assert reply.json()["state"] == "sending"

        online(s)
        run = await over(s, reply)
        assert run.state == "succeeded"
        assert len(s.imports) == len(s.new_documents) == 1


@pytest.mark.parametrize("done", [False, True])
async def test_a_power_cut_while_sending_is_cleared_up_by_asking(
    tmp_path: Path, done: bool
) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("delay", method="PUT", delay_s=30)
        ordering = asyncio.ensure_future(s.pay(**PART))
        await booked(s)
        if not done:
            # The same picture for the box, but Flexi has rolled the import back.
            s.flexi.reset()
        (run,) = await s.box.runs("sending")

        await s.box.restart()
        ordering.cancel()
        ended = await s.box.ended(run.id, step_s=5)

        assert ended.state == "succeeded"
        assert len(s.imports) == (1 if done else 2)
        assert len(s.new_documents) == 1
        assert s.paid("FV1") == ["400.00"]


async def test_offline_a_payment_is_kept_and_made_later_in_order(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        offline(s)
        replies = [
            await _told_to_wait(s, invoice=f"code:{code}", amount=amount)
            for code, amount in (("FV1", "100.00"), ("FV2", "200.00"), ("FV1", "300.00"))
        ]
        assert [each.status for each in replies] == [202] * 3
        assert not s.new_documents
        runs = await s.box.runs("queued")
        assert len(runs) == 3
        assert all("not yet in Flexi" in each.summary["in_flexi"] for each in runs)
        assert runs[0].summary["invoice"] == "code:FV1"

        await s.box.restart()
        online(s)
        for reply in replies:
            assert (await over(s, reply)).state == "succeeded"
        assert s.paid("FV1", "FV2") == ["400.00", "200.00"]
        of_first = [
            each.amount for each in s.new_documents if ("faktura-vydana", 1130) in each.pays
        ]
        assert of_first == [Decimal(100), Decimal(300)]


async def _told_to_wait(s: Shop, **order: Any) -> Reply:
    return await in_time(s, s.pay(remainder="castecnaUhrada", **order))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"paid": Decimal(1000)}, "paid meanwhile by somebody else"),
        ({"paid": Decimal("600.01")}, "paid in part meanwhile: 399.99 is open"),
        ({"cancelled": True}, "cancelled meanwhile"),
    ],
)
async def test_what_changed_meanwhile_is_left_to_a_person(
    tmp_path: Path, change: dict[str, Any], text: str
) -> None:
    async with shop(tmp_path) as s:
        offline(s)
        reply = await _told_to_wait(s, amount="400.00")
        for name, value in change.items():
            setattr(s.invoice(), name, value)
        await s.box.clock.advance(60)
        online(s)
        run = await over(s, reply)

        assert run.state == "failed"
        assert run.problem is not None
        assert run.problem["code"] == "needs_decision"
        assert text in run.problem["detail"]
        assert not s.imports


async def test_what_is_still_open_is_paid_later(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        offline(s)
        reply = await _told_to_wait(s, amount="400.00")
        s.invoice().paid = Decimal(600)
        await s.box.clock.advance(60)
        online(s)

        assert (await over(s, reply)).state == "succeeded"
        assert s.paid("FV1") == ["1000.00"]


async def test_a_difference_that_was_ordered_may_be_posted_later(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        offline(s)
        reply = await in_time(s, s.pay(amount="1200.00", remainder="zauctovat"))
        online(s)

        assert (await over(s, reply)).state == "succeeded"
        assert s.internal == [Decimal(200)]


async def test_a_payment_by_this_key_that_the_box_knows_nothing_of_is_not_lost_in_an_update(
    tmp_path: Path,
) -> None:
    """A replaced box, or a key used again after its run was forgotten."""
    (tmp_path / "old").mkdir()
    async with shop(tmp_path / "old") as s:
        await s.pay(key="monday", **PART)
        company = s.flexi.company
    (tmp_path / "new").mkdir()
    async with shop(tmp_path / "new") as s:
        s.flexi.company = company
        reply = await s.pay(key="monday", **PART)

        assert reply.status == 409
        problem = reply.json()
        assert problem["code"] == "flexi_payment_exists"
        assert problem["document"]["sumCelkem"] == "400.0"
        assert not s.imports
        assert (await s.pay(key="tuesday", **PART)).status == 201


async def test_two_boxes_of_one_company_are_told_apart(tmp_path: Path) -> None:
    paid = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        async with shop(tmp_path / name, options={"box": name}) as s:
            paid.append((await s.pay(key="1")).json()["paying_document"])
    assert len(set(paid)) == 2


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_an_own_id_is_found_again_as_well(tmp_path: Path, kind: str) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault(kind, method="PUT")
        _, run = await paid_in_time(s, paying_document="code:BAR-7", **PART)

        assert run.state == "succeeded"
        assert [each.kod for each in s.new_documents] == ["BAR-7"]
        assert s.paid("FV1") == ["400.00"]
        assert len(s.imports) == (1 if kind == "drop_after" else 2)


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_that_an_existing_document_is_there_proves_nothing(tmp_path: Path, kind: str) -> None:
    """So the update is sent again: it pays what is available, once."""
    async with shop(tmp_path) as s:
        s.stage.fault(kind, method="PUT")
        order = {"invoice": "code:FV-GREW", "paying_document": "ext:SHOP:42"}
        _, run = await paid_in_time(s, **order)

        assert run.state == "succeeded"
        assert len(s.imports) == 2
        assert s.paid("FV-GREW") == ["700.00"]
        assert s.flexi.company.cash[0].rest == Decimal(100)


async def test_a_lost_answer_to_a_payment_without_an_id_is_left_to_a_person(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("drop_after", method="PUT")
        reply = await s.given(WITHOUT_ID, allow=True)

        assert reply.status == 504
        assert reply.json()["code"] == "outcome_unknown"
        assert len(s.imports) == 1
        ended = await s.box.desk.resolve(reply.json()["run"], done=True, note="seen", by="me")
        assert ended.state == "succeeded"


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_lost_answer_to_a_raw_payment_with_an_id_is_cleared_up(
    tmp_path: Path, kind: str
) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault(kind, method="PUT")
        reply = await in_time(s, s.raw(EXAMPLE))

        assert reply.json()["state"] == "succeeded", reply.body
        assert len(s.new_documents) == 1
        assert {each.body for each in s.imports} == {EXAMPLE}


@pytest.mark.parametrize(
    ("kind", "state"), [("drop_after", "succeeded"), ("drop_before", "failed")]
)
async def test_a_raw_document_that_does_more_than_pay_is_never_sent_twice(
    tmp_path: Path, kind: str, state: str
) -> None:
    more = paying("code:FV1", uhrazujiciDokl="ext:A:1").replace(
        b"</id>", b"</id><nazFirmy>New name</nazFirmy>"
    )
    async with shop(tmp_path) as s:
        s.stage.fault(kind, method="PUT")
        reply = await s.raw(more)

        assert len(s.imports) == 1
        assert (await s.box.run(reply.json()["run"])).state == state


async def test_a_raw_import_is_not_kept_for_later(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        offline(s)
        reply = await in_time(s, s.raw(EXAMPLE))

        assert reply.status == 409
        assert reply.json()["code"] == "offline"
        assert not s.imports


async def test_without_a_licence_the_account_is_named_not_the_invoice(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.stage.fault("status", status=402, method="PUT")
        reply = await s.pay()

        assert reply.status == 502
        assert reply.json()["code"] == "vendor_setup"

        s.flexi.licensed = False
        assert "licensed" in (await s.pay(invoice="code:FV2")).json()["detail"]
        part = await s.box.check()
        assert part.fault is not None
        assert part.fault.code == "vendor_setup"
