"""The description (OpenAPI 3.1) of calls that other rooms have added.

The framework does not dispatch them, so their descriptions are written beside those it makes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from bridge.model.exchange import JSON, LocalRoute, Parameter
from bridge.model.roles import Forbidden
from bridge.web.api.describe import PROBLEM_SCHEMA, SECURITY, inlined
from bridge.web.api.faults import RequestTooLarge
from bridge.web.api.flow_status import FLOW_STATUS
from bridge.web.caller import Unauthorised
from bridge.web.faults import MediaTypeWrong
from bridge.web.gates import PARAMETER, Gates
from bridge.web.problems import MEDIA_TYPE, status_of

ACTING: Final = frozenset({"upsert", "keyed", "once"})
"""Classes whose calls become runs."""

OF_WEBHOOKS: Final = ("webhook_refused",)

OF_RUNS: Final = frozenset(
    {
        *("idempotency_key_required", "idempotency_key_invalid", "idempotency_key_reused"),
        *("in_progress", "already_done", "offline", "resolved_not_done", "needs_decision"),
        *("vendor_queue_full", "runs_unwritable", "outcome_unknown"),
    }
)
"""Codes that only calls have which act."""

NOT_OF_CALLS: Final = frozenset({*OF_WEBHOOKS, "run_unknown", "run_not_open"})

NO_WORD: Final = "changes nothing"
"""What a room does not say of a call means that there is nothing to mind."""

_OBJECT: Final = {"type": "object", "additionalProperties": True}


def describe_added(framework: FastAPI, gates: Gates) -> None:
    """Have the framework's description contain the added calls as well."""
    own = framework.openapi

    def whole() -> dict[str, Any]:
        described = framework.openapi_schema
        if described is None:
            described = own()
            for path, operations in described_paths(gates).items():
                described["paths"].setdefault(path, {}).update(operations)
        return described

    framework.openapi = whole  # type: ignore[method-assign]  # the framework's documented way


def described_paths(gates: Gates) -> dict[str, dict[str, Any]]:
    """Return the description of each path, by method in small letters."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in gates.routes:
        path = route.path.replace(":path}", "}")
        paths[path][route.method.lower()] = _operation(route)
    return dict(paths)


def _operation(route: LocalRoute) -> dict[str, Any]:
    what: dict[str, Any] = {
        "operationId": route.id,
        "summary": route.summary,
        "tags": [route.tag or "added"],
        "security": [] if route.role is None else SECURITY,
        "x-role": "none" if route.role is None else str(route.role),
        "x-class": route.kind,
        "x-retry": route.retry or NO_WORD,
        "responses": _answers(route) | _problems(route),
    }
    if route.text:
        what["description"] = route.text
    if parameters := _parameters(route):
        what["parameters"] = parameters
    if route.body is not None:
        what["requestBody"] = {
            "required": bool(route.body.get("required")) or route.media != JSON,
            "content": {route.media: {"schema": inlined(dict(route.body))}},
        }
    return what


def _parameters(route: LocalRoute) -> list[dict[str, Any]]:
    names = [found[1] for found in PARAMETER.finditer(route.path)]
    in_path = [Parameter(name, required=True) for name in names]
    return [
        _parameter(each, where)
        for where, several in (("path", in_path), ("query", route.query), ("header", route.headers))
        for each in several
    ]


def _parameter(what: Parameter, where: str) -> dict[str, Any]:
    found = {
        "name": what.name,
        "in": where,
        "required": what.required,
        "schema": inlined(dict(what.schema)),
    }
    return found | ({"description": what.text} if what.text else {})


def _answers(route: LocalRoute) -> dict[str, Any]:
    """Return the good answers: a file or JSON at once, and for what acts 202 with a run."""
    found: dict[str, Any] = {}
    if route.status == HTTPStatus.NO_CONTENT:
        found["204"] = {"description": "done"}
    else:
        schema: Mapping[str, Any] = {"type": "string"}
        if route.answer_media == JSON:
            schema = inlined(dict(route.answer)) if route.answer is not None else _OBJECT
        found[str(route.status)] = {
            "description": "the vendor's answer" if route.role is not None else "taken",
            "content": {route.answer_media: {"schema": schema}},
        }
    if route.kind in ACTING:
        text = {"type": "string"}
        found["202"] = {
            "description": "taken; the run goes on, ask for it at `Location`",
            "headers": {"Location": {"description": "the run", "schema": text}},
            "content": {JSON: {"schema": _OBJECT}},
        }
    return found


def _problems(route: LocalRoute) -> dict[str, Any]:
    by_status: dict[int, list[str]] = defaultdict(list)
    if route.role is None:
        for code in OF_WEBHOOKS:
            by_status[FLOW_STATUS[code]].append(code)
    else:
        for fault in (Unauthorised(), Forbidden()):
            by_status[status_of(fault)].append(fault.code)
        for code, status in FLOW_STATUS.items():
            if code not in NOT_OF_CALLS and (route.kind in ACTING or code not in OF_RUNS):
                by_status[status].append(code)
    if route.body is not None:
        for refusal in (RequestTooLarge(), MediaTypeWrong()):
            by_status[status_of(refusal)].append(refusal.code)
    content = {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}
    found: dict[str, Any] = {
        str(status): {"description": ", ".join(f"`{code}`" for code in codes), "content": content}
        for status, codes in sorted(by_status.items())
    }
    found["default"] = {"description": "Any other problem", "content": content}
    return found
