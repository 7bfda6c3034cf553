"""Calls that other rooms add to the local API, found by method and path.

Guard and API ask the same table, so that what the guard lets through is exactly what is called.
Paths are compared segment by segment *before* percent-decoding: ``FV1%2F2024`` is one value, and
nothing that decodes to a slash can look like another path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from bridge.model.exchange import LocalRoute

PARAMETER: Final = re.compile(r"\{(\w+)(:path)?\}")
"""A segment that is a value; ``:path``, at the end only: it and all that follow."""

MEDIA: Final = frozenset({"application/json", "application/xml", "text/xml", "text/csv"})
"""Types of bodies that added routes may be sent, whichever of them they expect: the room itself
looks at them. None is of those that a foreign page can send without asking (Fetch standard,
"CORS-safelisted request-header")."""

FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Gate:
    """A route that a request is for, and the values in its path, decoded."""

    route: LocalRoute
    path: Mapping[str, str]

    @property
    def open(self) -> bool:
        """Whether the call proves itself: nobody has to sign in."""
        return self.route.role is None

    def takes(self, media: str) -> bool:
        """Whether a body of this type (in small letters) may be sent."""
        if media == FORM:
            # A foreign page can send a form, but never with a header of this kind.
            return any(each.required for each in self.route.headers)
        return media in MEDIA


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A route's path. ``tail`` is the name of the value that the rest of the path is, if any."""

    route: LocalRoute
    segments: tuple[str, ...]
    tail: str

    @classmethod
    def of(cls, route: LocalRoute) -> _Pattern:
        *inner, last = route.path.split("/")
        found = PARAMETER.fullmatch(last)
        if found and found[2]:
            return cls(route, tuple(inner), found[1])
        return cls(route, (*inner, last), "")

    @property
    def vagueness(self) -> tuple[int, ...]:
        """Sorts literal segments before values, and those before tails."""
        values = (int(PARAMETER.fullmatch(each) is not None) for each in self.segments)
        return (*values, 2) if self.tail else tuple(values)

    def values(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the values in a path, ``None`` if it is another one."""
        own, rest = len(self.segments), segments[len(self.segments) :]
        if len(segments) < own or bool(rest) is not bool(self.tail):
            return None
        found: dict[str, str] = {}
        for name, given in zip(self.segments, segments, strict=False):
            if (value := PARAMETER.fullmatch(name)) is None:
                if name != given:
                    return None
            else:
                found[value[1]] = given
        if self.tail:
            found[self.tail] = "/".join(rest)
        # Rooms build paths from these values: none may climb.
        given_values = (*found.values(), *rest)
        return None if any(each in ("", ".", "..") for each in given_values) else found


class Gates:
    """All added routes. Where two fit, the one with literal segments further to the left wins."""

    def __init__(self, routes: Iterable[LocalRoute] = ()) -> None:
        self.routes = tuple(routes)
        self._patterns = sorted(map(_Pattern.of, self.routes), key=lambda each: each.vagueness)
        self._prefixes = tuple({_prefix(route.path) for route in self.routes})

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Beginnings that all added paths have, like ``/v1/vendors/``."""
        return tuple(sorted(each.decode() for each in self._prefixes))

    @property
    def headers(self) -> frozenset[str]:
        """Names of all headers that added routes know, in small letters."""
        return frozenset(each.name.lower() for route in self.routes for each in route.headers)

    def find(self, method: str, raw_path: bytes) -> Gate | None:
        """Return what a request is for. ``raw_path`` is still percent-encoded."""
        for gate in self._at(raw_path):
            if gate.route.method == method:
                return gate
        return None

    def methods(self, raw_path: bytes) -> list[str]:
        """Return the methods that a path has, none if there is no such path."""
        return sorted({gate.route.method for gate in self._at(raw_path)})

    def _at(self, raw_path: bytes) -> Iterable[Gate]:
        if not raw_path.startswith(self._prefixes):
            return
        try:
            segments = [unquote_to_bytes(each).decode() for each in raw_path.split(b"/")]
        except UnicodeDecodeError:
            return
        for pattern in self._patterns:
            values = pattern.values(segments)
            if values is not None:
                yield Gate(pattern.route, values)


def _prefix(path: str) -> bytes:
    """Return the first two segments of a path, ``/v1/vendors/``."""
    return "/".join((*path.split("/")[:3], "")).encode()
