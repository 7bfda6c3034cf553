"""A cloud that takes every report and never says so must not look healthy."""

from __future__ import annotations

from pathlib import Path

from bridge.cloud import envelope
from tests.cloud.box import box_and_cloud
from tests.cloud.scripted import eventually


async def test_a_cloud_that_acknowledges_nothing_is_shown_until_it_does(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        visit = await cloud.welcomed()
        await box.ready()
        visit.acks_events = False
        await box.shop.sale()
        report = await visit.got(envelope.RECEIPT_COMPLETED)
        await box.pass_time(55)
        assert box.part.level == "ok"
        await box.pass_time(10)
        await eventually(lambda: box.code == "cloud_not_acknowledging")
        assert box.part.level == "degraded"
        await box.shop.sale()
        later = await visit.got(envelope.RECEIPT_COMPLETED, 2)
        await box.pass_time(5)
        assert box.code == "cloud_not_acknowledging"
        await visit.send(envelope.ACK, {"seq": report.seq})
        await visit.send(envelope.ACK, {"seq": later.seq})
        await visit.send(envelope.PING, {})
        await visit.got(envelope.PONG)
        await box.pass_time(5)
        await eventually(lambda: box.part.level == "ok")
