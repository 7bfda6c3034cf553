"""The words of the pages, German and English: one table for templates and scripts.

``{name}`` is filled in by whoever shows the text. What the law names is German in both languages.
"""

from __future__ import annotations

from typing import Final

from bridge.printing.words import OUTAGE
from bridge.web.pages.settle_texts import SETTLE_TEXTS
from bridge.web.pages.vendor_texts import VENDOR_TEXTS
from drivers.contract.fault import Text

TEXTS: Final[dict[str, Text]] = {
    # Frame
    "app": Text("Kassa", "Till"),
    "skip": Text("Zum Inhalt springen", "Skip to the content"),
    "other_language": Text("English", "Deutsch"),
    "sign_out": Text("Abmelden", "Sign out"),
    "to_till": Text("Zur Kassa", "To the till"),
    "to_status": Text("Zustand", "Status"),
    "needs_script": Text(
        "Diese Seite braucht JavaScript. Bitte im Browser einschalten.",
        "This page needs JavaScript. Please switch it on in the browser.",
    ),
    # Sign-in
    "sign_in": Text("Anmelden", "Sign in"),
    "sign_in_lead": Text(
        "Diese Kassa ist geschützt. Bitte mit dem Zugangsschlüssel anmelden.",
        "This till is protected. Please sign in with your access token.",
    ),
    "token": Text("Zugangsschlüssel", "Access token"),
    "token_hint": Text(
        "Den Schlüssel hat der Techniker bei der Einrichtung vergeben.",
        "The technician gave it to you when the box was set up.",
    ),
    "token_missing": Text("Bitte den Zugangsschlüssel eingeben.", "Please enter the access token."),
    # Levels and kinds of parts
    "level.ok": Text("in Ordnung", "working"),
    "level.degraded": Text("eingeschränkt", "limited"),
    "level.failed": Text("gestört", "not working"),
    "level.unknown": Text("noch unbekannt", "not known yet"),
    "level.off": Text("ausgeschaltet", "switched off"),
    "kind.cloud": Text("Cloud", "Cloud"),
    "kind.unit": Text("Signaturkarte", "Signature card"),
    "kind.printer": Text("Drucker", "Printer"),
    "kind.register": Text("Kasse", "Register"),
    "kind.journal": Text("Journal", "Journal"),
    "kind.clock": Text("Uhr", "Clock"),
    "kind.web": Text("Lokaler Zugang", "Local access"),
    "kind.vendor": Text("Anbieter", "Vendor"),
    "kind.settlement": Text("Rechnungszahlungen", "Invoice payments"),
    "phase.connecting": Text("verbindet sich", "connecting"),
    "phase.waiting": Text("wartet auf den nächsten Versuch", "waiting for the next try"),
    "phase.ready": Text("bereit", "ready"),
    "phase.by_hand": Text("von Hand", "by hand"),
    "phase.disabled": Text("ausgefallen", "disabled"),
    "phase.starting": Text("startet", "starting"),
    "phase.stopping": Text("hält an", "stopping"),
    # State of the box
    "state_of_box": Text("Zustand der Box", "State of the box"),
    "outage_title": Text(
        "Signaturkarte ausgefallen seit {time}", "Signature card out of order since {time}"
    ),
    "outage_advice": Text(
        f"Weiter kassieren: Belege tragen den Vermerk „{OUTAGE}“ und werden nach der Rückkehr der "
        "Karte von der Box ordnungsgemäß zusammengefasst.",
        f"Go on selling: receipts bear the words “{OUTAGE}”; the box sums them up lawfully once "
        "the card is back.",
    ),
    "latched_title": Text("Kasse {register} ist gesperrt", "Register {register} is latched"),
    "latched_advice": Text(
        "Hier kann nicht abgeschlossen werden, bis ein Techniker den Grund geklärt hat.",
        "Nothing can be completed here until a technician has settled the reason.",
    ),
    "closed_title": Text("Kasse {register} ist geschlossen", "Register {register} is closed"),
    "closed_advice": Text(
        "Nach dem Schlussbeleg geht es nur mit einer neuen Kassen-ID weiter.",
        "After the Schlussbeleg work goes on with a new Kassen-ID only.",
    ),
    "not_started_title": Text(
        "Kasse {register} hat noch keinen Startbeleg", "Register {register} has no Startbeleg yet"
    ),
    "not_started_advice": Text(
        "Der Techniker erstellt ihn bei der Inbetriebnahme.",
        "The technician makes it when the box is put into service.",
    ),
    "paper_unknown_title": Text(
        "Beleg {number}: unbekannt, ob gedruckt", "Receipt {number}: not known whether printed"
    ),
    "look": Text("Ansehen", "Look"),
    # Connection
    "connection_lost": Text("Keine Verbindung zur Box.", "No connection to the box."),
    "connection_retry": Text(
        "Es wird von selbst weiter versucht, nichts geht verloren.",
        "It is tried again by itself, nothing is lost.",
    ),
    "retry_now": Text("Jetzt versuchen", "Try now"),
    "connection_back": Text("Die Verbindung ist wieder da.", "The connection is back."),
    # List
    "open_receipts": Text("Offene Belege", "Open receipts"),
    "new_receipt": Text("Neuer Beleg", "New receipt"),
    "register": Text("Kasse", "Register"),
    "empty_title": Text("Kein offener Beleg", "No open receipt"),
    "empty_text": Text(
        "Schickt ein Programm einen Beleg an diese Kassa, erscheint er hier von selbst. Mit „Neuer "
        "Beleg“ kassieren Sie ohne ein solches Programm.",
        "When a program sends a receipt to this till, it appears here by itself. “New receipt” "
        "takes money without such a program.",
    ),
    "recent": Text("Zuletzt abgeschlossen", "Completed last"),
    "loading": Text("Wird geladen …", "Loading …"),
    "from_operator": Text("Kassa", "Till"),
    "reference": Text("Referenz", "Reference"),
    "no_reference": Text("ohne Referenz", "no reference"),
    "lines_one": Text("1 Position", "1 item"),
    "lines_many": Text("{count} Positionen", "{count} items"),
    "age_now": Text("soeben", "just now"),
    "age_minutes": Text("vor {count} min", "{count} min ago"),
    "age_hours": Text("vor {count} h", "{count} h ago"),
    "age_day": Text("vor 1 Tag", "1 day ago"),
    "age_days": Text("vor {count} Tagen", "{count} days ago"),
    "being_paid": Text("wird bezahlt", "being paid"),
    "new_mark": Text("neu", "new"),
    "pushed": Text(
        "Neuer Beleg von {origin}: {reference}", "New receipt from {origin}: {reference}"
    ),
    # One receipt
    "back": Text("Zurück", "Back"),
    "back_to_list": Text("Zu den offenen Belegen", "To the open receipts"),
    "receipt": Text("Beleg", "Receipt"),
    "items": Text("Positionen", "Items"),
    "no_lines": Text(
        "Noch keine Position. Betrag eingeben, um zu beginnen.",
        "No item yet. Enter an amount to begin.",
    ),
    "customer": Text("Kunde", "Customer"),
    "note": Text("Hinweis", "Note"),
    "quantity": Text("Menge", "Quantity"),
    "less": Text("Menge verringern: {text}", "Less of {text}"),
    "more": Text("Menge erhöhen: {text}", "More of {text}"),
    "change_quantity": Text("Menge ändern: {text}", "Change the quantity of {text}"),
    "change_price": Text("Preis ändern: {text}", "Change the price of {text}"),
    "remove_line": Text("Entfernen: {text}", "Remove {text}"),
    "price": Text("Einzelpreis", "Price each"),
    "line_discount": Text("Rabatt {percent} %", "{percent} % discount"),
    "discount": Text("Rabatt", "Discount"),
    "discount_percent": Text("Rabatt {percent} %", "Discount {percent} %"),
    "total": Text("Summe", "Total"),
    "to_pay": Text("Zu zahlen", "To pay"),
    "to_pay_out": Text("Auszuzahlen", "To pay out"),
    "paid_cash": Text("Bar bezahlt", "Paid in cash"),
    "paid_card": Text("Mit Karte bezahlt", "Paid by card"),
    "give_back": Text("Zurückgeben", "Give back"),
    "cash_button": Text("Bar kassieren", "Take cash"),
    "pay_out_button": Text("Bar auszahlen", "Pay out in cash"),
    "abort_button": Text("Abbrechen", "Abort"),
    "why_empty": Text("Noch keine Position eingegeben.", "No item has been entered yet."),
    "why_overpaid": Text(
        "Es wurde mehr bezahlt als die Summe: zuerst eine Zahlung zurückgeben.",
        "More was paid than the total: give a payment back first.",
    ),
    # Amount pad
    "amount": Text("Betrag", "Amount"),
    "add_amount": Text("Betrag eingeben", "Enter an amount"),
    "text": Text("Bezeichnung", "Description"),
    "default_text": Text("Diverses", "Sundries"),
    "rate": Text("Steuersatz", "Tax rate"),
    "add": Text("Hinzufügen", "Add"),
    "keys": Text("Ziffern", "Digits"),
    "key_back": Text("Letzte Ziffer löschen", "Delete the last digit"),
    "amount_wrong": Text(
        "Bitte einen Betrag wie 12,50 eingeben.", "Please enter an amount like 12.50."
    ),
    "quantity_wrong": Text(
        "Bitte eine Menge wie 2 oder 0,750 eingeben.", "Please enter a quantity like 2 or 0.750."
    ),
    "percent_wrong": Text(
        "Bitte einen Prozentsatz von 0 bis 100 eingeben.", "Please enter a percentage, 0 to 100."
    ),
    "save": Text("Übernehmen", "Apply"),
    "cancel": Text("Schließen", "Close"),
    "remove_discount": Text("Rabatt entfernen", "Remove the discount"),
    "in_percent": Text("in Prozent", "in percent"),
    "in_euro": Text("in Euro", "in euros"),
    # Cash
    "cash_title": Text("Bar kassieren", "Take cash"),
    "pay_out_title": Text("Bar auszahlen", "Pay out in cash"),
    "given": Text("Gegeben", "Given"),
    "exact": Text("Passend", "Exact"),
    "change": Text("Rückgeld", "Change"),
    "complete": Text("Abschließen", "Complete"),
    "why_given": Text("Bitte eingeben, was gegeben wurde.", "Please enter what was given."),
    "why_missing": Text("Es fehlen noch {amount}.", "{amount} are still missing."),
    "completing": Text("Wird abgeschlossen …", "Completing …"),
    "attempt_waits": Text(
        "Die Antwort der Box steht noch aus. Der Abschluss wird mit demselben Schlüssel wiederholt "
        "und geschieht höchstens einmal.",
        "The box has not answered yet. Completing is repeated under the same key and happens at "
        "most once.",
    ),
    # Abort
    "abort_title": Text("Beleg abbrechen?", "Abort this receipt?"),
    "abort_lead": Text(
        "Der Beleg wird verworfen. Wer ihn geschickt hat, erfährt den Grund.",
        "The receipt is discarded. Whoever sent it is told the reason.",
    ),
    "abort_money": Text(
        "Achtung: {amount} wurden schon bezahlt und müssen zurückgegeben werden.",
        "Mind: {amount} were paid already and have to be given back.",
    ),
    "reason": Text("Grund", "Reason"),
    "reason_left": Text("Kunde hat es sich anders überlegt", "Customer changed their mind"),
    "reason_mistake": Text("Irrtümlich eröffnet", "Opened by mistake"),
    "reason_elsewhere": Text("Anderswo bezahlt", "Paid elsewhere"),
    "reason_unavailable": Text("Ware nicht verfügbar", "Goods not available"),
    "reason_other": Text("Anderer Grund", "Another reason"),
    "why_reason": Text("Bitte einen Grund angeben.", "Please give a reason."),
    "abort_now": Text("Beleg verwerfen", "Discard the receipt"),
    "keep": Text("Nicht abbrechen", "Keep it"),
    # After the end
    "done_title": Text("Abgeschlossen", "Completed"),
    "number": Text("Belegnummer", "Receipt number"),
    "signed": Text("Signiert", "Signed"),
    "not_signed": Text(OUTAGE, OUTAGE),
    "not_signed_advice": Text(
        "Der Beleg ist gültig: die Signaturkarte ist ausgefallen, die Box hat das vermerkt.",
        "The receipt is valid: the signature card is out of order and the box has noted it.",
    ),
    "change_to_give": Text("Rückgeld geben", "Change to give"),
    "paid_out": Text("Auszuzahlen", "Pay out"),
    "no_change": Text("Kein Rückgeld", "No change"),
    "paper": Text("Papier", "Paper"),
    "paper.due": Text("Wartet auf den Drucker", "Waits for the printer"),
    "paper.sending": Text("Wird gedruckt …", "Printing …"),
    "paper.printed": Text("Gedruckt", "Printed"),
    "paper.not_printed": Text("Nicht gedruckt", "Not printed"),
    "paper.unknown": Text("Unbekannt, ob gedruckt", "Not known whether printed"),
    "paper.copy": Text("Kopie", "Copy"),
    "paper.none": Text("Wird nicht gedruckt", "Is not printed"),
    "paper_due_advice": Text(
        "Der Druck wird von selbst nachgeholt, sobald der Drucker bereit ist.",
        "It is printed by itself as soon as the printer is ready.",
    ),
    "paper_not_printed_advice": Text(
        "Drucker prüfen: Strom, Papier, Deckel. Danach wird von selbst gedruckt.",
        "Check the printer: power, paper, cover. Then it prints by itself.",
    ),
    "paper_unknown_advice": Text(
        "Beim Drucker nachsehen. Liegt kein vollständiger Beleg da, eine Kopie drucken.",
        "Look at the printer. If there is no complete receipt, print a copy.",
    ),
    "paper_no_printer": Text(
        "Für diese Kasse ist kein Drucker eingerichtet.", "This register has no printer."
    ),
    "reprint": Text("Kopie drucken", "Print a copy"),
    "reprint_wanted": Text("Die Kopie wird gedruckt.", "The copy is being printed."),
    "aborted_title": Text("Abgebrochen", "Aborted"),
    "aborted_text": Text(
        "Der Beleg wurde verworfen, es gibt keine Belegnummer.",
        "The receipt was discarded; it has no number.",
    ),
    "withdrawn_title": Text("Zurückgezogen", "Withdrawn"),
    "withdrawn_text": Text(
        "Wer den Beleg geschickt hat, hat ihn zurückgenommen.",
        "Whoever sent the receipt has taken it back.",
    ),
    "expired_title": Text("Abgelaufen", "Expired"),
    "expired_text": Text(
        "Der Beleg wurde nicht rechtzeitig bearbeitet.", "Nobody worked on the receipt in time."
    ),
    # Notices
    "changed_elsewhere": Text(
        "Ein anderes Gerät hat den Beleg geändert. Das ist der neue Stand.",
        "Another device changed the receipt. This is its new state.",
    ),
    "changed_in_doubt": Text(
        "Die Verbindung war unterbrochen. Bitte prüfen, ob dieser Stand stimmt.",
        "The connection was interrupted. Please check whether this state is right.",
    ),
    "ended_elsewhere": Text(
        "Der Beleg wurde auf einem anderen Gerät beendet.",
        "The receipt was ended on another device.",
    ),
    "not_completed": Text(
        "Der Beleg wurde nicht abgeschlossen. Bitte prüfen und neu kassieren.",
        "The receipt was not completed. Please check it and take the money again.",
    ),
    "unexpected": Text("Die Box hat unerwartet geantwortet", "The box gave an unexpected answer"),
    "unexpected_advice": Text(
        "Noch einmal versuchen. Bleibt es so, den Techniker rufen.",
        "Try again. If it stays so, call the technician.",
    ),
    "dismiss": Text("Meldung schließen", "Close this message"),
    # Status page
    "status_lead": Text(
        "Was funktioniert, was nicht, und was zu tun ist.",
        "What works, what does not, and what to do.",
    ),
    "status_all_ok": Text("Alles in Ordnung", "Everything works"),
    "status_trouble_one": Text("1 Teil braucht Aufmerksamkeit", "1 part needs care"),
    "status_trouble_many": Text("{count} Teile brauchen Aufmerksamkeit", "{count} parts need care"),
    "since": Text("seit", "since"),
    "facts": Text("Einzelheiten", "Details"),
    "no_parts": Text("Noch hat sich kein Teil gemeldet.", "No part has reported yet."),
    "registers": Text("Kassen", "Registers"),
    "last_number": Text("letzter Beleg Nr. {number}", "last receipt no. {number}"),
    "no_number": Text("noch kein Beleg", "no receipt yet"),
    "open_count": Text("{count} offen", "{count} open"),
    "register.ready": Text("bereit", "ready"),
    "register.outage": Text("Ausfall der Signaturkarte", "signature card out of order"),
    "register.latched": Text("gesperrt", "latched"),
    "register.closed": Text("geschlossen", "closed"),
    "register.not_started": Text("ohne Startbeleg", "without Startbeleg"),
    "connect_now": Text("Jetzt verbinden", "Connect now"),
    "connect_asked": Text("Alle Verbindungen versuchen es jetzt.", "Every link tries now."),
    "tools": Text("Werkzeuge", "Tools"),
    "api_docs": Text("Beschreibung der lokalen Schnittstelle", "Description of the local API"),
    "export_dep7": Text(
        "DEP nach § 7 RKSV: Kasse {register}", "DEP, § 7 RKSV: register {register}"
    ),
    "signed_in_as": Text("Angemeldet als {name} ({role})", "Signed in as {name} ({role})"),
    "role.till": Text("Kassa", "till"),
    "role.backoffice": Text("Büro", "back office"),
    "role.technician": Text("Technik", "technician"),
    "version": Text("Version {version}", "Version {version}"),
    **SETTLE_TEXTS,
    **VENDOR_TEXTS,
}
"""Every text by its name."""


def texts(language: str) -> dict[str, str]:
    """Return all texts in a language, ``de`` or ``en``."""
    return {name: text.in_language(language) for name, text in TEXTS.items()}
