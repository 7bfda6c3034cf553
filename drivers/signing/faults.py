"""Diagnoses of signature cards. Each leaf says who must act and what to do."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text
from drivers.signing.status_words import explain


class CardFault(Fault):
    """Common root of everything a signature card and its reader can do wrong."""

    side = Side.DEVICE


class CardAbsent(CardFault):
    """No card answered within the time-out."""

    code = "card_absent"
    retryable = True
    title = Text("Keine Signaturkarte gefunden", "No signature card found")
    advice = Text(
        "Prüfen, ob der Kartenleser angesteckt ist und die Karte ganz im Leser steckt.",
        "Check that the card reader is plugged in and the card is fully inserted.",
    )


class CardNotRecognised(CardFault):
    """The card's ATR is not that of a card this driver can use."""

    code = "card_not_recognised"
    side = Side.OPERATOR
    title = Text("Unbekannte Karte im Leser", "Unknown card in the reader")
    advice = Text(
        "Die Signaturkarte der Kasse einstecken. Ist sie es schon, den Techniker rufen: diese "
        "Kartenart kennt die Box nicht.",
        "Insert the signature card of the till. If it is in already, call the technician: the box "
        "does not know this kind of card.",
    )


class CardSwapped(CardFault):
    """Another card is in the reader than the one whose certificate was read."""

    code = "card_swapped"
    side = Side.OPERATOR
    title = Text("Die Signaturkarte wurde getauscht", "The signature card was exchanged")
    advice = Text(
        "Die bisherige Karte wieder einstecken oder die neue Karte bei FinanzOnline anmelden; "
        "danach die Karte auf der Statusseite neu einlesen lassen.",
        "Put the former card back, or register the new card with FinanzOnline; then have the card "
        "read again on the status page.",
    )


class CardCommunication(CardFault):
    """The line to the card broke, or its answer was no answer."""

    code = "card_communication"
    retryable = True
    title = Text("Verbindung zur Signaturkarte gestört", "Connection to the signature card broken")
    advice = Text(
        "Karte und Kartenleser kurz ab- und wieder anstecken. Kommt der Fehler wieder, Kabel und "
        "Leser tauschen.",
        "Unplug the card and the reader and plug them in again. If the fault returns, exchange the "
        "cable and the reader.",
    )


class CardGone(CardCommunication):
    """The line was found broken before a command was sent, so the card never saw the command.

    The same diagnosis under the same code; a unit may repeat a PIN check after it.
    """


class CardUnexpectedStatus(CardFault):
    """The card refused a command; facts: ``sw``, ``step``, ``meaning_de``, ``meaning_en``."""

    code = "card_unexpected_status"
    retryable = True
    title = Text("Die Signaturkarte meldet einen Fehler", "The signature card reports an error")
    advice = Text(
        "Die Karte aus- und wieder einstecken. Bleibt der Fehler, den Techniker rufen und den "
        "vierstelligen Kartencode nennen.",
        "Take the card out and put it in again. If the fault stays, call the technician and give "
        "the four-digit card code.",
    )


class CardSignatureWrong(CardFault):
    """The card gave back something that is not its signature of the digest."""

    code = "card_signature_wrong"
    retryable = True
    title = Text(
        "Die Signaturkarte lieferte eine falsche Signatur",
        "The signature card gave a wrong signature",
    )
    advice = Text(
        "Die Signatur wurde verworfen. Kommt das wieder vor, Karte und Leser tauschen lassen.",
        "The signature was thrown away. If it happens again, have the card and reader exchanged.",
    )


class CardNotActivated(CardFault):
    """The card holds no usable certificate: none, serial 0, cut short, or no P-256 key."""

    code = "card_not_activated"
    side = Side.OPERATOR
    title = Text("Signaturkarte nicht aktiviert", "Signature card not activated")
    advice = Text(
        "Die Karte beim Vertrauensdiensteanbieter aktivieren lassen, dann neu einlesen.",
        "Have the card activated by the trust service provider, then read it again.",
    )


class CardNotRead(CardFault):
    """A signature was asked of a unit whose certificate was never read."""

    code = "card_not_read"
    side = Side.BOX
    retryable = True
    title = Text("Signaturkarte noch nicht eingelesen", "Signature card not read yet")
    advice = Text(
        "Die Karte auf der Statusseite einlesen lassen.",
        "Have the card read on the status page.",
    )


class PinRefused(CardFault):
    """The card refused the PIN; it is not sent again. Fact ``tries_left``, ``None`` if unknown."""

    code = "pin_refused"
    side = Side.OPERATOR
    title = Text("Falsche PIN der Signaturkarte", "Wrong PIN of the signature card")
    advice = Text(
        "Die richtige PIN auf der Statusseite eingeben. Die Box versucht die alte PIN kein "
        "weiteres Mal, damit die Karte nicht gesperrt wird.",
        "Enter the right PIN on the status page. The box does not try the old PIN again, so that "
        "the card does not get blocked.",
    )


class PinBlocked(CardFault):
    """No tries are left: the card never signs again with this PIN."""

    code = "pin_blocked"
    side = Side.OPERATOR
    title = Text("Signaturkarte gesperrt", "Signature card blocked")
    advice = Text(
        "Die PIN wurde zu oft falsch eingegeben. Eine neue Karte beim Anbieter bestellen und den "
        "Ausfall bei FinanzOnline melden.",
        "The PIN was wrong too often. Order a new card from the provider and report the outage to "
        "FinanzOnline.",
    )


class PinMissing(CardFault):
    """There is no PIN to send."""

    code = "pin_missing"
    side = Side.OPERATOR
    title = Text("PIN der Signaturkarte fehlt", "PIN of the signature card is missing")
    advice = Text(
        "Die PIN der Karte auf der Statusseite eingeben.",
        "Enter the PIN of the card on the status page.",
    )


class PinMalformed(CardFault):
    """The PIN is not a row of 4 to 12 digits; it was not sent."""

    code = "pin_malformed"
    side = Side.OPERATOR
    title = Text("PIN hat die falsche Form", "PIN has the wrong form")
    advice = Text(
        "Eine PIN aus 4 bis 12 Ziffern eingeben, ohne Leerzeichen.",
        "Enter a PIN of 4 to 12 digits, without blanks.",
    )


class SigningTimeout(CardFault):
    """The card or its reader did not answer in time."""

    code = "signing_timeout"
    retryable = True
    title = Text("Die Signaturkarte antwortet nicht", "The signature card does not answer")
    advice = Text(
        "Kommt das wieder vor, den Kartenleser ab- und anstecken; hilft es nicht, Leser tauschen.",
        "If it happens again, unplug and replug the card reader; if that does not help, exchange "
        "the reader.",
    )


class CardReaderUnavailable(CardFault):
    """The reader could not be opened, or its port is taken."""

    code = "card_reader_unavailable"
    retryable = True
    title = Text("Kartenleser nicht verfügbar", "Card reader not available")
    advice = Text(
        "Prüfen, ob der Leser angesteckt ist und kein anderes Programm ihn benutzt.",
        "Check that the reader is plugged in and no other program uses it.",
    )


class CardAddressInvalid(CardFault):
    """The configured reader address cannot be understood."""

    code = "card_address_invalid"
    side = Side.OPERATOR
    title = Text("Adresse des Kartenlesers ungültig", "Card reader address invalid")
    advice = Text(
        "In der Konfiguration pcsc:NAME für einen Kartenleser angeben; vpcd:HOST:PORT ist nur für "
        "eine simulierte Karte.",
        "Give pcsc:NAME for a card reader in the configuration; vpcd:HOST:PORT is for a simulated "
        "card only.",
    )


class UnitClosed(CardFault):
    """The unit was closed and takes no more requests."""

    code = "unit_closed"
    side = Side.BOX
    title = Text("Signatureinheit wurde geschlossen", "Signing unit was closed")
    advice = Text("Die Box neu starten.", "Restart the box.")


def unexpected_status(step: str, status_word: int) -> CardUnexpectedStatus:
    """Build the fault for an answer nobody expects, with the status word in words.

    ``step`` names the command in English, for example ``"signature"``.
    """
    meaning = explain(status_word)
    return CardUnexpectedStatus(
        f"{step}: the card answered {status_word:04X}, {meaning.text.en}",
        sw=f"{status_word:04X}",
        step=step,
        meaning_de=meaning.text.de,
        meaning_en=meaning.text.en,
    )
