"""Why the till refuses a command. Each refusal leaves everything as it was."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class Refused(Fault):
    """Base of the till's refusals."""

    code = "refused"
    side = Side.OPERATOR
    title = Text("Der Auftrag wurde abgelehnt", "The command was refused")
    advice = Text("Nichts wurde geändert.", "Nothing was changed.")


class ReceiptUnknown(Refused):
    code = "receipt_unknown"
    title = Text("Diesen Beleg gibt es nicht", "There is no such receipt")
    advice = Text("Belegliste neu laden.", "Reload the list of receipts.")


class ReceiptChanged(Refused):
    code = "receipt_changed"
    retryable = True
    title = Text("Der Beleg wurde inzwischen geändert", "The receipt has changed meanwhile")
    advice = Text(
        "Ein anderes Gerät hat den Beleg bearbeitet. Neuen Stand ansehen und wiederholen.",
        "Another device edited the receipt. Look at the new state and repeat.",
    )


class ReceiptNotOpen(Refused):
    code = "receipt_not_open"
    title = Text("Der Beleg ist nicht mehr offen", "The receipt is no longer open")
    advice = Text(
        "Abgeschlossene Belege werden nur durch ein Storno berichtigt.",
        "Completed receipts are corrected by a storno only.",
    )


class ReceiptInUse(Refused):
    code = "in_use"
    title = Text("Der Beleg wird gerade bearbeitet", "The receipt is being worked on")
    advice = Text(
        "Der Bediener hat schon begonnen; er kann den Beleg abbrechen.",
        "The operator has begun; he can abort the receipt.",
    )


class ReceiptEmpty(Refused):
    code = "receipt_empty"
    title = Text("Der Beleg hat keine Zeile", "The receipt has no line")
    advice = Text(
        "Mindestens eine Zeile eingeben oder den Beleg abbrechen.",
        "Enter at least one line or abort the receipt.",
    )


class LineUnknown(Refused):
    code = "line_unknown"
    title = Text("Diese Zeile gibt es nicht", "There is no such line")
    advice = Text("Beleg neu laden.", "Reload the receipt.")


class LineLimit(Refused):
    code = "line_limit"
    title = Text("Ein Beleg hat höchstens 999 Zeilen", "A receipt has at most 999 lines")
    advice = Text("Auf mehrere Belege aufteilen.", "Split it over several receipts.")


class AmountLimit(Refused):
    code = "amount_limit"
    title = Text("Der Betrag ist zu groß", "The amount is too large")
    advice = Text(
        "Eine Zeile fasst höchstens 10 Millionen Euro. Menge und Preis prüfen.",
        "A line holds at most 10 million euros. Check quantity and price.",
    )


class RateUnknown(Refused):
    code = "rate_unknown"
    title = Text("Diesen Steuersatz gibt es nicht", "There is no such tax rate")
    advice = Text(
        "Einen der genannten Steuersätze verwenden.", "Use one of the tax rates that are named."
    )


class DiscountImpossible(Refused):
    code = "discount_impossible"
    title = Text("Der Rabatt übersteigt den Betrag", "The discount exceeds the amount")
    advice = Text("Rabatt verkleinern.", "Make the discount smaller.")


class SettlementVendorUnknown(Refused):
    """A line pays an invoice of a vendor that is not set up for it."""

    code = "settlement_vendor_unknown"
    title = Text(
        "Rechnungen dieses Anbieters können hier nicht bezahlt werden",
        "Invoices of this vendor cannot be paid here",
    )
    advice = Text(
        "Schreibweise prüfen; der Anbieter muss in der Konfiguration stehen ([[vendor]]).",
        "Check the spelling; the vendor must be in the configuration ([[vendor]]).",
    )


class SettlementRateFixed(Refused):
    code = "settlement_rate_fixed"
    title = Text(
        "Der Steuersatz einer Rechnungszahlung steht fest",
        "The tax rate of an invoice's payment is fixed",
    )
    advice = Text(
        "Den Steuersatz weglassen; er steht in der Konfiguration (rksv.settlement_rate).",
        "Leave the rate out; it is in the configuration (rksv.settlement_rate).",
    )


class SettlementLineFixed(Refused):
    """A line that pays an invoice stays one, and no other line becomes one."""

    code = "settlement_line_fixed"
    title = Text(
        "Diese Rechnungszahlung kann so nicht geändert werden",
        "This payment of an invoice cannot be changed so",
    )
    advice = Text("Die Zeile entfernen und neu eingeben.", "Remove the line and enter it anew.")


class TotalMismatch(Refused):
    code = "total_mismatch"
    retryable = True
    title = Text("Die Summe stimmt nicht überein", "The total does not agree")
    advice = Text(
        "Beleg neu laden; die Summe der Box gilt.", "Reload the receipt; the box's total holds."
    )


class PaymentMissing(Refused):
    code = "payment_missing"
    title = Text("Der Beleg ist nicht ganz bezahlt", "The receipt is not fully paid")
    advice = Text("Den Rest kassieren, dann abschließen.", "Take the rest, then complete.")


class PaymentExceeds(Refused):
    code = "payment_exceeds"
    title = Text("Es wurde mehr bezahlt als nötig", "More was paid than is due")
    advice = Text(
        "Eine Zahlung zurückgeben und neu kassieren.", "Give a payment back and take it anew."
    )


class PaymentUnknown(Refused):
    code = "payment_unknown"
    title = Text("Diese Zahlung gibt es nicht", "There is no such payment")
    advice = Text("Beleg neu laden.", "Reload the receipt.")


class PaymentUnsupported(Refused):
    code = "payment_unsupported"
    title = Text("Diese Zahlungsart ist nicht eingerichtet", "This payment kind is not set up")
    advice = Text(
        "Bar kassieren. Kartenterminals kann diese Version noch nicht ansteuern.",
        "Take cash. This version cannot drive card terminals yet.",
    )


class KeyReused(Refused):
    code = "key_reused"
    side = Side.PEER
    title = Text(
        "Der Auftragsschlüssel wurde schon für anderes benutzt",
        "The idempotency key was used for something else",
    )
    advice = Text(
        "Für jeden neuen Auftrag einen neuen Schlüssel verwenden.",
        "Use a new key for each new command.",
    )


class CommandExpired(Refused):
    code = "command_expired"
    side = Side.PEER
    title = Text("Der Auftrag ist abgelaufen", "The command has expired")
    advice = Text(
        "Nichts wurde getan. Wenn er noch gewünscht ist, neu senden; sonst die Uhr prüfen.",
        "Nothing was done. Send it anew if it is still wanted; else check the clock.",
    )


class RegisterUnknown(Refused):
    code = "register_unknown"
    title = Text("Diese Kasse gibt es nicht", "There is no such register")
    advice = Text(
        "Kassenkennung in Auftrag und Konfiguration vergleichen.",
        "Compare the register id in command and configuration.",
    )


class RegisterLatched(Refused):
    code = "register_latched"
    title = Text("Die Kasse ist gesperrt", "The register is latched")
    advice = Text(
        "Es darf nicht signiert werden, bis ein Techniker den genannten Grund geklärt hat.",
        "Nothing may be signed until a technician has settled the reason that is named.",
    )


class LatchStands(Refused):
    """The register is not latched, or for a reason that the box finds anew at each start."""

    code = "latch_stands"
    title = Text(
        "Diese Sperre kann so nicht gelöst werden", "This latch cannot be lifted like this"
    )
    advice = Text(
        "Den genannten Grund beheben: eine neuere Sicherung zurückspielen, oder die Kasse "
        "schließen und eine neue Kassen-ID verwenden.",
        "Remove the reason that is named: restore a newer backup, or close the register and use a "
        "new Kassen-ID.",
    )


class RegisterNotStarted(Refused):
    code = "register_not_started"
    title = Text("Die Kasse hat noch keinen Startbeleg", "The register has no Startbeleg yet")
    advice = Text(
        "Zuerst den Startbeleg erstellen und bei FinanzOnline prüfen.",
        "Make the Startbeleg first and have FinanzOnline check it.",
    )


class RegisterStarted(Refused):
    code = "register_started"
    title = Text("Die Kasse hat schon einen Startbeleg", "The register has a Startbeleg already")
    advice = Text("Nichts zu tun.", "Nothing to do.")


class RegisterClosed(Refused):
    code = "register_closed"
    title = Text("Die Kasse ist geschlossen", "The register is closed")
    advice = Text(
        "Nach dem Schlussbeleg geht es nur mit einer neuen Kassen-ID weiter.",
        "After the Schlussbeleg work goes on with a new Kassen-ID only.",
    )


class OpenReceiptsLeft(Refused):
    code = "open_receipts_left"
    title = Text("Es gibt noch offene Belege", "There are open receipts left")
    advice = Text("Offene Belege abschließen oder abbrechen.", "Complete or abort them first.")


class NoOutage(Refused):
    code = "no_outage"
    title = Text("Es war kein Ausfall", "There was no outage")
    advice = Text(
        "Ein Sammelbeleg beendet einen Ausfall; ohne Ausfall einen Nullbeleg erstellen.",
        "A Sammelbeleg ends an outage; without one make a Nullbeleg.",
    )


class ReceiptNotCompleted(Refused):
    code = "receipt_not_completed"
    title = Text("Der Beleg wurde nicht abgeschlossen", "The receipt was not completed")
    advice = Text(
        "Nur abgeschlossene Belege haben eine Nummer und kommen auf Papier.",
        "Only completed receipts have a number and go on paper.",
    )


class StornoImpossible(Refused):
    code = "storno_impossible"
    title = Text("Dieses Storno ist nicht möglich", "This storno is not possible")
    advice = Text(
        "Ein Beleg wird höchstens einmal storniert, jede Zeile höchstens mit ihrer Restmenge.",
        "A receipt is cancelled once at most, each line with its remaining quantity at most.",
    )


class ClockWrong(Refused):
    code = "clock_wrong"
    title = Text("Die Uhr der Box geht falsch", "The clock of the box is wrong")
    advice = Text(
        "Uhrzeit stellen oder Netzwerk prüfen; vorher wird nicht signiert.",
        "Set the clock or check the network; nothing is signed before.",
    )
