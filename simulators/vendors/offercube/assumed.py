"""What no page of offer-cube says: invented for this simulator, changed here and nowhere else.

Documented are the addresses ``/{tenant}/s/{module}/{action}/{id}`` and ``/{tenant}/s/{module}/
schema/``, the parameters ``sid``, ``output``, ``id``, the fields of ``send`` and ``pay`` and what
these do, and the answer of the example.
"""

from __future__ import annotations

# assumed: encoding of POST fields. A body of any other type is not read at all: the action then
# goes by its defaults, which for ``pay`` means "paid now".
FORM = "application/x-www-form-urlencoded"

# assumed: numbers and texts of errors; their HTTP status is 200.
ERROR_STATUS = 200
UNKNOWN_OPERATION = (2, "unknown module or operation")
BAD_FIELD = (3, "field {name} is not valid")
BAD_SENDTYPE = (4, "sendtype is not one of the schema's values")
UNKNOWN_ID = (5, "there is no invoice with this id")
ID_DIFFERS = (6, "id in URL and id in POST differ")
PRICE_COMPUTED = (7, "price is computed by the system")
NO_EMAIL = (8, "there is no e-mail address")
NO_SESSION = (10, "invalid session")
LOGIN_REFUSED = (11, "user or password is wrong")

# assumed: log-in (the simulator's own invention): a form to /{tenant}/s/login.
LOGIN_MODULE = "login"
LOGIN_USER = "user"
LOGIN_PASSWORD = "password"  # noqa: S105 - a field's name
LOGIN_SID = "sid"

# assumed: answers without ``output`` are JSON; the XML has the JSON's names below this root.
DEFAULT_OUTPUT = "json"
XML_ROOT = "response"
XML_ITEM = "item"

# assumed: names of the basic operations that "every module has".
BASIC_OPERATIONS = ("schema", "list", "get", "update")

# assumed: an invoice has one PDF; making it again replaces it and keeps its attachment::id.

# assumed: fields of a dunning letter beside those of an invoice.
DUNNING_FIELDS = {"level": "int", "fee": "float", "reminded_dt": "int"}

PAYMENT_TARGET_OFFSET_S = 14 * 86_400
"""assumed value of the global setting ``paymentTargetOffset`` (that there is one is documented)."""
