"""The vendor's own examples: user, tenant, cashbook and return with the values printed there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from simulators.vendors.kassomat.books import (
    DEMO_PASSWORD,
    Assessment,
    Books,
    Cashbook,
    Tenant,
    User,
)

USER = "508beab375d493265c000001"
EMAIL = "user_6ce01701f0f97f6c48e84b92ef83d909ec6899d3@kassomat.net"
TOKEN = "CiNydtFjpJwGzxMrtxA8"  # noqa: S105 - printed in the vendor's example
TENANT = "508ea15575d493265c00000c"
OTHER_TENANT = "508ea21175d493265c00000d"
"""The example's list of tenants shows this id in the uris of the other one."""
CASHBOOK = "508f8fc475d493265c000012"
ASSESSMENT = "508fb97d75d493265c00001d"
PDF = "/pdf/ElsterReport_db0a69287a7d67ba8238359a8fd035d2fce77c75.pdf"
PATH = f"/v1/tenants/{TENANT}/cashbooks/{CASHBOOK}"

TENANT_NAME = "Beispiel Mandant"
SUMS = {"in_7": 1234, "in_19": 3456, "out_7": 2345, "out_19": 4567}
YEAR, MONTH = 2013, 8
FIGURES = {"kz66": "294.14", "kz81": "0.0", "kz83": "-294.14", "kz86": "0.0"}
"""As printed; they are those of another example of the vendor's."""

FIELDS = {
    "name": "Beispiel Kassenbuch",
    "tax_id": "9212034567893",
    "tax_id_raw": "12/345/67893",
    "tax_first_name": "Max",
    "tax_last_name": "Mustermann",
    "tax_street": "Musterstraße 1",
    "tax_zip": "12345",
    "tax_city": "Musterstadt",
    "tax_phone": "00493012345678",
    "tax_email": "max@mustermann.de",
}

TOTALS = {"tenants": 3, "cashbooks": 4}
"""Totals that the examples print beside lists of one entry."""


def user() -> User:
    """Return the account of the examples. Its returns show no test flag, against the text."""
    cashbook = Cashbook(CASHBOOK, TENANT, dict(FIELDS))
    cashbook.assessments[ASSESSMENT] = assessment()
    tenant = Tenant(TENANT, TENANT_NAME, {CASHBOOK: cashbook})
    return User(USER, EMAIL, DEMO_PASSWORD, paid=True, tenants={TENANT: tenant})


def assessment() -> Assessment:
    """Return the example's return: completed as soon as it is asked for."""
    return Assessment(
        id=ASSESSMENT,
        uri=f"{PATH}/assessments/{ASSESSMENT}",
        year=YEAR,
        month=MONTH,
        quarter=None,
        sums=SUMS,
        flags={"preview": False, "test": False, "testmode": False, "correction": False},
        sent_at="2013-08-30T12:27:55+01:00",
        figures=FIGURES,
        pdf=PDF,
        ready=float("-inf"),
    )


def load(books: Books) -> None:
    """Hold the data of the examples and nothing else."""
    books.users = {EMAIL: user()}
    books.sessions = {}


def is_example(wish: dict[str, Any], sums: dict[str, int]) -> bool:
    """Whether a return is the example's."""
    period = (wish.get("year"), wish.get("month"))
    flags = (wish.get("preview"), wish.get("test"))
    return period == (YEAR, MONTH) and sums == SUMS and flags == (False, False)


def pending() -> dict[str, Any]:
    """Return what the example's return is answered with when it is sent."""
    return replace(assessment(), ready=float("inf")).as_body(0.0)


def new_cashbook(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a new cashbook is answered with: one name spelt differently, one field more."""
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        shown["tax_raw_id" if name == "tax_id_raw" else name] = value
        if name == "tax_city":
            shown["tax_state"] = "Musterland"
    return Cashbook(CASHBOOK, TENANT, shown).as_body()


def misprinted(body: dict[str, Any]) -> bytes:
    """Return a list of cashbooks as printed: a comma is missing after ``tax_email``."""
    text = json.dumps(body, ensure_ascii=False)
    email = json.dumps(FIELDS["tax_email"])
    return text.replace(f'"tax_email": {email},', f'"tax_email": {email}').encode()


def crossed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the list of tenants as printed: the uris are another tenant's."""
    text = json.dumps(entry, ensure_ascii=False)
    head, mark, rest = text.partition('"uri"')
    found: dict[str, Any] = json.loads(head + mark + rest.replace(TENANT, OTHER_TENANT))
    return found
