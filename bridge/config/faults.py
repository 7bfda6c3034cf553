"""Diagnoses of the configuration and of the credentials directory."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class ConfigUnreadable(Fault):
    """The file is missing, may not be read, or is no TOML."""

    code = "config_unreadable"
    side = Side.OPERATOR
    title = Text(
        "Die Konfiguration lässt sich nicht lesen", "The configuration file cannot be read"
    )
    advice = Text(
        "Pfad, Leserechte und Schreibweise der Datei prüfen. Eine kommentierte Vorlage ist "
        "docs/bonbridge.example.toml.",
        "Check path, read permission and syntax of the file. A template with comments is "
        "docs/bonbridge.example.toml.",
    )


class ConfigInvalid(Fault):
    """The file is TOML but does not describe a box. Fact ``problems``: one plain line each."""

    code = "config_invalid"
    side = Side.OPERATOR
    title = Text("Die Konfiguration enthält Fehler", "The configuration has errors")
    advice = Text(
        "Die genannten Zeilen berichtigen, dann `bonbridge check-config` aufrufen. Bis dahin "
        "startet die Box nicht.",
        "Correct the lines named, then run `bonbridge check-config`. The box does not start "
        "until then.",
    )

    def __init__(self, detail: str = "", *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(detail, problems=list(problems))
        self.problems = problems


class CountryNotBuilt(Fault):
    """A country that the schema knows but this version has no fiscal rules for."""

    code = "country_not_built"
    side = Side.BOX
    title = Text(
        "Dieses Land wird von dieser Version noch nicht unterstützt",
        "This version does not support that country yet",
    )
    advice = Text(
        'Derzeit nur Österreich: `country = "at"` unter `[box]`. Mit dieser Version nicht in einem '
        "anderen Land kassieren.",
        'Austria only for now: `country = "at"` under `[box]`. Do not use this version at a '
        "till in another country.",
    )


class CredentialsDirUnset(Fault):
    """Nothing says where the secrets are."""

    code = "credentials_dir_unset"
    side = Side.OPERATOR
    title = Text(
        "Das Verzeichnis der Zugangsdaten ist nicht angegeben",
        "The directory of the credentials is not given",
    )
    advice = Text(
        "`credentials_dir` unter `[box]` eintragen, oder die Box von systemd mit "
        "`LoadCredential=` starten lassen.",
        "Set `credentials_dir` under `[box]`, or let systemd start the box with `LoadCredential=`.",
    )


class CredentialMissing(Fault):
    """The configuration names a credential for which there is no file."""

    code = "credential_missing"
    side = Side.OPERATOR
    title = Text("Eine Zugangsdaten-Datei fehlt", "A credential file is missing")
    advice = Text(
        "Die genannte Datei anlegen, mit Rechten 0600 und dem Benutzer der Box als Besitzer.",
        "Create the file named, with mode 0600 and owned by the user of the box.",
    )


class CredentialUnreadable(Fault):
    """The file is there but cannot be read as text."""

    code = "credential_unreadable"
    side = Side.OPERATOR
    title = Text(
        "Eine Zugangsdaten-Datei lässt sich nicht lesen", "A credential file cannot be read"
    )
    advice = Text(
        "Besitzer und Rechte (0600) prüfen. Der Inhalt muss Text in UTF-8 sein.",
        "Check owner and mode (0600). The content must be UTF-8 text.",
    )


class CredentialEmpty(Fault):
    """The file holds nothing but perhaps a line end."""

    code = "credential_empty"
    side = Side.OPERATOR
    title = Text("Eine Zugangsdaten-Datei ist leer", "A credential file is empty")
    advice = Text(
        "Den Wert in die genannte Datei schreiben, in eine einzige Zeile.",
        "Write the value into the file named, on a single line.",
    )


class CredentialExposed(Fault):
    """Other accounts of the machine can read the secret."""

    code = "credential_exposed"
    side = Side.OPERATOR
    title = Text(
        "Andere Benutzer dürfen eine Zugangsdaten-Datei lesen",
        "Other users may read a credential file",
    )
    advice = Text(
        "Mit `chmod 600` sperren. Haben Fremde Zugang zum Gerät, den Wert (PIN, Schlüssel) als "
        "bekannt betrachten und wechseln.",
        "Close it with `chmod 600`. If strangers have access to the machine, treat the value "
        "(PIN, key) as known and change it.",
    )


class AesKeyInvalid(Fault):
    """A credential that should be the AES key of a turnover counter is none."""

    code = "aes_key_invalid"
    side = Side.OPERATOR
    title = Text(
        "Der AES-Schlüssel der Kasse ist unbrauchbar", "The register's AES key is unusable"
    )
    advice = Text(
        "Den Schlüssel genau so eintragen, wie er bei FinanzOnline gemeldet ist: 44 Zeichen "
        "Base64. Keinen neuen erzeugen, wenn die Kasse schon Belege hat.",
        "Enter the key exactly as reported to FinanzOnline: 44 characters of base64. Do not "
        "create a new one if the register already has receipts.",
    )
