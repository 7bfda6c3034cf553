"""The description of operations (OpenAPI 3.1) beside their handlers.

Handlers take the bare request (facts of speed: a body parameter and a response model cost a
receipt a fifth more), so FastAPI learns from ``Operation`` what it cannot see.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from bridge.model import commands
from bridge.model.roles import Forbidden, Role
from bridge.web.api.bodies import MAX_NUMBER
from bridge.web.api.faults import (
    IdempotencyKeyMissing,
    RequestInvalid,
    RequestTooLarge,
    RevMissing,
)
from bridge.web.caller import Unauthorised
from bridge.web.problems import MEDIA_TYPE, status_of
from drivers.contract.fault import Fault

Handler = Callable[[Request], Awaitable[Response]]

PROBLEM_SCHEMA: Final = {"$ref": "#/components/schemas/Problem"}

SECURITY: Final[list[dict[str, list[str]]]] = [{"token": []}, {"session": []}]
"""A token in the header, or the cookie of a session (not for programs of other origins)."""

_DEFS = "#/$defs/"

_RETRY: Final = {
    "safe": "changes nothing",
    "key": "repeat it with the same Idempotency-Key: it has its effect once",
    "rev": "repeated with the same rev it is refused as receipt_changed: nothing happens twice",
    "open": "repeat it with the same Idempotency-Key; without one each request opens a receipt",
    "state": "repeated it is refused by the state that was reached: nothing happens twice",
    "again": "may be repeated, nothing is done twice that matters",
    "asked": "each request does it once more",
}


class Direct(APIRoute):
    """A route whose handler gets the request as it is: there is nothing to take out of it first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler itself."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter in the query."""

    name: str
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``answer`` is the model of its JSON answer, ``media`` its type when it has
    none; ``body`` a JSON schema. ``key`` is ``required``, ``optional`` or empty. ``retry`` is a
    key of the texts above. ``faults`` are those worth a name; any other is described, too."""

    id: str
    summary: str
    role: Role
    retry: str = "safe"
    text: str = ""
    status: int = 200
    answer: type[BaseModel] | None = None
    media: str = ""
    body: dict[str, Any] | None = None
    rev: bool = False
    key: str = ""
    query: tuple[Query, ...] = ()
    headers: tuple[str, ...] = ()
    faults: tuple[type[Fault], ...] = ()


def add(router: APIRouter, method: str, path: str, handler: Handler, what: Operation) -> None:
    """Add a route with its description."""
    responses: dict[int | str, dict[str, Any]] = _problems(what)
    if what.answer is not None:
        responses[what.status] = {"model": what.answer, "headers": _headers(what)}
    elif what.media:
        responses[what.status] = {"content": {what.media: {"schema": {"type": "string"}}}}
    elif what.status == HTTPStatus.NO_CONTENT:
        responses[what.status] = {"description": "done"}
    router.add_api_route(
        path,
        handler,
        methods=[method],
        operation_id=what.id,
        summary=what.summary,
        description=what.text or None,
        status_code=what.status,
        response_model=None,
        # Without a class of its own an operation would be described as answering JSON, too.
        route_class_override=Direct,
        response_class=_Json if what.answer is not None else Response,
        responses=responses,
        openapi_extra=_extra(f"{router.prefix}{path}", what),
    )


def body_schema(
    *models: type[BaseModel], without: tuple[str, ...] = (), rev: bool = False
) -> dict[str, Any]:
    """Return the schema of a body that has the fields of these models, without references.

    ``rev``: the receipt's revision may be in the body, too.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    for model in models:
        schema = inlined(model.model_json_schema())
        fields = schema.get("properties", {})
        properties |= {name: each for name, each in fields.items() if name not in without}
        required += [name for name in schema.get("required", []) if name not in without]
    if rev:
        properties["rev"] = {"type": "integer", "minimum": 0, "description": "or in `If-Match`"}
        required = [name for name in required if name != "rev"]
    found: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        found["required"] = sorted(required)
    return found


FROM_OUTSIDE: Final = ("type", "key", "receipt", "n", "line", "payment")
"""Fields of commands that come from path, headers or the body as a whole."""


def change_schema(
    command: type[commands.Command], *inside: type[BaseModel], keep: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the schema of the body of a command on an open receipt."""
    without = tuple(name for name in FROM_OUTSIDE if name not in keep)
    return body_schema(
        command, *inside, without=without, rev=issubclass(command, commands.OfReceipt)
    )


class _Json(Response):
    media_type = "application/json"


def _extra(path: str, what: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PATH_SCHEMAS.get(name, {"type": "string"}),
        }
        for name in re.findall(r"\{(\w+)", path)
    ]
    parameters += [
        {
            "name": each.name,
            "in": "query",
            "required": each.required,
            "description": each.text,
            "schema": dict(each.schema),
        }
        for each in what.query
    ]
    if what.rev:
        text = "the receipt's `rev`; may be in the body instead"
        parameters.append(_header("If-Match", text, required=False))
    if what.key:
        text = "8 to 128 characters, new for each command, the same for its repetitions"
        parameters.append(_header("Idempotency-Key", text, required=what.key == "required"))
    parameters += [_header(name, "", required=False) for name in what.headers]
    extra: dict[str, Any] = {
        "security": SECURITY,
        "x-role": str(what.role),
        "x-retry": _RETRY[what.retry],
    }
    if parameters:
        extra["parameters"] = parameters
    if what.body is not None:
        extra["requestBody"] = {
            "required": bool(what.body.get("required")),
            "content": {"application/json": {"schema": what.body}},
        }
    return extra


_PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "n": {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
}


def _header(name: str, text: str, *, required: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "in": "header",
        "required": required,
        "schema": {"type": "string"},
    }
    if text:
        found["description"] = text
    return found


def _headers(what: Operation) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    text = {"type": "string"}
    if what.answer is not None and "rev" in what.answer.model_fields:
        headers["ETag"] = {"description": "the receipt's `rev`", "schema": text}
    if what.status == HTTPStatus.CREATED:
        headers["Location"] = {"description": "where the receipt is", "schema": text}
    if what.key:
        description = "`true` when the command had happened before"
        headers["Idempotent-Replay"] = {"description": description, "schema": text}
    return headers


def _problems(what: Operation) -> dict[int | str, dict[str, Any]]:
    """Return the problem answers by status, each naming its codes."""
    faults: list[type[Fault]] = [Unauthorised, Forbidden, *what.faults]
    if what.body is not None:
        faults += [RequestInvalid, RequestTooLarge]
    if what.rev:
        faults.append(RevMissing)
    if what.key == "required":
        faults.append(IdempotencyKeyMissing)
    by_status: dict[int, list[type[Fault]]] = {}
    for fault in faults:
        by_status.setdefault(status_of(fault()), []).append(fault)
    content = {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "description": "; ".join(f"`{each.code}`: {each.title.en}" for each in same),
            "content": content,
        }
        for status, same in sorted(by_status.items())
    }
    found["default"] = {"description": "Any other problem", "content": content}
    return found


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its references replaced by what they name; none recurses."""
    definitions = schema.get("$defs", {})

    def inline(value: Any) -> Any:
        if isinstance(value, dict):
            reference = value.get("$ref", "")
            if reference.startswith(_DEFS):
                return inline(definitions[reference.removeprefix(_DEFS)])
            return {name: inline(each) for name, each in value.items() if name != "$defs"}
        if isinstance(value, list):
            return [inline(each) for each in value]
        return value

    found: dict[str, Any] = inline(schema)
    return found
