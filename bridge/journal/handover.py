"""Hand-overs between the event loop and the writer's thread, over an ``eventfd`` each way.

A receipt crosses twice, and each crossing costs as much as its whole SQLite transaction; an
``eventfd`` wakes the other side with one system call (docs/benchmarks.md, M1).
"""

from __future__ import annotations

import asyncio
import os
import queue
import select
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Inlet(Generic[T]):
    """A queue from any thread to one reading thread. Never waits when something is there."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)
        self._closed = False

    def put(self, item: T) -> None:
        """Append an item and wake the reader, if there still is one."""
        self._items.append(item)
        if not self._closed:
            os.eventfd_write(self._bell, 1)

    def get(self, timeout_s: float | None = None) -> T:
        """Return the next item, waiting for it. Raises ``queue.Empty`` after the time."""
        while True:
            try:
                return self._items.popleft()
            except IndexError:
                pass
            if timeout_s is not None and not self._poll.poll(timeout_s * 1000):
                raise queue.Empty
            # Rings may be left over from items that were taken without waiting.
            os.eventfd_read(self._bell)

    def get_nowait(self) -> T:
        """Return the next item. Raises ``queue.Empty``."""
        try:
            return self._items.popleft()
        except IndexError:
            raise queue.Empty from None

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._items

    def close(self) -> None:
        """Give the descriptor back; only when no thread reads any more."""
        if not self._closed:
            self._closed = True
            os.close(self._bell)


class Outlet(Generic[T]):
    """A queue from one thread to the event loop, which gets each item in a call."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[T], None]) -> None:
        self._items: deque[T] = deque()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closed = False
        self._loop = loop
        self._deliver = deliver
        loop.add_reader(self._bell, self._rung)

    def put(self, item: T) -> None:
        """Append an item and wake the loop; after ``close`` deliver it at once."""
        self._items.append(item)
        if self._closed:
            self._empty()
        else:
            os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Deliver what is left and give the descriptor back; in the loop's thread, when the other
        thread has ended."""
        self._closed = True
        self._loop.remove_reader(self._bell)
        self._empty()
        os.close(self._bell)

    def _rung(self) -> None:
        os.eventfd_read(self._bell)
        self._empty()

    def _empty(self) -> None:
        while self._items:
            self._deliver(self._items.popleft())
