"""Events of the sender become durable in the commit of the effect, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.journal.event import NewEvent
from bridge.model import events
from bridge.till.faults import RateUnknown
from tests.till.harness import Shop, command, line, new_key

TAKEN = NewEvent(events.CLOUD_TAKEN, 1, b'{"seq":1}')


async def test_what_is_brought_along_is_written_right_behind_the_effect(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        opening = command("open", register_id="K1", lines=[line()], key=new_key())
        done = await shop.till.execute(opening, (TAKEN,))
        (taken,) = shop.events(events.CLOUD_TAKEN)
        assert taken.seq == done.event.seq + 1
        assert taken.data() == {"seq": 1}


async def test_a_repeated_command_writes_nothing_that_is_brought_along(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        opening = command("open", register_id="K1", lines=[line()], key=new_key())
        await shop.till.execute(opening)
        again = await shop.till.execute(opening, (TAKEN,))
        assert again.repeated
        assert shop.events(events.CLOUD_TAKEN) == []


async def test_a_refused_command_writes_nothing_that_is_brought_along(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        wrong = command("open", register_id="K1", lines=[line(rate="nonsense")], key=new_key())
        with pytest.raises(RateUnknown):
            await shop.till.execute(wrong, (TAKEN,))
        assert shop.events(events.CLOUD_TAKEN) == []


async def test_a_cursor_outlives_a_restart_and_a_rebuild(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        await shop.journal.keep_cursor("cloud:asello", 7)
        await shop.journal.keep_cursor("cloud:asello", 9)
        await shop.journal.rebuild()
    async with shop.again() as later:
        assert later.journal.reader.cursor("cloud:asello") == 9
        assert later.journal.reader.cursor("cloud:other") == 0
