"""What the vendor's pages do not say, in one table. Everything here is assumed."""

from __future__ import annotations

BATCH_STATUS = 200
"""assumed: HTTP status of the answer to a list; the pages show only its body."""

INVALID_RECORD_STATUS = 422
"""assumed: HTTP status for a single record with a missing or wrong field."""

NO_ORIGIN_STATUS = 401
"""assumed: what happens without the header ``Origin``, which known clients always send."""

WRONG_MEDIA_STATUS = 415
"""assumed: what happens to a body that is not declared as JSON."""

SINGLES_PER_MINUTE = 20
"""assumed: number of the rate limit for single records."""

RETRY_AFTER_S = 30
"""assumed: seconds in ``Retry-After`` beside status 429 when it is switched on."""

SESSION_S = 3600
"""assumed: seconds after which a session of the platform's log-in ends."""

REFUSED_KEY = "reason"
"""assumed: the key under which a refusal says why."""
