"""What a simulator has been asked: the judge of "was it sent twice?"."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it came.

    ``target`` is path and query as they were on the wire, ``headers`` with their names as written.
    ``status`` is what was answered, 0 when the connection was closed without an answer (or none
    was given yet); ``done`` is what the vendor itself came to, 0 when it never saw the request.
    ``fault`` is what struck it. ``at`` is the simulator's time.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    at: datetime
    done: int = 0
    fault: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Return a header's value, ``None`` if it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def as_body(self) -> dict[str, Any]:
        """Return the entry as JSON; a body that is no text is base64."""
        body: dict[str, Any] = {
            "method": self.method,
            "target": self.target,
            "headers": [list(pair) for pair in self.headers],
            "status": self.status,
            "done": self.done,
            "fault": self.fault,
            "at": self.at.isoformat(),
        }
        try:
            body["body"] = self.body.decode()
        except UnicodeDecodeError:
            body["body_base64"] = base64.b64encode(self.body).decode()
        return body


KEPT = 10_000
"""Latest requests that are kept: a simulator may stay up for weeks."""


class Log:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._entries: list[Logged] = []
        self._first = 0

    def arrived(self, entry: Logged) -> int:
        """Add a request before anything is done about it and return its number."""
        self._entries.append(entry)
        if len(self._entries) > KEPT:
            del self._entries[0]
            self._first += 1
        return self._first + len(self._entries) - 1

    def ended(self, number: int, **changes: Any) -> None:
        """Say what became of it."""
        place = number - self._first
        if place >= 0:
            self._entries[place] = replace(self._entries[place], **changes)

    def entries(self, method: str = "", path_prefix: str = "") -> list[Logged]:
        """Return requests of a method (any) whose path begins so."""
        return [
            each
            for each in self._entries
            if each.path.startswith(path_prefix) and method in ("", each.method)
        ]

    def clear(self) -> None:
        self._first += len(self._entries)
        self._entries.clear()
