"""Names of the events in the journal. They are stored: never rename, only add."""

from __future__ import annotations

OPENED = "receipt.opened"
LINE_ADDED = "receipt.line_added"
LINE_CHANGED = "receipt.line_changed"
LINE_REMOVED = "receipt.line_removed"
DISCOUNT_SET = "receipt.discount_set"
CUSTOMER_SET = "receipt.customer_set"
PAID = "receipt.paid"
PAYMENT_REMOVED = "receipt.payment_removed"
COMPLETED = "receipt.completed"
ABORTED = "receipt.aborted"
WITHDRAWN = "receipt.withdrawn"
EXPIRED = "receipt.expired"
REPRINT_WANTED = "receipt.reprint_wanted"

FOREIGN_RECEIPT = "foreign.receipt"
"""A receipt that another system numbered and signed shall be printed here. It is none of the
box's own: it has no number of a register and stands in no export. Its ``receipt`` begins with
``foreign:``, its ``register`` says only on whose printer."""

REGISTER_LATCHED = "register.latched"
"""A register may not sign any more, until a technician lifts it."""
REGISTER_UNLATCHED = "register.unlatched"

UNIT_RECORDED = "unit.recorded"
PIN_REFUSED = "unit.pin_refused"
OUTAGE_BEGIN = "outage.begin"
OUTAGE_END = "outage.end"

CLOUD_JOINED = "cloud.joined"
"""A cloud was configured for the first time: it is told of what comes after this event."""
CLOUD_TAKEN = "cloud.taken"
"""A numbered message of a cloud has had all its effect (or was refused) and is acknowledged."""

PAPER_SENDING = "paper.sending"
PAPER_PRINTED = "paper.printed"
PAPER_NOT_PRINTED = "paper.not_printed"
PAPER_UNKNOWN = "paper.unknown"
