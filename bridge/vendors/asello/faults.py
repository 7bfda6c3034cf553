"""Diagnoses that only asello's flows have."""

from __future__ import annotations

from bridge.vendors.engine.faults import VendorBusy, VendorRejected
from drivers.contract.fault import Side, Text


class BoxNotConnected(VendorRejected):
    """asello cannot push the receipt: the box that shall open it is not connected."""

    code = "asello_box_not_connected"
    side = Side.OPERATOR
    retryable = True
    title = Text(
        "asello erreicht diese Box nicht", "asello does not reach the box that shall open it"
    )
    advice = Text(
        "Der Beleg ist weiter geparkt. Auf der Statusseite die Verbindung zur Cloud prüfen und "
        "danach noch einmal öffnen.",
        "The receipt stays parked. Check the link to the cloud on the status page, then open it "
        "again.",
    )


class PollingPaused(VendorBusy):
    """asello has blocked questions for the state of parked receipts. ``until`` is UTC ms."""

    code = "asello_polling_paused"
    amber = True
    title = Text(
        "asello hat zu häufige Abfragen gesperrt",
        "asello has blocked questions that come too often",
    )
    advice = Text(
        "Belege an dieser Box sind nicht betroffen. Die Box fragt nach der Pause von selbst "
        "weiter; besser ist ein Webhook.",
        "Receipts at this box are not affected. The box asks again by itself after the pause; a "
        "webhook is better.",
    )


class LookUpRefused(VendorRejected):
    """Receipts cannot be looked up by reference: after a lost answer a person would have to."""

    code = "asello_look_up_refused"
    amber = True
    side = Side.OPERATOR
    title = Text(
        "asello beantwortet die Suche nach der Referenz nicht",
        "asello does not answer the look-up by reference",
    )
    advice = Text(
        "Adresse und „names“ in den Optionen des Anbieters mit asellos Unterlagen vergleichen.",
        "Compare the address and \"names\" in the vendor's options with asello's documents.",
    )
