"""The status page: what works, what does not, and what to do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.health import Level
from bridge.model.roles import Role
from bridge.web.caller import Caller, require
from bridge.web.pages import box_state
from bridge.web.pages.language import page_language
from bridge.web.pages.rendering import Renderer
from bridge.web.pages.setup import live_setup
from bridge.web.pages.vendors import may_see
from bridge.web.parts import WebParts

_CALM = (Level.OK, Level.OFF)


def router(parts: WebParts, renderer: Renderer) -> APIRouter:
    """Return ``/status`` and ``/status/board``, the part of it that changes."""
    pages = APIRouter(include_in_schema=False)
    default = parts.config.box.language

    def board(language: str, caller: Caller) -> dict[str, Any]:
        views = box_state.part_views(parts, renderer.texts(language), language)
        return {
            "views": views,
            "trouble": sum(view.level not in _CALM for view in views),
            "registers": box_state.register_views(parts),
            "vendors": may_see(parts, caller),
        }

    @pages.get("/status")
    async def status(request: Request) -> Response:
        caller = require(request, Role.TILL)
        language = page_language(request, default)
        words = renderer.texts(language)
        return renderer.page(
            "status.html",
            language,
            live_setup(parts, words, language),
            shop=parts.config.shop.name,
            caller=caller,
            exports=caller.role.may(Role.BACKOFFICE),
            **board(language, caller),
        )

    @pages.get("/status/board")
    async def refreshed(request: Request) -> Response:
        caller = require(request, Role.TILL)
        language = page_language(request, default)
        return renderer.fragment("board.html", language, **board(language, caller))

    return pages
