"""What the script of a page is told when the page is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bridge.model import events
from bridge.model.rates import RateTable
from bridge.till.register import RegisterTill
from bridge.web.pages.language import COOKIE
from bridge.web.pages.rendering import VIENNA
from bridge.web.parts import WebParts

LIVE_KINDS: Final = tuple(
    sorted(
        value
        for value in vars(events).values()
        if isinstance(value, str) and value.startswith(("receipt.", "paper.", "outage."))
    )
)
"""Events of the journal after which something on the page may be different."""

COMMON_RATES: Final = ("normal", "reduced1", "reduced2", "zero")
"""Rates with a key of their own on the amount pad, in this order; the others come after them."""


def page_setup(words: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return what every page's script needs: plain JSON without secrets."""
    return {"language": language, "cookie": COOKIE, "texts": dict(words)}


def live_setup(parts: WebParts, words: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return also what a page needs that follows the box: ``now`` is its clock (UTC ms), ``seq``
    the last event that the page's data can show."""
    return page_setup(words, language) | {
        "now": int(parts.clock.now().timestamp() * 1000),
        "seq": parts.journal.last_seq,
        "kinds": LIVE_KINDS,
    }


def build_of(parts: WebParts) -> str:
    """Return what the page was made of: when it changes, an idle page loads itself anew."""
    return f"{parts.version}/{parts.clock.now().astimezone(VIENNA).date().isoformat()}"


def till_setup(parts: WebParts, words: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return also the registers with the tax rates of today."""
    registers = parts.till.registers.values()
    return live_setup(parts, words, language) | {
        "build": build_of(parts),
        "registers": [_register(parts, each, language) for each in registers],
    }


def _register(parts: WebParts, register: RegisterTill, language: str) -> dict[str, Any]:
    settings = parts.config.register_named(register.register.id)
    day = register.regime.local(parts.clock.now()).date()
    return {
        "id": register.register.id,
        "printer": settings.printer is not None,
        "rates": [
            {"name": name, "label": _label(register.regime.rates, name, day, language)}
            for name in _ordered(register.regime.rates.names(day))
        ],
    }


def _ordered(names: tuple[str, ...]) -> list[str]:
    common = [name for name in COMMON_RATES if name in names]
    return common + [name for name in names if name not in common]


def _label(table: RateTable, name: str, day: date, language: str) -> str:
    rate = table.find(name, day)
    label = name if rate is None else rate.label
    return label if language == "de" else label.replace(",", ".")
