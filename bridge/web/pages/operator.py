"""The operator page: the till for a known caller, the sign-in for an unknown one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.roles import Role
from bridge.web.caller import caller_of, require
from bridge.web.pages import box_state
from bridge.web.pages.language import page_language
from bridge.web.pages.rendering import Renderer
from bridge.web.pages.settling import settling_setup
from bridge.web.pages.setup import build_of, page_setup, till_setup
from bridge.web.pages.vendors import may_see
from bridge.web.parts import WebParts

AWAY = "away"
"""In the query of ``/strip``: the page is open, but nobody looks at it."""


def router(parts: WebParts, renderer: Renderer) -> APIRouter:
    """Return ``/`` and ``/strip``, the state of the box that the page refreshes by itself."""
    pages = APIRouter(include_in_schema=False)
    default = parts.config.box.language

    @pages.get("/")
    async def till(request: Request) -> Response:
        language = page_language(request, default)
        words = renderer.texts(language)
        caller = caller_of(request)
        if caller is None:
            told = page_setup(words, language)
            return renderer.page("signin.html", language, told, shop=parts.config.shop.name)
        require(request, Role.TILL)
        parts.seen()
        return renderer.page(
            "till.html",
            language,
            till_setup(parts, words, language) | {"settling": settling_setup(parts, language)},
            shop=parts.config.shop.name,
            caller=caller,
            vendors=may_see(parts, caller),
        )

    @pages.get("/strip")
    async def strip(request: Request) -> Response:
        require(request, Role.TILL)
        if AWAY not in request.query_params:
            parts.seen()
        language = page_language(request, default)
        words = renderer.texts(language)
        views = box_state.part_views(parts, words, language)
        return renderer.fragment(
            "strip.html",
            language,
            build=build_of(parts),
            chips=box_state.chips(parts, views, words),
            notices=box_state.notices(parts, views, words, language),
        )

    return pages
