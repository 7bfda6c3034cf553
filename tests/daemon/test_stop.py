"""Start and stop of the daemon, its box in this process: signals are real."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.app import Box, Makers, make_printer
from bridge.config import credentials_for
from bridge.daemon import Daemon, Notifier
from bridge.journal.faults import JournalClosed
from bridge.journal.reader import Reader
from bridge.journal.writer import Task
from bridge.model import events
from drivers.contract.clock import SystemClock
from tests.app.boxes import Shop, do, sell, start_register
from tests.daemon.notifications import NotifySocket, eventually


class Run:
    """A daemon on a shop's box. ``left`` holds the codes with which it left its threads behind."""

    def __init__(self, shop: Shop, manager: NotifySocket, **options: Any) -> None:
        config = shop.config
        credentials = credentials_for(config.box.credentials_dir, {})
        self.box = Box(config, credentials, SystemClock(), Makers(shop._unit, make_printer))
        self.manager = manager
        self.left: list[int] = []
        self.notifier = Notifier(manager.address)
        self.daemon = Daemon(self.box, self.notifier, leave=self.left.append, **options)
        self.ending = asyncio.create_task(self.daemon.run())

    async def ready(self) -> None:
        """Wait until the daemon has told that it is ready."""
        found: list[dict[str, str]] = []

        def told() -> bool:
            found.extend(self.manager.waiting())
            return any("READY" in message for message in found) or self.ending.done()

        await eventually(told)
        assert not self.ending.done(), self.ending.result()

    async def signing(self) -> None:
        """Wait until the card works on a signature."""
        await eventually(lambda: self.box.units["card"]._turn.locked())

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to this process."""
        os.kill(os.getpid(), number)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@asynccontextmanager
async def running(shop: Shop, **options: Any) -> AsyncIterator[Run]:
    with NotifySocket() as manager:
        run = Run(shop, manager, **options)
        try:
            await run.ready()
            yield run
        finally:
            run.ending.cancel()
            await asyncio.gather(run.ending, return_exceptions=True)
            run.notifier.close()


def numbers(shop: Shop) -> list[int | None]:
    """Return the numbers of register A in the journal on disk."""
    with Reader(shop.root / "data" / "journal.db") as reader:
        return [event.number for event in reader.numbered("A")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_box_stops_at_a_signal_and_gives_the_journal_back(
    shop: Shop, number: signal.Signals
) -> None:
    async with running(shop) as run:
        run.tell(number)
        assert await run.ending == 0
        told = run.manager.waiting()
    assert [message for message in told if "STOPPING" in message]
    assert not run.left
    box = await shop.start()
    await box.stop()


async def test_a_signature_under_way_is_finished_and_durable_before_the_box_stops(
    shop: Shop,
) -> None:
    async with running(shop) as run:
        await start_register(run.box, "A")
        shop.slot.switches.change({"delay_ms": 1000})
        selling = asyncio.create_task(sell(run.box, "A", "sale-slow-1"))
        await run.signing()
        run.tell(signal.SIGTERM)
        assert await run.ending == 0
    done = await selling
    assert done.event.data()["signed"] is True
    assert numbers(shop) == [1, 2]


async def test_a_stop_that_takes_its_time_asks_for_more_and_feeds_the_watchdog(shop: Shop) -> None:
    async with running(shop) as run:
        await start_register(run.box, "A")
        shop.slot.switches.change({"delay_ms": 300})
        selling = asyncio.create_task(sell(run.box, "A", "sale-slow-1"))
        await run.signing()
        run.tell(signal.SIGTERM)
        await run.ending
        told = run.manager.waiting()
    await selling
    assert [message for message in told if "EXTEND_TIMEOUT_USEC" in message]


async def give_up(selling: asyncio.Task[Any], run: Run) -> None:
    """Clean up what a stop in a hurry leaves behind; in life the process is gone."""
    selling.cancel()
    for task in run.box._tasks:
        task.cancel()
    await asyncio.gather(selling, *run.box._tasks, return_exceptions=True)
    for unit in run.box.units.values():
        await unit.close()


@pytest.mark.parametrize("reason", ["second signal", "time"])
async def test_a_stop_in_a_hurry_says_what_was_left_and_loses_nothing_that_was_answered(
    shop: Shop, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    caplog.set_level(logging.INFO)
    limit = 60.0 if reason == "second signal" else 0.2
    async with running(shop, stop_limit_s=limit) as run:
        await start_register(run.box, "A")
        await sell(run.box, "A", "sale-answered")
        shop.slot.switches.change({"delay_ms": 4000})
        selling = asyncio.create_task(sell(run.box, "A", "sale-too-slow"), name="the sale")
        await run.signing()
        run.tell(signal.SIGTERM)
        if reason == "second signal":
            await eventually(lambda: "SIGTERM: stopping" in caplog.text)
            run.tell(signal.SIGTERM)
        assert await run.ending == 1
        assert run.left == [1]
        assert numbers(shop) == [1, 2]
        await give_up(selling, run)
    (told,) = [record.message for record in caplog.records if "left:" in record.message]
    assert "the sale" in told


async def test_a_signal_during_the_start_ends_it_and_gives_the_journal_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slow(_: Box) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch, NotifySocket() as manager:
        patch.setattr(Box, "_start_parts", slow)
        run = Run(shop, manager)
        await begun.wait()
        run.tell(signal.SIGTERM)
        assert await run.ending == 0
        assert not any("READY" in message for message in manager.waiting())
        run.notifier.close()
    box = await shop.start()
    await box.stop()


async def test_a_hang_up_changes_nothing_and_says_so(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(shop) as run:
        run.tell(signal.SIGHUP)
        await eventually(lambda: "the configuration is read at the start only" in caplog.text)
        await start_register(run.box, "A")
        run.tell(signal.SIGTERM)
        assert await run.ending == 0


async def test_a_box_whose_journal_can_be_written_no_more_ends_so_that_it_is_started_anew(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: sqlite3.Connection) -> None:
        raise MemoryError

    monkeypatch.setattr("threading.excepthook", lambda _: None)
    async with running(shop, watchdog_s=0.1) as run:
        await start_register(run.box, "A")
        run.box.journal._writer.run(Task(break_down))
        assert await run.ending == 1
    assert "the box cannot go on" in caplog.text
    assert numbers(shop) == [1]
    box = await shop.start()
    await sell(box, "A", "sale-afterwards")
    await box.stop()
    assert numbers(shop) == [1, 2]


async def test_a_part_that_ends_by_a_bug_does_not_end_the_box(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Box) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(Box, "_expire", broken)
    async with running(shop) as run:
        await eventually(lambda: "has stopped working" in caplog.text)
        await start_register(run.box, "A")
        await sell(run.box, "A", "sale-after-bug")
        run.tell(signal.SIGTERM)
        assert await run.ending == 0


async def test_an_error_while_stopping_is_logged_and_makes_the_exit_code_1(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop: Callable[[Box], Any] = Box.stop

    async def broken(box: Box) -> None:
        await stop(box)
        raise KeyError("a defect")

    monkeypatch.setattr(Box, "stop", broken)
    async with running(shop) as run:
        run.tell(signal.SIGTERM)
        assert await run.ending == 1
    assert "the box could not be stopped in order" in caplog.text


async def test_the_status_names_what_does_not_work(shop: Shop) -> None:
    shop.slot.switches.change({"pulled": True})
    with NotifySocket() as manager:
        run = Run(shop, manager)
        told: list[dict[str, str]] = []

        def is_ready() -> bool:
            told.extend(manager.waiting())
            return any("READY" in message for message in told)

        await eventually(is_ready)
        run.tell(signal.SIGTERM)
        assert await run.ending == 0
        run.notifier.close()
    (ready,) = [message["STATUS"] for message in told if "READY" in message]
    assert ready.startswith("ready; ")
    assert "unit:card: Keine Signaturkarte gefunden" in ready


async def test_a_command_that_comes_too_late_is_refused_and_leaves_nothing(shop: Shop) -> None:
    async with running(shop) as run:
        await start_register(run.box, "A")
        run.tell(signal.SIGTERM)
        assert await run.ending == 0
        with pytest.raises(JournalClosed):
            await do(run.box, type="open", register_id="A", lines=[])
    with Reader(shop.root / "data" / "journal.db") as reader:
        assert [event.kind for event in reader.events() if event.kind == events.OPENED] == []
