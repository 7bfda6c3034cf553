"""HTTP status of each fault of vendors' flows, by its code: the room that raises them is not known
here. A code that a vendor adds has the status of the fault it is a kind of."""

from __future__ import annotations

from typing import Final

from bridge.web.problems import NO_CHALLENGE, STATUS

FLOW_STATUS: Final[dict[str, int]] = {
    "idempotency_key_required": 400,
    "idempotency_key_invalid": 400,
    "webhook_refused": 401,
    "vendor_record_unknown": 404,
    "run_unknown": 404,
    "idempotency_key_reused": 409,
    "in_progress": 409,
    "already_done": 409,
    "switched_off": 409,
    "vendor_state_conflict": 409,
    "offline": 409,
    "resolved_not_done": 409,
    "needs_decision": 409,
    "run_not_open": 409,
    "run_withdrawn": 409,
    "run_replaced": 409,
    "behind_unknown": 409,
    "call_invalid": 422,
    "price_is_computed": 422,
    "duplicate_risk": 422,
    "vendor_not_configured": 424,
    "vendor_disabled": 424,
    "user_action_required": 428,
    "confirmation_required": 428,
    "local_limit": 429,
    "vendor_rejected": 502,
    "vendor_setup": 502,
    "vendor_auth": 502,
    "vendor_session_ended": 502,
    "vendor_failing": 502,
    "vendor_broken": 502,
    "vendor_file_too_large": 502,
    "vendor_busy": 503,
    "vendor_unreachable": 503,
    "vendor_paused": 503,
    "vendor_queue_full": 503,
    "runs_unwritable": 503,
    "vendor_answer_lost": 504,
    "outcome_unknown": 504,
}

STATUS.update(FLOW_STATUS)
NO_CHALLENGE.add("webhook_refused")
