"""What callers are told besides: nothing of it keeps a record from being sent."""

from __future__ import annotations

from typing import Any

from drivers.contract.fault import Text

LISTED = 50
"""Warnings that are listed; the others are counted by one more."""

TEXTS = {
    "disputed_field": Text(
        "Fehlt: laut Tabelle des Anbieters Pflicht, laut seinem Beispiel nicht. So gesendet.",
        "Missing: mandatory by the vendor's table, not by its example. Sent as given.",
    ),
    "empty_field": Text(
        "Pflichtfeld ist leer. So gesendet.", "A mandatory field is empty. Sent as given."
    ),
    "unknown_field": Text(
        "Dieses Feld kennt die Tabelle des Anbieters nicht (Schreibweise?). So gesendet.",
        "The vendor's table has no such field (misspelled?). Sent as given.",
    ),
    "iban_checksum": Text(
        "Die Prüfziffern dieser IBAN stimmen nicht.", "The check digits of this IBAN are wrong."
    ),
    "parent_incomplete": Text(
        "„parent_dimension_type“ und „parent_dimension_id“ gehören zusammen; eines fehlt.",
        "parent_dimension_type and parent_dimension_id belong together; one is missing.",
    ),
    "order_status": Text(
        "Der Status einer Bestellung ist 1 bis 8.", "The status of a purchase order is 1 to 8."
    ),
    "same_record": Text(
        "Derselbe Datensatz steht weiter oben schon einmal.",
        "The same record is further up already.",
    ),
    "no_lines": Text(
        "Ohne Positionen kann nichts abgeglichen werden.", "Without lines nothing can be matched."
    ),
    "tax_category_ambiguous": Text(
        "Dieselben Steuerkategorien wie weiter oben: das Steuerkennzeichen wird nicht mehr "
        "automatisch gewählt.",
        "The same tax categories as further up: the tax code is not chosen automatically any more.",
    ),
    "document_types_incomplete": Text(
        "Es sollte mindestens eine Rechnungsart und eine Gutschriftsart geben.",
        "There should be at least one type for invoices and one for credit notes.",
    ),
    "preview_feature": Text(
        "Wareneingänge sind beim Anbieter erst in Vorschau: vor der Nutzung d.velop fragen.",
        "Goods receipts are a preview of the vendor's: contact d.velop before use.",
    ),
}


class Notices:
    """Collects warnings in the caller's language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._found: list[dict[str, Any]] = []
        self._about: set[tuple[str, str]] = set()
        self._more = 0

    def add(self, code: str, pointer: str = "", about: str = "") -> None:
        """Add one. With ``about`` only the first one about that is kept."""
        if about and (code, about) in self._about:
            return
        self._about.add((code, about))
        if len(self._found) >= LISTED:
            self._more += 1
            return
        warning = {"code": code, "text": TEXTS[code].in_language(self._language)}
        self._found.append(warning | ({"pointer": pointer} if pointer else {}))

    def all(self) -> tuple[dict[str, Any], ...]:
        """Return all that are listed."""
        if not self._more:
            return tuple(self._found)
        more = Text(f"Weitere Hinweise: {self._more}", f"Further warnings: {self._more}")
        rest = {"code": "more", "text": more.in_language(self._language)}
        return (*self._found, rest)
