"""One thing that is wrong with a configuration file, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and list indices from the root of the file, counted from 0: ``("register", 0, "units")``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``text`` completes the sentence that the key path begins."""

    path: Path
    text: str


def dotted(path: Path) -> str:
    """Return ``register[0].units[1]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``, did you mean `x`?`` or, when nothing is near, the known words."""
    words = sorted(set(known))
    by_lower = {known_word.lower(): known_word for known_word in words}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    if near:
        return f", did you mean `{by_lower[near[0]]}`?"
    return f"; there is {', '.join(f'`{w}`' for w in words)}" if words else "; there is none"
