"""Frames that come twice, late, shuffled, broken, or not at all: nothing is lost, nothing is done
twice, and who is to blame hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.cloud_sim.world import RawBox
from tests.flow.box import BOX
from tests.flow.evidence import check
from tests.flow.link import Link, Sale
from tests.flow.stage import Stage
from tests.flow.trouble import all_hold
from tests.flow.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINKS = 6
"""So many cases run at the same time."""

TEN_YEARS_S = 10 * 365 * 86_400


async def _sold(stage: Stage, link: Link, name: str, count: int = 8, **more: Any) -> None:
    """Sell in the trouble that is on, and hold everything against each other afterwards."""
    sales = await link.opened(name, count)
    await link.serve(sales)
    await link.calm()
    await link.connected()
    await link.ended(sales)
    await check(stage.box, link, sales, **more)


async def commands_thrice(stage: Stage, link: Link) -> None:
    await link.set(repeat_frames=2)
    await _sold(stage, link, "thrice")


async def commands_shuffled(stage: Stage, link: Link) -> None:
    await link.set(reorder_window=8, reorder_seed=7)
    await _sold(stage, link, "shuffled", 10)


async def commands_shuffled_and_thrice(stage: Stage, link: Link) -> None:
    await link.set(reorder_window=4, reorder_seed=11, repeat_frames=2)
    await _sold(stage, link, "shuffled-thrice", 10)


async def the_connection_breaks_in_place_of_an_acknowledgement(stage: Stage, link: Link) -> None:
    sales = await link.opened("no-ack", 6)
    await link.set(drop_before_ack=1)
    await link.serve(sales[:3])
    await link.told("cloud_lost")
    await link.set(drop_before_ack=2)
    await link.connected()
    await link.serve(sales[3:])
    await link.calm()
    await link.connected()
    await link.ended(sales)
    await check(stage.box, link, sales)


async def a_frame_of_the_box_is_lost_with_the_connection(stage: Stage, link: Link) -> None:
    sales = await link.opened("lost-frame", 6)
    await link.set(drop_after_frames=2)
    await link.serve(sales)
    await link.told("cloud_lost")
    await link.calm()
    await link.connected()
    await link.ended(sales)
    await check(stage.box, link, sales)


async def acknowledgements_come_late(stage: Stage, link: Link) -> None:
    await link.set(ack_delay_ms=300)
    await _sold(stage, link, "late-acks")


async def acknowledgements_never_come(stage: Stage, link: Link) -> None:
    await link.set(never_ack=True)
    sales = await link.opened("never-ack", 4)
    await link.serve(sales)

    async def counted() -> bool:
        return bool((await link.part())["facts"]["unacknowledged"] >= 8)

    await until(counted, "the board counts what is not acknowledged")
    await link.calm()
    await link.again()
    await link.ended(sales)
    await check(stage.box, link, sales)

    async def all_acknowledged() -> bool:
        return bool((await link.part())["facts"]["unacknowledged"] == 0)

    await until(all_acknowledged, "everything is acknowledged")


async def rubbish_between_the_frames(stage: Stage, link: Link) -> None:
    sales = await link.opened("rubbish", 3)
    for action in ("malformed", "binary", "unsupported_type"):
        await link.do(action)
    await link.do("send_raw", text="[1,2,3]")
    await link.do("send_raw", text="\x00")
    deep = "[" * 100_000
    await link.do("send_raw", text=deep)

    async def blamed() -> bool:
        found = [each for each in (await link.state())["box_errors"] if each["box"] == BOX]
        return [each["code"] for each in found].count("frame_invalid") >= 5

    await until(blamed, "the cloud hears of each frame that is none")

    async def refused() -> bool:
        frames = await link.frames()
        return any(each["data"].get("code") == "unsupported_type" for each in frames)

    await until(refused, "the cloud hears that the type is not supported")
    assert (await link.part())["phase"] == "ready"
    await link.serve(sales)
    await link.ended(sales)
    await check(stage.box, link, sales)


async def a_frame_too_big_to_read(stage: Stage, link: Link) -> None:
    sales = await link.opened("oversized", 3)
    await link.do("oversized")
    await link.told("cloud_frame_too_big")
    await link.serve(sales)
    await link.connected()
    await link.ended(sales)
    await check(stage.box, link, sales)


async def a_box_message_is_too_big_for_the_cloud(stage: Stage, link: Link) -> None:
    """Close code 1009: at most one report is missing at the cloud, and the board says so."""
    sales = await link.opened("too-big", 4)
    await link.set(never_ack=True)
    await link.serve(sales)
    await link.do("close", code=1009)
    await link.told("cloud_frame_refused")
    await link.calm()
    await link.connected()
    rows = stage.box.rows()
    ends = {row["receipt"] for row in rows if row["body"].get("parked_id") in _parked(sales)}
    assert len(ends) == len(sales)

    async def all_but_one() -> bool:
        states = [(await link.parked(sale))["state"] for sale in sales]
        return states.count("open") <= 1

    await until(all_but_one, "the cloud has all reports but at most one")


def _parked(sales: list[Sale]) -> set[str]:
    return {sale.parked for sale in sales}


async def commands_that_have_expired(stage: Stage, link: Link) -> None:
    await link.set(expired_commands=2)
    late = await link.park("expired", 2)
    for sale in late:
        await link.open(sale)
    for sale in late:
        seen = await link.seen(sale, state="expired")
        assert seen["lastError"]["code"] == "command_expired"
    await link.set(endless_commands=1)
    (endless,) = await link.park("endless", 1)
    await link.open(endless)
    seen = await link.seen(endless, state="parked")
    assert seen["lastError"]["code"] == "expiry_missing"
    rows = stage.box.rows()
    opened = {row["body"].get("parked_id") for row in rows if row["kind"] == "receipt.opened"}
    assert not opened & _parked([*late, endless]), "it appeared at the counter"
    # The program may try again, and then it is opened.
    await link.open(late[0])
    await link.serve(late[:1])
    await link.ended(late[:1])
    await check(stage.box, link, late[:1])


async def a_cloud_whose_clock_is_ten_years_ahead(stage: Stage, link: Link) -> None:
    await _wrong_clock(stage, link, TEN_YEARS_S, "ahead")


async def a_cloud_whose_clock_is_ten_years_behind(stage: Stage, link: Link) -> None:
    await _wrong_clock(stage, link, -TEN_YEARS_S, "behind")


async def _wrong_clock(stage: Stage, link: Link, offset_s: int, name: str) -> None:
    await link.set(clock_offset_s=offset_s)
    await link.again()
    offset = (await link.part())["facts"]["clock_offset_s"]
    assert abs(offset - offset_s) <= 60
    await _sold(stage, link, f"clock-{name}")
    years = {
        row["body"]["time"][:4] for row in stage.box.rows() if row["kind"] == "receipt.completed"
    }
    assert len(years) == 1, "a receipt bears the cloud's time"
    await link.again()


async def a_cloud_restored_from_a_backup(stage: Stage, link: Link) -> None:
    first = await link.opened("restored", 3)
    await link.serve(first)
    await link.ended(first)
    second = await link.opened("restored-2", 2)
    await link.do("forget", frames=6, commands=1)
    await link.told("cloud_restarting")
    await link.serve(second)
    await link.connected()
    await link.ended(second)
    await check(stage.box, link, [*first, *second], told_twice=True)
    # It goes on behind what the box has: the next commands are no repetitions.
    await _sold(stage, link, "restored-3", 3)


async def a_cloud_that_numbers_anew_is_blamed(stage: Stage, link: Link) -> None:
    await _sold(stage, link, "before-anew", 3)
    await link.set(no_jump=True)
    await link.do("forget", frames=0, commands=3)
    await link.told("cloud_restarting")
    await link.connected()
    (sale,) = await link.park("anew", 1)
    await link.open(sale)

    async def blamed() -> bool:
        part = await link.part()
        return bool(part.get("fault", {}).get("code") == "sequence_conflict")

    await until(blamed, "the board says that numbers are used twice")
    assert not await link.operator.open_receipts(link.register)
    await link.calm()
    await link.again()
    await link.serve([sale])
    await link.ended([sale])
    await check(stage.box, link, [sale])


async def webhooks_that_come_twice_spoilt_or_not_at_all(stage: Stage, link: Link) -> None:
    """The program's trouble, not the box's: it hears of each end once all the same."""
    sales = await link.opened("webhooks", 6)
    await link.set(webhook_twice=2, webhook_bad_signature=2)
    await link.serve(sales)
    await link.ended(sales)
    await check(stage.box, link, sales)
    (silent,) = await link.opened("silent", 1)
    await link.set(silent_abort=True)
    silent.answer = await link.operator.abort((await link.at_counter([silent]))[silent.reference])
    await link.ended([silent])
    await link.set(silent_abort=False)
    assert silent.reference not in {each.get("reference") for each in link.heard}


async def a_second_box_with_the_same_identity(stage: Stage, link: Link) -> None:
    """It takes the connection over; the box says so and does not fight for it by itself."""
    sales = await link.opened("cloned", 4)
    async with connect(
        link.cloud.ready["ws"],
        additional_headers={"Authorization": f"Bearer {link.cloud.token(BOX)}"},
        subprotocols=[Subprotocol("bonbridge.v1")],
        proxy=None,
    ) as wire:
        await RawBox(wire).hello(box=BOX)

        async def alarm() -> dict[str, Any] | None:
            part = await link.part()
            return part if part.get("fault", {}).get("code") == "cloud_identity_cloned" else None

        part = await until(alarm, "the board says that a second box has the same name")
        assert part["phase"] == "waiting"
        assert part["facts"]["pause_s"] >= 60
        await link.serve(sales)
    await link.connected()
    await link.ended(sales)
    await check(stage.box, link, sales)


async def test_whatever_happens_to_frames_receipts_come_once_and_reports_come_back(
    stage: Stage,
) -> None:
    await all_hold(
        stage,
        [
            commands_that_have_expired,
            a_cloud_whose_clock_is_ten_years_ahead,
            a_cloud_whose_clock_is_ten_years_behind,
            the_connection_breaks_in_place_of_an_acknowledgement,
            a_cloud_restored_from_a_backup,
            a_cloud_that_numbers_anew_is_blamed,
            a_second_box_with_the_same_identity,
            a_frame_too_big_to_read,
            acknowledgements_never_come,
            commands_thrice,
            commands_shuffled,
            commands_shuffled_and_thrice,
            acknowledgements_come_late,
            rubbish_between_the_frames,
            a_frame_of_the_box_is_lost_with_the_connection,
            a_box_message_is_too_big_for_the_cloud,
            webhooks_that_come_twice_spoilt_or_not_at_all,
        ],
    )
