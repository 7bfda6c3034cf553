"""A box with its card, and as many clouds as a test wants: each with a register of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.daemon.processes import PIN, free_port
from tests.flow.box import Box, CloudEntry, Counter
from tests.flow.link import Link
from tests.signing.process import SimulatorProcess

PINGS = (20.0, 10.0)
"""The box's default: seconds between pings, and for the answer."""


@dataclass(slots=True)
class Stage:
    """Everything that plays together."""

    box: Box
    counter: Counter
    links: list[Link]


@contextlib.asynccontextmanager
async def set_up(
    root: Path,
    registers: Sequence[str],
    *,
    pings: tuple[float, float] = PINGS,
    more: Sequence[CloudEntry] = (),
    patient: bool = False,
) -> AsyncIterator[Stage]:
    """Start card, clouds (one for each register named, ``c0``, ``c1`` …), programs and box; the
    links are connected and the registers started. ``more`` are clouds that nobody plays.

    The box is stopped in order at the end unless it has ended before.
    """
    links = [
        Link(f"c{number}", register, root / f"cloud-{number}")
        for number, register in enumerate(registers)
    ]
    reader = free_port()
    async with contextlib.AsyncExitStack() as stack:
        for link in links:
            stack.push_async_callback(link.stop)
        card = await asyncio.to_thread(
            SimulatorProcess, reader, root / "card.json", "--pin", PIN, "--delay-ms", "5"
        )
        stack.callback(card.kill)
        await asyncio.gather(*(link.start_cloud() for link in links))
        box = Box(root, reader, [*(link.entry(pings) for link in links), *more])
        counter = Counter(box.url, patient=patient)
        stack.push_async_callback(counter.close)
        stack.push_async_callback(_stop, box)
        await box.start()
        for register in sorted(set(registers)):
            await counter.start_register(register)
        for link in links:
            link.box, link.counter = box, counter
            await link.start_program()
        await asyncio.gather(*(link.connected() for link in links))
        yield Stage(box, counter, links)


async def _stop(box: Box) -> None:
    if box.is_running:
        assert await box.stop() == 0, box.log.read_text(encoding="utf-8")
