"""The daemon: starts the box, tells the service manager, waits for a signal, stops in order.

Exit codes: 0 stopped, 1 failed. A fault of the start is raised; the journal's lock held by
another has 3 (``JournalLocked.exit_code``).
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from bridge.app import PROJECTIONS, Box
from bridge.config import Config, Credentials
from bridge.daemon.log import log_unhandled_of_loop, set_up_log
from bridge.daemon.loop import BoxLoop
from bridge.daemon.notify import Notifier
from bridge.daemon.place import socket_path
from bridge.daemon.watchdog import Watchdog, limit_of, register_proof, writer_proof
from bridge.front import software_version
from bridge.journal.faults import JournalEnded
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

STOPPED, FAILED = 0, 1

STOP_LIMIT_S = 90.0
"""Seconds for an orderly stop: a signature under way, then papers under way on slow printers."""

LOST_LIMIT_S = 10.0
"""The same when nothing can be written any more: no receipt can be saved by waiting."""

CLOSE_LIMIT_S = 5.0
"""Seconds for the journal to close when the stop is in a hurry. What was acknowledged is durable
without that, too."""

EXTEND_EVERY_S, EXTEND_BY_S = 5.0, 15.0
"""How often a stop under way asks the service manager for more time, and for how much."""

UMASK = 0o077


def run_daemon(
    config: Config, credentials: Credentials, environ: Mapping[str, str] | None = None
) -> int:
    """Be the daemon until it is told to stop; return the exit code.

    Raises what starting a box raises. Belongs to a process of its own: it sets umask, log and
    signal handlers.
    """
    environ = os.environ if environ is None else environ
    os.umask(UMASK)
    set_up_log(environ, sys.stderr)
    # systemd ends a process that does not feed its watchdog by SIGABRT: show where it hung.
    faulthandler.enable()
    notifier = Notifier.from_environ(environ)
    box = Box(config, credentials, SystemClock(), socket=socket_path(config, environ))
    daemon = Daemon(box, notifier, watchdog_s=limit_of(environ))
    try:
        with asyncio.Runner(loop_factory=BoxLoop) as runner:
            return runner.run(daemon.run())
    except Fault as fault:
        notifier.status(f"{fault.code}: {fault.title.in_language(config.box.language)}")
        raise
    finally:
        notifier.close()


class Daemon:
    """Leads one box from its start to its stop."""

    def __init__(
        self,
        box: Box,
        notifier: Notifier,
        *,
        watchdog_s: float | None = None,
        stop_limit_s: float = STOP_LIMIT_S,
        clock: Clock | None = None,
        leave: Callable[[int], object] | None = None,
    ) -> None:
        """``box`` is not started yet. ``watchdog_s`` is systemd's ``WatchdogSec``, ``leave`` ends
        the process at once where threads hang that an orderly end would wait for."""
        self._box = box
        self._notifier = notifier
        self._watchdog_s = watchdog_s
        self._stop_limit_s = stop_limit_s
        self._clock = SystemClock() if clock is None else clock
        self._leave = _leave if leave is None else leave
        self._stop_asked = asyncio.Event()
        self._hurry_asked = asyncio.Event()
        self._own: set[asyncio.Task[Any]] = set()

    async def run(self) -> int:
        """Run the box until SIGTERM, SIGINT, or until it cannot go on; return the exit code.

        Raises what starting the box raises.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_unhandled_of_loop)
        handlers: dict[signal.Signals, Callable[[signal.Signals], None]] = {
            signal.SIGTERM: self._told_to_stop,
            signal.SIGINT: self._told_to_stop,
            signal.SIGHUP: _told_to_reload,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler, number)
        try:
            if not await self._start():
                return STOPPED
            return await self._stop(await self._serve())
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _told_to_stop(self, number: signal.Signals) -> None:
        if not self._stop_asked.is_set():
            logger.info("%s: stopping", number.name)
            self._stop_asked.set()
        elif not self._hurry_asked.is_set():
            logger.info("%s again: stopping at once", number.name)
            self._hurry_asked.set()

    async def _start(self) -> bool:
        """Start the box; return whether it runs. A signal meanwhile takes the start back."""
        self._notifier.status("starting")
        box = self._box.config.box
        logger.info("bonbridge %s: box %s, journal in %s", software_version(), box.id, box.data_dir)
        starting = self._task("start", self._box.start())
        await self._first_of(starting, self._stop_asked)
        if not starting.done():
            starting.cancel()
            await self._first_of(starting, self._hurry_asked, CLOSE_LIMIT_S)
            if not starting.done():
                self._leave(FAILED)
            if starting.cancelled() or not starting.done():
                logger.info("stopped before the start was through")
                return False
        await starting
        return True

    async def _serve(self) -> int:
        """Say that the till is ready, and watch over the box until a signal; return the code."""
        box = self._box
        status = status_of(box)
        self._notifier.ready(status)
        logger.info("ready")
        proofs = [
            writer_proof(box.journal, [each.name for each in PROJECTIONS]),
            *(register_proof(each) for each in box.till.registers.values()),
        ]
        watchdog = Watchdog(
            proofs,
            self._notifier,
            self._clock,
            self._watchdog_s,
            fed=lambda: self._notifier.status(status_of(box)),
        )
        watching = self._task("watchdog", watchdog.run())
        await self._first_of(watching, self._stop_asked)
        if not watching.done():
            await _end(watching)
            return STOPPED
        error = watching.exception()
        if isinstance(error, JournalEnded):
            logger.critical("the box cannot go on: %s", error)
        else:
            logger.critical("the watchdog has stopped working", exc_info=error)
        self._stop_limit_s = LOST_LIMIT_S
        self._stop_asked.set()
        return FAILED

    async def _stop(self, code: int) -> int:
        """Stop the box in order, or in a hurry; return the exit code."""
        self._notifier.stopping("stopping: what is under way is finished first")
        stopping = self._task("stop", self._box.stop())
        extending = self._task("extend", self._extend())
        await self._first_of(stopping, self._hurry_asked, self._stop_limit_s)
        await _end(extending)
        if not stopping.done():
            await self._hurry(stopping)
            return FAILED
        if (error := stopping.exception()) is not None:
            logger.critical("the box could not be stopped in order", exc_info=error)
            return FAILED
        logger.info("stopped")
        return code

    async def _hurry(self, stopping: asyncio.Task[None]) -> None:
        """Close what can be closed in no time and leave the rest behind; say what that is."""
        left = ", ".join(self._left()) or "nothing known"
        logger.error("not everything could be finished in time; left: %s", left)
        stopping.cancel()
        closing = self._task("close", self._box.journal.close())
        await asyncio.wait({closing}, timeout=CLOSE_LIMIT_S)
        self._leave(FAILED)

    async def _extend(self) -> None:
        while True:
            self._notifier.still_stopping(EXTEND_BY_S)
            await self._clock.sleep(EXTEND_EVERY_S)

    def _left(self) -> list[str]:
        """Return the names of the tasks under way, but the daemon's own."""
        own = {asyncio.current_task(), *self._own}
        return sorted({_name(task) for task in asyncio.all_tasks() if task not in own})

    def _task(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._own.add(task)
        task.add_done_callback(self._own.discard)
        return task

    async def _first_of(
        self, task: asyncio.Task[None], event: asyncio.Event, limit_s: float | None = None
    ) -> None:
        """Wait until a task has ended, an event is set, or the time is over."""
        waiting = asyncio.get_running_loop().create_task(event.wait())
        self._own.add(waiting)
        try:
            await asyncio.wait(
                (task, waiting), timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
            self._own.discard(waiting)


def status_of(box: Box) -> str:
    """Return in one line that the box is ready, and what of it does not work."""
    language = box.config.box.language
    failing = [
        f"{part.name}: {part.fault.title.in_language(language)}"
        for part in box.board.parts()
        if part.fault is not None
    ]
    return "; ".join(["ready", *failing])


def _told_to_reload(number: signal.Signals) -> None:
    logger.warning(
        "%s: the configuration is read at the start only; restart the box to change it", number.name
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _name(task: asyncio.Task[Any]) -> str:
    name = task.get_name()
    if not name.startswith("Task-"):
        return name
    return str(getattr(task.get_coro(), "__qualname__", name))


def _leave(code: int) -> None:
    """End the process without waiting for threads: one that hangs in a device never ends."""
    logging.shutdown()
    os._exit(code)
