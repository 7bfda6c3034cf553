"""The guard in front of the framework: who may ask what, judged by the headers alone.

A web page that somebody in the shop looks at runs in the same network as the box and can send it
requests. So each request is judged before its body is read and before any handler: by the name it
calls the box (``Host``; a foreign name is DNS rebinding), by the page it comes from (``Origin``,
``Sec-Fetch-Site``; Fetch standard), by its form, and by who sends it. What is refused has no
effect.

Unknown callers get the few open paths and nothing else, so that a handler that forgets to ask for
a role opens no door.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.model.roles import Role
from bridge.web.api.bodies import MAX_BODY_BYTES
from bridge.web.api.faults import RequestTooLarge
from bridge.web.auth import Auth
from bridge.web.caller import STATE_KEY, Caller, Unauthorised, language_of
from bridge.web.faults import (
    BodyUnexpected,
    HeaderRepeated,
    HostForeign,
    HostInvalid,
    MediaTypeWrong,
    MethodUnknown,
    OriginForeign,
    OriginMissing,
    RequestMalformed,
)
from bridge.web.gates import FORM, Gate, Gates
from bridge.web.headers import SECURITY_HEADERS, STATIC_PREFIX, caching_of
from bridge.web.hosts import (
    DEFAULT_PORTS,
    Authority,
    BoxNames,
    is_loopback,
    parse_authority,
    same_origin,
    shown,
)
from bridge.web.metrics import Counts
from bridge.web.problems import problem
from bridge.web.server import SOCKET_KEY
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

OPEN_PATHS: Final = frozenset({"/", "/pair", "/session", "/healthz"})
"""What everybody may ask for, besides static files. ``/`` is the sign-in page then."""

SESSION_PATH: Final = "/session"
API_PREFIX: Final = "/v1/"

SAFE: Final = frozenset({"GET", "HEAD"})
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ALLOW: Final = ", ".join(sorted(SAFE | CHANGING))

JSON: Final = "application/json"

SINGLE: Final = frozenset(
    {
        b"access-control-request-method",
        b"authorization",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"last-event-id",
        b"origin",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
"""Headers on which something depends: twice, two readers could take two meanings."""

FORWARDED: Final = frozenset(
    {b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip"}
)

ALWAYS: Final[tuple[tuple[bytes, bytes], ...]] = (*SECURITY_HEADERS, (b"vary", b"Origin"))

PREFLIGHT_HEADERS: Final = frozenset(
    {"authorization", "content-type", "idempotency-key", "if-match", "last-event-id"}
)
EXPOSED_HEADERS: Final = (
    b"etag, location, idempotent-replay, idempotent-replayed, retry-after, content-disposition"
)
PREFLIGHT_S: Final = 600
"""Seconds for which a browser may remember what a page of another origin may do."""


@dataclass(frozen=True, slots=True)
class _Heads:
    """The headers that the guard looks at. ``forwarded``: somebody stands in between."""

    single: dict[bytes, bytes]
    forwarded: bool

    @classmethod
    def of(cls, scope: Scope) -> _Heads:
        """Raises ``HeaderRepeated``."""
        single: dict[bytes, bytes] = {}
        forwarded = False
        for name, value in scope["headers"]:
            if name in SINGLE:
                if name in single:
                    raise HeaderRepeated(name.decode("latin-1"))
                single[name] = value
            elif name in FORWARDED or name.startswith(b"x-forwarded"):
                forwarded = True
        return cls(single, forwarded)

    def text(self, name: bytes) -> str | None:
        """Return a header as text, ``None`` if it is missing."""
        value = self.single.get(name)
        return None if value is None else value.decode("latin-1").strip()


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A request that may go on: who sends it, and the configured foreign origin of its page."""

    caller: Caller | None
    origin: str | None


class Guard:
    """Judges each request, leaves its ``Caller`` in the state, and completes each answer's
    headers."""

    def __init__(
        self,
        app: ASGIApp,
        auth: Auth,
        names: BoxNames,
        origins: Collection[str],
        counts: Counts,
        *,
        open_loopback: bool,
        language: str,
        gates: Gates | None = None,
    ) -> None:
        """``origins`` are those of foreign pages that may call; with ``open_loopback`` programs
        of this machine are the till without a token. ``gates`` are the routes that other rooms
        have added."""
        self._app = app
        self._auth = auth
        self._names = names
        self._origins = frozenset(origins)
        self._counts = counts
        self._open_loopback = open_loopback
        self._language = language
        self._gates = gates or Gates()
        self._preflight_headers = ", ".join(sorted(PREFLIGHT_HEADERS | self._gates.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3); anything but HTTP is left alone."""
        if scope["type"] != "http":
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        origin: str | None = None
        refusal: Response | None = None
        try:
            heads = _Heads.of(scope)
            host = self._host_of(scope, heads)
            origin = self._origin_of(scope, heads, host)
            if scope["method"] == "OPTIONS":
                refusal = _preflight(heads, origin, self._preflight_headers)
            else:
                gate = self._gates.find(scope["method"], scope["raw_path"])
                _check_form(scope, heads, gate)
                state[STATE_KEY] = self._caller_of(scope, heads, host, gate)
        except Fault as fault:
            refusal = self._refusal(scope, fault)
        complete = self._completing(scope["path"], origin, send)
        if refusal is None:
            await self._app(scope, receive, complete)
        else:
            await refusal(scope, receive, complete)

    def _host_of(self, scope: Scope, heads: _Heads) -> Authority:
        text = heads.text(b"host")
        if not text:
            message = "the header is missing or empty"
            raise HostInvalid(message)
        host = parse_authority(text)
        if scope["state"].get(SOCKET_KEY):
            return host
        address, port = scope.get("server") or ("", None)
        if not self._names.include(host, (address, port or DEFAULT_PORTS["http"])):
            raise HostForeign(f"Host {shown(text)}")
        return host

    def _origin_of(self, scope: Scope, heads: _Heads, host: Authority) -> str | None:
        """Return the configured foreign origin of the calling page, ``None`` for our own pages
        and for programs. Raises ``OriginForeign`` and ``OriginMissing``."""
        origin = heads.text(b"origin")
        site = heads.text(b"sec-fetch-site")
        if scope["state"].get(SOCKET_KEY):
            if origin is not None or site is not None or b"cookie" in heads.single:
                message = "a browser at the socket file"
                raise OriginForeign(message)
            if heads.forwarded:
                message = "a proxy at the socket file"
                raise OriginForeign(message)
            return None
        if origin is not None:
            if origin.lower() in self._origins:
                return origin
            if not same_origin(origin, host):
                raise OriginForeign(f"Origin {shown(origin)}")
        if site not in (None, "same-origin", "none") and not _is_visit(scope, heads):
            raise OriginForeign(f"Sec-Fetch-Site {shown(site or '')}")
        if origin is None and b"cookie" in heads.single and scope["method"] not in SAFE:
            raise OriginMissing
        return None

    def _caller_of(
        self, scope: Scope, heads: _Heads, host: Authority, gate: Gate | None
    ) -> Caller | None:
        """Return who calls, ``None`` for somebody unknown on an open path. Raises
        ``Unauthorised`` and ``TooManyTries``."""
        if scope["state"].get(SOCKET_KEY):
            return Caller("socket", Role.TECHNICIAN, "socket")
        client = scope.get("client")
        peer = client[0] if client else ""
        authorization = heads.single.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.decode("utf-8", "surrogateescape").partition(" ")
            if scheme.lower() != "bearer":
                message = 'only "Bearer" is known'
                raise Unauthorised(message)
            return self._auth.by_token(token.strip(), peer)
        cookies = heads.text(b"cookie")
        if cookies is not None and (caller := self._auth.by_cookie(cookies)) is not None:
            return caller
        own = is_loopback(peer) and host.is_loopback and not heads.forwarded
        if self._open_loopback and own:
            return Caller("loopback", Role.TILL, "loopback")
        path: str = scope["path"]
        if path in OPEN_PATHS or path.startswith(STATIC_PREFIX) or (gate and gate.open):
            return None
        raise Unauthorised

    def _refusal(self, scope: Scope, fault: Fault) -> Response:
        self._counts.refused(fault.code)
        client = scope.get("client")
        logger.debug("%s is refused: %s", client[0] if client else "socket", fault)
        connection = HTTPConnection(scope)
        if isinstance(fault, Unauthorised) and _shows_a_page(scope, connection):
            return Response(status_code=303, headers={"location": "/"})
        response = problem(fault, language_of(connection, self._language))
        if isinstance(fault, MethodUnknown):
            response.headers["allow"] = ALLOW
        return response

    def _completing(self, path: str, origin: str | None, send: Send) -> Send:
        extra = ALWAYS
        if origin is not None:
            allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
            extra = (*ALWAYS, allowed, (b"access-control-expose-headers", EXPOSED_HEADERS))

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.answered(message["status"])
                headers = [*message.get("headers", ()), *extra]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(caching_of(path))
                message = {**message, "headers": headers}
            await send(message)

        return complete


def _check_form(scope: Scope, heads: _Heads, gate: Gate | None) -> None:
    """Raises ``MethodUnknown``, ``RequestMalformed``, ``BodyUnexpected``, ``MediaTypeWrong``,
    ``RequestTooLarge``."""
    method: str = scope["method"]
    if method not in SAFE and method not in CHANGING:
        raise MethodUnknown(method)
    path: str = scope["path"]
    if not path.isprintable():
        message = "control characters in the path"
        raise RequestMalformed(message)
    length = heads.text(b"content-length")
    if b"transfer-encoding" not in heads.single and length in (None, "0"):
        return
    if method in SAFE:
        raise BodyUnexpected
    media = (heads.text(b"content-type") or "").partition(";")[0].strip().lower()
    form = media == FORM and path == SESSION_PATH and method == "POST"
    if not form and not (gate.takes(media) if gate else media == JSON):
        said = f"Content-Type {shown(media)}" if media else "no Content-Type"
        raise MediaTypeWrong(f"{said}, expected {gate.route.media if gate else JSON}")
    # What comes in chunks is counted by whoever reads it.
    most = gate.route.max_body if gate else MAX_BODY_BYTES
    if length is not None and int(length) > most:
        raise RequestTooLarge(f"{length} bytes, not more than {most}")


def _preflight(heads: _Heads, origin: str | None, headers: str) -> Response:
    """Answer a browser that asks what a page of another origin may do. Raises ``MethodUnknown``."""
    if origin is None or b"access-control-request-method" not in heads.single:
        message = "OPTIONS"
        raise MethodUnknown(message)
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": ALLOW,
            "access-control-allow-headers": headers,
            "access-control-max-age": str(PREFLIGHT_S),
            "access-control-allow-private-network": "true",
        },
    )


def _is_visit(scope: Scope, heads: _Heads) -> bool:
    """Whether somebody follows a link from a foreign page to one of ours: nothing is changed, and
    the foreign page sees nothing of the answer."""
    return (
        scope["method"] == "GET"
        and heads.text(b"sec-fetch-mode") == "navigate"
        and heads.text(b"sec-fetch-dest") == "document"
        and not scope["path"].startswith(API_PREFIX)
    )


def _shows_a_page(scope: Scope, connection: HTTPConnection) -> bool:
    """Whether a person looks for a page, who is better served by the sign-in page."""
    accepts_html = "text/html" in connection.headers.get("accept", "")
    api = scope["path"].startswith(API_PREFIX)
    return (
        scope["method"] == "GET"
        and accepts_html
        and not api
        and "authorization" not in (connection.headers)
    )
