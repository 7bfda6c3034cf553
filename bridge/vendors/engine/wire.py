"""Requests to a vendor and their answers, as values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from bridge.vendors.engine.faults import CallInvalid, VendorBroken

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it goes over the wire, without what proves who sends it: that is added on
    sending and never stored.

    ``target`` is path and query below the vendor's base URL, encoded as it shall appear.
    ``content`` is sent as it is. ``anonymous``: nothing that identifies us is added.
    """

    method: str
    target: str
    content: bytes = b""
    content_type: str = ""
    accept: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    anonymous: bool = False
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in small letters, ``content`` at most 10 MB."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the content as JSON. Raises ``VendorBroken`` if it is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "no type")
            message = f"status {self.status} with {kind} that is not JSON"
            raise VendorBroken(message) from None


def target(path: str, query: Mapping[str, str] | None = None, *, safe: str = "") -> str:
    """Return a target: path segments must be encoded already (``segment``); ``safe`` characters
    stay as they are in the query."""
    return f"{path}?{urlencode(query, safe=safe, quote_via=quote)}" if query else path


def segment(value: str, *, safe: str = "") -> str:
    """Return one path segment, encoded but for ``safe`` characters.

    Raises ``CallInvalid`` for a value that would climb to another path where a server decodes
    before it routes.
    """
    if not {".", ".."}.isdisjoint(re.split(r"[/\\]", value)):
        raise CallInvalid.at("path", "must not contain the steps '.' and '..'")
    return quote(value, safe=safe)


def json_body(value: Any) -> bytes:
    """Return compact JSON in UTF-8, keys in their order, numbers as Python reads them back."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
