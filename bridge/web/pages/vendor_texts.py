"""The words of the pages about vendors' services, German and English."""

from __future__ import annotations

from typing import Final

from drivers.contract.fault import Text

VENDOR_TEXTS: Final[dict[str, Text]] = {
    "to_vendors": Text("Anbieter", "Vendors"),
    "vendors_title": Text("Anbieter", "Vendors"),
    "vendors_lead": Text(
        "Dienste, mit denen die Box im Auftrag des Geschäfts arbeitet, und was aus den Aufträgen "
        "wurde.",
        "Services that the box works with for the shop, and what became of its orders.",
    ),
    "vendors_none": Text("Kein Anbieter ist eingerichtet.", "No vendor is set up."),
    "vendors_none_advice": Text(
        "Ein Techniker richtet Anbieter in der Konfiguration ein: Tabelle [[vendor]].",
        "A technician sets vendors up in the configuration: table [[vendor]].",
    ),
    "vendors_state": Text("Zustand", "State"),
    "queued_none": Text("kein Auftrag wartet", "no order waits"),
    "queued_one": Text("1 Auftrag wartet", "1 order waits"),
    "queued_many": Text("{count} Aufträge warten", "{count} orders wait"),
    "unknown_one": Text("1 offene Frage", "1 open question"),
    "unknown_many": Text("{count} offene Fragen", "{count} open questions"),
    # Open questions
    "questions": Text("Offene Fragen", "Open questions"),
    "questions_lead": Text(
        "Die Box weiß nicht, ob das geschehen ist, und wiederholt es nicht. Bitte beim Anbieter "
        "nachsehen und entscheiden.",
        "The box does not know whether this has happened and does not repeat it. Please look it up "
        "at the vendor's and decide.",
    ),
    "was_done": Text("Ist geschehen", "It happened"),
    "was_not_done": Text("Ist nicht geschehen", "It did not happen"),
    "resolve_done_title": Text("Als geschehen abschließen?", "Close as done?"),
    "resolve_done_lead": Text(
        "Der Auftrag gilt als erledigt. Was dahinter wartet, wird danach gesendet. Das lässt sich "
        "nicht zurücknehmen.",
        "The order counts as done. What waits behind it is sent afterwards. This cannot be undone.",
    ),
    "resolve_done_now": Text("Ja, es ist geschehen", "Yes, it happened"),
    "resolve_not_done_title": Text("Als nicht geschehen abschließen?", "Close as not done?"),
    "resolve_not_done_lead": Text(
        "Der Auftrag gilt als nicht ausgeführt und wird nicht wiederholt. Ist er noch gewollt, "
        "muss er neu erteilt werden. Das lässt sich nicht zurücknehmen.",
        "The order counts as not carried out and is not repeated. If it is still wanted, it has to "
        "be given anew. This cannot be undone.",
    ),
    "resolve_not_done_now": Text("Ja, es ist nicht geschehen", "Yes, it did not happen"),
    "resolve_note": Text("Woher wissen Sie das?", "How do you know?"),
    "resolve_note_hint": Text(
        "Wird mit Ihrem Namen beim Vorgang aufbewahrt.",
        "Kept with the run, together with your name.",
    ),
    "resolved_now": Text("Die Frage ist abgeschlossen.", "The question is closed."),
    "withdraw": Text("Zurückziehen", "Take back"),
    "withdraw_title": Text("Auftrag zurückziehen?", "Take this order back?"),
    "withdraw_lead": Text(
        "Der Auftrag wird nicht mehr gesendet.", "The order is not going to be sent."
    ),
    "withdraw_now": Text("Auftrag zurückziehen", "Take the order back"),
    # Runs
    "runs": Text("Aufträge", "Orders"),
    "runs_none": Text("Keine Aufträge.", "No orders."),
    "runs_cut": Text(
        "Die letzten {count} Aufträge; ältere nennt die lokale Schnittstelle.",
        "The last {count} orders; the local API has older ones.",
    ),
    "filter": Text("Auswahl", "Filter"),
    "vendor": Text("Anbieter", "Vendor"),
    "any_vendor": Text("alle Anbieter", "all vendors"),
    "run_state": Text("Stand", "State"),
    "any_state": Text("jeder Stand", "any state"),
    "run.queued": Text("wartet", "waits"),
    "run.sending": Text("wird gesendet", "being sent"),
    "run.waiting": Text("beim Anbieter in Arbeit", "the vendor works on it"),
    "run.succeeded": Text("erledigt", "done"),
    "run.failed": Text("fehlgeschlagen", "failed"),
    "run.unknown": Text("ungeklärt", "not known"),
    "run_number": Text("Vorgang", "Run"),
    "run_created": Text("Beauftragt", "Ordered"),
    "run_changed": Text("Zuletzt geändert", "Last change"),
    "run_due": Text("Nächster Versuch", "Next try"),
    "run_key": Text("Auftragsschlüssel", "Idempotency key"),
    "run_order": Text("Warteschlange", "Queue"),
    "run_tries": Text("Versuche", "Tries"),
    "run_answer": Text("Antwort des Anbieters", "The vendor's answer"),
    "run_warnings": Text("Hinweise", "Warnings"),
    "run_resolved": Text("Entschieden", "Decided"),
    "resolved.done": Text("als geschehen, von {by}", "as done, by {by}"),
    "resolved.not_done": Text("als nicht geschehen, von {by}", "as not done, by {by}"),
    "to_all_runs": Text("Zu allen Aufträgen", "To all orders"),
    "details": Text("Einzelheiten", "Details"),
    # What runs are about
    "fact.amount": Text("Betrag", "Amount"),
    "fact.annotation": Text("Anmerkung", "Annotation"),
    "fact.cash_register": Text("Kasse", "Register"),
    "fact.currency": Text("Währung", "Currency"),
    "fact.entity": Text("Stammdaten", "Master data"),
    "fact.invoice": Text("Rechnung", "Invoice"),
    "fact.invoices": Text("Rechnungen", "Invoices"),
    "fact.kind": Text("Art", "Kind"),
    "fact.mode": Text("Modus", "Mode"),
    "fact.paid_dt": Text("Bezahlt am", "Paid on"),
    "fact.parked_id": Text("Geparkter Beleg", "Parked receipt"),
    "fact.paying_document": Text("Zahlungsbeleg", "Payment document"),
    "fact.period": Text("Zeitraum", "Period"),
    "fact.records": Text("Datensätze", "Records"),
    "fact.reference": Text("Referenz", "Reference"),
    "yes": Text("ja", "yes"),
    "no": Text("nein", "no"),
}
"""Every text by its name; ``fact.…`` are names of values that vendors give to their runs."""
