"""Faults that strike a vendor's answers."""

from __future__ import annotations

from dataclasses import dataclass

DROP_BEFORE = "drop_before"
DROP_AFTER = "drop_after"
DELAY = "delay"
STATUS = "status"
STATUS_AFTER = "status_after"
HTML200 = "html200"
BAD_JSON = "bad_json"

KINDS = (DROP_BEFORE, DROP_AFTER, DELAY, STATUS, STATUS_AFTER, HTML200, BAD_JSON)

FOREVER = -1
"""``times`` of a fault that never wears off."""

_STATUSES = range(200, 600)


class FaultInvalid(ValueError):
    """Such a fault does not exist."""


@dataclass(slots=True)
class Strike:
    """A fault that waits for requests.

    - ``drop_before``: the connection is closed, nothing is done;
    - ``drop_after``: it is done, then the connection is closed without an answer;
    - ``delay``: it is done, and the answer comes ``delay_s`` (real seconds) later;
    - ``status``: nothing is done, the answer is ``status`` (with ``Retry-After`` if given);
    - ``status_after``: the same, but it is done;
    - ``html200``: nothing is done, the answer is 200 with a log-in page;
    - ``bad_json``: it is done, the answer's body is cut off in its middle.

    It strikes ``times`` requests whose method is ``method`` and whose path begins with ``path``.
    """

    kind: str
    times: int = 1
    status: int = 500
    delay_s: float = 0.0
    path: str = ""
    method: str = ""
    retry_after: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultInvalid(f"kind is one of {', '.join(KINDS)}")
        if self.times != FOREVER and self.times < 1:
            raise FaultInvalid("times is 1 or more, or -1 for ever")
        if self.status not in _STATUSES:
            raise FaultInvalid("status is 200 to 599")
        if not 0 <= self.delay_s < float("inf"):
            raise FaultInvalid("delay_s is 0 or more")

    def fits(self, method: str, path: str) -> bool:
        """Whether it strikes such a request."""
        return path.startswith(self.path) and self.method in ("", method)


class Faults:
    """Those that wait. A request is struck by the first that fits, in the order in which they were
    set; those for ever come after the counted ones."""

    def __init__(self) -> None:
        self._waiting: list[Strike] = []

    def add(self, strike: Strike) -> None:
        self._waiting.append(strike)
        self._waiting.sort(key=lambda each: each.times == FOREVER)

    def take(self, method: str, path: str) -> Strike | None:
        """Return what strikes a request, used up by it."""
        for strike in self._waiting:
            if strike.fits(method, path):
                if strike.times != FOREVER:
                    strike.times -= 1
                    if not strike.times:
                        self._waiting.remove(strike)
                return strike
        return None

    def clear(self) -> None:
        self._waiting.clear()

    def waiting(self) -> list[Strike]:
        """Return those that may still strike."""
        return list(self._waiting)
