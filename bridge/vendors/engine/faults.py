"""Diagnoses of vendors' flows: what was wrong with a call, a vendor, or an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from bridge.model.faults import MAX_NAME
from drivers.contract.fault import Fault, Side, Text

MAX_PROBLEMS = 50
"""Wrong fields named at once."""

# The call


class CallInvalid(Fault):
    """A call that cannot be what was meant: nothing was sent. ``problems`` has a text per field,
    each beginning with the field's JSON pointer."""

    code = "call_invalid"
    side = Side.PEER
    title = Text("Die Anfrage ist fehlerhaft", "The request is malformed")
    advice = Text(
        "Nichts wurde gesendet. Die genannten Felder berichtigen.",
        "Nothing was sent. Correct the fields that are named.",
    )

    @classmethod
    def at(cls, pointer: str, text: str, **facts: Any) -> Self:
        """Name one wrong field by its JSON pointer."""
        return cls.listing([f"{pointer}: {text}"], **facts)

    @classmethod
    def listing(cls, problems: Iterable[str], **facts: Any) -> Self:
        """Name several."""
        problems = list(problems)
        return cls("; ".join(problems), problems=problems, **facts)

    @classmethod
    def of(cls, error: ValidationError, inside: str = "") -> Self:
        """Name the wrong fields of a validation; values are not repeated, and names, which may be
        the sender's, are cut."""
        found = [
            f"{inside}/{'/'.join(str(part)[:MAX_NAME] for part in each['loc'])}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)[:MAX_PROBLEMS]
        ]
        return cls.listing(found)


class PriceIsComputed(CallInvalid):
    code = "price_is_computed"
    title = Text(
        "Der Preis wird vom System berechnet", "The price is computed by the vendor's system"
    )


class DuplicateRisk(CallInvalid):
    """A payment without an id of our own would be made again by each repetition."""

    code = "duplicate_risk"
    title = Text("Diese Zahlung könnte doppelt gebucht werden", "This payment could be made twice")
    advice = Text(
        "Nichts wurde gesendet. Eine eigene Belegnummer („uhrazujiciDokl“) mitschicken, oder mit "
        "dem Kopf „X-Allow-Duplicate: 1“ ausdrücklich darauf verzichten.",
        'Nothing was sent. Give an id of your own ("uhrazujiciDokl"), or renounce it expressly '
        'by the header "X-Allow-Duplicate: 1".',
    )


class RunKeyMissing(Fault):
    code = "idempotency_key_required"
    side = Side.PEER
    title = Text("Der Auftragsschlüssel fehlt", "The idempotency key is missing")
    advice = Text(
        "Je Auftrag einen neuen Schlüssel im Kopf „Idempotency-Key“ schicken (1 bis 64 Zeichen "
        "A-Z a-z 0-9 . _ -) und bei jeder Wiederholung denselben.",
        'Send a new key for each command in the header "Idempotency-Key" (1 to 64 characters '
        "A-Z a-z 0-9 . _ -), and the same one with each repetition.",
    )


class RunKeyInvalid(RunKeyMissing):
    code = "idempotency_key_invalid"
    title = Text("Der Auftragsschlüssel ist ungültig", "The idempotency key is not valid")


class RunKeyReused(Fault):
    code = "idempotency_key_reused"
    side = Side.PEER
    title = Text(
        "Dieser Auftragsschlüssel gehört zu einer anderen Anfrage",
        "This idempotency key belongs to another request",
    )
    advice = Text(
        "Nichts wurde gesendet. Für einen neuen Auftrag einen neuen Schlüssel verwenden.",
        "Nothing was sent. Use a new key for a new command.",
    )


class RunInProgress(Fault):
    """``run`` names the run that is under way."""

    code = "in_progress"
    side = Side.PEER
    retryable = True
    title = Text("Dieser Auftrag läuft schon", "This command is under way already")
    advice = Text(
        "Den Stand unter /v1/runs abfragen; nicht mit einem neuen Schlüssel wiederholen.",
        "Ask for its state at /v1/runs; do not repeat it with a new key.",
    )


class AlreadyDone(Fault):
    """The box itself did the same before under another key. ``run`` names that run."""

    code = "already_done"
    side = Side.OPERATOR
    title = Text("Das hat die Box schon erledigt", "The box has done this already")
    advice = Text(
        "Nichts wurde gesendet. Ist es wirklich noch einmal gewollt, „force“ mitschicken.",
        'Nothing was sent. If it is really meant once more, send "force".',
    )


class UserActionRequired(Fault):
    code = "user_action_required"
    side = Side.PEER
    title = Text(
        "Dieser Aufruf ist nur auf Wunsch eines Benutzers erlaubt",
        "This call is allowed upon a user's action only",
    )
    advice = Text(
        "Für Klicks eines Menschen den Kopf „X-User-Action: 1“ mitschicken; für viele Datensätze "
        "den Sammelaufruf „batch“ verwenden.",
        'Send the header "X-User-Action: 1" for a person\'s click; use the "batch" call for many '
        "records.",
    )


class ConfirmationRequired(Fault):
    code = "confirmation_required"
    side = Side.OPERATOR
    title = Text("Das muss erst bestätigt werden", "This must be confirmed first")
    advice = Text(
        "Erst die Vorschau abrufen, prüfen, und deren „confirm“ mitschicken (Feld „confirm“ oder "
        "Kopf „X-Confirm“).",
        'Ask for the preview first, check it, and send its "confirm" (field "confirm" or header '
        '"X-Confirm").',
    )


class TooMany(Fault):
    """The box holds single calls back so that the vendor does not block it. ``retry_after`` is in
    seconds."""

    code = "local_limit"
    side = Side.PEER
    retryable = True
    title = Text("Zu viele einzelne Aufrufe", "Too many single calls")
    advice = Text(
        "Später wiederholen, oder für viele Datensätze den Sammelaufruf „batch“ verwenden.",
        'Repeat later, or use the "batch" call for many records.',
    )


class SwitchedOff(Fault):
    code = "switched_off"
    side = Side.OPERATOR
    title = Text("Diese Funktion ist abgeschaltet", "This function is switched off")
    advice = Text(
        "In der Konfiguration des Anbieters einschalten, wenn sie gewünscht ist.",
        "Switch it on in the vendor's configuration if it is wanted.",
    )


class StateConflict(Fault):
    """The thing is not in a state in which this can be done. ``state`` names it."""

    code = "vendor_state_conflict"
    side = Side.OPERATOR
    title = Text("Das geht in diesem Zustand nicht", "This is not possible in this state")
    advice = Text(
        "Nichts wurde gesendet. Den Stand abfragen und entscheiden.",
        "Nothing was sent. Ask for the state and decide.",
    )


# The vendor as configured


class VendorDisabled(Fault):
    """The vendor's program file cannot be loaded; all others work."""

    code = "vendor_disabled"
    side = Side.BOX
    title = Text("Der Anbieter ist ausgefallen", "The vendor is disabled")
    advice = Text(
        "Die Box verkauft, signiert und druckt weiter. Den Techniker rufen: die Programmdatei "
        "dieses Anbieters ist fehlerhaft.",
        "The box goes on selling, signing and printing. Call the technician: the program file of "
        "this vendor is broken.",
    )


class RecordUnknown(Fault):
    """Nothing is known here under that name: an entity, a job, a return."""

    code = "vendor_record_unknown"
    side = Side.PEER
    title = Text("Das gibt es nicht", "There is no such thing")
    advice = Text("Schreibweise prüfen.", "Check the spelling.")


# What the vendor did


class VendorFault(Fault):
    """Groups what concerns a vendor's service. ``vendor_status`` and ``vendor_body`` (redacted, at
    most 4 kB) are there when it answered, ``run`` when there is a run.

    ``amber``: raised by a check, it means that the vendor works, but a person should look.
    """

    side = Side.PEER
    amber: ClassVar[bool] = False


class VendorRejected(VendorFault):
    """The vendor understood and refused; nothing happened there."""

    code = "vendor_rejected"
    title = Text("Der Anbieter lehnt ab", "The vendor refuses")
    advice = Text(
        "Beim Anbieter wurde nichts geändert. Die Angaben prüfen; die Antwort steht in "
        "„vendor_body“.",
        'Nothing was changed at the vendor\'s. Check the data; its answer is in "vendor_body".',
    )


class VendorSetup(VendorRejected):
    """The vendor refuses because of the account: no licence, no right (402, 403)."""

    code = "vendor_setup"
    side = Side.OPERATOR
    title = Text(
        "Der Zugang beim Anbieter reicht dafür nicht", "The account at the vendor does not allow it"
    )
    advice = Text(
        "Rechte und Lizenz des Zugangs beim Anbieter prüfen.",
        "Check the account's rights and licence at the vendor's.",
    )


class VendorAuthFailed(VendorFault):
    code = "vendor_auth"
    side = Side.OPERATOR
    title = Text("Der Anbieter nimmt die Zugangsdaten nicht an", "The vendor refuses the log-in")
    advice = Text(
        "Zugangsdaten des Anbieters prüfen, Zugangsdatei ersetzen und neu starten. Nach drei "
        "Fehlversuchen versucht es die Box nicht mehr, damit der Zugang nicht gesperrt wird.",
        "Check the vendor's credentials, replace the credential file and restart. After three "
        "failures the box stops trying, so that the account is not locked.",
    )


class SessionEnded(VendorFault):
    """The vendor refused before acting because our session ended: log in anew and repeat once."""

    code = "vendor_session_ended"
    retryable = True
    title = Text("Die Anmeldung beim Anbieter ist abgelaufen", "The vendor's session has ended")
    advice = Text("Die Box meldet sich selbst neu an.", "The box logs in again by itself.")


class VendorBusy(VendorFault):
    """429, or blocked for calling too often. ``retry_after`` is in seconds."""

    code = "vendor_busy"
    retryable = True
    title = Text("Der Anbieter nimmt gerade nichts an", "The vendor takes nothing just now")
    advice = Text(
        "Die Box wartet so lange, wie der Anbieter verlangt.",
        "The box waits for as long as the vendor asks.",
    )


class VendorUnreachable(VendorFault):
    """Nothing of the request has left the box."""

    code = "vendor_unreachable"
    retryable = True
    title = Text("Der Anbieter ist nicht erreichbar", "The vendor cannot be reached")
    advice = Text(
        "Verkaufen und Drucken gehen weiter. Internetverbindung prüfen und später wiederholen.",
        "Selling and printing go on. Check the internet connection and repeat later.",
    )


class VendorPaused(VendorUnreachable):
    """Too many failures in a row: the box leaves the vendor alone for a while."""

    code = "vendor_paused"
    title = Text("Der Anbieter antwortet seit längerem nicht", "The vendor has been failing")


class Offline(VendorUnreachable):
    """This may only be done while a person waits; it is not queued."""

    code = "offline"
    title = Text("Ohne Verbindung geht das nicht", "This is not possible without a connection")
    advice = Text(
        "Nichts wurde gesendet und nichts wartet. Später neu beauftragen.",
        "Nothing was sent and nothing waits. Order it again later.",
    )


class VendorFailing(VendorFault):
    """A 5xx answer: nobody knows whether something happened, unless the operation says so."""

    code = "vendor_failing"
    retryable = True
    title = Text("Beim Anbieter ist ein Fehler aufgetreten", "The vendor's service has failed")
    advice = Text(
        "Verkaufen und Drucken gehen weiter. Bleibt es so, den Anbieter anrufen.",
        "Selling and printing go on. If it stays so, call the vendor.",
    )


class VendorBroken(VendorFault):
    """An answer that is not what it should be: no JSON, a log-in page, a field missing."""

    code = "vendor_broken"
    title = Text(
        "Die Antwort des Anbieters ist unverständlich", "The vendor's answer makes no sense"
    )
    advice = Text(
        "Verkaufen und Drucken gehen weiter. Adresse des Anbieters in der Konfiguration prüfen; "
        "bleibt es so, den Anbieter anrufen.",
        "Selling and printing go on. Check the vendor's address in the configuration; if it stays "
        "so, call the vendor.",
    )


class AnswerLost(VendorFault):
    """The request (or part of it) has left, and no answer came: perhaps it was carried out."""

    code = "vendor_answer_lost"
    title = Text("Die Antwort des Anbieters ist ausgeblieben", "The vendor's answer was lost")
    advice = Text(
        "Bei reinen Abfragen: wiederholen. Sonst fragt die Box nach, was daraus wurde.",
        "For mere questions: repeat. Else the box asks what became of it.",
    )


class OutcomeUnknown(VendorFault):
    """Nobody knows whether it happened. ``run`` names the run that a person must decide."""

    code = "outcome_unknown"
    side = Side.OPERATOR
    title = Text("Niemand weiß, ob das geschehen ist", "Nobody knows whether this has happened")
    advice = Text(
        "Nicht wiederholen. Beim Anbieter nachsehen und den Vorgang auf der Seite „Anbieter“ als "
        "geschehen oder nicht geschehen abschließen.",
        'Do not repeat it. Look it up at the vendor\'s and close the run on the page "Vendors" as '
        "done or not done.",
    )


class NotDone(VendorFault):
    """A person decided that it did not happen."""

    code = "resolved_not_done"
    side = Side.OPERATOR
    title = Text("Als nicht geschehen abgeschlossen", "Closed as not done")
    advice = Text(
        "Ist es noch gewollt, mit einem neuen Schlüssel neu beauftragen.",
        "If it is still wanted, order it again with a new key.",
    )


class NeedsDecision(VendorFault):
    """The run stopped before sending because the facts have changed; a person decides."""

    code = "needs_decision"
    side = Side.OPERATOR
    title = Text("Der Auftrag passt nicht mehr", "The command does not fit any more")
    advice = Text(
        "Nichts wurde gesendet. Beim Anbieter nachsehen und entscheiden.",
        "Nothing was sent. Look it up at the vendor's and decide.",
    )


# Runs


class RunUnknown(Fault):
    code = "run_unknown"
    side = Side.PEER
    title = Text("Diesen Vorgang gibt es nicht", "There is no such run")
    advice = Text("Die Nummer prüfen.", "Check the number.")


class RunNotOpen(Fault):
    """Only unknown runs are resolved, only queued ones withdrawn. ``state`` names the state."""

    code = "run_not_open"
    side = Side.PEER
    title = Text("Dafür ist der Vorgang im falschen Zustand", "The run is not in a state for this")
    advice = Text("Nichts wurde geändert. Den Stand abfragen.", "Nothing was changed. Ask for it.")


class QueueFull(Fault):
    code = "vendor_queue_full"
    side = Side.BOX
    retryable = True
    title = Text("Zu viele Aufträge warten", "Too many commands wait")
    advice = Text(
        "Nichts wurde angenommen. Verbindung zum Anbieter prüfen; danach wiederholen.",
        "Nothing was taken. Check the connection to the vendor; then repeat.",
    )


class RunsUnwritable(Fault):
    """The store of runs cannot be written: nothing is sent that could not be remembered."""

    code = "runs_unwritable"
    side = Side.BOX
    retryable = True
    title = Text("Aufträge können nicht gespeichert werden", "Runs cannot be stored")
    advice = Text(
        "Es wird nichts gesendet. Speicherplatz der Box prüfen. Verkaufen geht weiter.",
        "Nothing is sent. Check the box's disk space. Selling goes on.",
    )


# Webhooks


class WebhookRefused(Fault):
    """A notification whose signature is missing or wrong; nothing was changed."""

    code = "webhook_refused"
    side = Side.PEER
    title = Text("Die Nachricht ist nicht echt", "The notification is not genuine")
    advice = Text(
        "Das Geheimnis des Webhooks beim Anbieter und in der Box vergleichen.",
        "Compare the webhook's secret at the vendor's and in the box.",
    )
