"""What must not be seen: secrets in logs, problems, runs, pages (vendors.md section 3).

Two nets: names (whatever stands under ``password`` is a secret) and values (whatever equals a
secret that this process holds, in any usual encoding).
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from bridge.config import Secret

STARS = "***"

HEADERS = (
    "authorization",
    "proxy-authorization",
    "x-kassomat-auth-token",
    "x-authsessionid",
    "cookie",
    "set-cookie",
    "signature",
)
QUERY = ("sid", "authsessionid", "access_token")
BODY = ("password", "authentication_token", "access_token", "refresh_token", "otp")

_WORDS = frozenset({*HEADERS, *QUERY, *BODY})
"""No secrets, though some demo account may use one as its password."""

SHOWN = 4096
"""Bytes of a vendor's answer that a problem shows."""

SHORTEST = 6
"""Characters of the shortest secret that is looked for by its value: shorter ones are parts of
ordinary words."""

REMEMBERED = 64
"""Latest tokens of sessions that are looked for."""

_SIGNATURE = "signature"
"""An ordinary word of the box's own log, too: in texts only what looks like one is taken out."""

_CHATTY = ("httpx", "httpcore")
"""Libraries that log addresses with their queries, and headers."""

_PREVIEW = 200
_SHORT_IBAN = 12


class KnownSecrets:
    """Values that must not be seen, in the encodings in which they travel."""

    def __init__(self) -> None:
        self._lasting: dict[str, tuple[str, ...]] = {}
        self._passing: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._longest_first: list[str] = []

    def learn(self, secret: Secret, *, passing: bool = False) -> None:
        """Take a secret out of whatever is said from now on; ``passing``: a session's token, which
        makes way for later ones."""
        value = secret.reveal()
        if len(value) < SHORTEST or value.lower() in _WORDS:
            return
        if value in self._lasting or value in self._passing:
            return
        (self._passing if passing else self._lasting)[value] = _forms(value)
        while len(self._passing) > REMEMBERED:
            self._passing.popitem(last=False)
        every = {
            form for forms in (*self._lasting.values(), *self._passing.values()) for form in forms
        }
        self._longest_first = sorted(every, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return the text without them."""
        if len(text) < SHORTEST:
            return text
        for form in self._longest_first:
            if form in text:
                text = text.replace(form, STARS)
        return text


_KNOWN = KnownSecrets()


def known(secret: Secret, *, passing: bool = False) -> None:
    """Take a secret of this process out of all that is redacted from now on. ``passing``: it is a
    session's token; only the latest of those are remembered."""
    _KNOWN.learn(secret, passing=passing)


def redact_target(target: str, extra: Iterable[str] = ()) -> str:
    """Return path and query with the values of secret parameters replaced."""
    path, mark, query = target.partition("?")
    if not mark:
        return _KNOWN.hide(path)
    names = _names(QUERY, BODY, extra)
    pairs = []
    for pair in query.split("&"):
        name, equals, _ = pair.partition("=")
        secret = equals and name.lower() in names
        pairs.append(f"{name}={STARS}" if secret else pair)
    return _KNOWN.hide(f"{path}?{'&'.join(pairs)}")


def redact_headers(
    headers: Iterable[tuple[str, str]], extra: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """Return headers with the values of secret ones replaced."""
    names = _names(HEADERS, extra)
    return [
        (name, STARS if name.lower() in names else _KNOWN.hide(value)) for name, value in headers
    ]


def redact_json(value: Any, extra: Iterable[str] = ()) -> Any:
    """Return a JSON value with the values of secret keys replaced, at any depth."""
    return _without(value, _names(QUERY, BODY, extra))


def redact_text(text: str, extra: Iterable[str] = ()) -> str:
    """Return a text without what stands behind a secret name (header, query, JSON, XML, form)."""
    pattern = _pattern(tuple(sorted(_names(HEADERS, QUERY, BODY, extra) - {_SIGNATURE})))
    return _KNOWN.hide(pattern.sub(_starred, text))


def shown(content: bytes, extra: Iterable[str] = (), limit: int | None = SHOWN) -> Any:
    """Return what may be shown of an answer's content: its JSON, else its text, redacted and not
    longer than ``limit`` bytes (``None``: whole); ``None`` when there is no content."""
    if not content:
        return None
    try:
        value = redact_json(json.loads(content), extra)
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = redact_text(content.decode("utf-8", "replace"), extra)
        value = text
    if limit is None or len(text.encode("utf-8", "replace")) <= limit:
        return value
    return text.encode("utf-8", "replace")[: limit - 3].decode("utf-8", "ignore") + "…"


def shortened(value: str) -> str:
    """Return an IBAN or tax number so that its owner recognises it and nobody else learns it."""
    bare = "".join(value.split())
    if len(bare) < _SHORT_IBAN:
        return f"…{bare[-2:]}" if len(bare) > 2 * 2 else "…"
    return f"{bare[:4]}…{bare[-4:]}"


class RedactingFilter(logging.Filter):
    """Takes secrets out of log records, tracebacks included. For handlers, not loggers: handlers
    see the records of all loggers below."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record in place; it is always let through."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a record that cannot be formatted must not stop the log
            message = str(record.msg)
        record.msg, record.args = redact_text(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _PLAIN.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
        if record.stack_info:
            record.stack_info = redact_text(record.stack_info)
        return True


_PLAIN = logging.Formatter()


def guard_log(handlers: Sequence[logging.Handler]) -> None:
    """Put the filter on handlers, and silence libraries that log addresses with their queries."""
    for handler in handlers:
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(RedactingFilter())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _names(*groups: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for group in groups for name in group)


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, str):
        return _KNOWN.hide(value)
    if isinstance(value, Mapping):
        return {
            _KNOWN.hide(str(key)): STARS
            if str(key).lower() in names and each is not None
            else _without(each, names)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without(each, names) for each in value]
    return value


_PATTERNS: dict[tuple[str, ...], re.Pattern[str]] = {}


def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Find ``name: value``, ``name=value``, ``"name": "value"``, ``<name>value<`` in a text."""
    if names not in _PATTERNS:
        either = "|".join(re.escape(name) for name in names)
        _PATTERNS[names] = re.compile(
            rf"(?i)(?P<whole><(?:{either})>)[^<]+"
            r"|(?<![\w-])(?P<long>signature\\?[\"']?[^\w\r\n]{1,4})[\w+/=-]{20,}"
            r"|(?<![\w-])(?P<line>(?:set-)?cookie\s*:\s*)[^\r\n\"']+"
            rf"|(?<![\w-])(?P<lead>(?:{either})"
            # header, form, JSON, or a pair in a list
            r"(?:\\?[\"']?\s*[:=]\s*|[\"'],\s*b?(?=[\"'])))"
            r"(?:(?P<open>\\?[\"'](?:(?:basic|bearer)\s+)?)(?:\\[^\"']|[^\"'\\])+"
            r"|(?P<scheme>(?:(?:basic|bearer)\s+)?)[^\s\"'<>&,;]+)"
        )
    return _PATTERNS[names]


def _starred(match: re.Match[str]) -> str:
    kept = ("whole", "long", "line", "lead", "open", "scheme")
    return "".join(match[name] or "" for name in kept) + STARS


def _forms(value: str) -> tuple[str, ...]:
    """Return the ways in which a value is written on wires and in logs."""
    raw = value.encode()
    percent = quote(value, safe="")
    forms = {
        value,
        percent,
        re.sub("%..", lambda match: match[0].lower(), percent),
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        escape(value),
        escape(value, quote=False),
        repr(value)[1:-1],
        repr(raw)[2:-1],
        raw.hex(),
    }
    for before in range(3):
        # In base64 a value looks different at each of three places; what is common to all texts
        # that contain it there is looked for.
        start = (before * 8 + 5) // 6
        end = (before + len(raw)) * 8 // 6
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(code(bytes(before) + raw + bytes(2))[start:end].decode())
    return tuple(form for form in forms if len(form) >= SHORTEST)
