"""Runs of vendors' flows: looked up, decided when nobody knows their outcome, taken back."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.exchange import Vendors
from bridge.model.roles import Role
from bridge.web.api import models
from bridge.web.api.answers import answer, speech
from bridge.web.api.bodies import body_of
from bridge.web.api.describe import Operation, Query, add
from bridge.web.api.faults import RequestInvalid
from bridge.web.caller import require
from bridge.web.faults import PathUnknown
from bridge.web.parts import WebParts

STATES: Final = ("queued", "sending", "waiting", "succeeded", "failed", "unknown")
"""What a run can be in, in the order of its life."""

MAX_LIMIT: Final = 200
"""Largest page of a list."""

MAX_NOTE: Final = 500
"""Characters of a note."""

_OUTCOMES: Final = {"done": True, "not_done": False}


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of runs."""
    router = APIRouter(prefix="/v1", tags=["runs"])

    async def listed(request: Request) -> Response:
        require(request, Role.BACKOFFICE)
        vendor, state, limit = _wanted(request)
        if parts.vendors is None:
            return answer({"runs": []})
        language = speech(request, parts)
        found = await parts.vendors.runs(vendor=vendor, state=state, limit=limit, language=language)
        return answer({"runs": [each.as_body() for each in found]})

    async def one(request: Request) -> Response:
        require(request, Role.TILL)
        run = request.path_params["run_id"]
        found = await _vendors(parts).run(run, speech(request, parts))
        return answer(found.as_body())

    async def resolve(request: Request) -> Response:
        caller = require(request, Role.BACKOFFICE)
        done, note = _decision(await body_of(request))
        run, vendors = request.path_params["run_id"], _vendors(parts)
        await vendors.resolve(run, done=done, note=note, by=caller.name)
        return answer((await vendors.run(run, speech(request, parts))).as_body())

    async def withdraw(request: Request) -> Response:
        require(request, Role.BACKOFFICE)
        await _vendors(parts).withdraw(request.path_params["run_id"])
        return Response(status_code=204)

    add(router, "GET", "/runs", listed, _LIST)
    add(router, "GET", "/runs/{run_id}", one, _ONE)
    add(router, "POST", "/runs/{run_id}/resolve", resolve, _RESOLVE)
    add(router, "DELETE", "/runs/{run_id}", withdraw, _WITHDRAW)
    return router


def _vendors(parts: WebParts) -> Vendors:
    if parts.vendors is None:
        message = "no vendor is set up"
        raise PathUnknown(message)
    return parts.vendors


def _wanted(request: Request) -> tuple[str | None, str | None, int]:
    """Return vendor, state and limit of a list. Raises ``RequestInvalid``."""
    asked = request.query_params
    for name in asked:
        if name not in ("vendor", "state", "limit"):
            raise RequestInvalid.at(name, "is not known here")
    state = asked.get("state")
    if state is not None and state not in STATES:
        raise RequestInvalid.at("state", f"must be one of {', '.join(STATES)}")
    limit = asked.get("limit", "50")
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
        raise RequestInvalid.at("limit", f"must be a number from 1 to {MAX_LIMIT}")
    return asked.get("vendor"), state, int(limit)


def _decision(body: dict[str, Any]) -> tuple[bool, str]:
    """Return what a person decided, and the note to it. Raises ``RequestInvalid``."""
    outcome, note = body.pop("outcome", None), body.pop("note", "")
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        raise RequestInvalid.at("outcome", "must be done or not_done")
    if not isinstance(note, str) or len(note) > MAX_NOTE or not note.isprintable():
        raise RequestInvalid.at(
            "note", f"must be a text of at most {MAX_NOTE} characters, one line"
        )
    if body:
        raise RequestInvalid.at(next(iter(body)), "Extra inputs are not permitted")
    return _OUTCOMES[outcome], note.strip()


_LIST = Operation(
    "listRuns",
    "List runs of vendors' flows, the newest first",
    Role.BACKOFFICE,
    query=(
        Query("vendor", "of this vendor only"),
        Query("state", "in this state only", {"type": "string", "enum": list(STATES)}),
        Query("limit", "", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}),
    ),
    answer=models.RunList,
    faults=(RequestInvalid,),
)
_ONE = Operation(
    "readRun",
    "One run of a vendor's flow",
    Role.TILL,
    text="Whoever was told the number of a run may follow it. 404 `run_unknown` if there is none.",
    answer=models.RunView,
)
_RESOLVE = Operation(
    "resolveRun",
    "Decide a run of which nobody knows the outcome",
    Role.BACKOFFICE,
    "state",
    "Look it up at the vendor's first. `done`: it happened there; what waits behind it goes on. "
    "`not_done`: it did not happen; order it again with a new key if it is still wanted. Runs in "
    "another state than `unknown` are refused: 409 `run_not_open`.",
    answer=models.RunView,
    body={
        "type": "object",
        "required": ["outcome"],
        "additionalProperties": False,
        "properties": {
            "outcome": {"type": "string", "enum": list(_OUTCOMES)},
            "note": {
                "type": "string",
                "maxLength": MAX_NOTE,
                "description": "how the person knows; kept with the run",
            },
        },
    },
)
_WITHDRAW = Operation(
    "withdrawRun",
    "Take a run back that waits and was never sent",
    Role.BACKOFFICE,
    "state",
    "Runs in another state than `queued`, or of which something was sent, are refused: 409 "
    "`run_not_open`.",
    status=204,
)
