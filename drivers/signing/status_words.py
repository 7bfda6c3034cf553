"""Status words SW1 SW2 of smart cards in plain words.

Sources: ISO/IEC 7816-4 (table of status bytes) and, for ``6F02``, ``6F03``, ``6F05`` and ``9615``,
the A-Trust APDU manual 0.3 for RKSV cards.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contract.fault import Text

OK = 0x9000
PIN_BLOCKED = 0x6983
SECURITY_NOT_SATISFIED = 0x6982
CONDITIONS_NOT_SATISFIED = 0x6985
REFERENCE_NOT_FOUND = 0x6A88
FILE_NOT_FOUND = 0x6A82
END_OF_FILE = 0x6282
WRONG_P1_P2 = 0x6A86
OFFSET_BEYOND_FILE = 0x6B00
WRONG_LE = 0x6C
"""SW1 alone: the command asked for the wrong number of bytes, SW2 tells the right one."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status word says (``text``) and what to do about it (``advice``)."""

    status_word: int
    name: str
    text: Text
    advice: Text


_NOTHING = Text("Nichts zu tun.", "Nothing to do.")
_CALL = Text(
    "Den Techniker rufen und den Code nennen.",
    "Call the technician and give this code.",
)
_AGAIN = Text(
    "Karte aus- und wieder einstecken; die Box wählt und prüft sie neu.",
    "Take the card out and put it in again; the box selects and verifies it anew.",
)
_WRONG_CARD = Text(
    "Prüfen, ob die richtige Signaturkarte steckt; sonst den Techniker rufen.",
    "Check that the right signature card is inserted; otherwise call the technician.",
)
_EXCHANGE = Text(
    "Karte aus- und wieder einstecken. Bleibt der Fehler, die Karte tauschen lassen.",
    "Take the card out and put it in again. If the fault stays, have the card exchanged.",
)
_NEW_CARD = Text(
    "Eine neue Karte beim Anbieter bestellen und den Ausfall bei FinanzOnline melden.",
    "Order a new card from the provider and report the outage to FinanzOnline.",
)

_EXACT: dict[int, tuple[str, Text, Text]] = {
    0x9000: ("ok", Text("Befehl ausgeführt", "command executed"), _NOTHING),
    0x6281: (
        "data_corrupted",
        Text("Teile der Daten können beschädigt sein", "part of the data may be corrupted"),
        _EXCHANGE,
    ),
    0x6282: (
        "end_of_file",
        Text("Ende der Datei vor der gewünschten Länge", "end of file before the wanted length"),
        _NOTHING,
    ),
    0x6300: (
        "verification_failed",
        Text("Prüfung fehlgeschlagen", "verification failed"),
        Text(
            "Die richtige PIN auf der Statusseite eingeben.",
            "Enter the right PIN on the status page.",
        ),
    ),
    0x6400: (
        "execution_error",
        Text("Ausführung fehlgeschlagen, Karte unverändert", "execution failed, card unchanged"),
        _AGAIN,
    ),
    0x6581: (
        "memory_failure",
        Text("Schreibfehler im Kartenspeicher", "memory failure in the card"),
        _EXCHANGE,
    ),
    0x6700: ("wrong_length", Text("falsche Länge des Befehls", "wrong length of command"), _CALL),
    0x6881: (
        "channel_not_supported",
        Text("logischer Kanal nicht unterstützt", "logical channel not supported"),
        _CALL,
    ),
    0x6882: (
        "secure_messaging_not_supported",
        Text("gesicherte Übertragung nicht unterstützt", "secure messaging not supported"),
        _CALL,
    ),
    0x6883: (
        "chain_not_finished",
        Text("Befehlskette nicht beendet", "command chain not finished"),
        _AGAIN,
    ),
    0x6981: (
        "wrong_file_kind",
        Text("Befehl passt nicht zur Art der Datei", "command does not fit this kind of file"),
        _WRONG_CARD,
    ),
    0x6982: (
        "security_status_not_satisfied",
        Text(
            "PIN nicht geprüft, oder die Karte wurde zurückgesetzt",
            "PIN not verified, or the card was reset",
        ),
        _AGAIN,
    ),
    0x6983: ("pin_blocked", Text("PIN oder Schlüssel gesperrt", "PIN or key blocked"), _NEW_CARD),
    0x6984: ("file_locked", Text("Datei gesperrt", "file locked"), _EXCHANGE),
    0x6985: (
        "conditions_not_satisfied",
        Text(
            "Bedingungen nicht erfüllt oder falsche Schlüsselart",
            "conditions not satisfied or wrong key type",
        ),
        _AGAIN,
    ),
    0x6986: ("no_file_selected", Text("keine Datei ausgewählt", "no file selected"), _AGAIN),
    0x6A80: (
        "bad_data",
        Text("falsche Daten oder Länge des Hashwerts", "bad data or length of the hash"),
        _CALL,
    ),
    0x6A81: (
        "function_not_supported",
        Text("Funktion nicht unterstützt", "function not supported"),
        _WRONG_CARD,
    ),
    0x6A82: ("file_not_found", Text("Datei nicht gefunden", "file not found"), _WRONG_CARD),
    0x6A84: (
        "memory_full",
        Text("zu wenig Speicher in der Datei", "not enough memory in the file"),
        _EXCHANGE,
    ),
    0x6A86: ("wrong_p1_p2", Text("falsche Parameter P1 P2", "wrong parameters P1 P2"), _CALL),
    0x6A88: (
        "reference_not_found",
        Text("PIN oder Schlüssel nicht gefunden", "PIN or key not found"),
        _WRONG_CARD,
    ),
    0x6B00: (
        "offset_beyond_file",
        Text("Parameter falsch oder Stelle hinter dem Dateiende", "offset beyond the file"),
        _CALL,
    ),
    0x6D00: (
        "instruction_not_supported",
        Text("Befehl unbekannt", "instruction not supported"),
        _WRONG_CARD,
    ),
    0x6E00: (
        "class_not_supported",
        Text("Befehlsklasse unbekannt", "class not supported"),
        _WRONG_CARD,
    ),
    0x6F00: (
        "no_precise_diagnosis",
        Text("Fehler der Karte ohne nähere Angabe", "card error without precise diagnosis"),
        _EXCHANGE,
    ),
    0x6F02: ("overflow", Text("Überlauf in der Karte", "overflow in the card"), _EXCHANGE),
    0x6F03: ("wrong_sequence", Text("falsche Befehlsfolge", "wrong command sequence"), _AGAIN),
    0x6F05: (
        "no_security_environment",
        Text("keine Sicherheitsumgebung geladen", "no security environment loaded"),
        _AGAIN,
    ),
    0x9615: (
        "clear_pin_not_allowed",
        Text("PIN im Klartext nicht erlaubt", "PIN in the clear not allowed"),
        _WRONG_CARD,
    ),
}

_BY_FIRST_BYTE: dict[int, tuple[str, Text, Text]] = {
    0x61: ("more_data", Text("weitere {n} Bytes abholbar", "{n} more bytes to fetch"), _NOTHING),
    0x62: (
        "warning_unchanged",
        Text("Warnung, Karte unverändert", "warning, card unchanged"),
        _CALL,
    ),
    0x63: ("warning_changed", Text("Warnung, Karte verändert", "warning, card changed"), _CALL),
    0x64: (
        "execution_error",
        Text("Ausführung fehlgeschlagen, Karte unverändert", "execution failed, card unchanged"),
        _AGAIN,
    ),
    0x65: (
        "execution_error_changed",
        Text("Ausführung fehlgeschlagen, Karte verändert", "execution failed, card changed"),
        _EXCHANGE,
    ),
    0x66: ("security_issue", Text("Sicherheitsproblem der Karte", "security issue"), _EXCHANGE),
    0x67: ("wrong_length", Text("falsche Länge des Befehls", "wrong length of command"), _CALL),
    0x68: (
        "class_function_not_supported",
        Text("Funktion der Befehlsklasse unbekannt", "function of the class not supported"),
        _CALL,
    ),
    0x69: ("command_not_allowed", Text("Befehl nicht erlaubt", "command not allowed"), _AGAIN),
    0x6A: ("wrong_parameters", Text("falsche Parameter", "wrong parameters"), _CALL),
    0x6B: ("wrong_p1_p2", Text("falsche Parameter P1 P2", "wrong parameters P1 P2"), _CALL),
    0x6C: (
        "wrong_le",
        Text("falsche Antwortlänge, richtig wären {n} Bytes", "wrong Le, {n} bytes are there"),
        _CALL,
    ),
    0x6D: (
        "instruction_not_supported",
        Text("Befehl unbekannt", "instruction not supported"),
        _WRONG_CARD,
    ),
    0x6E: (
        "class_not_supported",
        Text("Befehlsklasse unbekannt", "class not supported"),
        _WRONG_CARD,
    ),
    0x6F: (
        "no_precise_diagnosis",
        Text("Fehler der Karte ohne nähere Angabe", "card error without precise diagnosis"),
        _EXCHANGE,
    ),
}


def tries_left(status_word: int) -> int | None:
    """Return x of ``63Cx`` (wrong PIN, x tries left), ``None`` for any other status word."""
    return status_word & 0x0F if status_word & 0xFFF0 == 0x63C0 else None


def explain(status_word: int) -> Meaning:
    """Return the meaning of SW1 SW2 (0..0xFFFF); codes unknown to ISO 7816-4 say so."""
    tries = tries_left(status_word)
    if tries is not None:
        return _wrong_pin(status_word, tries)
    found = _EXACT.get(status_word) or _BY_FIRST_BYTE.get(status_word >> 8)
    if found is None:
        kind = status_word >> 12
        found = (
            ("vendor_specific", Text("Code des Kartenherstellers", "vendor specific code"), _CALL)
            if kind in {6, 9}
            else (
                "not_a_status_word",
                Text("kein Statuswort nach ISO 7816", "not a status word of ISO 7816"),
                _CALL,
            )
        )
    name, text, advice = found
    count = status_word & 0xFF or 256
    filled = Text(text.de.replace("{n}", str(count)), text.en.replace("{n}", str(count)))
    return Meaning(status_word, name, filled, advice)


def _wrong_pin(status_word: int, tries: int) -> Meaning:
    if tries == 0:
        text = Text("falsche PIN, kein Versuch mehr übrig", "wrong PIN, no tries left")
        return Meaning(status_word, "wrong_pin", text, _NEW_CARD)
    plural_de = "Versuch" if tries == 1 else "Versuche"
    plural_en = "try" if tries == 1 else "tries"
    return Meaning(
        status_word,
        "wrong_pin",
        Text(f"falsche PIN, noch {tries} {plural_de}", f"wrong PIN, {tries} {plural_en} left"),
        Text(
            "Nicht noch einmal raten. Die richtige PIN auf der Statusseite eingeben.",
            "Do not guess again. Enter the right PIN on the status page.",
        ),
    )
