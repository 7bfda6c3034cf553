"""What kassomat's pages do not say, and what this simulator makes of it: the only place for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

# assumed: the status of a refused body. Only one error body is documented, and with status 201.
INVALID: Final = 422

# assumed: statuses of what is not JSON, of a missing record, of a missing session, of a wrong
# e-mail or password.
MALFORMED: Final = 400
MISSING: Final = 404
STRANGER: Final = 401
WRONG_LOGIN: Final = 401
NOT_JSON: Final = 415
NOT_ACCEPTABLE: Final = 406

# assumed: names of errors. Documented is "Kassomat::ValidationError".
ERRORS: Final[Mapping[int, str]] = {
    INVALID: "Kassomat::ValidationError",
    MALFORMED: "Kassomat::BadRequest",
    MISSING: "Kassomat::NotFound",
    STRANGER: "Kassomat::Unauthorized",
    NOT_JSON: "Kassomat::UnsupportedMediaType",
    NOT_ACCEPTABLE: "Kassomat::NotAcceptable",
}

# assumed: a preview is answered like a stored return, with status "preview", an id that nothing
# is stored under, and without the time of sending.
PREVIEW_STATUS: Final = "preview"

# assumed: which flag shows that a return was made a test against the sender's wish. The other
# one echoes the request.
FORCED_FLAG: Final = "testmode"

# assumed: a test flag asked for shows in both flags.
TEST_SHOWS_IN_BOTH: Final = True

# assumed: the time zone of `sent_at`. The example, of August, has +01:00.
ZONE: Final = ZoneInfo("Europe/Berlin")

# assumed: entries of a page that does not say `per`.
PER_PAGE: Final = 25

# assumed: the account's first tenant and cashbook.
FIRST_TENANT: Final = "Mein Mandant"
FIRST_CASHBOOK: Final = "Mein Kassenbuch"

# assumed: who a demo account's cashbook is filled with. Documented is only that it is filled.
DEMO_SENDER: Final[Mapping[str, str]] = {
    "name": "Demo-Kassenbuch",
    "tax_id": "9212034567893",
    "tax_id_raw": "12/345/67893",
    "tax_first_name": "Erika",
    "tax_last_name": "Beispiel",
    "tax_street": "Beispielweg 1",
    "tax_zip": "12345",
    "tax_city": "Musterstadt",
    "tax_phone": "00493012345678",
    "tax_email": "demo@kassomat.net",
}

# assumed: tax offices. Only Coburg is documented; the names of the others are made up.
OFFICES: Final[Mapping[str, str]] = {
    "9212": "Finanzamt Coburg",
    "2893": "Finanzamt Probe Baden-Württemberg",
    "9181": "Finanzamt Probe Bayern",
    "1121": "Finanzamt Probe Berlin",
    "3048": "Finanzamt Probe Brandenburg",
    "2475": "Finanzamt Probe Bremen",
    "2202": "Finanzamt Probe Hamburg",
    "2613": "Finanzamt Probe Hessen",
    "4079": "Finanzamt Probe Mecklenburg-Vorpommern",
    "2324": "Finanzamt Probe Niedersachsen",
    "5133": "Finanzamt Probe Nordrhein-Westfalen",
    "2722": "Finanzamt Probe Rheinland-Pfalz",
    "1010": "Finanzamt Probe Saarland",
    "3201": "Finanzamt Probe Sachsen",
    "3101": "Finanzamt Probe Sachsen-Anhalt",
    "2129": "Finanzamt Probe Schleswig-Holstein",
    "4151": "Finanzamt Probe Thüringen",
    "2222": "Finanzamt Zwilling Hamburg",
    "2422": "Finanzamt Zwilling Bremen",
}

# assumed: bookkeeping accounts; their fields are those of the vendor's older page.
ACCOUNTS: Final = (
    {
        "id": "508ea15575d493265c0000a1",
        "name": "Erlöse 19 %",
        "tax_rate": 19,
        "account_number": "8400",
        "kind": "in",
        "icon": "till",
    },
    {
        "id": "508ea15575d493265c0000a2",
        "name": "Wareneingang 7 %",
        "tax_rate": 7,
        "account_number": "3300",
        "kind": "out",
        "icon": "box",
    },
)
