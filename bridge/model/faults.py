"""Diagnoses of values that cannot be right."""

from __future__ import annotations

from pydantic import ValidationError

from drivers.contract.fault import Fault, Side, Text


class CommandInvalid(Fault):
    """A command that is malformed or has values outside their ranges."""

    code = "command_invalid"
    side = Side.PEER
    title = Text("Der Auftrag ist fehlerhaft", "The command is malformed")
    advice = Text(
        "Nichts wurde geändert. Die genannten Felder berichtigen.",
        "Nothing was changed. Correct the fields that are named.",
    )

    @classmethod
    def of(cls, error: ValidationError) -> CommandInvalid:
        """Name every wrong field of a validation, without repeating its value."""
        problems = [
            f"{'.'.join(str(part) for part in each['loc']) or 'command'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        return cls("; ".join(problems[:20]), problems=problems[:20])
