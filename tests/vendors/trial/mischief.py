"""Faults of vendors by chance: seeded, so that a run that failed can be looked at again."""

from __future__ import annotations

import random

from simulators.vendors.kit import Stage
from simulators.vendors.kit.faults import (
    BAD_JSON,
    DELAY,
    DROP_AFTER,
    DROP_BEFORE,
    HTML200,
    STATUS,
    STATUS_AFTER,
    Faults,
    Strike,
)

_CHOICES = (
    lambda: Strike(DELAY, delay_s=0.1),
    lambda: Strike(DELAY, delay_s=0.6),
    lambda: Strike(DROP_BEFORE),
    lambda: Strike(DROP_AFTER),
    lambda: Strike(DELAY, delay_s=0.3),
    lambda: Strike(STATUS, status=500),
    lambda: Strike(STATUS, status=503),
    lambda: Strike(STATUS_AFTER, status=502),
    lambda: Strike(HTML200),
    lambda: Strike(BAD_JSON),
    lambda: Strike(STATUS, status=429, retry_after="1"),
)


class Mischief(Faults):
    """Strikes each request with probability ``often`` until it is ``calm``."""

    def __init__(self, chance: random.Random, often: float) -> None:
        super().__init__()
        self._chance = chance
        self._often = often
        self.calm = False
        self.struck = 0

    def take(self, method: str, path: str) -> Strike | None:
        """Return what strikes a request."""
        if self.calm or self._chance.random() >= self._often:
            return None
        self.struck += 1
        return self._chance.choice(_CHOICES)()


def troubled(stage: Stage, seed: int, often: float) -> Mischief:
    """Let faults strike a vendor from now on."""
    made = Mischief(random.Random(seed), often)
    stage.front.faults = made
    return made
