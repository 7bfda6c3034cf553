"""Bodies of local calls: offer-cube's own fields, as JSON or as its form.

Times are given as ISO text or as whole seconds, and always sent as unix seconds. Fields that are
not in offer-cube's tables are refused: nothing is dropped in silence, nothing else is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import CallInvalid, PriceIsComputed
from bridge.vendors.offercube.assumed import ANNOTATION_LENGTH, FORM

LETTER, MAIL = 1, 2
"""``sendtype`` (from the schema of module invoice): only make the PDF, or mail it, too."""

INVOICE_ID = r"[1-9][0-9]{0,17}"
"""offer-cube's internal id of an invoice, not its printed number."""

_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a larger number is one of milliseconds."""

_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _whole(value: object) -> object:
    """Let a form's digits pass for a number."""
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,17}", value):
        return int(value)
    return value


def _moment(value: object, info: ValidationInfo) -> object:
    """Turn ISO text into unix seconds; a day without time begins in the configured zone."""
    value = _whole(value)
    if not isinstance(value, str):
        return value
    try:
        if _DAY.fullmatch(value):
            day = datetime.fromisoformat(value)
            found = datetime.combine(day, time(), info.context)
        else:
            found = datetime.fromisoformat(value)
    except ValueError:
        message = "must be whole unix seconds, or like 2026-11-21T10:00:00+01:00 or 2026-11-21"
        raise ValueError(message) from None
    if found.tzinfo is None:
        message = "needs a time zone, like 2026-11-21T10:00:00+01:00"
        raise ValueError(message)
    return int((found.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _email(value: str) -> str:
    if len(value) > 254 or not value.isprintable() or not _EMAIL.fullmatch(value):
        message = "must be one e-mail address"
        raise ValueError(message)
    return value


InvoiceId = Annotated[StrictInt, Field(ge=1, lt=10**18), BeforeValidator(_whole)]
Moment = Annotated[StrictInt, Field(ge=0, le=_LAST_SECOND), BeforeValidator(_moment)]
SendType = Annotated[StrictInt, Field(ge=LETTER, le=MAIL), BeforeValidator(_whole)]


class Body(BaseModel):
    """Base of both bodies. ``sent`` leaves out what is meant for the box only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: InvoiceId | None = None


class SendBody(Body):
    """Fields of ``send`` (vendors-offercube.md section 1)."""

    sendtype: SendType | None = None
    email: Annotated[StrictStr, AfterValidator(_email)] | None = None
    invoice_dt: Moment | None = None
    duepayment_dt: Moment | None = None

    @model_validator(mode="after")
    def _due_after_invoice(self) -> Self:
        if (
            self.invoice_dt is not None
            and self.duepayment_dt is not None
            and self.duepayment_dt < self.invoice_dt
        ):
            message = "duepayment_dt is before invoice_dt"
            raise ValueError(message)
        return self


class PayBody(Body):
    """Fields of ``pay``. ``force`` is the box's own: pay although the box has paid it before."""

    paid_dt: Moment | None = None
    annotation: Annotated[StrictStr, Field(max_length=ANNOTATION_LENGTH)] | None = None
    force: StrictBool = False


OWN = frozenset({"force"})
"""Fields that never leave the box."""


def fields_of(call: LocalCall) -> tuple[dict[str, Any], bytes]:
    """Return a body's fields in their order, and the bytes if they are offer-cube's own form.

    Raises ``CallInvalid``, ``PriceIsComputed``.
    """
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    # curl calls everything a form.
    is_form = media == FORM and not call.body.lstrip().startswith(b"{")
    found = _form(call.body) if is_form else _json(call.body)
    if "price" in found:
        raise PriceIsComputed.at("/price", "offer-cube always computes it")
    return found, call.body if is_form else b""


def read(model: type[Body], fields: Mapping[str, Any], zone: ZoneInfo) -> Any:
    """Return the checked body. Raises ``CallInvalid`` naming every wrong field."""
    try:
        return model.model_validate(dict(fields), context=zone)
    except ValidationError as error:
        raise CallInvalid.of(error) from None


def form(fields: Mapping[str, Any], given: bytes) -> bytes:
    """Return offer-cube's form. ``given`` is a caller's own: its bytes stay as they are when they
    say the same."""
    pairs = [(name, str(value)) for name, value in fields.items()]
    if given and parse_qsl(given.decode(), keep_blank_values=True) == pairs:
        return given
    return urlencode(pairs).encode()


def _json(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise CallInvalid.at("", "the body is no JSON object") from None
    if not isinstance(found, dict):
        raise CallInvalid.at("", "the body is no JSON object")
    return found


def _form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            raw.decode(),
            keep_blank_values=True,
            strict_parsing=bool(raw),
            errors="strict",
            max_num_fields=50,
        )
    except ValueError:
        raise CallInvalid.at("", "the body is no form") from None
    found = _once(pairs)
    if "force" in found:
        found["force"] = found["force"] == "true"
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CallInvalid.at("", "a field is there twice")
    return found
