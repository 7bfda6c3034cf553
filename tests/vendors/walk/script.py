"""Reads the commands of a vendor's page with the answers that it promises."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

HEADING = re.compile(r"^## .*walk-through.*$", re.MULTILINE | re.IGNORECASE)
_FENCED = re.compile(r"^```(sh|json)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)

ANYTHING = "…"
"""In an answer: whatever stands here."""


@dataclass(frozen=True, slots=True)
class Step:
    """Commands and, if the page says so, the JSON that they print (a part of it)."""

    commands: str
    answer: Any = None
    promised: bool = False


def steps(page: str) -> list[Step]:
    """Return the steps below the page's heading "walk-through"."""
    heading = HEADING.search(page)
    assert heading is not None, "the page has no walk-through"
    found: list[Step] = []
    for language, text in _FENCED.findall(page[heading.end() :]):
        if language == "sh":
            found.append(Step(text))
        else:
            assert found, "an answer without commands"
            assert not found[-1].promised, "two answers to the same commands"
            found[-1] = Step(found[-1].commands, json.loads(text), promised=True)
    return found


def differences(promised: Any, got: Any, where: str = "") -> list[str]:
    """Return where an answer is not what was promised; objects may have more keys."""
    if promised == ANYTHING:
        return []
    if isinstance(promised, dict) and isinstance(got, dict):
        found = []
        for key, value in promised.items():
            if key not in got:
                found.append(f"{where}/{key} is missing")
            else:
                found += differences(value, got[key], f"{where}/{key}")
        return found
    if isinstance(promised, list) and isinstance(got, list) and len(promised) == len(got):
        return [
            each
            for n, (one, other) in enumerate(zip(promised, got, strict=True))
            for each in differences(one, other, f"{where}/{n}")
        ]
    return [] if promised == got else [f"{where}: {promised!r} is promised, {got!r} came"]
