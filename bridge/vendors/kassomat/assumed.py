"""What kassomat's pages leave open and this box had to settle, in one place."""

from __future__ import annotations

from zoneinfo import ZoneInfo

SENT_SLACK_S = 120
"""How far the vendor's clock may be behind ours. A return that was sent at this many seconds before
our request left counts as ours when nothing else of the box claims it."""
# assumed: no page says how exact `sent_at` is; examples show whole seconds.

OLD_MONTHS = 12
"""A period that ended longer ago is sent, but warned about."""
# assumed: the vendor never refuses an old period (its own example is of 2013).

MAX_CENTS = 10**13
"""Largest sum of one rate: a hundred milliard euros. More is a mistake in the caller's units."""
# assumed: the vendor names no limit.

MAX_PAGES = 50
"""Pages of a list that are read at most."""
# assumed: lists are paged by `page` and `total_pages`, as the vendor's older page says.

GERMAN_TIME = ZoneInfo("Europe/Berlin")
"""Where the months of a German return begin and end."""
