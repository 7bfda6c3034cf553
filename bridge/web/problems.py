"""Faults as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import to_json
from starlette.responses import Response

from drivers.contract.fault import Fault, Side

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[str, int]] = {
    "unauthorised": 401,
    "forbidden": 403,
    "receipt_unknown": 404,
    "register_unknown": 404,
    "line_unknown": 404,
    "payment_unknown": 404,
    "receipt_changed": 409,
    "receipt_not_open": 409,
    "in_use": 409,
    "total_mismatch": 409,
    "key_reused": 409,
    "register_latched": 409,
    "latch_stands": 409,
    "register_closed": 409,
    "register_not_started": 409,
    "register_started": 409,
    "open_receipts_left": 409,
    "no_outage": 409,
    "receipt_not_completed": 409,
    "storno_impossible": 409,
    "command_expired": 410,
    "clock_wrong": 409,
}
"""Status by code where the side alone does not tell it. Rooms of the API add their own."""

_BY_SIDE: Final = {Side.OPERATOR: 422, Side.PEER: 400, Side.DEVICE: 503, Side.BOX: 503}


NO_CHALLENGE: Final[set[str]] = set()
"""Codes answered with 401 to a sender that has no token to be asked for. Rooms of the API add
their own."""


def status_of(fault: Fault) -> int:
    """Return the HTTP status for a fault: that of its code, else of the nearest fault it is a kind
    of that has one, else by who must act."""
    codes = (vars(kind).get("code") for kind in type(fault).__mro__)
    found = (STATUS[code] for code in codes if code in STATUS)
    return next(found, _BY_SIDE[fault.side])


def problem(fault: Fault, language: str, status: int | None = None) -> Response:
    """Return the answer that describes a fault."""
    status = status_of(fault) if status is None else status
    return told(fault.as_problem(language), language, status)


def told(fault: Mapping[str, Any], language: str, status: int) -> Response:
    """Return the answer for a fault that is in words already (``Fault.as_problem``). Its fact
    ``retry_after`` (seconds) is said in the header, too."""
    headers = {"cache-control": "no-store", "content-language": language}
    if (wait := fault.get("retry_after")) is not None:
        headers["retry-after"] = str(math.ceil(wait))
    if status == 401 and fault["code"] not in NO_CHALLENGE:
        headers["www-authenticate"] = 'Bearer realm="bonbridge"'
    return Response(to_json({**fault, "status": status}), status, headers, MEDIA_TYPE)
