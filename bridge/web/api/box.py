"""The box itself: health board, devices, links, derived state."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from bridge.health import Level, Part
from bridge.model.roles import Role
from bridge.web.api import models
from bridge.web.api.answers import answer, speech
from bridge.web.api.bodies import body_of
from bridge.web.api.describe import Operation, add
from bridge.web.api.faults import RequestInvalid
from bridge.web.caller import require
from bridge.web.parts import WebParts

_WORST = (Level.FAILED, Level.DEGRADED, Level.UNKNOWN, Level.OK, Level.OFF)
"""Levels, the worst one first."""

_TOKEN = HTTPBearer(
    scheme_name="token", description="a token of the configuration", auto_error=False
)
_SESSION = APIKeyCookie(
    name="bonbridge_session",
    scheme_name="session",
    description="made by POST /session, for pages of the box",
    auto_error=False,
)


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of the box itself."""
    # The framework describes a way to sign in when a route depends on it; none of these is hot.
    ways = [Depends(_TOKEN), Depends(_SESSION)]
    router = APIRouter(prefix="/v1", tags=["box"], dependencies=ways)

    async def board(request: Request) -> Response:
        require(request, Role.TILL)
        language = speech(request, parts)
        found = parts.board.parts()
        levels = {part.level for part in found}
        return answer(
            {
                "version": parts.version,
                "box": parts.config.box.id,
                "time": int(parts.clock.now().timestamp() * 1000),
                "last_seq": parts.journal.last_seq,
                "level": next((level for level in _WORST if level in levels), Level.UNKNOWN),
                "parts": [part.as_body(language) for part in found],
            }
        )

    async def devices(request: Request) -> Response:
        require(request, Role.TECHNICIAN)
        language = speech(request, parts)
        return answer(
            {
                "devices": [
                    {
                        "name": each.name,
                        "kind": each.kind,
                        "address": each.address,
                        "tests": list(each.tests),
                        "health": _said(parts.board.part(each.name), language),
                    }
                    for each in parts.devices.listed()
                ]
            }
        )

    async def test(request: Request) -> Response:
        require(request, Role.TECHNICIAN)
        body = await body_of(request)
        name = body.pop("test", None)
        if not isinstance(name, str) or not name:
            raise RequestInvalid.at("test", "must be the name of a test")
        if body:
            raise RequestInvalid.at(next(iter(body)), "Extra inputs are not permitted")
        return answer(dict(await parts.devices.test(request.path_params["device"], name)))

    async def connect(request: Request) -> Response:
        require(request, Role.TILL)
        parts.connect_now()
        return answer({}, 202)

    async def rebuild(request: Request) -> Response:
        require(request, Role.TECHNICIAN)
        await parts.journal.rebuild()
        return answer({"events": parts.journal.last_seq})

    add(router, "GET", "/health-board", board, _BOARD)
    add(router, "GET", "/devices", devices, _DEVICES)
    add(router, "POST", "/devices/{device}/test", test, _TEST)
    add(router, "POST", "/links/connect", connect, _CONNECT)
    add(router, "POST", "/journal/rebuild", rebuild, _REBUILD)
    return router


def _said(part: Part | None, language: str) -> dict[str, Any] | None:
    return None if part is None else part.as_body(language)


_BOARD = Operation(
    "readHealthBoard",
    "What every part of the box says of itself",
    Role.TILL,
    answer=models.BoardView,
)
_DEVICES = Operation(
    "listDevices", "List configured devices", Role.TECHNICIAN, answer=models.DeviceList
)
_TEST = Operation(
    "testDevice",
    "Test a device",
    Role.TECHNICIAN,
    "asked",
    "The answer is what the test found, as the device's driver tells it.",
    answer=models.Found,
    body={
        "type": "object",
        "required": ["test"],
        "additionalProperties": False,
        "properties": {"test": {"type": "string", "description": "one that the device lists"}},
    },
)
_CONNECT = Operation(
    "connectNow",
    "Try all links at once: a person waits",
    Role.TILL,
    "again",
    status=202,
    answer=models.Nothing,
)
_REBUILD = Operation(
    "rebuildJournal",
    "Throw derived state away and derive it anew from the journal",
    Role.TECHNICIAN,
    "again",
    "Nothing of the journal itself is touched. For the command line: `bonbridge journal rebuild`.",
    answer=models.Rebuilt,
)
