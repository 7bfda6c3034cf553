"""What no page of offer-cube says. Changed here, or by the vendor's options, and nowhere else."""

from __future__ import annotations

# assumed: how fields are encoded. The pages speak of "POST" parameters only.
FORM = "application/x-www-form-urlencoded"

# assumed: where an action is that finds its id in the body; documented is ``{action}/{id}``.
ACTION_WITHOUT_ID = "/{tenant}/s/{module}/{action}"

# assumed: a refusal whose text has one of these words means that the session is over. The numbers
# of errors are not published: option ``session_errors``.
SESSION_TEXTS = ("session",)

# assumed: names of a log-in's fields; where it is must be configured.
LOGIN_USER = "user"
LOGIN_PASSWORD = "password"  # noqa: S105 - a field's name
LOGIN_SID = "sid"

# assumed: a day without time begins at midnight of this zone.
TIME_ZONE = "Europe/Vienna"

# assumed: longest internal note.
ANNOTATION_LENGTH = 2000

SCHEMA_LIFE_S = 86_400.0
"""Seconds for which a schema is not asked for again (vendors-offercube.md section 3)."""

MAIL_LIFE_S = 86_400.0
"""Seconds after which an invoice that could not be mailed is not mailed any more (section 3)."""
