"""Who may call: API keys, and sessions of the platform's log-in."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from drivers.contract.clock import Clock
from simulators.vendors.dvelop import assumed

_BEARER = "Bearer "


class Access:
    """``session_only``: the API key opens the log-in only, other calls need a session."""

    def __init__(self, clock: Clock, api_key: str, *, session_only: bool) -> None:
        self._clock = clock
        self._api_key = api_key
        self._session_only = session_only
        self.clear()

    def clear(self) -> None:
        """End all sessions."""
        self._random = random.Random(2)
        self._sessions: dict[str, float] = {}

    def has_key(self, headers: Mapping[str, str]) -> bool:
        """Whether a call shows the API key."""
        return headers.get("authorization", "") == _BEARER + self._api_key

    def log_in(self) -> dict[str, Any]:
        """Begin a session."""
        session = base64.b64encode(self._random.randbytes(48)).decode()
        self._sessions[session] = self._clock.monotonic() + assumed.SESSION_S
        ends = self._clock.now() + timedelta(seconds=assumed.SESSION_S)
        return {"AuthSessionId": session, "Expire": ends.isoformat()}

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Whether a call is from somebody who is logged in."""
        if self.has_key(headers) and not self._session_only:
            return True
        proof = headers.get("authorization", "")
        ends = self._sessions.get(proof.removeprefix(_BEARER)) if _BEARER in proof else None
        return ends is not None and ends > self._clock.monotonic()
