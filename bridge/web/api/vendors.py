"""Vendors' services as the box sees them: which there are, how they are, what they can do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.exchange import Vendors, VendorView
from bridge.model.roles import Role
from bridge.web.api import models
from bridge.web.api.answers import answer, speech
from bridge.web.api.describe import Operation, add
from bridge.web.api.faults import VendorUnknown
from bridge.web.caller import require
from bridge.web.parts import WebParts


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of the list of vendors."""
    router = APIRouter(prefix="/v1", tags=["vendors"])

    async def listed(request: Request) -> Response:
        require(request, Role.TILL)
        found = [] if parts.vendors is None else parts.vendors.vendors(speech(request, parts))
        return answer({"vendors": [_summary(each) for each in found]})

    async def one(request: Request) -> Response:
        require(request, Role.TILL)
        name = request.path_params["vendor"]
        view = view_of(parts.vendors, name, speech(request, parts))
        if view is None:
            raise VendorUnknown(repr(name))
        return answer({**_summary(view), "operations": [dict(each) for each in view.operations]})

    add(router, "GET", "/vendors", listed, _LIST)
    add(router, "GET", "/vendors/{vendor}", one, _ONE)
    return router


def view_of(vendors: Vendors | None, name: str, language: str) -> VendorView | None:
    """Return a vendor by its name, ``None`` if it is not set up."""
    found = () if vendors is None else vendors.vendors(language)
    return next((each for each in found if each.name == name), None)


def _summary(view: VendorView) -> dict[str, Any]:
    return {
        "name": view.name,
        "title": view.title,
        "level": view.level,
        "phase": view.phase,
        "since": view.since,
        "queued": view.queued,
        "unknown": view.unknown,
        "fault": None if view.fault is None else dict(view.fault),
        "facts": dict(view.facts),
    }


_LIST = Operation(
    "listVendors",
    "List the vendors' services that are set up, and how they are",
    Role.TILL,
    answer=models.VendorList,
)
_ONE = Operation(
    "readVendor",
    "One vendor's service, with the calls it adds",
    Role.TILL,
    answer=models.VendorDetail,
    faults=(VendorUnknown,),
)
