"""The first two frames of a connection: ``hello`` of the box, ``welcome`` of the cloud."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bridge.cloud import envelope
from bridge.cloud.commands import CloudTime, data_of
from bridge.cloud.discretion import Discretion
from bridge.cloud.envelope import Frame, FrameInvalid, Hello, Welcome
from bridge.cloud.faults import CloudGreetingMissing
from bridge.cloud.heads import journal_head, open_commands
from bridge.cloud.here import Here
from bridge.cloud.reading import read
from bridge.cloud.sender import Send
from bridge.cloud.waiting import within

GREETING_S = 10.0
"""Seconds for both frames."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """What the cloud answered, and its time."""

    welcome: Welcome
    time: CloudTime


async def greet(here: Here, send: Send, receive: Callable[[], Awaitable[str | bytes]]) -> Greeted:
    """Exchange the greetings. Raises ``CloudGreetingMissing`` and what the connection raises."""
    return await within(
        here.clock, GREETING_S, _exchange(here, send, receive), CloudGreetingMissing
    )


async def _exchange(
    here: Here, send: Send, receive: Callable[[], Awaitable[str | bytes]]
) -> Greeted:
    asked = here.clock.monotonic()
    await send(here.frame(envelope.HELLO, _hello(here).model_dump(mode="json")))
    welcome = _welcome(await receive(), here.discretion)
    took = here.clock.monotonic() - asked
    return Greeted(welcome, CloudTime(here.clock, welcome.time, took))


def _hello(here: Here) -> Hello:
    last = here.journal.last_seq
    unacknowledged = here.progress.acknowledged + 1
    return Hello(
        box=here.identity.box,
        software=here.identity.software,
        boot=here.identity.boot,
        last_in=here.reception.taken.upto,
        first_unacked=unacknowledged if unacknowledged <= last else None,
        last_out=last,
        open=open_commands(here.till, here.peer),
        max_in_flight=envelope.MAX_IN_FLIGHT,
        journal=journal_head(here.journal.reader, here.peer),
    )


def _welcome(raw: str | bytes, discretion: Discretion) -> Welcome:
    frame = read(raw)
    if not isinstance(frame, Frame):
        raise CloudGreetingMissing(str(frame.fault))
    if frame.type == envelope.ERROR:
        raise CloudGreetingMissing(f"error {discretion.sayable(frame.data.get('code', ''))}")
    if frame.type != envelope.WELCOME:
        raise CloudGreetingMissing(f"{discretion.sayable(frame.type)} came instead")
    try:
        return data_of(frame, Welcome)
    except FrameInvalid as fault:
        raise CloudGreetingMissing(fault.detail) from None
