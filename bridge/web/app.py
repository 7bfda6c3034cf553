"""The web application: guard, API, pages and what a monitoring program asks."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.config import Secret
from bridge.config.schema import WebSettings
from bridge.health import Level
from bridge.model.roles import Role
from bridge.web import api, pages
from bridge.web.api.added_docs import describe_added
from bridge.web.api.faults import RequestInvalid
from bridge.web.auth import Auth, Tokens
from bridge.web.caller import language_of, require
from bridge.web.faults import InternalError, MethodUnknown, PathUnknown
from bridge.web.gates import Gates
from bridge.web.guard import Guard
from bridge.web.headers import STATIC_PREFIX
from bridge.web.hosts import BoxNames
from bridge.web.metrics import MEDIA_TYPE, Counts, metrics_text
from bridge.web.parts import WebParts
from bridge.web.problems import problem
from bridge.web.sessions import session_router
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

JSON = "application/json"


def make_app(
    parts: WebParts,
    tokens: Mapping[str, Secret],
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> ASGIApp:
    """Return the whole web application.

    ``tokens`` by the name of their ``[[web.token]]``. Raises ``TokenWeak``, ``TokenRepeated`` and
    ``HostNameInvalid``.
    """
    settings = parts.config.web or WebSettings()
    auth = Auth(Tokens(settings.tokens, tokens), parts.clock, random_bytes)
    names = BoxNames(settings.hosts)
    counts = Counts()
    gates = Gates(() if parts.vendors is None else parts.vendors.routes())
    framework = FastAPI(
        title="bonbridge",
        version=parts.version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    # Routes are tried in this order: what the counter uses all day comes first.
    for router in (
        *api.routers(parts, gates),
        *pages.routers(parts),
        session_router(auth),
        _watch_router(parts, counts),
    ):
        framework.include_router(router)
    framework.mount(STATIC_PREFIX.removesuffix("/"), pages.static_app())
    describe_added(framework, gates)
    _answer_faults(framework, parts.config.box.language)
    return Guard(
        _Backstop(framework),
        auth,
        names,
        settings.origins,
        counts,
        open_loopback=settings.open_loopback,
        language=parts.config.box.language,
        gates=gates,
    )


def _watch_router(parts: WebParts, counts: Counts) -> APIRouter:
    router = APIRouter(tags=["monitoring"])

    @router.get("/healthz", summary="Whether the box answers at all")
    async def healthz() -> Response:
        return Response(to_json({"ok": True}), media_type=JSON)

    @router.get("/readyz", summary="Whether receipts can be made")
    async def readyz(request: Request) -> Response:
        require(request, Role.TILL)
        reasons = _not_ready(parts)
        body = to_json({"ready": not reasons, "reasons": reasons})
        return Response(body, 503 if reasons else 200, media_type=JSON)

    @router.get("/metrics", summary="Figures in Prometheus' text format")
    async def metrics(request: Request) -> Response:
        require(request, Role.TILL)
        return Response(metrics_text(parts, counts), media_type=MEDIA_TYPE)

    return router


def _not_ready(parts: WebParts) -> list[str]:
    """Return what keeps the box from making receipts, in English. Without a signing unit it makes
    outage receipts: that is no reason."""
    reasons = []
    journal = parts.board.part("journal")
    if journal is not None and journal.level is Level.FAILED:
        reasons.append("the journal cannot be written")
    registers = parts.till.registers.values()
    if not registers or all(each.latch is not None for each in registers):
        reasons.append("no register may be used")
    return reasons


def _answer_faults(framework: FastAPI, language: str) -> None:
    """Have everything that goes wrong answered as a problem, without a traceback."""

    def answer(request: Request, fault: Fault, status: int | None = None) -> Response:
        return problem(fault, language_of(request, language), status)

    async def on_fault(request: Request, error: Any) -> Response:
        return answer(request, error)

    async def on_invalid(request: Request, error: Any) -> Response:
        problems = [f"{_field(each['loc'])}: {each['msg']}" for each in error.errors()]
        return answer(request, RequestInvalid("; ".join(problems), problems=problems))

    async def on_http(request: Request, error: Any) -> Response:
        match error.status_code:
            case 404:
                return answer(request, PathUnknown())
            case 405:
                response = answer(request, MethodUnknown(request.method))
                response.headers.update(error.headers or {})
                return response
            case status:
                return answer(request, RequestInvalid(str(error.detail)), status)

    async def on_defect(request: Request, _error: Any) -> Response:
        return answer(request, InternalError())

    framework.add_exception_handler(Fault, on_fault)
    framework.add_exception_handler(RequestValidationError, on_invalid)
    framework.add_exception_handler(HTTPException, on_http)
    framework.add_exception_handler(Exception, on_defect)


def _field(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location[1:] or location)


class _Backstop:
    """Logs a defect once, with its traceback, after the framework has answered it. A client that
    hung up is none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            logger.debug("%s %s: the client hung up", scope["method"], scope["path"])
        except Exception:
            logger.exception("a defect while answering %s %s", scope["method"], scope["path"])
