"""Diagnoses from what the network, TLS, HTTP and WebSocket say: one fault for each case."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    NegotiationError,
    ProxyError,
)
from websockets.http11 import Response

from bridge.cloud import envelope, faults
from bridge.cloud.discretion import Discretion
from bridge.cloud.policy import wish_of
from drivers.contract.fault import Fault

_CERTIFICATE_DATES = frozenset({9, 10})
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

_STATUS: dict[int, type[faults.CloudFault]] = {
    401: faults.CloudUnauthorized,
    403: faults.CloudForbidden,
    404: faults.CloudPathUnknown,
    429: faults.CloudBusy,
    503: faults.CloudBusy,
}

_CLOSED: dict[int, type[faults.CloudFault]] = {
    envelope.CLOSE_NORMAL: faults.CloudRestarting,
    envelope.CLOSE_GOING_AWAY: faults.CloudRestarting,
    envelope.CLOSE_RESTART: faults.CloudRestarting,
    envelope.CLOSE_POLICY: faults.CloudRefuses,
    envelope.CLOSE_TOO_BIG: faults.CloudFrameRefused,
    envelope.CLOSE_SERVER_ERROR: faults.CloudFailed,
    envelope.CLOSE_TRY_LATER: faults.CloudBusy,
    envelope.CLOSE_TOKEN_EXPIRED: faults.CloudTokenExpired,
    envelope.CLOSE_REVOKED: faults.CloudRevoked,
    envelope.CLOSE_REPLACED: faults.CloudIdentityCloned,
    envelope.CLOSE_VERSION: faults.CloudVersionRefused,
}

_PING_UNANSWERED = "keepalive ping timeout"
"""What the library gives as reason when it closes because a ping was not answered."""


def not_reached(error: Exception, now: datetime, *, clock_suspect: bool) -> Fault | None:
    """Return why no connection came about, or ``None`` for what is no such error.

    ``clock_suspect`` says that the box's clock is known or likely to be far off.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        dates = error.verify_code in _CERTIFICATE_DATES
        leaf = faults.CloudCertificateInvalid
        detail = f"{error.verify_message}, the clock of the box says {now:%Y-%m-%d %H:%M} UTC"
        return faults.CloudCertificateClock(detail) if dates and clock_suspect else leaf(detail)
    if isinstance(error, ssl.SSLError):
        return faults.CloudTlsFailed(error.reason or "")
    if isinstance(error, socket.gaierror):
        return faults.CloudNameUnknown(error.strerror or "")
    if isinstance(error, UnicodeError):
        return faults.CloudNameUnknown("no name can look like that")
    if isinstance(error, TimeoutError):
        return faults.CloudTooSlow()
    if isinstance(error, OSError):
        return faults.CloudUnreachable(error.strerror or type(error).__name__)
    if isinstance(error, InvalidProxyStatus):
        return faults.CloudProxyFailed(f"HTTP {error.response.status_code}")
    if isinstance(error, ProxyError | InvalidProxy | ImportError):
        # Its own text may show the proxy's password.
        return faults.CloudProxyFailed(type(error).__name__)
    if isinstance(error, InvalidStatus):
        return _by_status(error.response, now)
    if isinstance(error, NegotiationError):
        return faults.CloudSubprotocolMissing()
    if isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError):
        return faults.CloudLost("closed before the answer to the handshake")
    if isinstance(error, InvalidHandshake):
        return faults.CloudNotWebSocket(type(error).__name__)
    return None


def date_of(response: Response | None) -> datetime | None:
    """Return what the cloud's ``Date`` header says, in UTC."""
    value = None if response is None else _header(response, "Date")
    try:
        return None if value is None else parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def ended(closed: ConnectionClosed, discretion: Discretion) -> Fault:
    """Return why a connection ended."""
    received, sent = closed.rcvd, closed.sent
    if sent is not None and (received is None or closed.rcvd_then_sent is False):
        if sent.reason == _PING_UNANSWERED:
            return faults.CloudSilent()
        if sent.code == envelope.CLOSE_TOO_BIG:
            return faults.CloudFrameTooBig(f"more than {envelope.MAX_FRAME_BYTES} bytes")
        if received is None and sent.code != envelope.CLOSE_GOING_AWAY:
            return faults.CloudLost(f"closed by the box with {sent.code:d}")
    if received is None:
        return faults.CloudLost()
    said = discretion.sayable(received.reason)
    detail = f"{received.code:d} {said}".rstrip()
    return _CLOSED.get(received.code, faults.CloudClosed)(detail)


def _by_status(response: Response, now: datetime) -> Fault:
    status = response.status_code
    leaf = _STATUS.get(status, faults.CloudAnswerUnexpected)
    if leaf is not faults.CloudBusy:
        return leaf(f"HTTP {status}")
    wish = wish_of(_header(response, "Retry-After"), date_of(response) or now)
    if wish is None:
        return leaf(f"HTTP {status}")
    return leaf(f"HTTP {status}, come back in {wish:.0f} s", retry_after_s=wish)


def _header(response: Response, name: str) -> str | None:
    found = response.headers.get_all(name)
    return found[0] if found else None
