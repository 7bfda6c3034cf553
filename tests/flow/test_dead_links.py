"""Every link in a black hole: the counter does not care, each link says what is wrong, and the box
still stops when it is told to."""

from __future__ import annotations

from pathlib import Path

from tests.flow.evidence import check
from tests.flow.stage import set_up
from tests.flow.waiting import side_by_side, until

SHORT_PINGS = (1.0, 3.0)
"""Seconds: a link that has died is noticed soon."""


async def test_with_every_link_in_a_black_hole_receipts_are_made_and_the_box_stops_in_order(
    tmp_path: Path,
) -> None:
    async with set_up(tmp_path, ["A", "B", "C", "D"], pings=SHORT_PINGS, patient=True) as stage:
        deaf, idle, shut, rude = stage.links
        sales = {link.name: await link.opened("hole", 5) for link in stage.links}
        await deaf.set(black_hole="deaf")
        await idle.set(black_hole="mute")
        await shut.set(black_hole="handshake")
        await rude.set(black_hole="mute")
        for link in (shut, rude):
            await link.do("drop")
        for link in stage.links:
            await link.serve(sales[link.name][:3])
            await stage.counter.sell(link.register)
        faults = {
            "cloud_silent": deaf,
            "cloud_too_slow": shut,
            "cloud_greeting_missing": rude,
        }
        await side_by_side((code, link.fails_with(code)) for code, link in faults.items())
        for link in stage.links:
            await link.serve(sales[link.name][3:4])
        assert (await idle.part())["phase"] == "ready"

        async def hang() -> bool:
            await stage.counter.connect_now()
            phases = ((await shut.part())["phase"], (await rude.part())["phase"])
            return phases == ("connecting", "greeting")

        await until(hang, "one link hangs in its handshake, one in its greeting")
        await idle.set(black_hole="deaf")
        assert await stage.box.stop() == 0, stage.box.log.read_text(encoding="utf-8")
        assert stage.box.logged("INFO stopped")
        for link in stage.links:
            await link.calm()
        await stage.box.start()
        await stage.counter.connect_now()
        for link in stage.links:
            await link.connected()
            its = sales[link.name]
            await link.serve([sale for sale in its if sale.answer is None])
            await link.ended(its)
            await check(stage.box, link, its)
        assert not stage.box.logged("Traceback")
