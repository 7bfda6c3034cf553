"""Draws the life of a receipt from its table into docs/architecture.md.

``python -m tests.support.lifecycle_picture`` brings the picture up to date.
"""

from __future__ import annotations

from pathlib import Path

from bridge.till.lifecycle import TRANSITIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"
BEGIN, END = "<!-- lifecycle -->\n", "<!-- /lifecycle -->"


def picture() -> str:
    """Return the table as a Mermaid state diagram: one arrow per pair of states."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in TRANSITIONS.items():
        start = "[*]" if before is None else str(before)
        arrows.setdefault((start, str(after)), []).append(event.removeprefix("receipt."))
    lines = [
        f"  {start} --> {after}: {', '.join(events)}" for (start, after), events in arrows.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def update(text: str) -> str:
    """Return the page with the picture of today's table."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + picture() + END + after


if __name__ == "__main__":
    PAGE.write_text(update(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
