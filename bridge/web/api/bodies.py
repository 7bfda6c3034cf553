"""From a request to a command: body, path and headers, checked once and named when wrong.

The body is validated from JSON, not from FastAPI's parsed objects: a strict field would refuse
what it accepts from JSON (dates, tuples).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from starlette.requests import ClientDisconnect, Request

from bridge.model import commands
from bridge.web.api.faults import (
    IdempotencyKeyMissing,
    RequestInvalid,
    RequestTooLarge,
    RevMissing,
)

MAX_BODY_BYTES: Final = 1_048_576
"""Largest body read: 999 lines of usual length fit in many times."""

MAX_DEPTH: Final = 32
"""Objects and lists in each other; no command has more than four."""

MAX_NUMBER: Final = 10**9
"""Largest revision or line number."""

RESERVED: Final = frozenset({"type", "key"})
"""Fields of commands that come from path and headers."""

C = TypeVar("C", bound=commands.Command)

Completion = Callable[[int, str | None], Mapping[str, Any]]
"""Revision and key of a change → the present content of what it changes."""

_KEY: Final[TypeAdapter[str]] = TypeAdapter(commands.IdempotencyKey)
_REV = re.compile(r'"(\d{1,9})"|(\d{1,9})')


async def command_of(
    request: Request,
    kind: type[C],
    body: dict[str, Any] | None = None,
    *,
    inside: str = "",
    completed_by: Completion | None = None,
    needs_key: bool | None = None,
    **fixed: Any,
) -> C:
    """Return the command that a request asks for. ``body`` is its body if that was read already.

    ``fixed`` are the fields that the path or the server gives; a body that has them too is
    refused. ``inside`` names the field of the command whose content the body is (a line), and
    ``completed_by`` says what of it holds that the body leaves out. The key is mandatory where the
    command or ``needs_key`` says so.

    Raises ``RequestInvalid``, ``RequestTooLarge``, ``RevMissing``, ``IdempotencyKeyMissing``.
    """
    if body is None:
        body = await body_of(request)
    fields = dict(fixed)
    if needs_key is None:
        needs_key = kind.model_fields["key"].is_required()
    key = key_of(request, needed=needs_key)
    if key is not None:
        fields["key"] = key
    if issubclass(kind, commands.OfReceipt):
        fields["rev"] = rev_of(request, body)
    for name in body.keys() & (RESERVED | fields.keys()):
        raise RequestInvalid.at(name, "Extra inputs are not permitted")
    if inside:
        if "expires" in body:
            fields["expires"] = body.pop("expires")
        if completed_by is not None:
            body = {**completed_by(fields["rev"], key), **body}
        fields[inside] = body
    else:
        fields.update(body)
    try:
        return kind.model_validate_json(to_json(fields))
    except ValidationError as error:
        raise RequestInvalid.of(error, inside) from error


async def body_of(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object; no body is an empty one.

    Raises ``RequestInvalid``, ``RequestTooLarge``.
    """
    raw = await read(request, MAX_BODY_BYTES)
    if not raw.strip():
        return {}
    try:
        found = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise RequestInvalid.at("body", f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise RequestInvalid.at("body", "must be a JSON object")
    # Counting brackets is enough for every honest body, and quicker.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(found) > MAX_DEPTH:
        raise RequestInvalid.at("body", f"nested deeper than {MAX_DEPTH}")
    return found


def key_of(request: Request, *, needed: bool) -> str | None:
    """Return the ``Idempotency-Key``. Raises ``IdempotencyKeyMissing``, ``RequestInvalid``."""
    key = request.headers.get("idempotency-key")
    if key is None:
        if needed:
            raise IdempotencyKeyMissing
        return None
    try:
        return _KEY.validate_python(key)
    except ValidationError as error:
        raise RequestInvalid.at(
            "Idempotency-Key", "must have 8 to 128 printable characters, no blanks at its ends"
        ) from error


def rev_of(request: Request, body: dict[str, Any]) -> int:
    """Return the revision that a change was made for, and take it out of the body.

    Raises ``RevMissing``, ``RequestInvalid``.
    """
    header = request.headers.get("if-match")
    named = None
    if header is not None:
        found = _REV.fullmatch(header.strip())
        if found is None:
            raise RequestInvalid.at("If-Match", "must be the receipt's rev, a number")
        named = int(found[1] or found[2])
    if "rev" not in body:
        if named is None:
            raise RevMissing
        return named
    rev = body.pop("rev")
    if isinstance(rev, bool) or not isinstance(rev, int) or not 0 <= rev <= MAX_NUMBER:
        raise RequestInvalid.at("rev", "must be the receipt's rev, a number")
    if named not in (None, rev):
        raise RequestInvalid.at("rev", f"is {rev} in the body and {named} in If-Match")
    return rev


def number_in(request: Request, name: str) -> int:
    """Return a number in the path, -1 (which nothing has) if it is none."""
    text = request.path_params[name]
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1


async def read(request: Request, most: int) -> bytes:
    """Return the whole body, at most so many bytes. Raises ``RequestInvalid``,
    ``RequestTooLarge``."""
    chunks = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                message = f"more than {most} bytes"
                raise RequestTooLarge(message)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise RequestInvalid.at("body", "ended too early") from error
    return b"".join(chunks)


def _depth(value: Any) -> int:
    """Return how deep objects and lists are nested; the parser has bounded it already."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
