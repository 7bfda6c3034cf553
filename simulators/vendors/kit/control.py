"""Control routes of every vendor's simulator, on the vendor's own port.

- ``POST /_sim/faults`` ``{"kind", "next": 1, "status", "delay_s", "path", "method",
  "retry_after"}``: strikes the next requests (``faults.Strike``; ``"next": -1`` = for ever);
  ``DELETE`` takes all back;
- ``POST /_sim/clock`` ``{"advance": seconds}`` or ``{"set": "2013-08-30T12:00:00Z"}``;
- ``POST /_sim/reset``; ``POST /_sim/golden``: the data of the vendor's own examples;
- ``GET /_sim/log?method=&path=``: the requests so far.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from simulators.vendors.kit.faults import Strike

if TYPE_CHECKING:
    from simulators.vendors.kit.front import Front

ROOT = "/_sim"

Handler = Callable[["Front", Mapping[str, Any], Mapping[str, str]], Any]

_BAD = 400
_GOOD = 200


def find(method: str, path: str) -> Handler | None:
    """Return what handles a control route, ``None`` if it is none of the kit's."""
    return _ROUTES.get((method, path))


def answer(handler: Handler, front: Front, body: bytes, query: bytes) -> tuple[int, bytes]:
    """Handle a control request: status and JSON."""
    try:
        wish = json.loads(body) if body else {}
        if not isinstance(wish, dict):
            raise TypeError("a JSON object is expected")  # noqa: TRY301 - one answer for all that is wrong
        found = handler(front, wish, dict(parse_qsl(query.decode("latin-1"))))
    except (ValueError, TypeError, RecursionError) as error:
        return _BAD, json.dumps({"error": str(error)}).encode()
    return _GOOD, json.dumps(found).encode()


def _faults(front: Front, wish: Mapping[str, Any], _: Mapping[str, str]) -> Any:
    given = dict(wish)
    if "next" in given:
        given["times"] = given.pop("next")
    front.faults.add(Strike(**given))
    return _waiting(front)


def _no_faults(front: Front, _: Mapping[str, Any], __: Mapping[str, str]) -> Any:
    front.faults.clear()
    return _waiting(front)


def _waiting(front: Front) -> Any:
    return {"faults": [asdict(strike) for strike in front.faults.waiting()]}


def _clock(front: Front, wish: Mapping[str, Any], _: Mapping[str, str]) -> Any:
    match wish:
        case {"advance": int() | float() as seconds}:
            front.clock.advance(seconds)
        case {"set": str(text)}:
            front.clock.set(datetime.fromisoformat(text))
        case {}:
            pass
    return {"now": front.clock.now().isoformat()}


def _reset(front: Front, _: Mapping[str, Any], __: Mapping[str, str]) -> Any:
    front.reset()
    return {"reset": front.surface.name}


def _golden(front: Front, _: Mapping[str, Any], __: Mapping[str, str]) -> Any:
    front.surface.golden()
    return {"golden": front.surface.name}


def _log(front: Front, _: Mapping[str, Any], query: Mapping[str, str]) -> Any:
    entries = front.log.entries(query.get("method", ""), query.get("path", ""))
    return {"requests": [entry.as_body() for entry in entries]}


_ROUTES: Mapping[tuple[str, str], Handler] = {
    ("POST", f"{ROOT}/faults"): _faults,
    ("DELETE", f"{ROOT}/faults"): _no_faults,
    ("POST", f"{ROOT}/clock"): _clock,
    ("POST", f"{ROOT}/reset"): _reset,
    ("POST", f"{ROOT}/golden"): _golden,
    ("GET", f"{ROOT}/log"): _log,
}
