"""Calls of programs in the shop as rooms see them that add calls of their own to the local API.

The web room checks, reads and answers; the room that added the call knows nothing of HTTP servers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bridge.model.roles import Role

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCall:
    """A request, checked by the guard and read whole.

    ``path`` holds the values of the route's parameters, decoded; ``query`` all pairs in their
    order; ``headers`` have names in small letters and never contain what identifies the caller
    (``authorization``, ``cookie``). ``role`` is what the caller may do, ``caller`` its name.
    """

    method: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    caller: str = "box"
    role: Role = Role.TECHNICIAN
    language: str = "en"

    def parameter(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAnswer:
    """What a call is answered with. Faults are raised instead."""

    status: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or header of a route. ``schema`` is a JSON schema."""

    name: str
    text: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRoute:
    """A call that a room adds to the local API.

    ``path`` begins with ``/v1/``, parameters in braces. ``role`` is what the caller needs;
    ``None``: no sign-in, the call proves itself (webhooks). ``body`` is the JSON schema of the
    request body (``media`` its type), ``answer`` that of the JSON answer. ``kind`` and ``retry``
    go into the description: the operation's class and what a program may do after a time-out.
    ``answer`` faults are raised by ``handle`` and answered as problems.
    """

    method: str
    path: str
    id: str
    summary: str
    handle: Callable[[LocalCall], Awaitable[LocalAnswer]]
    role: Role | None = Role.TILL
    text: str = ""
    tag: str = ""
    kind: str = ""
    retry: str = ""
    status: int = 200
    body: Mapping[str, Any] | None = None
    media: str = JSON
    answer: Mapping[str, Any] | None = None
    answer_media: str = JSON
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    max_body: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as programs and pages see it. Times are UTC ms; ``state`` is one of ``queued``,
    ``sending``, ``waiting``, ``succeeded``, ``failed``, ``unknown``; ``resolved`` says who ended
    an unknown one and how. ``result`` and ``problem`` are redacted JSON values. ``order`` is what
    it waits in line with (an invoice, an entity), ``due`` when it is tried next."""

    id: str
    vendor: str
    operation: str
    kind: str
    state: str
    created: int
    changed: int
    key: str = ""
    order: str = ""
    tries: int = 0
    due: int | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None
    resolved: Mapping[str, Any] | None = None
    warnings: tuple[Mapping[str, Any], ...] = ()

    def as_body(self) -> dict[str, Any]:
        """Return what the local API answers; what is not set is left out."""
        body: dict[str, Any] = {
            "run": self.id,
            "vendor": self.vendor,
            "operation": self.operation,
            "class": self.kind,
            "state": self.state,
            "created": self.created,
            "changed": self.changed,
            "tries": self.tries,
        }
        for name in ("key", "order", "due", "result", "problem", "resolved"):
            if (value := getattr(self, name)) not in (None, ""):
                body[name] = value
        if self.summary:
            body["summary"] = dict(self.summary)
        if self.warnings:
            body["warnings"] = [dict(each) for each in self.warnings]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorView:
    """A vendor as programs and pages see it. ``queued`` counts runs that wait to be sent or to be
    finished by the vendor, ``unknown`` those that a person must decide. ``operations`` describes
    each call (name, class, method, path, role, summary, schema)."""

    name: str
    title: str
    level: str
    phase: str = ""
    since: int = 0
    queued: int = 0
    unknown: int = 0
    fault: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    operations: tuple[Mapping[str, Any], ...] = ()


class Vendors(Protocol):
    """The vendors' room as the web room sees it: ``bridge.vendors.engine.desk.Desk``."""

    def routes(self) -> Sequence[LocalRoute]:
        """Return all calls of the configured vendors, webhooks included."""
        ...

    def vendors(self, language: str) -> Sequence[VendorView]: ...

    async def runs(
        self, *, vendor: str | None, state: str | None, limit: int, language: str
    ) -> Sequence[RunView]:
        """Return runs, newest first."""
        ...

    async def run(self, run: str, language: str) -> RunView:
        """Return one run. Raises ``RunUnknown``."""
        ...

    async def resolve(self, run: str, *, done: bool, note: str, by: str) -> RunView:
        """End an unknown run by a person's word. Raises ``RunUnknown``, ``RunNotOpen``."""
        ...

    async def withdraw(self, run: str) -> None:
        """Take a queued run back that was never sent. Raises ``RunUnknown``, ``RunNotOpen``."""
        ...
