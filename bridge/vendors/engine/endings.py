"""Ways in which a run ends without having been sent, beside those of ``faults``."""

from __future__ import annotations

from bridge.vendors.engine.faults import VendorFault
from drivers.contract.fault import Side, Text


class Withdrawn(VendorFault):
    """A person took the queued run back."""

    code = "run_withdrawn"
    side = Side.OPERATOR
    title = Text("Der Auftrag wurde zurückgezogen", "The command was taken back")
    advice = Text(
        "Nichts wurde gesendet. Ist er noch gewollt, neu beauftragen.",
        "Nothing was sent. If it is still wanted, order it again.",
    )


class Replaced(VendorFault):
    """A newer order took the place of the queued run. ``by`` names that run."""

    code = "run_replaced"
    title = Text(
        "Ein neuerer Auftrag hat diesen ersetzt", "A newer command has taken the place of this one"
    )
    advice = Text("Den Stand des neueren abfragen.", "Ask for the state of the newer one.")


class BehindUnknown(VendorFault):
    """An earlier order of the same thing has an unknown outcome. ``run`` names it."""

    code = "behind_unknown"
    side = Side.OPERATOR
    title = Text(
        "Ein früherer Auftrag dazu ist noch ungeklärt", "An earlier command for it is undecided"
    )
    advice = Text(
        "Nichts wurde gesendet. Erst den früheren Vorgang auf der Seite „Anbieter“ abschließen.",
        'Nothing was sent. First close the earlier run on the page "Vendors".',
    )


class BlobTooLarge(VendorFault):
    code = "vendor_file_too_large"
    title = Text("Die Datei des Anbieters ist zu groß", "The vendor's file is too large")
    advice = Text("Beim Anbieter selbst herunterladen.", "Download it at the vendor's itself.")
