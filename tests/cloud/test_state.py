"""Devices and latches as the cloud sees them."""

from __future__ import annotations

from pathlib import Path

from bridge.cloud import envelope
from bridge.cloud.faults import CloudLost
from bridge.health import Level
from tests.cloud.box import box_and_cloud


async def test_all_parts_are_told_once_and_then_their_changes(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        board = box.board
        board.report("printer:counter", Level.OK, "ready", paper="ok")
        board.report("cloud:other", Level.OK, "ready")
        board.report("register:K1", Level.OK)
        board.report("register:K9", Level.OK)
        visit = await cloud.welcomed()
        printer = await visit.got(envelope.DEVICE_CHANGED)
        assert printer.seq is None
        assert printer.data["part"] == "printer:counter"
        assert (printer.data["level"], printer.data["facts"]) == ("ok", {"paper": "ok"})
        register = await visit.got(envelope.LATCH_CHANGED)
        assert register.data["part"] == "register:K1"

        board.report("printer:counter", Level.OK, "printing", paper="low")
        board.report("printer:counter", Level.FAILED, "waiting", CloudLost("x"))
        changed = await visit.got(envelope.DEVICE_CHANGED, 2)
        assert changed.data["level"] == "failed"
        assert changed.data["fault"]["code"] == "cloud_lost"
        assert "advice" in changed.data["fault"]
        board.report("unit:card", Level.DEGRADED)
        unit = await visit.got(envelope.DEVICE_CHANGED, 3)
        assert unit.data["part"] == "unit:card"
        told = {f.data["part"] for f in visit.frames if f.type.endswith(".changed")}
        assert told == {"printer:counter", "register:K1", "unit:card"}


async def test_after_a_reconnect_all_parts_are_told_again(tmp_path: Path) -> None:
    async with box_and_cloud(tmp_path) as (box, cloud):
        box.board.report("printer:counter", Level.OK, "ready")
        visit = await cloud.welcomed()
        first = await visit.got(envelope.DEVICE_CHANGED)
        await visit.close()
        await box.again()
        later = await cloud.welcomed()
        again = await later.got(envelope.DEVICE_CHANGED)
        assert again.data == first.data
        assert again.id != first.id
