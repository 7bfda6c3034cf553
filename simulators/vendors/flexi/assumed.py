"""What the vendor's pages leave open about cash payments. Changed here and nowhere else.

Documented are all element names, the six values of ``zbytek`` with their table, both evidences,
the two success and error forms, ``nestedObjectRequired`` with its text, log-in and status codes.
"""

from __future__ import annotations

# assumed: what counts as "to be paid". A: limited by ``castka``; B: always the open amount.
READING = "A"

# assumed: the value of ``zbytek`` when it is absent.
DEFAULT_REMAINDER = "ne"

# assumed: several invoices of one import may share a new cash document. Its amount is the
# ``castka`` of the first one, a ``castka`` of a later one limits what is paid on that invoice.
SHARED_DOCUMENT = True

# assumed: an update by an existing cash document still needs the mandatory elements, but does not
# look at what they say.
UPDATE_NEEDS_ELEMENTS = True

# assumed: status of a body that is no XML or JSON by its content type.
UNSUPPORTED_TYPE = 415

# assumed: attributes of an error element beside its text.
ERROR_CODE = "code"
ERROR_FIELD = "for"

# assumed: codes of errors; documented is "nestedObjectRequired" only.
CODE_REQUIRED = "nestedObjectRequired"
CODE_INVALID = "invalidValue"
CODE_NOT_FOUND = "recordNotFound"
CODE_UNKNOWN_ELEMENT = "unknownElement"
CODE_LOCKED = "recordLocked"
CODE_REMAINDER = "remainder"
CODE_FOREIGN_DOCUMENT = "paysAnotherInvoice"

# assumed: texts in the user's language; a client must not rely on them.
TEXT_REQUIRED = "Element [{field}] je uvnitř elementu [hotovostni-uhrada] povinný."
TEXT_MISMATCH = "Beträge auf dem erstatteten und dem erstattenden Beleg stimmen nicht überein"
TEXT_NO_SENSE = (
    "Teilerstattung macht keinen Sinn, der Betrag auf dem Erstattungsbeleg ist größer als der "
    "Betrag auf dem erstatteten"
)

# assumed: an existing invoice's import without any element but its id changes nothing; an unknown
# code is created unless the record says create="fail".
CREATE_ATTRIBUTE = "create"
UPDATE_ATTRIBUTE = "update"

# assumed: answer of the log-in when user or password are wrong.
LOGIN_REFUSED_STATUS = 401
LOGIN_REFUSED_REASON = "Wrong user name or password"

SESSION_IDLE_S = 30 * 60.0
"""A session ends after that much silence (documented: a keep-alive each 30 minutes suffices)."""
