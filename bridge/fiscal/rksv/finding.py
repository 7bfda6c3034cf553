"""What a verification found: findings and the report over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]

MOST_FINDINGS = 1000
"""Findings of each severity kept with their text; beyond it they are only counted, so that memory
stays flat."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``error``) or merely doubtful (``warning``).

    ``receipt`` is the receipt's place in the DEP, counted from 1 over all groups; ``number`` its
    Belegnummer as far as it could be read. ``check`` is the name that the BMF check tool uses
    where it has one (rksv.md section 11). ``text`` is a whole sentence that needs no context.
    """

    receipt: int | None
    number: str | None
    check: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict. ``findings`` are in the order of the receipts, at most
    ``MOST_FINDINGS`` of each severity; ``errors`` and ``warnings`` count all of them."""

    receipts: int
    findings: tuple[Finding, ...]
    errors: int
    warnings: int

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return self.errors == 0

    def as_json(self) -> dict[str, Any]:
        """Return the shape of ``rksv verify --json``."""
        return {
            "valid": self.valid,
            "receipts": self.receipts,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [
                {
                    "receipt": each.receipt,
                    "number": each.number,
                    "check": each.check,
                    "severity": each.severity,
                    "text": each.text,
                }
                for each in self.findings
            ],
        }


@dataclass(slots=True)
class Findings:
    """Collects findings: counts all, keeps the first ``MOST_FINDINGS`` of each severity."""

    kept: list[Finding] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0

    def note(
        self,
        check: str,
        text: str,
        *,
        receipt: int | None = None,
        number: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Add a finding; ``text`` is what is wrong, without saying where."""
        if severity == "error":
            self.errors += 1
            count = self.errors
        else:
            self.warnings += 1
            count = self.warnings
        if count <= MOST_FINDINGS:
            sentence = f"{_place(receipt, number)}{text}."
            self.kept.append(Finding(receipt, number, check, severity, sentence))

    def report(self, receipts: int) -> Report:
        """Return the verdict over so many receipts."""
        ordered = sorted(self.kept, key=lambda each: each.receipt or 0)
        return Report(receipts, tuple(ordered), self.errors, self.warnings)


def _place(receipt: int | None, number: str | None) -> str:
    named = "" if number is None else f"Belegnummer {number}"
    if receipt is None:
        return f"{named}: " if named else ""
    return f"Receipt {receipt} ({named}): " if named else f"Receipt {receipt}: "
