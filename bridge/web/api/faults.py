"""What can be wrong with a request to the local API, before the till sees it."""

from __future__ import annotations

from pydantic import ValidationError

from bridge.model.faults import CommandInvalid
from bridge.web.problems import STATUS
from drivers.contract.fault import Fault, Side, Text


class RequestInvalid(Fault):
    """A body, header or query that cannot be what was meant. ``problems`` has a text per field."""

    code = "request_invalid"
    side = Side.PEER
    title = Text("Die Anfrage ist fehlerhaft", "The request is malformed")
    advice = Text(
        "Nichts wurde geändert. Die genannten Felder berichtigen.",
        "Nothing was changed. Correct the fields that are named.",
    )

    @classmethod
    def at(cls, field: str, text: str) -> RequestInvalid:
        """Name one wrong field."""
        problem = f"{field}: {text}"
        return cls(problem, problems=[problem])

    @classmethod
    def of(cls, error: ValidationError, inside: str = "") -> RequestInvalid:
        """Name every wrong field of a validation. ``inside`` is the field of the command that the
        body itself stands for: it is left out of the names."""
        found = CommandInvalid.of(error).facts["problems"]
        problems = [text.removeprefix(f"{inside}.") for text in found] if inside else found
        return cls("; ".join(problems), problems=problems)


class RequestTooLarge(Fault):
    """More bytes than any command has."""

    code = "request_too_large"
    side = Side.PEER
    title = Text("Die Anfrage ist zu groß", "The request is too large")
    advice = Text(
        "Nichts wurde geändert. Auf mehrere Anfragen aufteilen.",
        "Nothing was changed. Split it over several requests.",
    )


class RevMissing(Fault):
    """A change that does not say which state of the receipt it was made for."""

    code = "rev_missing"
    side = Side.PEER
    title = Text("Der Stand des Belegs fehlt", "The receipt's revision is missing")
    advice = Text(
        "Den Stand („rev“) aus der letzten Antwort im Kopf „If-Match“ mitschicken.",
        'Send the "rev" of the last answer in the header "If-Match".',
    )


class IdempotencyKeyMissing(Fault):
    """A command with effect that could not be repeated safely."""

    code = "idempotency_key_missing"
    side = Side.PEER
    title = Text("Der Auftragsschlüssel fehlt", "The idempotency key is missing")
    advice = Text(
        "Je Auftrag einen neuen Schlüssel im Kopf „Idempotency-Key“ schicken und bei jeder "
        "Wiederholung denselben.",
        'Send a new key for each command in the header "Idempotency-Key", and the same one with '
        "each repetition.",
    )


class NotBuilt(Fault):
    """Something the contract names that this version cannot do."""

    code = "not_built"
    side = Side.BOX
    title = Text("Das kann diese Version noch nicht", "This version cannot do that yet")
    advice = Text(
        "Nichts wurde geändert. Eine neuere Version einspielen, sobald es sie gibt.",
        "Nothing was changed. Install a newer version once there is one.",
    )


class ExportFailed(Fault):
    """The program that writes an export has failed before its first byte."""

    code = "export_failed"
    side = Side.BOX
    title = Text("Der Export ist fehlgeschlagen", "The export has failed")
    advice = Text(
        "Noch einmal versuchen. Bleibt es dabei, das Journal prüfen lassen: "
        "„bonbridge journal verify“.",
        'Try again. If it stays so, have the journal checked: "bonbridge journal verify".',
    )


class ExportBusy(Fault):
    """As many exports run as the box can bear."""

    code = "export_busy"
    side = Side.BOX
    retryable = True
    title = Text("Es läuft schon ein Export", "An export is running already")
    advice = Text(
        "Warten, bis er fertig ist, und noch einmal versuchen.",
        "Wait until it is done and try again.",
    )


class VendorUnknown(Fault):
    """A vendor that is not in the configuration."""

    code = "vendor_unknown"
    side = Side.PEER
    title = Text("Diesen Anbieter gibt es hier nicht", "There is no such vendor here")
    advice = Text(
        "Schreibweise prüfen; die eingerichteten Anbieter stehen unter /v1/vendors.",
        "Check the spelling; the vendors that are set up are listed at /v1/vendors.",
    )


STATUS.update(
    {
        RequestInvalid.code: 400,
        RequestTooLarge.code: 413,
        RevMissing.code: 428,
        IdempotencyKeyMissing.code: 400,
        NotBuilt.code: 501,
        ExportFailed.code: 500,
        ExportBusy.code: 503,
        VendorUnknown.code: 404,
        "device_unknown": 404,
        "disk_full": 507,
    }
)
