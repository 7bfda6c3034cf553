"""Log-ins as components: values that add their proof to a request in ``apply``.

The session itself is kept by ``bridge.vendors.engine.keeper``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from bridge.config import Secret
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.faults import (
    VendorAuthFailed,
    VendorBroken,
    VendorBusy,
    VendorUnreachable,
)
from bridge.vendors.engine.policy import retry_after_s
from bridge.vendors.engine.redact import known
from bridge.vendors.engine.spec import Auth, Gate
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.fault import Text

UNAUTHORIZED = 401
MAX_STRIKES = 3
"""Log-ins that may fail before the box stops trying (vendors.md section 3)."""

DENIED = frozenset({400, 401, 403})
"""Answers to a log-in that mean: these credentials are wrong (RFC 6749 section 5.2 has 400)."""
_TOO_MANY = 429

Headers = Sequence[tuple[str, str]]


class LoginFailing(VendorUnreachable):
    """The log-in itself does not work, so nothing was sent."""

    code = "vendor_login_failing"
    title = Text(
        "Die Anmeldung beim Anbieter funktioniert gerade nicht",
        "Logging in at the vendor's does not work just now",
    )
    advice = Text(
        "Nichts wurde gesendet. Verkaufen und Drucken gehen weiter. Bleibt es so, den Anbieter "
        "anrufen.",
        "Nothing was sent. Selling and printing go on. If it stays so, call the vendor.",
    )


def needed(gate: Gate, name: str) -> Secret:
    """Return a secret of the vendor. Raises ``VendorNotConfigured``."""
    secret = gate.secret(name)
    if secret is None:
        raise VendorNotConfigured(f"the secret {name!r} is not configured")
    known(secret)
    return secret


def with_headers(request: Request, *headers: tuple[str, str]) -> Request:
    """Return the request with more headers."""
    return replace(request, headers=(*request.headers, *headers))


def with_parameter(request: Request, name: str, value: str) -> Request:
    """Return the request with one more query parameter, encoded."""
    mark = "&" if "?" in request.target else "?"
    proof = f"{quote(name, safe='')}={quote(value, safe='')}"
    return replace(request, target=f"{request.target}{mark}{proof}")


def text_at(answer: Answer, *path: str) -> str:
    """Return a text inside a JSON answer. Raises ``VendorBroken`` if there is none."""
    found: Any = answer.json()
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        raise VendorBroken(f"status {answer.status} without {'.'.join(path)}")
    return found


# Credentials in each request


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Nobody asks who sends."""

    async def login(self, gate: Gate) -> Secret | None:
        return None

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        return request

    def refused(self, answer: Answer) -> bool:
        return False

    async def logout(self, token: Secret, gate: Gate) -> None:
        return None


@dataclass(frozen=True, slots=True)
class BasicAuth(NoAuth):
    """HTTP Basic, sent up-front (RFC 7617, UTF-8). Fields are names of secrets."""

    user: str = "user"
    password: str = "password"  # noqa: S105 - the secret's name

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        pair = f"{needed(gate, self.user).reveal()}:{needed(gate, self.password).reveal()}"
        proof = base64.b64encode(pair.encode()).decode()
        return with_headers(request, ("Authorization", f"Basic {proof}"))

    def refused(self, answer: Answer) -> bool:
        return answer.status == UNAUTHORIZED


@dataclass(frozen=True, slots=True)
class BearerKey(NoAuth):
    """An API key in ``Authorization: Bearer``. ``headers`` gives what goes with it (an origin)."""

    key: str = "api_key"
    headers: Callable[[Gate], Headers] = lambda _: ()

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        proof = f"Bearer {_one_line(needed(gate, self.key), self.key)}"
        return with_headers(request, ("Authorization", proof), *self.headers(gate))

    def refused(self, answer: Answer) -> bool:
        return answer.status == UNAUTHORIZED


# Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """A log-in that gives a token, which then goes into a header.

    ``build`` makes the log-in's request, ``extract`` takes the token out of a good answer (raises
    ``VendorAuthFailed`` when that says no, ``VendorBroken`` when it makes no sense). ``leave``
    makes the log-out's request. ``ended`` tells that an answer refuses the session; ``denied``
    are statuses by which a log-in is refused. ``headers`` go with every request.
    """

    build: Callable[[Gate], Request]
    extract: Callable[[Answer], str]
    header: str = "Authorization"
    prefix: str = ""
    leave: Callable[[Secret, Gate], Request] | None = None
    ended: Callable[[Answer], bool] = lambda answer: answer.status == UNAUTHORIZED
    denied: frozenset[int] = DENIED
    headers: Callable[[Gate], Headers] = lambda _: ()

    async def login(self, gate: Gate) -> Secret | None:
        return await _log_in(gate, self.build(gate), self.extract, self.denied)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        if token is None:
            return request
        proof = f"{self.prefix}{_one_line(token, 'token')}"
        return with_headers(request, (self.header, proof), *self.headers(gate))

    def refused(self, answer: Answer) -> bool:
        return self.ended(answer)

    async def logout(self, token: Secret, gate: Gate) -> None:
        if self.leave is not None:
            await gate.send(self.leave(token, gate))


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthPassword(NoAuth):
    """OAuth 2.0 with the user's password (RFC 6749 section 4.3): a form, then a bearer token.

    ``target`` is the token's path, ``user`` and ``password`` names of secrets, ``user_field`` the
    form's name for the user, ``more`` further fields.
    """

    target: str = "/token"
    user: str = "user"
    password: str = "password"  # noqa: S105 - the secret's name
    user_field: str = "username"
    more: tuple[tuple[str, str], ...] = ()

    async def login(self, gate: Gate) -> Secret | None:
        fields = {
            self.user_field: needed(gate, self.user).reveal(),
            "password": needed(gate, self.password).reveal(),
            "grant_type": "password",
            **dict(self.more),
        }
        request = Request(
            method="POST",
            target=self.target,
            content=urlencode(fields).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        return await _log_in(gate, request, lambda answer: text_at(answer, "access_token"), DENIED)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        if token is None:
            return request
        return with_headers(request, ("Authorization", f"Bearer {_one_line(token, 'token')}"))

    def refused(self, answer: Answer) -> bool:
        return answer.status == UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySession:
    """A session id that travels as a query parameter.

    ``fixed`` names a secret that holds the id itself; when it is configured nobody logs in. Else
    ``build`` and ``extract`` log in as those of ``TokenLogin`` do.
    """

    parameter: str
    build: Callable[[Gate], Request] | None = None
    extract: Callable[[Answer], str] | None = None
    fixed: str = ""
    leave: Callable[[Secret, Gate], Request] | None = None
    ended: Callable[[Answer], bool] = lambda answer: answer.status == UNAUTHORIZED
    denied: frozenset[int] = DENIED

    async def login(self, gate: Gate) -> Secret | None:
        if self.fixed and (found := gate.secret(self.fixed)) is not None:
            return found
        if self.build is None or self.extract is None:
            raise VendorNotConfigured(f"the secret {self.fixed!r} is not configured")
        return await _log_in(gate, self.build(gate), self.extract, self.denied)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        if token is None:
            return request
        return with_parameter(request, self.parameter, token.reveal())

    def refused(self, answer: Answer) -> bool:
        return self.ended(answer)

    async def logout(self, token: Secret, gate: Gate) -> None:
        if self.leave is not None and (not self.fixed or gate.secret(self.fixed) is None):
            await gate.send(self.leave(token, gate))


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of several ways, by the vendor's settings: ``choose`` returns one of ``ways``."""

    ways: tuple[Auth, ...]
    choose: Callable[[Gate], Auth]

    async def login(self, gate: Gate) -> Secret | None:
        return await self.choose(gate).login(gate)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        return await self.choose(gate).apply(request, token, gate)

    def refused(self, answer: Answer) -> bool:
        return any(way.refused(answer) for way in self.ways)

    async def logout(self, token: Secret, gate: Gate) -> None:
        await self.choose(gate).logout(token, gate)


def _one_line(secret: Secret, name: str) -> str:
    value = secret.reveal()
    if not value.isascii() or not value.isprintable():
        raise VendorNotConfigured(f"{name!r} holds characters that no header can hold")
    return value


async def _log_in(
    gate: Gate, request: Request, extract: Callable[[Answer], str], denied: frozenset[int]
) -> Secret:
    """Log in. Raises ``VendorAuthFailed``, ``VendorBusy``, ``LoginFailing`` and what ``Gate.send``
    raises."""
    answer = await gate.send(request)
    if answer.ok:
        return Secret(extract(answer))
    if answer.status in denied:
        raise VendorAuthFailed(
            f"the log-in was answered {answer.status}", vendor_status=answer.status
        )
    if answer.status == _TOO_MANY:
        wait = retry_after_s(answer.headers, None)
        raise VendorBusy("too many log-ins", vendor_status=_TOO_MANY, retry_after=wait)
    raise LoginFailing(f"the log-in was answered {answer.status}", vendor_status=answer.status)
