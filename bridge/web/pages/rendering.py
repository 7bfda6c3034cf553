"""Templates: loaded once, everything escaped, times in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic_core import to_json
from starlette.responses import HTMLResponse

from bridge.web.pages.texts import texts

_WEB: Final = Path(__file__).resolve().parent.parent
TEMPLATES: Final = _WEB / "templates"
STATIC: Final = _WEB / "static"

VIENNA: Final = ZoneInfo("Europe/Vienna")
"""Austria and Germany share their clock."""

_FORMATS: Final = {"de": ("%H:%M", "%d.%m.%Y %H:%M"), "en": ("%H:%M", "%Y-%m-%d %H:%M")}


def clock_text(utc_ms: int, language: str, today: date) -> str:
    """Return when something was, local time: the hour alone on the same day."""
    local = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(VIENNA)
    same_day, other_day = _FORMATS[language]
    return local.strftime(same_day if local.date() == today else other_day)


class Renderer:
    """Makes pages from templates. One for the life of the box."""

    def __init__(self, version: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["version"] = version
        self._texts: Mapping[str, Mapping[str, str]] = {
            language: texts(language) for language in _FORMATS
        }

    def texts(self, language: str) -> Mapping[str, str]:
        """Return the texts in a language."""
        return self._texts[language]

    def page(
        self, template: str, language: str, setup: Mapping[str, Any], **context: Any
    ) -> HTMLResponse:
        """Return a whole page; ``setup`` is told to its script."""
        told = to_json(setup).decode()
        return self.fragment(template, language, setup=told, **context)

    def fragment(self, template: str, language: str, **context: Any) -> HTMLResponse:
        """Return a filled template."""
        found = self._environment.get_template(template)
        html = found.render(t=self._texts[language], language=language, **context)
        return HTMLResponse(
            html, headers={"cache-control": "no-store", "content-language": language}
        )
