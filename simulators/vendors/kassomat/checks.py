"""What the simulated vendor refuses in a body, with its kind of message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.vendors.kassomat.numbers import fits

SENDER = (
    "name",
    "tax_id",
    "tax_id_raw",
    "tax_first_name",
    "tax_last_name",
    "tax_street",
    "tax_zip",
    "tax_city",
    "tax_phone",
    "tax_email",
)
"""Full sender data: the fields of the vendor's examples, without ``tax_state``."""

SUMS = ("in_7", "in_19", "out_7", "out_19")

_MONTHS = range(1, 13)
_QUARTERS = range(1, 5)


class Refused(Exception):
    """A body that is not taken; the text is the message."""


def whole(body: Any, key: str) -> dict[str, Any]:
    """Return what a wrapper key holds. Raises ``Refused``."""
    found = body.get(key) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise Refused(f"{key} fehlt")
    return found


def check_cashbook(cashbook: Mapping[str, Any]) -> None:
    """Raises ``Refused`` unless all sender data are there."""
    for name in SENDER:
        value = cashbook.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Refused(f"{name} muss ausgefüllt werden")
    if not fits(cashbook["tax_id"]):
        raise Refused("tax_id ist keine gültige 13-stellige Steuernummer")


def check_assessment(assessment: Mapping[str, Any]) -> dict[str, int]:
    """Return the four sums. Raises ``Refused``."""
    if not _integer(assessment.get("year")):
        raise Refused("Year ist keine Zahl")
    month, quarter = assessment.get("month"), assessment.get("quarter")
    if (month is None) == (quarter is None):
        raise Refused("Entweder month oder quarter muss angegeben werden")
    if month is not None and not (_integer(month) and month in _MONTHS):
        raise Refused("Month muss zwischen 1 und 12 liegen")
    if quarter is not None and not (_integer(quarter) and quarter in _QUARTERS):
        raise Refused("Quarter muss zwischen 1 und 4 liegen")
    for flag in ("preview", "test"):
        if not isinstance(assessment.get(flag, True), bool):
            raise Refused(f"{flag} muss true oder false sein")
    data = assessment.get("data")
    if not isinstance(data, dict):
        raise Refused("data fehlt; Buchungen gibt es in diesem Simulator nicht")
    for name in SUMS:
        if not _integer(data.get(name)) or data[name] < 0:
            raise Refused(f"{name} muss eine Zahl in Cent sein, mindestens 0")
    return {name: data[name] for name in SUMS}


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
