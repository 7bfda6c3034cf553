"""offer-cube's own settings: the table ``[vendor.options]``."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StrictInt, StrictStr

from bridge.vendors.engine.spec import Settings
from bridge.vendors.offercube import assumed


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = 'is no time zone like "Europe/Vienna"'
        raise ValueError(message) from None
    return value


Text = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Segment = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Path = Annotated[StrictStr, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+/?$", max_length=200)]


class LoginSettings(Settings):
    """``[vendor.options.login]``: how a session is begun, which no page says.

    The box sends a form with the secrets ``user`` and ``password`` in these fields to ``path``
    (below the vendor's address) and finds the session's id in the answer under ``sid_field``.
    """

    path: Path
    user_field: Text = assumed.LOGIN_USER
    password_field: Text = assumed.LOGIN_PASSWORD
    sid_field: Text = assumed.LOGIN_SID


class CubeSettings(Settings):
    """``tenant`` is the part of all addresses after the server. ``output`` is how answers are
    asked for. ``session_errors`` and ``session_texts`` tell which refusals mean that the session
    is over (a number of ``error``, a word in ``errormsg``, whatever its case). ``time_zone`` is
    that of days given without time."""

    tenant: Segment
    output: Literal["json", "xml"] = "json"
    session_errors: tuple[StrictInt, ...] = ()
    session_texts: tuple[Text, ...] = assumed.SESSION_TEXTS
    time_zone: Annotated[StrictStr, AfterValidator(_zone)] = assumed.TIME_ZONE
    login: LoginSettings | None = None
