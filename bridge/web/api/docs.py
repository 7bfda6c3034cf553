"""The page that shows the description of the API: no CDN, no inline script, works offline."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bridge.model.roles import Role
from bridge.web.caller import require

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bonbridge: local API</title>
<link rel="stylesheet" href="/static/apidocs.css">
<script src="/static/apidocs.js" defer></script>
</head>
<body>
<header>
<h1>Local API</h1>
<p id="about">Reading <a href="/openapi.json">/openapi.json</a> …</p>
</header>
<nav id="contents" aria-label="Contents"></nav>
<main id="operations"></main>
<noscript><p>This page needs JavaScript. The description itself:
<a href="/openapi.json">/openapi.json</a></p></noscript>
</body>
</html>
"""


def routes() -> APIRouter:
    """Return the route of the page."""
    router = APIRouter()

    async def page(request: Request) -> Response:
        require(request, Role.TILL)
        return HTMLResponse(_PAGE, headers={"cache-control": "no-store"})

    router.add_api_route("/docs", page, include_in_schema=False, response_model=None)
    return router
