"""Warnings of kassomat's flows, as programs and pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.contract.fault import Text

_TEXTS: Mapping[str, Text] = {
    "period_running": Text(
        "Der Zeitraum {period} ist noch nicht zu Ende.", "The period {period} is not over yet."
    ),
    "period_old": Text(
        "Der Zeitraum {period} liegt mehr als ein Jahr zurück.",
        "The period {period} ended more than a year ago.",
    ),
    "already_sent": Text(
        "Für {period} wurde schon gesendet: eine weitere Voranmeldung ist eine Berichtigung.",
        "A return was sent for {period} already: another one is a correction.",
    ),
    "correction": Text(
        "kassomat hat das als berichtigte Voranmeldung gesendet.",
        "kassomat has sent this as a corrected return.",
    ),
    "sent_as_test": Text(
        "Verlangt war eine echte Voranmeldung, gesendet wurde eine zur Probe.",
        "A real return was asked for, a test was sent.",
    ),
    "test_flag_missing": Text(
        "Verlangt war eine Probe, die Antwort zeigt aber kein Testmerkmal: bei kassomat nachsehen.",
        "A test was asked for, but the answer shows no test flag: look it up at kassomat.",
    ),
    "sums_differ": Text(
        "kassomat nennt andere Summen als die gesendeten: {names}.",
        "kassomat names other sums than those sent: {names}.",
    ),
    "expenses_zero": Text(
        "Ausgaben kennt die Box nicht: {names} mit 0 angenommen.",
        "The box does not know expenses: {names} taken as 0.",
    ),
    "other_rates": Text(
        "Umsätze zu anderen Sätzen sind nicht enthalten: {names}.",
        "Turnover at other rates is not contained: {names}.",
    ),
    "estimate": Text(
        "Das ist eine Schätzung der Box; verbindlich rechnet kassomat.",
        "This is an estimate of the box; what counts is what kassomat computes.",
    ),
    "tax_id_mismatch": Text(
        "„tax_id“ und „tax_id_raw“ enden verschieden: gehören sie zusammen?",
        '"tax_id" and "tax_id_raw" end differently: do they belong together?',
    ),
    "tax_id_same": Text(
        "„tax_id_raw“ ist die eigene Steuernummer, nicht die 13-stellige.",
        '"tax_id_raw" is the user\'s own tax number, not the 13-digit one.',
    ),
    "renamed": Text(
        "„tax_raw_id“ wird als „tax_id_raw“ gesendet.", '"tax_raw_id" is sent as "tax_id_raw".'
    ),
    "office_number_odd": Text(
        "Die Nummer des {office} besteht die Prüfung nicht: {why}.",
        "The number of {office} fails the check: {why}.",
    ),
    "several_offices": Text(
        "Mehrere Finanzämter passen: das zuständige wählen.",
        "Several tax offices fit: choose the one that is responsible.",
    ),
    "cashbook_exists": Text(
        "Es gibt schon ein Kassenbuch „{name}“: zum Ändern „PUT“ verwenden.",
        'There is a cashbook "{name}" already: use "PUT" to change it.',
    ),
}


def warning(code: str, language: str, pointer: str = "", **values: Any) -> dict[str, str]:
    """Return a warning: a stable code, a text in the caller's language, and the JSON pointer of
    the field that it is about, if there is one."""
    text = _TEXTS[code].in_language(language).format(**values)
    return {"code": code, "text": text} | ({"pointer": pointer} if pointer else {})
