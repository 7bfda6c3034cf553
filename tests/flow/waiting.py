"""Waiting for what has to come, never for luck; and many cases side by side."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

LONGEST_S = 120.0
"""Seconds after which something that should have come is missing."""

LOOK_S, SELDOM_S = 0.05, 0.2
"""Seconds between looks; seldom, when many wait for something that takes seconds."""

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], what: str, pause_s: float = LOOK_S) -> T:
    """Look again and again until there is something; return it."""
    try:
        async with asyncio.timeout(LONGEST_S):
            for _ in itertools.count():
                found = await look()
                if found:
                    return found
                await asyncio.sleep(pause_s)
    except TimeoutError:
        failure = f"in {LONGEST_S:.0f} s it did not come about that {what}"
        raise AssertionError(failure) from None
    raise AssertionError


async def side_by_side(cases: Iterable[tuple[str, Coroutine[Any, Any, None]]]) -> None:
    """Run cases at the same time; all that failed are named."""
    named = list(cases)
    outcomes = await asyncio.gather(*(case for _, case in named), return_exceptions=True)
    failed = []
    for (name, _), outcome in zip(named, outcomes, strict=True):
        if isinstance(outcome, Exception):
            outcome.add_note(f"in the case: {name}")
            failed.append(outcome)
        elif outcome is not None:
            raise outcome
    if failed:
        message = f"{len(failed)} of {len(named)} cases failed"
        raise ExceptionGroup(message, failed)
