"""Waiting with a limit, and for several things at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from drivers.contract.clock import Clock
from drivers.contract.fault import Fault

T = TypeVar("T")


async def within(
    clock: Clock, seconds: float, work: Coroutine[Any, Any, T], late: Callable[[], Fault]
) -> T:
    """Return what ``work`` returns, or raise ``late()`` when it takes longer."""
    loop = asyncio.get_running_loop()
    task, over = loop.create_task(work), loop.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait((task, over), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise late()
        return task.result()
    finally:
        await _cancelled(task, over)


async def first_to_end(*works: Coroutine[Any, Any, object]) -> None:
    """Do several things until one of them ends, and raise what it raised."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done:
                task.result()
    finally:
        await _cancelled(*tasks)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
