"""What the contract names and this version lacks: it says so instead of not being there."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.roles import Role
from bridge.web.api.describe import Operation, add
from bridge.web.api.faults import NotBuilt
from bridge.web.caller import require

LATER: Final = {
    "vendors": "Vendors' services (not built yet)",
    "runs": "Runs of vendors' flows (not built yet)",
}


def routes() -> APIRouter:
    """Return the routes of what is not built."""
    router = APIRouter(prefix="/v1", tags=["not built yet"])

    async def not_built(request: Request) -> Response:
        require(request, Role.TILL)
        raise NotBuilt(request.url.path)

    for name, summary in LATER.items():
        id_ = f"list{name.capitalize()}"
        what = Operation(id_, summary, Role.TILL, status=501, faults=(NotBuilt,))
        add(router, "GET", f"/{name}", not_built, what)
    return router
