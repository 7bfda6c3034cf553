"""Answers in the two output modes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from starlette.responses import Response

from simulators.vendors.offercube import assumed


def answer(values: Mapping[str, Any], output: str) -> Response:
    """Return values as ``json`` or ``xml``; the status is always 200."""
    if output == "xml":
        text = f"<?xml version='1.0' encoding='UTF-8'?>{_element(assumed.XML_ROOT, values)}"
        return Response(text, assumed.ERROR_STATUS, media_type="application/xml")
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return Response(text, assumed.ERROR_STATUS, media_type="application/json")


def _element(name: str, value: Any) -> str:
    match value:
        case Mapping():
            inside = "".join(_element(key, each) for key, each in value.items())
        case list() | tuple():
            inside = "".join(_element(assumed.XML_ITEM, each) for each in value)
        case None:
            inside = ""
        case _:
            inside = escape(str(value))
    # A number is no name of an element.
    name = f"v{name}" if name[:1].isdigit() else name
    return f"<{name}>{inside}</{name}>"
