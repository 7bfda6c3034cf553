"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from drivers.contract.fault import Fault


class Verdict(StrEnum):
    """How a check ended: a warning is something that can wait."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``text`` says what was found, ``advice`` what to do about it, ``code``
    is that of the fault, if one was found."""

    name: str
    verdict: Verdict
    text: str
    advice: str = ""
    code: str = ""

    def as_body(self) -> dict[str, Any]:
        """Return it for programs."""
        body = {"check": self.name, "verdict": str(self.verdict), "text": self.text}
        body |= {"advice": self.advice} if self.advice else {}
        return body | ({"code": self.code} if self.code else {})

    def lines(self) -> list[str]:
        """Return it for people."""
        first, *rest = self.text.splitlines() or [""]
        lines = [f"{self.verdict:<4}  {self.name}: {first}", *(f"      {line}" for line in rest)]
        if self.advice:
            lines.append(f"      -> {self.advice}")
        return lines


def ok(name: str, text: str) -> Check:
    """Return that all is well."""
    return Check(name, Verdict.OK, text)


def warn(name: str, text: str, advice: str = "") -> Check:
    """Return something that can wait."""
    return Check(name, Verdict.WARN, text, advice)


def fail(name: str, text: str, advice: str) -> Check:
    """Return something that keeps the box from working."""
    return Check(name, Verdict.FAIL, text, advice)


def of_fault(name: str, fault: Fault, verdict: Verdict = Verdict.FAIL) -> Check:
    """Return what a fault says."""
    text = f"{fault.title.en}: {fault.detail}" if fault.detail else fault.title.en
    return Check(name, verdict, text, fault.advice.en, fault.code)
