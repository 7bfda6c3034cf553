"""One thread per card: everything blocking happens here, in the order it was asked for.

The thread is a daemon thread because a hung reader driver may never return; it must not keep
the process from ending.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from drivers.signing.faults import UnitClosed

T = TypeVar("T")


class CardThread:
    """Runs jobs one after the other in its own thread, started with the first job."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._stopped = False

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue ``job``; a future cancelled before its turn is skipped. Raises ``UnitClosed``."""
        future: Future[T] = Future()
        with self._lock:
            if self._stopped:
                raise UnitClosed("the unit was closed")
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"card-{self._name}", daemon=True)
                self._thread.start()
            self._jobs.put((future, job))
        return future

    def stop(self) -> None:
        """Take no more jobs; the thread ends after those queued."""
        with self._lock:
            self._stopped = True
            self._jobs.put(None)

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None:
            future, job = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 handed to whoever waits, not swallowed
                future.set_exception(error)
            else:
                future.set_result(result)
            del item, future, job
