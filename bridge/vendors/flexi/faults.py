"""Diagnoses that only ABRA Flexi has."""

from __future__ import annotations

from bridge.vendors.engine.faults import AlreadyDone
from drivers.contract.fault import Text


class PaymentExists(AlreadyDone):
    """Flexi has a cash document that was made by a command with this key before. ``document``
    holds what is known of it."""

    code = "flexi_payment_exists"
    title = Text("Diese Zahlung gibt es in Flexi schon", "Flexi has this payment already")
    advice = Text(
        "Nichts wurde gesendet. Den Kassabeleg in Flexi ansehen; ist es eine weitere Zahlung, mit "
        "einem neuen Schlüssel beauftragen.",
        "Nothing was sent. Look at the cash document in Flexi; if this is another payment, order "
        "it with a new key.",
    )
