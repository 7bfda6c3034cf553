"""kassomat: VAT advance returns (Umsatzsteuer-Voranmeldung) to ELSTER through kassomat's service.

The traps: a repeated ``POST …/assessments`` becomes a *corrected* return, so it is sent once and
then looked for; ``preview`` and ``test`` default to true there, so both are always sent; status
201 may carry an error.
"""

from bridge.vendors.kassomat.vendor import VENDOR

__all__ = ["VENDOR"]
