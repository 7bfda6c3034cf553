"""What of this vendor is configured, and how the box proves who sends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from bridge.vendors.engine.auth import BearerKey, Chosen, Headers, TokenLogin, needed, text_at
from bridge.vendors.engine.spec import Gate, SecretName, Settings
from bridge.vendors.engine.wire import Answer, Request

LOGIN = "/identityprovider/login"
"""The platform's log-in. Who is not logged in and may read HTML is redirected there."""

KEY = SecretName("api_key", "API key of the d.velop tenant (administration, API keys)")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED = 401


class DvelopSettings(Settings):
    """The table ``[vendor.options]``.

    ``bucket``: id of the master data bucket (administration, Buckets, column ID); calls may name
    another one. ``platform_login``: log in at the platform first and use its session instead of
    the API key. ``goods_receipts``: ``off`` refuses goods receipts, a preview of the vendor's.
    """

    bucket: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    platform_login: StrictBool = False
    goods_receipts: Literal["on", "off"] = "on"


def not_logged_in(answer: Answer) -> bool:
    """Whether an answer says that the session or key is not known: 401, or the way to the log-in
    page."""
    place = answer.headers.get("location", "")
    return answer.status == _UNAUTHORIZED or (answer.status in _REDIRECTS and LOGIN in place)


def _origin(gate: Gate) -> Headers:
    return (("Origin", gate.base_url),)


def _login(gate: Gate) -> Request:
    key = needed(gate, KEY.name).reveal()
    headers = (("Authorization", f"Bearer {key}"), *_origin(gate))
    return Request(method="GET", target=LOGIN, headers=headers)


def _session_id(answer: Answer) -> str:
    return text_at(answer, "AuthSessionId")


class _ApiKey(BearerKey):
    """The API key in each request."""

    __slots__ = ()

    def refused(self, answer: Answer) -> bool:
        return not_logged_in(answer)


_KEY = _ApiKey(KEY.name, headers=_origin)
_SESSION = TokenLogin(
    build=_login, extract=_session_id, prefix="Bearer ", ended=not_logged_in, headers=_origin
)

AUTH = Chosen((_KEY, _SESSION), lambda gate: _SESSION if gate.settings.platform_login else _KEY)
"""API key or platform session, with ``Origin`` on every call."""
