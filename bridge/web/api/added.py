"""Calls that other rooms have added to the local API: read, checked, handed over, answered.

They are found by the same table as the guard's (``bridge.web.gates``), not by the framework, which
would split values that contain a slash.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.model.faults import VendorNotConfigured
from bridge.model.roles import Role
from bridge.web.api.answers import speech
from bridge.web.api.bodies import read
from bridge.web.api.vendors import view_of
from bridge.web.caller import caller_of, require
from bridge.web.faults import PathUnknown
from bridge.web.gates import Gate, Gates
from bridge.web.parts import WebParts
from bridge.web.problems import STATUS, told

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

VENDORS: Final = "/v1/vendors/"

NOBODY: Final = "nobody"
"""Name of a caller that nobody knows, on paths that need no sign-in."""

_KEPT_BACK: Final = frozenset(
    {
        # who calls
        *("authorization", "proxy-authorization", "cookie"),
        # who stands in between
        *("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"),
        # what belongs to the connection (RFC 9110 section 7.6.1)
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
    }
)


def routes(parts: WebParts, gates: Gates) -> APIRouter:
    """Return one route below each beginning that added paths have. It must come after those of the
    web room itself."""
    router = APIRouter(include_in_schema=False)

    async def dispatch(request: Request) -> Response:
        raw_path: bytes = request.scope["raw_path"]
        gate = gates.find(request.method, raw_path)
        if gate is not None:
            return await _answered(request, gate, speech(request, parts))
        require(request, Role.TILL)
        if methods := gates.methods(raw_path):
            raise HTTPException(405, headers={"allow": ", ".join(methods)})
        if request.url.path.startswith(VENDORS):
            return _of_no_vendor(request, parts)
        raise PathUnknown

    for prefix in dict.fromkeys((VENDORS, *gates.prefixes)):
        below = "{name}/{rest:path}" if prefix == VENDORS else "{rest:path}"
        router.add_route(f"{prefix}{below}", dispatch, methods=list(METHODS))
    return router


async def _answered(request: Request, gate: Gate, language: str) -> Response:
    route = gate.route
    if route.role is not None:
        require(request, route.role)
    caller = caller_of(request)
    answer = await route.handle(
        LocalCall(
            method=route.method,
            path=gate.path,
            query=tuple(request.query_params.multi_items()),
            headers=_headers(request),
            body=await read(request, route.max_body),
            caller=NOBODY if caller is None else caller.name,
            role=Role.TILL if caller is None else caller.role,
            language=language,
        )
    )
    return _response(answer)


def _headers(request: Request) -> dict[str, str]:
    """Return what a room may see; a header that came several times is one list (RFC 9110
    section 5.3)."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in _KEPT_BACK or name.startswith("x-forwarded"):
            continue
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _response(answer: LocalAnswer) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status == 204:
        return Response(status_code=204, headers=headers)
    return Response(answer.body, answer.status, headers, answer.media_type)


def _of_no_vendor(request: Request, parts: WebParts) -> Response:
    """Say why a vendor has no such call: it is not set up, or does not work at all. Raises
    ``VendorNotConfigured`` and, if it works, ``PathUnknown``."""
    name = request.path_params["name"]
    language = speech(request, parts)
    view = view_of(parts.vendors, name, language)
    if view is None:
        raise VendorNotConfigured(f"no [[vendor]] is named {name!r}")
    if view.operations or view.fault is None:
        raise PathUnknown
    return told(view.fault, language, STATUS.get(view.fault["code"], 503))
