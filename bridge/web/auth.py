"""Who calls: by token, by session cookie, from this machine, or by the socket file.

Tokens are kept and compared as SHA-256 digests, in constant time. Sessions live in memory: after a
restart of the box everybody signs in again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bridge.config import Secret, TokenSettings
from bridge.model.roles import Role
from bridge.web.caller import Caller, Unauthorised
from bridge.web.door import place_of
from bridge.web.faults import TokenRepeated, TokenWeak, TooManyTries
from drivers.contract.clock import Clock

logger = logging.getLogger(__name__)

TOKEN_LENGTH: Final = 16
"""Characters a token has at least."""

COOKIE: Final = "bonbridge_session"

SESSION_BYTES: Final = 32

IDLE_S: Final = 12 * 3600.0
"""Seconds for which a session lives without a request: a shift."""

MAX_SESSIONS: Final = 50
"""Sessions at once; the one that was used longest ago gives way."""

TRIES: Final = 5
"""Wrong tokens from one place before it has to wait."""

TRY_EVERY_S: Final = 10.0
"""Seconds after which such a place has one more try."""

MAX_PLACES: Final = 1024
"""Places remembered; the one heard of longest ago is forgotten."""


class Tokens:
    """The configured tokens."""

    def __init__(self, settings: Sequence[TokenSettings], secrets: Mapping[str, Secret]) -> None:
        """``secrets`` by the name of the token's settings. Raises ``TokenWeak`` and
        ``TokenRepeated``; their texts name the settings, never the token."""
        self._known: list[tuple[bytes, Caller]] = []
        for each in settings:
            text = secrets[each.name].reveal()
            if len(text) < TOKEN_LENGTH:
                message = f"credential `{each.token}` of {each.name}: fewer than {TOKEN_LENGTH}"
                raise TokenWeak(f"{message} characters", credential=each.token)
            digest = _digest(text)
            for other, caller in self._known:
                if hmac.compare_digest(other, digest):
                    raise TokenRepeated(f"{caller.name} and {each.name}")
            self._known.append((digest, Caller(each.name, Role(each.role), "token")))

    def find(self, token: str) -> Caller | None:
        """Return whose token this is; how long it takes does not depend on that."""
        digest = _digest(token)
        found = None
        for known, caller in self._known:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


@dataclass(slots=True)
class _Place:
    tries: float
    at: float
    known: set[str] = field(default_factory=set)
    reported: bool = False


class Tries:
    """How often each place may still be wrong."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def wait_s(self, place: str) -> float:
        """Return the seconds until this place may try again, 0 if it may now."""
        tries = self._refilled(place).tries
        return 0.0 if tries >= 1 else (1 - tries) * TRY_EVERY_S

    def wrong(self, place: str) -> None:
        """Note a wrong token; it is logged once when the place has to wait from now on."""
        found = self._refilled(place)
        found.tries -= 1
        if found.tries < 1 and not found.reported:
            found.reported = True
            logger.warning("too many wrong tokens from %s", place)

    def right(self, place: str, name: str) -> None:
        """Note a right one: it goes on working there while another's mistakes are limited."""
        self._refilled(place).known.add(name)

    def knows(self, place: str, name: str) -> bool:
        """Whether this token has been right at this place before."""
        return name in self._refilled(place).known

    def _refilled(self, place: str) -> _Place:
        now = self._clock.monotonic()
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = _Place(TRIES, now)
            if len(self._places) > MAX_PLACES:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(place)
        found.tries = min(TRIES, found.tries + (now - found.at) / TRY_EVERY_S)
        found.at = now
        if found.tries >= TRIES:
            found.reported = False
        return found


@dataclass(slots=True)
class _Session:
    caller: Caller
    used: float


class Sessions:
    """Who is signed in, by the digest of a cookie that only the browser keeps."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._open: OrderedDict[bytes, _Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, caller: Caller) -> str:
        """Begin a session; return the value of its cookie."""
        value = self._random_bytes(SESSION_BYTES).hex()
        signed_in = Caller(caller.name, caller.role, "session")
        self._open[_digest(value)] = _Session(signed_in, self._clock.monotonic())
        while len(self._open) > MAX_SESSIONS:
            self._open.popitem(last=False)
        return value

    def find(self, value: str) -> Caller | None:
        """Return whose session this is, and keep it alive."""
        digest = _digest(value)
        session = self._open.get(digest)
        if session is None:
            return None
        now = self._clock.monotonic()
        if now - session.used >= IDLE_S:
            del self._open[digest]
            return None
        session.used = now
        self._open.move_to_end(digest)
        return session.caller

    def close(self, value: str) -> None:
        """End a session."""
        self._open.pop(_digest(value), None)


class Auth:
    """Tokens, sessions and tries of one box."""

    def __init__(self, tokens: Tokens, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self.sessions = Sessions(clock, random_bytes)
        self.tries = Tries(clock)
        self._tokens = tokens

    def by_token(self, token: str, peer: str) -> Caller:
        """Return whose token this is. ``peer`` is the caller's address.

        Raises ``Unauthorised`` and, after too many wrong ones from there, ``TooManyTries``: then
        a right token is not told from a wrong one, unless it has been right there before.
        """
        place = place_of(peer)
        caller = self._tokens.find(token)
        wait = self.tries.wait_s(place)
        if caller is not None and (not wait or self.tries.knows(place, caller.name)):
            self.tries.right(place, caller.name)
            return caller
        if wait:
            seconds = int(wait) + 1
            raise TooManyTries(f"wait {seconds} s", retry_after=seconds)
        self.tries.wrong(place)
        message = "the token is not known"
        raise Unauthorised(message)

    def by_cookie(self, cookies: str) -> Caller | None:
        """Return whose session a ``Cookie`` header carries."""
        for value in session_cookies(cookies):
            if (caller := self.sessions.find(value)) is not None:
                return caller
        return None


def session_cookies(cookies: str) -> list[str]:
    """Return the values of our cookie in a ``Cookie`` header. Cookies do not know ports: another
    box on the same machine may have left its own."""
    pairs = (each.strip().partition("=") for each in cookies.split(";"))
    return [value for name, _, value in pairs if name == COOKIE][:4]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
