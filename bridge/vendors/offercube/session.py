"""The session id ``sid``: it travels in the address, the way that offer-cube's pages show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from bridge.config import Secret
from bridge.vendors.engine.auth import QuerySession, needed
from bridge.vendors.engine.faults import (
    SessionEnded,
    VendorAuthFailed,
    VendorBroken,
    VendorRejected,
)
from bridge.vendors.engine.spec import Gate
from bridge.vendors.engine.wire import Answer, Request, target
from bridge.vendors.offercube.answers import ACCEPT, Reading
from bridge.vendors.offercube.assumed import FORM
from bridge.vendors.offercube.settings import CubeSettings, LoginSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SidSession(QuerySession):
    """A configured ``sid``, else a log-in as the options describe it."""

    parameter: str = "sid"
    fixed: str = "sid"

    async def login(self, gate: Gate) -> Secret | None:
        settings: CubeSettings = gate.settings
        login = settings.login
        if login is None:
            return await QuerySession(parameter=self.parameter, fixed=self.fixed).login(gate)
        session = QuerySession(
            parameter=self.parameter,
            fixed=self.fixed,
            build=lambda gate: _request(login, settings, gate),
            extract=lambda answer: _sid(login, settings, answer),
        )
        return await session.login(gate)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        if token is None:
            return request
        path, _, query = request.target.partition("?")
        sid = f"{self.parameter}={quote(token.reveal(), safe='')}"
        return replace(request, target=f"{path}?{sid}&{query}" if query else f"{path}?{sid}")


def _request(login: LoginSettings, settings: CubeSettings, gate: Gate) -> Request:
    fields = {
        login.user_field: needed(gate, "user").reveal(),
        login.password_field: needed(gate, "password").reveal(),
    }
    return Request(
        method="POST",
        target=target(login.path, {"output": settings.output}),
        content=urlencode(fields).encode(),
        content_type=FORM,
        accept=ACCEPT[settings.output],
    )


def _sid(login: LoginSettings, settings: CubeSettings, answer: Answer) -> str:
    """Return the session's id. Raises ``VendorAuthFailed``, ``VendorBroken``."""
    reading = Reading.of(settings)
    said = reading.fields(answer)
    try:
        reading.check(said)
    except (VendorRejected, SessionEnded) as refusal:
        raise VendorAuthFailed(refusal.detail) from None
    sid = said.get(login.sid_field) if isinstance(said, dict) else None
    if not isinstance(sid, str) or not sid:
        raise VendorBroken(f"the log-in's answer has no {login.sid_field!r}")
    return sid
