"""The words on paper, German and English. What the law names is German in both."""

from __future__ import annotations

from bridge.model.receipt import Kind
from drivers.contract.fault import Text

RECEIPT = Text("Beleg", "Receipt")
REGISTER = Text("Kasse", "Register")
OPERATOR = Text("Bediener", "Operator")
CUSTOMER = Text("Kunde", "Customer")
REFERENCE = Text("Referenz", "Reference")
TOTAL = Text("Summe EUR", "Total EUR")
CASH = Text("Bar", "Cash")
CARD = Text("Karte", "Card")
GIVEN = Text("Gegeben", "Given")
CHANGE = Text("Rückgeld", "Change")
PAID_OUT = Text("Bar ausbezahlt", "Paid out in cash")
RATE = Text("Satz", "Rate")
NET = Text("Netto", "Net")
TAX = Text("USt.", "VAT")
GROSS = Text("Brutto", "Gross")
COPY = Text("KOPIE", "KOPIE")
CANCELS = Text("Storno zu Beleg", "Cancels receipt")
DISCOUNT = Text("Rabatt", "discount")
SETTLES = Text("Bezahlte Rechnung: {invoice} ({vendor})", "Invoice paid: {invoice} ({vendor})")
SETTLEMENT_STANDS = Text(
    "Rechnung {invoice} ({vendor}): Die dort gemeldete Zahlung wird durch dieses Storno nicht "
    "zurückgenommen",
    "Invoice {invoice} ({vendor}): the payment reported there is not taken back by this storno",
)
OUTAGE_ENDED = Text(
    "Ausfall beendet: Belege {first} bis {last}", "Outage: receipts {first} to {last}"
)

BANNERS = {
    Kind.TRAINING: Text("Trainingsbuchung", "Trainingsbuchung"),
    Kind.STORNO: Text("Stornobuchung", "Stornobuchung"),
    Kind.REENTRY: Text("Nacherfassung", "Nacherfassung"),
}
"""Marks that must stand on paper (rksv.md section 5)."""

ARTICLES = {
    Kind.START: "Startbeleg",
    Kind.NULL: "Nullbeleg",
    Kind.MONTH: "Monatsbeleg",
    Kind.YEAR: "Jahresbeleg",
    Kind.COLLECTIVE: "Sammelbeleg",
    Kind.CLOSING: "Schlussbeleg",
}
"""Article text of receipts without turnover (rksv.md section 5)."""

OUTAGE = "Sicherheitseinrichtung ausgefallen"
"""Must stand clearly visible on a receipt without signature (§ 17 Abs. 4 RKSV)."""
