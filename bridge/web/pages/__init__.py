"""The pages: sign-in, till, status, vendors. Plain HTML, one style sheet, scripts without a build
step."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.staticfiles import StaticFiles

from bridge.web.pages import operator, status, vendors
from bridge.web.pages.rendering import STATIC, Renderer
from bridge.web.parts import WebParts


def routers(parts: WebParts) -> list[APIRouter]:
    """Return the routers of all pages."""
    renderer = Renderer(parts.version)
    return [
        operator.router(parts, renderer),
        status.router(parts, renderer),
        vendors.router(parts, renderer),
    ]


def static_app() -> StaticFiles:
    """Return what serves scripts and styles; the pages expect it under ``/static``."""
    return StaticFiles(directory=STATIC)
