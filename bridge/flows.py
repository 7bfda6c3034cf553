"""Vendors' flows composed: their desk, what it may ask of the box, and invoices paid in the shop.

Started after the till, in tasks of its own with a database of its own; whatever happens here, a
receipt does not notice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from bridge.config import Config, Credentials
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.hosting import BoxHost
from bridge.journal.store import Journal
from bridge.printing.foreign import ForeignPapers
from bridge.till.till import Till
from bridge.vendors.engine.desk import Desk
from bridge.vendors.engine.redact import guard_log
from bridge.vendors.settlements import Settlements
from drivers.contract.clock import Clock

logger = logging.getLogger(__name__)

DATABASE = "vendors.db"
"""File in the data directory: runs, queues, keys of vendors' flows."""


class Flows:
    """All vendors of one box. ``desk`` is what API and pages work with."""

    def __init__(
        self,
        config: Config,
        credentials: Credentials,
        clock: Clock,
        chance: Callable[[], float],
        journal: Journal,
        till: Till,
        board: HealthBoard,
        *,
        software: str,
    ) -> None:
        """``software`` is how the box names itself to vendors."""
        self._config = config
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._till = till
        self._board = board
        self._running: asyncio.Task[None] | None = None
        printers = [each.id for each in config.registers if each.printer is not None]
        papers = ForeignPapers(journal, printers, clock)
        self.desk = Desk(
            config.vendors,
            credentials.secret,
            config.box.data_dir / DATABASE,
            clock,
            chance,
            board,
            BoxHost(till, journal, papers, qr_code),
            user_agent=software,
        )

    async def start(self) -> None:
        """Load the vendors and go on with what an earlier run left. A vendor that cannot be
        loaded is shown on the health board; nothing of it is raised."""
        guard_log(logging.getLogger().handlers)
        await self.desk.start()
        settles = self.desk.settles()
        for register in self._till.registers.values():
            register.settling = replace(register.settling, vendors=frozenset(settles))
        if not settles:
            return
        kassen_ids = {each.id: each.kassen_id for each in self._config.registers}
        settlements = Settlements(
            self._journal, self.desk, settles, kassen_ids, self._board, self._clock, self._chance
        )
        await settlements.start()
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(settlements.run(), name="settling vendors' invoices")
        self._running.add_done_callback(_ended)

    async def stop(self) -> None:
        """Send nothing new; what is under way gets a moment to end."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.desk.stop()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("%s has stopped working: %r", task.get_name(), error, exc_info=error)
