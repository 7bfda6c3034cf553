"""How the command line tells a person of a fault: plain lines, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from drivers.contract.fault import Fault

_WORDS = {"de": ("Fehler", "Was tun", "Code"), "en": ("Error", "What to do", "Code")}


def language_of(environ: Mapping[str, str]) -> str:
    """Return ``de`` or ``en`` from the locale variables, in the order POSIX gives them."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "de" if value.lower().startswith("de") else "en"
    return "en"


def fault_lines(fault: Fault, language: str) -> list[str]:
    """Return title, facts of the case if there are any, advice and stable code."""
    error, advice, code = _WORDS[language]
    lines = [f"{error}: {fault.title.in_language(language)}"]
    lines += [f"  {line}" for line in fault.detail.splitlines()]
    lines += [f"{advice}: {fault.advice.in_language(language)}", f"{code}: {fault.code}"]
    return lines


def print_fault(fault: Fault, stream: TextIO, language: str) -> None:
    """Write the lines of a fault to ``stream``."""
    print("\n".join(fault_lines(fault, language)), file=stream)
