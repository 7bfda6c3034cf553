"""The root of every error a user can meet.

A leaf class is a diagnosis, not a place in the code: it has a stable ``code`` that programs may
rely on, names whose side must act, says whether trying again can help, and advises in plain
German and English. Facts of the single case go into ``detail``; secrets never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class Side(StrEnum):
    """Who has to act for the fault to go away."""

    OPERATOR = "operator"
    BOX = "box"
    DEVICE = "device"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages a shop sees."""

    de: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the German text for ``de``, the English one otherwise."""
        return self.de if language == "de" else self.en


class Fault(Exception):
    """Root error. ``detail`` holds the facts of this case, in English, without secrets."""

    code: ClassVar[str] = "fault"
    side: ClassVar[Side] = Side.BOX
    retryable: ClassVar[bool] = False
    title: ClassVar[Text] = Text("Unerwarteter Fehler", "Unexpected error")
    advice: ClassVar[Text] = Text(
        "Bitte den Techniker rufen und den Fehlercode nennen.",
        "Please call the technician and give the error code.",
    )

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.title.en}"

    def as_problem(self, language: str = "en") -> dict[str, Any]:
        """Return the fields of an ``application/problem+json`` answer (RFC 9457) but its status."""
        return {
            "type": f"urn:bonbridge:{self.code}",
            "title": self.title.in_language(language),
            "detail": self.detail,
            "code": self.code,
            "side": str(self.side),
            "retryable": self.retryable,
            "advice": self.advice.in_language(language),
            **self.facts,
        }


def all_faults() -> dict[str, type[Fault]]:
    """Return every fault class that has been imported, by code."""
    found: dict[str, type[Fault]] = {}
    todo: list[type[Fault]] = [Fault]
    while todo:
        cls = todo.pop()
        if "code" in cls.__dict__:
            found[cls.code] = cls
        todo.extend(cls.__subclasses__())
    return found
