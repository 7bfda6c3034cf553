"""The daemon's event loop: names are resolved apart from everything else.

The resolver of the system blocks, for most of a minute when a name service does not answer, and
cannot be stopped. In asyncio's own pool such calls would take the threads that the journal needs
(six on two cores), and the program could not end before the last of them has.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

MOST_LOOKUPS = 32
"""Names looked up at once. More than all links, vendors and devices have; those that are given up
go on until the system's resolver gives up, too."""


class BoxLoop(asyncio.SelectorEventLoop):
    """An event loop whose name look-ups are threads of their own that nobody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self._lookups = 0

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name that asyncio gives it
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[Any, ...]]:
        """Return what ``socket.getaddrinfo`` finds. Raises ``socket.gaierror``, also when as many
        look-ups as there may be hang."""
        ask = partial(socket.getaddrinfo, host, port, family, type, proto, flags)
        if _is_number(host):
            return list(ask())
        if self._lookups >= MOST_LOOKUPS:
            raise socket.gaierror(socket.EAI_AGAIN, "the name service does not answer")
        answer: asyncio.Future[list[tuple[Any, ...]]] = self.create_future()
        self._lookups += 1
        thread = threading.Thread(
            target=self._look_up, args=(answer, ask), name="name look-up", daemon=True
        )
        thread.start()
        return await answer

    def _look_up(
        self,
        answer: asyncio.Future[list[tuple[Any, ...]]],
        ask: Callable[[], list[tuple[Any, ...]]],
    ) -> None:
        found: list[tuple[Any, ...]] = []
        error: BaseException | None = None
        try:
            found = list(ask())
        except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
            error = raised
        try:
            self.call_soon_threadsafe(self._looked_up, answer, found, error)
        except RuntimeError:
            # The loop is closed: nobody asks any more.
            return

    def _looked_up(
        self,
        answer: asyncio.Future[list[tuple[Any, ...]]],
        found: list[tuple[Any, ...]],
        error: BaseException | None,
    ) -> None:
        self._lookups -= 1
        if answer.done():
            return
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)


def _is_number(host: bytes | str | None) -> bool:
    """Whether no name service is asked for this host."""
    if host is None:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
