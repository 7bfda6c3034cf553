"""Answers: JSON by pydantic's serialiser, never through FastAPI's response models."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from bridge.till.register import Done
from bridge.web.api import lookup
from bridge.web.caller import language_of
from bridge.web.parts import WebParts


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """Return a JSON answer. Names of headers are written with ``_`` for ``-``."""
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    found["cache-control"] = "no-store"
    return Response(to_json(body), status, found, "application/json")


def receipt_answer(view: dict[str, Any], status: int = 200, *, repeated: bool = False) -> Response:
    """Return a receipt with its revision as ETag, its place when it is new, and whether the
    command had happened before."""
    headers = {"etag": f'"{view["rev"]}"'}
    if status == 201:
        headers["location"] = f"/v1/receipts/{view['id']}"
    if repeated:
        headers["idempotent_replay"] = "true"
    return answer(view, status, **headers)


async def changed(request: Request, parts: WebParts, done: Done, status: int = 200) -> Response:
    """Return the receipt after a command."""
    receipt_id = done.event.receipt or ""
    view = await lookup.view_of(receipt_id, parts, speech(request, parts))
    return receipt_answer(view, status, repeated=done.repeated)


def speech(request: Request, parts: WebParts) -> str:
    """Return the language in which the caller is answered."""
    return language_of(request, parts.config.box.language)
