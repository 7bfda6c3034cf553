"""The words about paying a vendor's open invoice at the till, German and English."""

from __future__ import annotations

from typing import Final

from drivers.contract.fault import Text

LINE_TEXT: Final = Text("Zahlung Rechnung {invoice}", "Payment of invoice {invoice}")
"""What the line on the receipt says."""

SETTLE_TEXTS: Final[dict[str, Text]] = {
    "settle": Text("Rechnung bezahlen", "Pay an invoice"),
    "settle_vendor": Text("Rechnung von", "Invoice of"),
    "settle_number": Text("Rechnungsnummer", "Invoice number"),
    "settle_number_hint": Text("Scannen oder eintippen", "Scan or type it"),
    "settle_blind_hint": Text(
        "Die Nummer der Rechnung in {vendor} und den offenen Betrag eingeben. Beides kann hier "
        "nicht geprüft werden.",
        "Enter the invoice's number in {vendor} and the open amount. Neither can be checked here.",
    ),
    "settle_number_wrong": Text("Bitte die Rechnungsnummer eingeben.", "Please enter the number."),
    "settle_look_up": Text("Rechnung suchen", "Find the invoice"),
    "settle_looking": Text("Wird gesucht …", "Looking …"),
    "settle_add": Text("Auf den Beleg", "Put on the receipt"),
    "settle_invoice": Text("Rechnung {invoice}", "Invoice {invoice}"),
    "settle_line": Text("Rechnung {invoice} · {vendor}", "Invoice {invoice} · {vendor}"),
    "settle_customer": Text("Kunde", "Customer"),
    "settle_no_customer": Text("ohne Namen", "no name"),
    "settle_total": Text("Rechnungsbetrag", "Invoice total"),
    "settle_open": Text("Noch offen", "Still open"),
    "settle_state.open": Text("offen", "open"),
    "settle_state.partly_paid": Text("teilweise bezahlt", "partly paid"),
    "settle_state.paid": Text("bezahlt", "paid"),
    "settle_state.cancelled": Text("storniert", "cancelled"),
    "settle_why_paid": Text(
        "Diese Rechnung ist schon bezahlt. Bitte nichts kassieren.",
        "This invoice is paid already. Please take no money.",
    ),
    "settle_why_cancelled": Text(
        "Diese Rechnung ist storniert. Bitte nichts kassieren.",
        "This invoice is cancelled. Please take no money.",
    ),
    "settle_why_locked": Text(
        "Diese Rechnung ist in {vendor} gesperrt und nimmt keine Zahlung an. Das Büro kann sie "
        "entsperren.",
        "This invoice is locked in {vendor} and takes no payment. The office can unlock it.",
    ),
    "settle_why_nothing": Text(
        "Bei dieser Rechnung ist nichts offen.", "Nothing is open on this invoice."
    ),
    "settle_why_currency": Text(
        "Diese Rechnung lautet auf {currency}. Hier wird in Euro bezahlt.",
        "This invoice is in {currency}. Here people pay in euros.",
    ),
    "settle_why_unknown": Text(
        "{vendor} kennt keine Rechnung {invoice}. Bitte die Nummer prüfen.",
        "{vendor} knows no invoice {invoice}. Please check the number.",
    ),
    "settle_why_twice": Text(
        "Diese Rechnung steht schon auf dem Beleg.", "This invoice is on the receipt already."
    ),
    "settle_why_more": Text(
        "Offen sind nur {amount}. Bitte nicht mehr kassieren.",
        "Only {amount} are open. Please take no more.",
    ),
    "settle_part": Text(
        "Teilzahlung: {amount} bleiben offen.", "Part payment: {amount} stay open."
    ),
    "settle_silent": Text(
        "{vendor} ist gerade nicht erreichbar.", "{vendor} cannot be reached now."
    ),
    "settle_by_hand": Text(
        "Die Rechnung wurde nicht geprüft. Sie können den Betrag von der Rechnung eingeben und "
        "kassieren; die Box meldet die Zahlung, sobald es geht.",
        "The invoice was not checked. You can enter the amount from the invoice and take the "
        "money; the box reports the payment as soon as it can.",
    ),
    "settle_try_again": Text("Noch einmal suchen", "Look again"),
    "settle_reported": Text(
        "Die Box meldet die Zahlung von selbst an {vendor}.",
        "The box reports the payment to {vendor} by itself.",
    ),
}
"""Every text by its name."""
