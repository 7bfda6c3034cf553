"""In which language a person sees the pages."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from bridge.web.caller import language_of

COOKIE: Final = "bonbridge_language"
"""Set by the switch in the corner of each page; stronger than ``Accept-Language``."""

LANGUAGES: Final = ("de", "en")


def page_language(request: Request, default: str) -> str:
    """Return ``de`` or ``en``: what the person chose, else what the browser prefers."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else language_of(request, default)
