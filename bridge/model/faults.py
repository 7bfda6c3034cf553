"""Diagnoses of values that cannot be right."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from drivers.contract.fault import Fault, Side, Text

MAX_PROBLEMS = 20
"""Wrong fields named at once."""

MAX_NAME = 64
"""Characters shown of the name of a field."""


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
        found = error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]
        problems = [f"{_field(each)}: {_message(each)}" for each in found]
        return cls("; ".join(problems), problems=problems)


def _field(problem: ErrorDetails) -> str:
    if problem["type"].startswith("union_tag"):
        return "type"
    # The name of an unknown field is the sender's: it may be of any length.
    return ".".join(str(part)[:MAX_NAME] for part in problem["loc"]) or "command"


def _message(problem: ErrorDetails) -> str:
    if problem["type"].startswith("union_tag"):
        # The validator's own message repeats the value.
        return "Input should be the name of a command"
    return problem["msg"].removeprefix("Value error, ")


class VendorNotConfigured(Fault):
    """A vendor, or something of it that this call needs, is not set up."""

    code = "vendor_not_configured"
    side = Side.OPERATOR
    title = Text("Der Anbieter ist nicht eingerichtet", "The vendor is not set up")
    advice = Text(
        "Tabelle [[vendor]] der Konfiguration und die Zugangsdateien ergänzen, dann neu starten.",
        "Complete the table [[vendor]] of the configuration and the credentials, then restart.",
    )
