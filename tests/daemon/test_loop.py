"""A name service that does not answer holds up nobody but those who ask for names."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.daemon.loop import MOST_LOOKUPS, BoxLoop

HANGING = "hole.test"


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let names of a domain be looked for until the event is set."""
    over = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any) -> Any:
        if host is not None and HANGING in str(host):
            over.wait(60)
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return real(host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield over
    over.set()


def run(main: Any) -> Any:
    """Run a coroutine on the daemon's loop."""
    with asyncio.Runner(loop_factory=BoxLoop) as runner:
        return runner.run(main)


def test_names_and_numbers_are_resolved_as_ever() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for host in ("127.0.0.1", "::1", "localhost", b"localhost", None):
            found = await loop.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
            assert found == socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("no.such.name.invalid", 80)

    run(main())


def test_hanging_look_ups_take_no_thread_that_others_need_and_no_end(
    never: threading.Event,
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        lookups = [asyncio.create_task(loop.getaddrinfo(HANGING, n)) for n in range(MOST_LOOKUPS)]
        await asyncio.sleep(0)
        assert await asyncio.to_thread(lambda: "done") == "done"
        assert await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        with pytest.raises(socket.gaierror, match="does not answer"):
            await loop.getaddrinfo(HANGING, 80)
        for each in lookups:
            each.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    run(main())
    assert not never.is_set(), "the loop has ended while the look-ups still hang"


def test_look_ups_that_were_given_up_make_room_when_they_end(never: threading.Event) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        lookups = [asyncio.create_task(loop.getaddrinfo(HANGING, n)) for n in range(MOST_LOOKUPS)]
        await asyncio.sleep(0)
        lookups[0].cancel()
        never.set()
        results = await asyncio.gather(*lookups, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert all(isinstance(each, socket.gaierror) for each in results[1:])
        with pytest.raises(socket.gaierror, match="no such name"):
            await loop.getaddrinfo(HANGING, 80)

    run(main())
