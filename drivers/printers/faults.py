"""Diagnoses of receipt printers. Each leaf says who must act and what to do."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class PrinterFault(Fault):
    """Common root of everything a receipt printer can do wrong."""

    side = Side.DEVICE
    retryable = True


class PrinterUnreachable(PrinterFault):
    """No connection within the time given to it."""

    code = "printer_unreachable"
    title = Text("Drucker nicht erreichbar", "Printer cannot be reached")
    advice = Text(
        "Prüfen, ob der Drucker eingeschaltet und sein Netzwerkkabel (oder WLAN) verbunden ist. "
        "Viele Drucker nehmen nur eine Verbindung an: andere Programme trennen. Sonst den "
        "Drucker aus- und einschalten.",
        "Check that the printer is switched on and its network cable (or Wi-Fi) is connected. "
        "Many printers take one connection only: disconnect other programs. Otherwise switch the "
        "printer off and on.",
    )


class PrinterSilent(PrinterFault):
    """The connection stands, but a status request got no answer."""

    code = "printer_silent"
    title = Text("Drucker antwortet nicht", "Printer does not answer")
    advice = Text(
        "Den Drucker aus- und einschalten. Antwortet er nie, prüfen, ob an dieser Adresse "
        "wirklich ein ESC/POS-Drucker ist, der seinen Status meldet.",
        "Switch the printer off and on. If it never answers, check that this address really is "
        "an ESC/POS printer that reports its status.",
    )


class PrinterPaperOut(PrinterFault):
    """The paper sensor sees no paper."""

    code = "printer_paper_out"
    side = Side.OPERATOR
    title = Text("Kein Papier im Drucker", "Printer is out of paper")
    advice = Text(
        "Eine neue Papierrolle einlegen und den Deckel schließen.",
        "Insert a new roll of paper and close the cover.",
    )


class PrinterCoverOpen(PrinterFault):
    """The cover is open."""

    code = "printer_cover_open"
    side = Side.OPERATOR
    title = Text("Druckerdeckel ist offen", "Printer cover is open")
    advice = Text(
        "Den Deckel des Druckers schließen, bis er einrastet.",
        "Close the cover of the printer until it snaps in.",
    )


class PrinterCutterError(PrinterFault):
    """The cutter is jammed."""

    code = "printer_cutter_error"
    side = Side.OPERATOR
    title = Text("Abschneider klemmt", "Cutter is jammed")
    advice = Text(
        "Den Drucker ausschalten, Papierreste aus dem Abschneider entfernen, wieder einschalten. "
        "Geht der Deckel nicht auf, hilft das Handrad am Abschneider (siehe Druckerhandbuch).",
        "Switch the printer off, remove scraps of paper from the cutter, switch it on again. If "
        "the cover does not open, turn the wheel of the cutter (see the printer's manual).",
    )


class PrinterOverheated(PrinterFault):
    """A fault that ends by itself, as a hot print head does."""

    code = "printer_overheated"
    title = Text("Drucker pausiert (Druckkopf heiß)", "Printer pauses (print head hot)")
    advice = Text(
        "Einige Minuten warten; der Drucker macht von selbst weiter.",
        "Wait some minutes; the printer goes on by itself.",
    )


class PrinterBroken(PrinterFault):
    """The printer reports a fault that it cannot recover from."""

    code = "printer_broken"
    retryable = False
    title = Text("Drucker meldet einen Defekt", "Printer reports a defect")
    advice = Text(
        "Den Drucker aus- und einschalten. Bleibt der Fehler, den Techniker rufen.",
        "Switch the printer off and on. If the fault stays, call the technician.",
    )


class PrinterOffline(PrinterFault):
    """The printer says that it is offline and gives no closer reason."""

    code = "printer_offline"
    side = Side.OPERATOR
    title = Text("Drucker ist offline", "Printer is offline")
    advice = Text(
        "Am Drucker die Taste für Online oder Papiervorschub prüfen; sonst aus- und einschalten.",
        "Check the online or feed button of the printer; otherwise switch it off and on.",
    )


class PrinterConnectionLost(PrinterFault):
    """The connection broke during a conversation."""

    code = "printer_connection_lost"
    title = Text("Verbindung zum Drucker abgerissen", "Connection to the printer broke")
    advice = Text(
        "Netzwerkkabel und Stromversorgung des Druckers prüfen. Nachsehen, ob der letzte Beleg "
        "vollständig gedruckt ist.",
        "Check the printer's network cable and power supply. See whether the last receipt was "
        "printed completely.",
    )


class PrinterStalled(PrinterFault):
    """The printer stopped taking data in mid-job."""

    code = "printer_stalled"
    title = Text("Drucker nimmt keine Daten mehr an", "Printer takes no more data")
    advice = Text(
        "Papier und Deckel prüfen, den Drucker aus- und einschalten. Nachsehen, ob der letzte "
        "Beleg vollständig gedruckt ist.",
        "Check paper and cover, switch the printer off and on. See whether the last receipt was "
        "printed completely.",
    )


class PrinterNoConfirmation(PrinterFault):
    """Everything was sent, nothing seems wrong, but the printer did not confirm."""

    code = "printer_no_confirmation"
    title = Text("Drucker hat nicht bestätigt", "Printer did not confirm")
    advice = Text(
        "Nachsehen, ob der Beleg vollständig gedruckt ist. Kommt das oft vor, kennt der Drucker "
        "die Bestätigung (GS r) nicht: den Techniker rufen.",
        "See whether the receipt was printed completely. If this happens often, the printer does "
        "not know the confirmation (GS r): call the technician.",
    )


class PrinterProfileUnknown(PrinterFault):
    """The profile of the configuration does not exist or has no usable code page."""

    code = "printer_profile_unknown"
    side = Side.OPERATOR
    retryable = False
    title = Text("Druckerprofil unbekannt", "Printer profile unknown")
    advice = Text(
        "In der Konfiguration ein anderes Profil eintragen; TM-T20II passt für die meisten "
        "Drucker mit 80-mm-Papier.",
        "Enter another profile in the configuration; TM-T20II suits most printers for 80 mm paper.",
    )


class PrinterPageUnsupported(PrinterFault):
    """A page holds something that no bytes can say, such as too much data for a QR code."""

    code = "printer_page_unsupported"
    side = Side.BOX
    retryable = False
    title = Text("Beleg lässt sich nicht drucken", "Receipt cannot be printed")
    advice = Text(
        "Den Techniker rufen und den Fehlercode nennen; der Beleg selbst ist gespeichert.",
        "Call the technician and give the error code; the receipt itself is stored.",
    )
