"""Diagnoses of the journal."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text

_RESTORE = Text(
    "Weiterarbeiten ist mit dieser Datei nicht erlaubt. Bitte den Techniker rufen: neuere "
    "Sicherung einspielen oder die Kasse schließen und eine neue Kassen-ID verwenden.",
    "Work must not go on with this file. Call the technician: restore a newer backup, or close "
    "this register and take a new Kassen-ID.",
)


class JournalLocked(Fault):
    """A second daemon on the same journal."""

    code = "journal_locked"
    side = Side.OPERATOR
    exit_code = 3
    title = Text("Das Journal wird schon benutzt", "The journal is already in use")
    advice = Text(
        "Es läuft bereits ein bonbridge auf diesem Journal. Nur eines starten.",
        "Another bonbridge runs on this journal. Start only one.",
    )


class JournalMissing(Fault):
    """No journal where one was expected."""

    code = "journal_missing"
    side = Side.OPERATOR
    title = Text("Das Journal fehlt", "The journal is missing")
    advice = Text(
        "Pfad in der Konfiguration prüfen. Fehlt die Datei wirklich, die letzte Sicherung "
        "einspielen; auf keinen Fall neu anfangen, solange Belege existieren.",
        "Check the path in the configuration. If the file is really gone, restore the last "
        "backup; never start anew while receipts exist.",
    )


class JournalForeign(Fault):
    """A file that is no bonbridge journal, or one of a newer version."""

    code = "journal_foreign"
    side = Side.OPERATOR
    title = Text(
        "Diese Datei ist kein Journal dieser Version", "This file is no journal of this version"
    )
    advice = Text(
        "Pfad prüfen. Ein Journal einer neueren Version braucht die neuere Software.",
        "Check the path. A journal of a newer version needs the newer software.",
    )


class JournalDamaged(Fault):
    """The event chain does not hold, or SQLite reports corruption."""

    code = "journal_damaged"
    side = Side.BOX
    title = Text("Das Journal ist beschädigt", "The journal is damaged")
    advice = _RESTORE


class JournalUnchecked(Fault):
    """The check of the whole chain broke off: nobody knows whether the chain holds."""

    code = "journal_unchecked"
    side = Side.BOX
    title = Text("Das Journal konnte nicht geprüft werden", "The journal could not be checked")
    advice = Text(
        "Verkaufen geht weiter. Mit `bonbridge journal verify` prüfen; schlägt auch das fehl, den "
        "Techniker rufen.",
        "Selling goes on. Check with `bonbridge journal verify`; if that fails too, call the "
        "technician.",
    )


class JournalEnded(Fault):
    """The journal's writer has broken down: nothing can be stored until the box starts anew."""

    code = "journal_ended"
    side = Side.BOX
    title = Text("Das Journal ist ausgefallen", "The journal has broken down")
    advice = Text(
        "Die Box startet sich neu; was bestätigt wurde, ist gespeichert. Geschieht es wieder, den "
        "Techniker rufen.",
        "The box starts itself anew; what was acknowledged is stored. If it happens again, call "
        "the technician.",
    )


class JournalBehind(Fault):
    """The mirror knows of receipts that the journal lacks: an old copy was put back."""

    code = "journal_behind"
    side = Side.OPERATOR
    title = Text("Das Journal ist älter als sein Spiegel", "The journal is older than its mirror")
    advice = _RESTORE


class JournalMoved(Fault):
    """The journal was made on another board."""

    code = "journal_moved"
    side = Side.OPERATOR
    title = Text("Das Journal gehört zu einer anderen Box", "The journal belongs to another box")
    advice = Text(
        "Läuft die frühere Box noch, diese abschalten. Sonst muss ein Techniker den Umzug "
        "bestätigen; vorher wird nicht signiert.",
        "If the former box still runs, switch this one off. Otherwise a technician must confirm "
        "the move; nothing is signed before.",
    )


class DiskFull(Fault):
    """No space for the next commit."""

    code = "disk_full"
    side = Side.OPERATOR
    retryable = True
    title = Text("Kein Speicherplatz mehr", "The disk is full")
    advice = Text(
        "Der Beleg wurde nicht erstellt. Speicherplatz freigeben und noch einmal versuchen.",
        "The receipt was not made. Free some space and try again.",
    )


class JournalUnwritable(Fault):
    """The disk refuses to write: read-only, input/output error."""

    code = "journal_unwritable"
    side = Side.BOX
    retryable = True
    title = Text("Das Journal lässt sich nicht beschreiben", "The journal cannot be written")
    advice = Text(
        "Der Vorgang wurde nicht ausgeführt. Datenträger prüfen lassen; eine SD-Karte, die nur "
        "noch lesbar ist, sofort tauschen.",
        "Nothing was done. Have the disk checked; replace an SD card that has become read-only.",
    )


class HeadMoved(Fault):
    """A write-set expected another head than the journal has; it was not written."""

    code = "head_moved"
    side = Side.BOX
    retryable = True
    title = Text("Der Vorgang wurde überholt", "The step was overtaken")
    advice = Text("Bitte noch einmal versuchen.", "Please try again.")


class KeyTaken(Fault):
    """The idempotency key of a write-set is already in the journal."""

    code = "key_taken"
    side = Side.BOX
    title = Text("Der Auftrag wurde schon ausgeführt", "The command was already carried out")
    advice = Text("Nichts zu tun.", "Nothing to do.")


class WriteRefused(Fault):
    """A write-set that no journal can hold; it was not written. A fault of the program."""

    code = "write_refused"
    side = Side.BOX
    title = Text("Der Vorgang ist fehlerhaft", "The step is malformed")
    advice = Text(
        "Es wurde nichts geschrieben. Bitte den Techniker rufen: Das ist ein Fehler der Software.",
        "Nothing was written. Call the technician: this is an error of the software.",
    )


class ProjectionBroken(Fault):
    """A projection failed at an event; receipts go on, what is derived by it stays behind."""

    code = "projection_broken"
    side = Side.BOX
    title = Text(
        "Ein abgeleiteter Stand lässt sich nicht bilden", "A derived state cannot be worked out"
    )
    advice = Text(
        "Belege werden weiter erstellt. Bitte den Techniker rufen: Das ist ein Fehler der "
        "Software.",
        "Receipts go on. Call the technician: this is an error of the software.",
    )


class JournalClosed(Fault):
    """A write after the journal was closed."""

    code = "journal_closed"
    side = Side.BOX
    retryable = True
    title = Text("Die Box wird gerade beendet", "The box is shutting down")
    advice = Text("Nach dem Neustart noch einmal versuchen.", "Try again after the restart.")
