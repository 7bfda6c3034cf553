"""Which queued run of a vendor is sent next: strictly in order per order key, others side by side.

Only bookkeeping in memory; the store has the truth. Times are monotonic seconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Item:
    """A queued run. ``due`` is when it may be sent."""

    id: str
    operation: str
    order: str
    due: float = 0.0


@dataclass(slots=True)
class _Lane:
    waiting: deque[Item] = field(default_factory=deque)
    busy: str | None = None
    blocked: set[str] = field(default_factory=set)

    def idle(self) -> bool:
        return not self.waiting and self.busy is None and not self.blocked


class Lanes:
    """All queued runs of one vendor. A lane is *busy* while one of its runs is being sent, and
    *blocked* while the outcome of one is unknown."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._heads: list[tuple[float, int, str]] = []
        self._count = itertools.count()
        self._queued = 0

    def __len__(self) -> int:
        """Return how many runs are queued."""
        return self._queued

    def add(self, item: Item, *, first: bool = False) -> None:
        """Queue a run, at the end of its lane or before all others."""
        lane = self._lane(item)
        (lane.waiting.appendleft if first else lane.waiting.append)(item)
        self._queued += 1
        self._announce(_key(item.order, item.id))

    def remove(self, order: str, run: str) -> None:
        """Forget a queued run."""
        key = _key(order, run)
        lane = self._lanes.get(key)
        found = next((each for each in lane.waiting if each.id == run), None) if lane else None
        if lane is None or found is None:
            return
        lane.waiting.remove(found)
        self._queued -= 1
        self._settle(key)

    def has(self, order: str, run: str) -> bool:
        """Whether a run is queued."""
        lane = self._lanes.get(_key(order, run))
        return lane is not None and any(each.id == run for each in lane.waiting)

    def take(self, now: float) -> Item | None:
        """Return a run that may be sent now and mark its lane busy."""
        while self._heads and self._heads[0][0] <= now:
            _, _, key = heapq.heappop(self._heads)
            lane = self._lanes.get(key)
            if lane is None or lane.busy is not None or lane.blocked or not lane.waiting:
                continue
            if lane.waiting[0].due > now:
                self._announce(key)
                continue
            item = lane.waiting.popleft()
            lane.busy = item.id
            self._queued -= 1
            return item
        return None

    def neighbours(self, item: Item) -> list[Item]:
        """Return the queued runs of the same operation that stand right behind one that was
        taken."""
        lane = self._lanes[_key(item.order, item.id)]
        same = itertools.takewhile(lambda each: each.operation == item.operation, lane.waiting)
        return list(same) if item.order else []

    def release(self, item: Item) -> None:
        """Say that a run that was taken is not being sent any more."""
        key = _key(item.order, item.id)
        lane = self._lanes.get(key)
        if lane is not None and lane.busy == item.id:
            lane.busy = None
            self._settle(key)

    def occupy(self, order: str, run: str) -> None:
        """Mark a lane busy with a run that was under way at the last stop."""
        self._lane(Item(run, "", order)).busy = run

    def block(self, order: str, run: str) -> None:
        """Block a lane by a run whose outcome is unknown."""
        self._lane(Item(run, "", order)).blocked.add(run)

    def unblock(self, order: str, run: str) -> None:
        """Take such a block away."""
        key = _key(order, run)
        if (lane := self._lanes.get(key)) is not None:
            lane.blocked.discard(run)
            self._settle(key)

    def blocker(self, order: str) -> str | None:
        """Return the run with unknown outcome that blocks an order key."""
        lane = self._lanes.get(_key(order, ""))
        return next(iter(lane.blocked), None) if order and lane else None

    def ahead(self, order: str, run: str, now: float) -> bool:
        """Whether a queued run has to wait for something else than a request under way: a block,
        or the time of one before it or of itself."""
        lane = self._lanes.get(_key(order, run))
        return lane is not None and (
            bool(lane.blocked) or (lane.busy is None and _first_due(lane.waiting) > now)
        )

    def hasten(self) -> None:
        """Let all queued runs be due at once."""
        for key, lane in self._lanes.items():
            for item in lane.waiting:
                item.due = 0.0
            self._announce(key)

    def next_due(self) -> float | None:
        """Return when ``take`` may find something next."""
        return self._heads[0][0] if self._heads else None

    def _lane(self, item: Item) -> _Lane:
        return self._lanes.setdefault(_key(item.order, item.id), _Lane())

    def _announce(self, key: str) -> None:
        lane = self._lanes[key]
        if lane.waiting and lane.busy is None and not lane.blocked:
            heapq.heappush(self._heads, (lane.waiting[0].due, next(self._count), key))

    def _settle(self, key: str) -> None:
        if self._lanes[key].idle():
            del self._lanes[key]
        else:
            self._announce(key)


def _key(order: str, run: str) -> str:
    # Without an order key every run has a lane of its own.
    return f"order:{order}" if order else f"run:{run}"


def _first_due(items: Iterable[Item]) -> float:
    return next((each.due for each in items), 0.0)
