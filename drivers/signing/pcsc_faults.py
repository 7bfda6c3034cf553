"""Diagnoses of the way to a card through the PC/SC service ``pcscd``."""

from __future__ import annotations

from drivers.contract.fault import Side, Text
from drivers.signing.faults import CardAbsent, CardAddressInvalid, CardReaderUnavailable


class CardSupportMissing(CardReaderUnavailable):
    """The Python package ``pyscard`` or the system's PC/SC library is not installed."""

    code = "card_support_missing"
    side = Side.BOX
    retryable = False
    title = Text("Unterstützung für Kartenleser fehlt", "Support for card readers is missing")
    advice = Text(
        "Auf der Box pip install 'bonbridge[card]' oder apt install python3-pyscard ausführen und "
        "die Box neu starten.",
        "Run pip install 'bonbridge[card]' or apt install python3-pyscard on the box and restart "
        "the box.",
    )


class CardServiceDown(CardReaderUnavailable):
    """The PC/SC service does not run, or died."""

    code = "card_service_down"
    side = Side.BOX
    title = Text("Der Kartendienst läuft nicht", "The card service is not running")
    advice = Text(
        "Auf der Box sudo systemctl enable --now pcscd.socket ausführen. Fehlt der Dienst, das "
        "Paket pcscd installieren.",
        "Run sudo systemctl enable --now pcscd.socket on the box. If there is no such service, "
        "install the package pcscd.",
    )


class CardAccessDenied(CardReaderUnavailable):
    """The PC/SC service refuses the box's user (polkit, or permissions of its socket)."""

    code = "card_access_denied"
    side = Side.BOX
    retryable = False
    title = Text("Kein Zugriff auf den Kartendienst", "No access to the card service")
    advice = Text(
        "Dem Benutzer der Box in polkit die Aktionen org.debian.pcsc-lite.access_pcsc und "
        "org.debian.pcsc-lite.access_card erlauben.",
        "Allow the box's user the polkit actions org.debian.pcsc-lite.access_pcsc and "
        "org.debian.pcsc-lite.access_card.",
    )


class CardReaderNotFound(CardReaderUnavailable):
    """No reader fits the address. Fact ``readers``: the names of those there are."""

    code = "card_reader_not_found"
    title = Text("Kartenleser nicht gefunden", "Card reader not found")
    advice = Text(
        "Den Kartenleser anstecken. Steckt er schon, seinen Namen in der Konfiguration mit der "
        "Ausgabe von bonbridge devices vergleichen.",
        "Plug in the card reader. If it is plugged in, compare its name in the configuration with "
        "what bonbridge devices prints.",
    )


class CardReaderAmbiguous(CardReaderUnavailable):
    """Several readers fit the address. Fact ``readers``: their names."""

    code = "card_reader_ambiguous"
    side = Side.OPERATOR
    title = Text("Mehrere Kartenleser kommen in Frage", "Several card readers are possible")
    advice = Text(
        "In der Konfiguration den ganzen Namen des Lesers mit der Signaturkarte angeben, oder die "
        "anderen Karten und Leser abstecken.",
        "Give the full name of the reader with the signature card in the configuration, or "
        "unplug the other cards and readers.",
    )


class CardReaderInUse(CardReaderUnavailable):
    """Another program has opened the card for itself alone."""

    code = "card_reader_in_use"
    side = Side.OPERATOR
    title = Text("Die Signaturkarte ist belegt", "The signature card is in use")
    advice = Text(
        "Das andere Programm beenden, das die Karte benutzt.",
        "Close the other program that uses the card.",
    )


class CardMute(CardAbsent):
    """There is something in the reader, but it does not answer when it is powered up."""

    code = "card_mute"
    side = Side.OPERATOR
    title = Text("Die Karte im Leser antwortet nicht", "The card in the reader does not answer")
    advice = Text(
        "Die Karte mit dem Chip richtig herum einstecken und die Kontakte abwischen. Hilft es "
        "nicht, die Karte in einem anderen Leser prüfen.",
        "Insert the card with its chip the right way round and wipe the contacts. If that does "
        "not help, try the card in another reader.",
    )


class PcscAddressInvalid(CardAddressInvalid):
    """The configured address of a PC/SC reader cannot be understood."""

    code = "pcsc_address_invalid"
    advice = Text(
        "In der Konfiguration pcsc:NAME angeben (Name oder eindeutiger Anfang des Namens, wie "
        "bonbridge devices ihn ausgibt) oder pcsc:* für den einzigen Leser mit Karte.",
        "Give pcsc:NAME in the configuration (the name or its unique beginning, as bonbridge "
        "devices prints it) or pcsc:* for the only reader with a card.",
    )
