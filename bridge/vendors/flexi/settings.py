"""Settings of ABRA Flexi: ``[vendor.options]``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bridge.vendors.engine.spec import SecretName, Settings
from bridge.vendors.flexi.names import reference


def _company(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+", value):
        message = "may contain small letters, digits and '_' only, as in the address of Flexi"
        raise ValueError(message)
    return value


def _optional(value: str) -> str:
    return reference(value) if value else value


Reference = Annotated[str, AfterValidator(_optional)]


class FlexiSettings(Settings):
    """``company`` is the id in Flexi's address. ``register``, ``document_type`` and ``series`` are
    used when a call names none. ``auth``: credentials with each request, or a session. ``box``
    tells several boxes apart that pay into the same company: set another one on each."""

    company: Annotated[str, AfterValidator(_company)]
    cash_register: Annotated[Reference, Field(alias="register")] = ""
    document_type: Reference = ""
    series: Reference = ""
    auth: Literal["basic", "session"] = "basic"
    box: str = ""


SECRETS = (
    SecretName("user", "user of the REST service"),
    SecretName("password", "its password"),
)
