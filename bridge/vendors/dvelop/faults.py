"""Diagnoses that only this vendor needs."""

from __future__ import annotations

from typing import ClassVar

from bridge.vendors.engine.faults import VendorFault
from drivers.contract.fault import Side, Text


class ImportFailed(VendorFault):
    """The vendor took a list and could not import it; it does not say why. ``entities`` names the
    lists. The box does not send it again by itself: the data must be corrected."""

    code = "dvelop_import_failed"
    side = Side.OPERATOR
    amber: ClassVar[bool] = True
    title = Text(
        "d.velop hat eine Stammdatenliste nicht übernommen",
        "d.velop has not taken over a list of master data",
    )
    advice = Text(
        "Die Liste in der d.velop-Verwaltung prüfen, die Daten berichtigen und neu senden. Die "
        "Box wiederholt sie nicht von selbst.",
        "Check the list in d.velop's administration, correct the data and send it again. The box "
        "does not repeat it by itself.",
    )


class MasterDataIncomplete(VendorFault):
    """The master data sent so far lack something that the vendor recommends."""

    code = "dvelop_master_data_incomplete"
    side = Side.OPERATOR
    amber: ClassVar[bool] = True
    title = Text("Die Stammdaten sind unvollständig", "The master data are incomplete")
    advice = Text(
        "Mindestens eine Dokumentart für Rechnungen und eine für Gutschriften senden "
        "(„document_types“).",
        "Send at least one document type for invoices and one for credit notes (document_types).",
    )
