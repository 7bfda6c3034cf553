"""Diagnoses of the link to a cloud: why it is not there, why it ended, why a command was refused.

``retryable`` says whether trying again soon can help; the pauses are in ``policy``.
"""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class CloudFault(Fault):
    """Groups what concerns the link as a whole."""

    side = Side.PEER
    retryable = True


_NETWORK = Text(
    "Verkaufen und Drucken gehen weiter. Internetverbindung und Router prüfen.",
    "Selling and printing go on. Check the internet connection and the router.",
)
_BY_ITSELF = Text(
    "Verkaufen und Drucken gehen weiter. Die Box verbindet sich von selbst wieder.",
    "Selling and printing go on. The box connects again by itself.",
)
_PROVIDER = Text(
    "Verkaufen und Drucken gehen weiter. Bleibt es so, den Anbieter der Cloud anrufen.",
    "Selling and printing go on. If it stays so, call the cloud's provider.",
)


# Reaching the cloud


class CloudNameUnknown(CloudFault):
    code = "cloud_name_unknown"
    side = Side.OPERATOR
    title = Text("Der Name der Cloud wird nicht gefunden", "The cloud's name cannot be resolved")
    advice = _NETWORK


class CloudUnreachable(CloudFault):
    code = "cloud_unreachable"
    side = Side.OPERATOR
    title = Text("Die Cloud ist nicht erreichbar", "The cloud cannot be reached")
    advice = _NETWORK


class CloudTooSlow(CloudFault):
    code = "cloud_too_slow"
    title = Text("Die Cloud antwortet nicht rechtzeitig", "The cloud does not answer in time")
    advice = _NETWORK


class CloudProxyFailed(CloudFault):
    code = "cloud_proxy_failed"
    side = Side.OPERATOR
    title = Text("Der Proxy lässt die Box nicht durch", "The proxy does not let the box through")
    advice = Text(
        "Umgebungsvariable HTTPS_PROXY prüfen, oder die Cloud mit NO_PROXY ausnehmen.",
        "Check the environment variable HTTPS_PROXY, or except the cloud by NO_PROXY.",
    )


class CloudCertificateInvalid(CloudFault):
    code = "cloud_certificate_invalid"
    title = Text("Das Zertifikat der Cloud ist ungültig", "The cloud's certificate is invalid")
    advice = Text(
        "Die Box sendet nichts. Den Anbieter der Cloud benachrichtigen; steht ein Gerät "
        "dazwischen, das Verbindungen prüft, dieses ausnehmen.",
        "The box sends nothing. Tell the cloud's provider; if a device in between inspects "
        "connections, except the cloud there.",
    )


class CloudCertificateClock(CloudFault):
    """The certificate's dates do not fit, and it is the box's clock that is wrong."""

    code = "cloud_certificate_clock"
    side = Side.OPERATOR
    title = Text(
        "Wegen der falschen Uhrzeit wirkt das Zertifikat der Cloud ungültig",
        "The cloud's certificate seems invalid because the clock is wrong",
    )
    advice = Text(
        "Uhrzeit der Box stellen oder Zeitserver erreichbar machen.",
        "Set the clock of the box, or make a time server reachable.",
    )


class CloudTlsFailed(CloudFault):
    code = "cloud_tls_failed"
    title = Text(
        "Die verschlüsselte Verbindung kommt nicht zustande",
        "The encrypted connection cannot be set up",
    )
    advice = _PROVIDER


# The answer to the handshake


class CloudUnauthorized(CloudFault):
    code = "cloud_unauthorized"
    side = Side.OPERATOR
    retryable = False
    title = Text("Die Cloud nimmt das Token nicht an", "The cloud does not accept the token")
    advice = Text(
        "Token im Portal des Anbieters neu erstellen und als Zugangsdatei der Box ablegen.",
        "Make a new token in the provider's portal and store it as the box's credential.",
    )


class CloudForbidden(CloudFault):
    code = "cloud_forbidden"
    side = Side.OPERATOR
    retryable = False
    title = Text("Die Cloud lässt diese Box nicht zu", "The cloud does not admit this box")
    advice = Text(
        "Im Portal des Anbieters prüfen, ob die Box eingetragen und freigeschaltet ist.",
        "Check in the provider's portal whether the box is registered and enabled.",
    )


class CloudPathUnknown(CloudFault):
    code = "cloud_path_unknown"
    side = Side.OPERATOR
    retryable = False
    title = Text("Unter dieser Adresse gibt es keine Cloud", "There is no cloud at this address")
    advice = Text(
        "`url` der Cloud in der Konfiguration mit der Angabe des Anbieters vergleichen.",
        "Compare the cloud's `url` in the configuration with what the provider states.",
    )


class CloudBusy(CloudFault):
    """HTTP 429, HTTP 503 or close code 1013. The fact ``retry_after_s`` is its wish, if any."""

    code = "cloud_busy"
    title = Text("Die Cloud ist überlastet", "The cloud is overloaded")
    advice = _BY_ITSELF


class CloudAnswerUnexpected(CloudFault):
    code = "cloud_answer_unexpected"
    title = Text("Die Cloud antwortet mit einem Fehler", "The cloud answers with an error")
    advice = _PROVIDER


class CloudNotWebSocket(CloudFault):
    code = "cloud_not_websocket"
    title = Text(
        "Dort antwortet etwas anderes als die Cloud", "Something else than the cloud answers there"
    )
    advice = Text(
        "Adresse prüfen. In fremden Netzen kann eine Anmeldeseite dazwischen liegen.",
        "Check the address. In foreign networks a login page may stand in between.",
    )


class CloudSubprotocolMissing(CloudFault):
    code = "cloud_subprotocol_missing"
    retryable = False
    title = Text(
        "Die Gegenstelle spricht nicht das Protokoll der Box",
        "The other side does not speak the box's protocol",
    )
    advice = Text(
        "`url` der Cloud in der Konfiguration prüfen; sonst den Anbieter anrufen.",
        "Check the cloud's `url` in the configuration; else call the provider.",
    )


class CloudGreetingMissing(CloudFault):
    code = "cloud_greeting_missing"
    title = Text("Die Cloud begrüßt die Box nicht", "The cloud does not greet the box")
    advice = _PROVIDER


# The end of a connection


class CloudLost(CloudFault):
    code = "cloud_lost"
    title = Text("Die Verbindung zur Cloud ist abgerissen", "The connection to the cloud was lost")
    advice = _BY_ITSELF


class CloudSilent(CloudFault):
    """No answer to a WebSocket ping."""

    code = "cloud_silent"
    title = Text("Die Cloud ist verstummt", "The cloud has gone silent")
    advice = _NETWORK


class CloudStalled(CloudFault):
    """The cloud, or the way to it, takes no more data."""

    code = "cloud_stalled"
    title = Text("Die Cloud nimmt keine Daten mehr an", "The cloud takes no more data")
    advice = _BY_ITSELF


class CloudRestarting(CloudFault):
    code = "cloud_restarting"
    title = Text("Die Cloud hat sich abgemeldet", "The cloud has said goodbye")
    advice = _BY_ITSELF


class CloudRefuses(CloudFault):
    """Close code 1008."""

    code = "cloud_refuses"
    retryable = False
    title = Text("Die Cloud weist die Box ab", "The cloud turns the box away")
    advice = Text(
        "Verkaufen und Drucken gehen weiter. Den Anbieter der Cloud anrufen.",
        "Selling and printing go on. Call the cloud's provider.",
    )


class CloudFrameRefused(CloudFault):
    """The cloud found a message of the box too big."""

    code = "cloud_frame_refused"
    title = Text(
        "Eine Nachricht der Box ist der Cloud zu groß",
        "A message of the box is too big for the cloud",
    )
    advice = Text(
        "Die Box sendet diese Nachricht nicht noch einmal. Den Anbieter benachrichtigen: "
        "Eine Meldung fehlt ihm.",
        "The box does not send this message again. Tell the provider: one report is missing there.",
    )


class CloudFrameTooBig(CloudFault):
    """The box found a message of the cloud too big; nothing of it was read."""

    code = "cloud_frame_too_big"
    title = Text(
        "Eine Nachricht der Cloud ist zu groß", "A message of the cloud is too big for the box"
    )
    advice = _PROVIDER


class CloudFailed(CloudFault):
    """Close code 1011."""

    code = "cloud_failed"
    title = Text("In der Cloud ist ein Fehler aufgetreten", "The cloud has failed")
    advice = _PROVIDER


class CloudTokenExpired(CloudFault):
    code = "cloud_token_expired"
    side = Side.OPERATOR
    title = Text("Das Token für die Cloud ist abgelaufen", "The token for the cloud has expired")
    advice = CloudUnauthorized.advice


class CloudRevoked(CloudFault):
    code = "cloud_revoked"
    side = Side.OPERATOR
    retryable = False
    title = Text("Die Cloud hat diese Box gesperrt", "The cloud has revoked this box")
    advice = Text(
        "Ist das nicht gewollt, die Box im Portal des Anbieters neu freischalten.",
        "If that is not wanted, enable the box again in the provider's portal.",
    )


class CloudIdentityCloned(CloudFault):
    code = "cloud_identity_cloned"
    side = Side.OPERATOR
    retryable = False
    title = Text(
        "Eine zweite Box meldet sich unter demselben Namen", "A second box uses the same identity"
    )
    advice = Text(
        "Zwei Boxen verwenden dasselbe Token (Kopie der Speicherkarte?). Nur eine darf laufen; "
        "für die andere ein eigenes Token erstellen.",
        "Two boxes use the same token (a copied memory card?). Only one may run; make a token of "
        "its own for the other.",
    )


class CloudVersionRefused(CloudFault):
    code = "cloud_version_refused"
    side = Side.OPERATOR
    retryable = False
    title = Text("Die Cloud verlangt eine neuere Version", "The cloud wants a newer version")
    advice = Text("bonbridge aktualisieren.", "Update bonbridge.")


class CloudClosed(CloudFault):
    """A close code that the protocol does not name."""

    code = "cloud_closed"
    title = Text("Die Cloud hat die Verbindung beendet", "The cloud has ended the connection")
    advice = _PROVIDER


class CloudStreamBroken(CloudFault):
    """Messages are missing in the cloud's stream, or more came than the box takes at once."""

    code = "cloud_stream_broken"
    title = Text(
        "Die Nachrichten der Cloud kommen nicht lückenlos an",
        "The cloud's messages do not arrive without gap",
    )
    advice = Text(
        "Die Box verbindet sich neu, dann sendet die Cloud noch einmal. Bleibt es so, den "
        "Anbieter anrufen.",
        "The box connects anew, then the cloud sends again. If it stays so, call the provider.",
    )


# Limitations of a link that works


class CloudHandlerSilent(CloudFault):
    """The network answers, the cloud's program does not."""

    code = "cloud_handler_silent"
    title = Text("Die Cloud arbeitet nicht", "The cloud does not work")
    advice = _PROVIDER


class CloudNotAcknowledging(CloudFault):
    """The cloud takes reports and does not say that it has them."""

    code = "cloud_not_acknowledging"
    title = Text("Die Cloud bestätigt die Meldungen nicht", "The cloud does not confirm reports")
    advice = Text(
        "Verkaufen und Drucken gehen weiter, die Meldungen bleiben gespeichert. Bleibt es so, den "
        "Anbieter der Cloud anrufen.",
        "Selling and printing go on, the reports stay stored. If it stays so, call the cloud's "
        "provider.",
    )


class CloudAhead(CloudFault):
    """The cloud has reports of this journal that the journal does not hold."""

    code = "cloud_ahead"
    side = Side.OPERATOR
    retryable = False
    title = Text(
        "Die Cloud kennt mehr als das Journal der Box",
        "The cloud knows more than the box's journal",
    )
    advice = Text(
        "Wurde eine ältere Sicherung eingespielt? Bitte den Techniker rufen.",
        "Was an older backup restored? Call the technician.",
    )


class SequenceConflict(CloudFault):
    """A number of the cloud's stream was used for another message before."""

    code = "sequence_conflict"
    retryable = False
    title = Text(
        "Die Cloud vergibt ihre Nummern doppelt", "The cloud uses its message numbers twice"
    )
    advice = Text(
        "Der Auftrag wurde nicht ausgeführt. Den Anbieter benachrichtigen: Nach einer "
        "Wiederherstellung muss er bei der Nummer weitermachen, die ihm die Box nennt.",
        "The command was not carried out. Tell the provider: after a restore it must go on from "
        "the number that the box tells it.",
    )


# Refusals of single messages


class ExpiryMissing(Fault):
    code = "expiry_missing"
    side = Side.PEER
    title = Text("Dem Auftrag fehlt das Ablaufdatum", "The command has no expiry")
    advice = Text(
        "Nichts wurde getan. Aufträge mit `exp` senden.", "Nothing was done. Send it with `exp`."
    )


class ParkedCompleted(Fault):
    code = "parked_completed"
    side = Side.PEER
    title = Text(
        "Der geparkte Beleg wurde schon abgeschlossen", "The parked receipt was completed already"
    )
    advice = Text(
        "Nichts wurde getan: was verkauft ist, wird nicht noch einmal verkauft. Für einen neuen "
        "Verkauf einen neuen Beleg parken.",
        "Nothing was done: what is sold is not sold again. Park a new receipt for a new sale.",
    )


class SequenceMissing(Fault):
    code = "sequence_missing"
    side = Side.PEER
    title = Text("Dem Auftrag fehlt die Nummer", "The command has no number")
    advice = Text(
        "Nichts wurde getan. Aufträge mit `seq` senden.", "Nothing was done. Send it with `seq`."
    )


class UnsupportedType(Fault):
    code = "unsupported_type"
    side = Side.PEER
    title = Text(
        "Diese Art von Nachricht kennt die Box nicht", "The box does not know this type of message"
    )
    advice = Text("Nichts wurde getan. Die Box aktualisieren.", "Nothing was done. Update the box.")


class CommandFailed(Fault):
    """An error of the program while carrying out a command."""

    code = "command_failed"
    side = Side.BOX
    title = Text(
        "Der Auftrag ist an einem Fehler der Software gescheitert",
        "The command failed by an error of the software",
    )
    advice = Text(
        "Bitte den Techniker rufen; das Protokoll der Box nennt den Fehler.",
        "Call the technician; the log of the box names the error.",
    )
