"""Headers that every answer carries, whoever made it.

The policy for browsers is strict: scripts, styles and connections of our own origin only, nothing
inline, no frames. ``Referrer-Policy: same-origin`` and not ``no-referrer``: with the latter
browsers send ``Origin: null`` with the page's own forms (Fetch standard, "append a request
`Origin` header").
"""

from __future__ import annotations

from typing import Final

CONTENT_SECURITY_POLICY: Final = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    b"form-action 'self'"
)

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

STATIC_PREFIX: Final = "/static/"
"""Files of the pages. They have no secrets and are answered to anybody."""


def caching_of(path: str) -> tuple[bytes, bytes]:
    """Return what may be kept of an answer that does not say it itself: static files after asking
    whether they changed, nothing else."""
    return (b"cache-control", b"no-cache" if path.startswith(STATIC_PREFIX) else b"no-store")
