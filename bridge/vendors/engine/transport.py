"""HTTP to one vendor: one fresh connection per request, and the knowledge whether it has left.

The border is the first byte of the request head (httpcore's trace event
``http11.send_request_headers.started``): whatever fails before it was not sent
(``VendorUnreachable``), whatever fails after it was perhaps carried out (``AnswerLost``).
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.faults import (
    AnswerLost,
    CallInvalid,
    VendorBroken,
    VendorUnreachable,
)
from bridge.vendors.engine.wire import Answer, Request

CONNECT_S = 5.0
READ_S = 30.0
"""Time-outs of vendors.md section 4."""

PATIENCE = 4
"""A trickling answer is given up after so many times the reading time-out."""

MAX_CONTENT = 10_000_000
"""Bytes of an answer, after decoding."""

_STARTED = "http11.send_request_headers.started"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_GZIP = 16 + zlib.MAX_WBITS


class Wire:
    """Sends requests to one vendor.

    ``base_url`` may have a path. Redirects are not followed (a redirect is an answer), cookies not
    kept, certificates always verified: against the system's, or only against ``ca_file``. Plain
    ``http`` is for ``simulator`` only. Of the environment only the proxy for ``https``
    (``HTTPS_PROXY``, ``NO_PROXY``) is heeded; simulators are never reached through one.
    Raises ``VendorNotConfigured``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        simulator: bool,
        ca_file: Path | None = None,
        user_agent: str,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise VendorNotConfigured("the address must look like https://api.example")
        if url.scheme == "http" and not simulator:
            raise VendorNotConfigured("plain http is for simulators only")
        self._base = base_url.rstrip("/")
        self._place = f"{url.hostname}:{url.port}" if url.port else url.hostname
        self._secure = url.scheme == "https"
        self._host = url.hostname
        self._ca_file = ca_file
        self._user_agent = user_agent
        self._connect_s, self._read_s = connect_s, read_s
        self._made: httpx.AsyncHTTPTransport | None = None
        self._making = asyncio.Lock()

    async def send(self, request: Request) -> Answer:
        """Send a request as it stands and return the answer, whatever its status.

        Raises ``CallInvalid`` when it cannot be sent as it stands, ``VendorUnreachable`` when
        nothing has left, ``AnswerLost`` when something has left and no answer came,
        ``VendorBroken`` when a good answer cannot be read (too large, damaged),
        ``VendorNotConfigured`` when the certificate file cannot be used.
        """
        exchange = _Exchange(self._call(request), self._place, request)
        prepared = self._prepare(request, exchange)
        transport = await self._transport()
        longest = self._connect_s + PATIENCE * (request.timeout_s or self._read_s)
        try:
            async with asyncio.timeout(longest):
                return await exchange.run(transport, prepared)
        except TimeoutError:
            raise exchange.fault("no complete answer in time") from None

    async def close(self) -> None:
        """Close what is open."""
        if self._made is not None:
            await self._made.aclose()
            self._made = None

    def _call(self, request: Request) -> str:
        return f"{request.method} {request.target.partition('?')[0]}"

    def _prepare(self, request: Request, exchange: _Exchange) -> httpx.Request:
        headers = [*request.headers, ("User-Agent", self._user_agent)]
        headers += [("Accept-Encoding", "gzip"), ("Connection", "close")]
        if request.accept:
            headers.append(("Accept", request.accept))
        if request.content and request.content_type:
            headers.append(("Content-Type", request.content_type))
        for name, value in headers:
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                message = f"{exchange.call}: the header {name!r} holds what no header can hold"
                raise CallInvalid(message)
        wanted = urlsplit(self._base).path + request.target
        try:
            url = httpx.URL(self._base + request.target)
            exact = request.target.startswith("/") and url.raw_path == wanted.encode("ascii")
        except (httpx.InvalidURL, UnicodeError):
            exact = False
        if not exact:
            raise CallInvalid(f"{exchange.call}: this path or query is not encoded as it must be")
        read_s = request.timeout_s or self._read_s
        timeout = {"connect": self._connect_s, "read": read_s, "write": read_s, "pool": None}
        return httpx.Request(
            request.method,
            url,
            headers=headers,
            content=request.content,
            extensions={"timeout": timeout, "trace": exchange.trace},
        )

    async def _transport(self) -> httpx.AsyncHTTPTransport:
        async with self._making:
            if self._made is None:
                self._made = httpx.AsyncHTTPTransport(
                    verify=await self._trust(),
                    trust_env=False,
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                    proxy=self._proxy(),
                )
            return self._made

    async def _trust(self) -> ssl.SSLContext:
        if not self._secure:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            # Reading the system's certificates takes long enough to be felt in the event loop.
            return await asyncio.to_thread(ssl.create_default_context, cafile=self._ca_file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise VendorNotConfigured(f"ca_file {self._ca_file}: {reason}") from None

    def _proxy(self) -> str | None:
        if not self._secure or proxy_bypass(self._host):
            return None
        return getproxies().get("https")


class _Exchange:
    """One request on its way, and whether its first byte may have left."""

    def __init__(self, call: str, place: str, request: Request) -> None:
        self.call = call
        self._place = place
        self._head_only = request.method == "HEAD"
        self._started = False

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Watch httpcore's events; a proxy's ``CONNECT`` is none of ours."""
        if event == _STARTED and info["request"].method != b"CONNECT":
            self._started = True

    def fault(self, text: str) -> VendorUnreachable | AnswerLost:
        """Return what a failure means."""
        kind = AnswerLost if self._started else VendorUnreachable
        return kind(f"{self.call} at {self._place}: {text}")

    async def run(self, transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> Answer:
        try:
            response = await transport.handle_async_request(request)
        except (httpx.TransportError, OSError, UnicodeError) as error:
            raise self.fault(_reason(error)) from None
        try:
            return await self._answer(response)
        finally:
            await response.aclose()

    async def _answer(self, response: httpx.Response) -> Answer:
        headers = {
            name.lower(): value for name, value in response.headers.items() if name != "set-cookie"
        }
        good = response.is_success
        encoding = headers.get("content-encoding", "identity").strip().lower()
        content = bytearray()
        try:
            async for part in _decoded(response, encoding):
                content += part
                if len(content) > MAX_CONTENT:
                    raise _Unreadable("the answer is larger than 10 MB")  # noqa: TRY301 - one handler for all that cannot be read
        except _Unreadable as unreadable:
            if good and not self._head_only:
                message = f"{self.call} at {self._place}: {unreadable}"
                raise VendorBroken(message, vendor_status=response.status_code) from None
            content.clear()
        except (httpx.TransportError, OSError) as error:
            # A refusal is one even if its text was cut off.
            if good:
                raise self.fault(_reason(error)) from None
        return Answer(status=response.status_code, headers=headers, content=bytes(content))


class _Unreadable(Exception):
    """The content of an answer cannot be used."""


async def _decoded(response: httpx.Response, encoding: str) -> AsyncIterator[bytes]:
    """Yield the content in parts, none above the cap, however well it was packed."""
    if encoding in ("", "identity"):
        async for part in response.stream:  # type: ignore[union-attr]  # - the transport gives an async stream
            yield part
        return
    if encoding not in ("gzip", "x-gzip"):
        raise _Unreadable(f"the answer is packed as {encoding[:20]!r}")
    unpacker = zlib.decompressobj(_GZIP)
    empty = True
    async for part in response.stream:  # type: ignore[union-attr]  # - as above
        empty = empty and not part
        try:
            yield unpacker.decompress(part, MAX_CONTENT + 1)
        except zlib.error:
            raise _Unreadable("the answer is damaged (gzip)") from None
    if not unpacker.eof and not empty:
        raise _Unreadable("the answer is incomplete (gzip)")


def _reason(error: BaseException) -> str:
    """Say what went wrong, without what was sent."""
    system = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection: {cause.reason or type(cause).__name__}"
        if isinstance(cause, socket.gaierror):
            system = f"name service: {cause.strerror}"
        elif isinstance(cause, OSError) and cause.errno:
            system = os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.ReadTimeout():
            return "no answer in time"
        case httpx.ProxyError():
            return "the proxy does not let it through"
        case httpx.ConnectError():
            return f"no connection: {system or type(error).__name__}"
        case httpx.RemoteProtocolError():
            return "the connection was closed without a complete answer"
        case _:
            return f"the connection broke ({type(error).__name__})"
