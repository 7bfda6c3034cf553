"""Who calls, and what that caller may do.

The guard puts a ``Caller`` into each request before the framework sees it; handlers ask
``require`` for the role they need.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from bridge.model.roles import Forbidden, Role
from drivers.contract.fault import Fault, Side, Text

STATE_KEY = "caller"
"""Where the guard leaves the caller in the request's state."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody known. ``name`` is the token's name in the configuration, ``via`` how the caller
    was recognised: ``token``, ``session``, ``loopback`` or ``socket``."""

    name: str
    role: Role
    via: str


class Unauthorised(Fault):
    """The caller is not known."""

    code = "unauthorised"
    side = Side.OPERATOR
    title = Text("Bitte anmelden", "Please sign in")
    advice = Text(
        "Auf der Seite der Box anmelden, oder den Schlüssel im Kopf „Authorization: Bearer …“ "
        "mitschicken.",
        'Sign in on the page of the box, or send the token in "Authorization: Bearer …".',
    )


def caller_of(connection: HTTPConnection) -> Caller | None:
    """Return who calls, or ``None`` for somebody unknown."""
    found: Caller | None = connection.scope.get("state", {}).get(STATE_KEY)
    return found


def require(connection: HTTPConnection, role: Role) -> Caller:
    """Return the caller if he has the role. Raises ``Unauthorised`` or ``Forbidden``."""
    caller = caller_of(connection)
    if caller is None:
        raise Unauthorised
    if not caller.role.may(role):
        raise Forbidden.lacks(caller.name, caller.role, role)
    return caller


def language_of(connection: HTTPConnection, default: str) -> str:
    """Return ``de`` or ``en``: what the caller's ``Accept-Language`` names first of the two, else
    the language of the box."""
    for part in connection.headers.get("accept-language", "").lower().split(","):
        language = part.split(";")[0].strip()[:2]
        if language in ("de", "en"):
            return language
    return default
