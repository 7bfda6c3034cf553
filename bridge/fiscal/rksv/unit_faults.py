"""Diagnoses of signing under the RKSV."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class UnitTooSlow(Fault):
    """A signing unit did not answer within its limit."""

    code = "signing_unit_slow"
    side = Side.DEVICE
    retryable = True
    title = Text("Die Signatureinheit antwortet nicht", "The signing unit does not answer")
    advice = Text(
        "Es wird ohne Signatur weiter verkauft. Karte und Leser prüfen, Leser neu anstecken.",
        "Selling goes on without signature. Check card and reader, plug the reader in again.",
    )


class SignatureForeign(Fault):
    """A signature that the unit's own certificate does not confirm."""

    code = "signature_foreign"
    side = Side.DEVICE
    title = Text(
        "Die Signatur passt nicht zum Zertifikat", "The signature does not fit the certificate"
    )
    advice = Text(
        "Die Karte wurde vertauscht oder ist defekt. Nicht weiter verwenden, Techniker rufen.",
        "The card was swapped or is defective. Stop using it and call the technician.",
    )


class KeyUnsuitable(Fault):
    """A certificate whose key is not one of the RKSV's suite R1 (ES256 on P-256)."""

    code = "unit_key_unsuitable"
    side = Side.DEVICE
    title = Text(
        "Der Schlüssel der Signatureinheit passt nicht zur RKSV",
        "The signing unit's key does not fit the RKSV",
    )
    advice = Text(
        "Nur Karten mit einem Schlüssel auf P-256 (ES256) sind für Registrierkassen geeignet. "
        "Richtige Karte einstecken.",
        "Only cards with a P-256 key (ES256) suit cash registers. Insert the right card.",
    )


class SigningBusy(Fault):
    """Other registers held the unit longer than a receipt may wait."""

    code = "signing_busy"
    side = Side.BOX
    retryable = True
    title = Text("Die Signatureinheit ist überlastet", "The signing unit is overloaded")
    advice = Text(
        "Der Beleg ist noch offen. Noch einmal abschließen; tritt es öfter auf, eine zweite "
        "Signaturkarte einsetzen.",
        "The receipt is still open. Complete it again; if it happens often, add a second card.",
    )


class SignatureNeeded(Fault):
    """A receipt that must be signed while all units are out."""

    code = "signature_needed"
    side = Side.DEVICE
    retryable = True
    title = Text("Dieser Beleg braucht eine Signatur", "This receipt needs a signature")
    advice = Text(
        "Er wird erstellt, sobald eine Signatureinheit wieder antwortet.",
        "It is made as soon as a signing unit answers again.",
    )


class UnitNeverRead(Fault):
    """An outage before any certificate was ever read: not even an outage receipt is possible."""

    code = "unit_never_read"
    side = Side.DEVICE
    retryable = True
    title = Text("Es wurde noch nie ein Zertifikat gelesen", "No certificate has ever been read")
    advice = Text(
        "Eine Kasse ohne Startbeleg kann auch keine Ausfallsbelege erstellen. Karte einstecken.",
        "A register without Startbeleg cannot make outage receipts either. Insert the card.",
    )
