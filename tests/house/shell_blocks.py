"""Reads the commands of a document, so that a test can run what it tells people to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_BLOCK = re.compile(r"^```sh[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"#\s*exit\s+(\d+)\b")
_STAYS = re.compile(r"#\s*runs until stopped\b")


@dataclass(frozen=True, slots=True)
class ShellLine:
    """One command line. ``stays`` marks a program that runs until it is stopped."""

    words: tuple[str, ...]
    exit_code: int = 0
    stays: bool = False

    def __str__(self) -> str:
        return shlex.join(self.words)


def shell_blocks(text: str) -> list[list[ShellLine]]:
    """Return the command lines of each fenced ``sh`` block.

    A comment ``# exit N`` gives the expected exit code, ``# runs until stopped`` marks a daemon.
    A leading ``$`` and ``sudo`` are dropped, a backslash joins lines.
    """
    return [_lines(block) for block in _BLOCK.findall(text)]


def _lines(block: str) -> list[ShellLine]:
    lines: list[ShellLine] = []
    for raw in block.replace("\\\n", " ").splitlines():
        words = shlex.split(raw.strip().removeprefix("$ "), comments=True)
        if words[:1] == ["sudo"]:
            words = words[1:]
        if words:
            code = _EXIT.search(raw)
            lines.append(
                ShellLine(tuple(words), int(code[1]) if code else 0, bool(_STAYS.search(raw)))
            )
    return lines
