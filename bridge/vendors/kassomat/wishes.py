"""What a call about a return asks for, read from the short form or from the vendor's own body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.engine.wire import json_body
from bridge.vendors.kassomat import assumed
from bridge.vendors.kassomat.bodies import checked, read_json, unwrapped
from bridge.vendors.kassomat.period import SUMS, Figures, Period

Cents = Annotated[StrictInt, Field(ge=0, le=assumed.MAX_CENTS)]
Year = Annotated[StrictInt, Field(ge=1000, le=9999)]
Month = Annotated[StrictInt, Field(ge=1, le=12)]
Quarter = Annotated[StrictInt, Field(ge=1, le=4)]
Mode = Literal["test", "real"]


class _Periodic(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    year: Year
    month: Month | None = None
    quarter: Quarter | None = None

    @model_validator(mode="after")
    def _one_period(self) -> _Periodic:
        if (self.month is None) == (self.quarter is None):
            text = "give either month or quarter"
            raise PydanticCustomError("period", "{text}", {"text": text})
        return self

    @property
    def period(self) -> Period:
        return Period(self.year, self.month, self.quarter)


class Sums(BaseModel):
    """The vendor's ``data``."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    in_7: Cents
    out_7: Cents
    in_19: Cents
    out_19: Cents


class Own(_Periodic):
    """The vendor's ``assessment``. Both flags must be there: its own defaults mean preview and
    test. Without ``data`` it would sum up bookings that nobody here has seen."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    preview: StrictBool
    test: StrictBool
    data: Sums


class Order(_Periodic):
    """A return in the short form."""

    mode: Mode
    in_7: Cents
    out_7: Cents
    in_19: Cents
    out_19: Cents
    confirm: str = ""


class Trial(_Periodic):
    """A preview or an estimate in the short form. ``from_journal`` takes the income from the box's
    own receipts; expenses that are not given are 0 then."""

    mode: Mode = "real"
    from_journal: StrictBool = False
    in_7: Cents | None = None
    out_7: Cents | None = None
    in_19: Cents | None = None
    out_19: Cents | None = None

    @model_validator(mode="after")
    def _sums(self) -> Trial:
        given = [name for name in ("in_7", "in_19") if getattr(self, name) is not None]
        missing = [name for name in SUMS if getattr(self, name) is None]
        text = ""
        if self.from_journal and given:
            text = f"{' and '.join(given)} would come from the journal: give one of both"
        elif not self.from_journal and missing:
            text = f"{', '.join(missing)} missing: give all four sums, or from_journal"
        if text:
            raise PydanticCustomError("sums", "{text}", {"text": text})
        return self


@dataclass(frozen=True, slots=True)
class Wish:
    """A return as asked for. ``content`` goes to the vendor as it is."""

    figures: Figures
    preview: bool
    test: bool
    confirm: str
    content: bytes


def read_order(call: LocalCall) -> Wish:
    """Read what shall be sent; in the vendor's own form ``preview`` may be true.

    Raises ``CallInvalid``.
    """
    body = read_json(call.body)
    confirm = call.headers.get("x-confirm", "")
    if (inner := unwrapped(body, "assessment")) is not None:
        return _own(call, inner, confirm)
    order = checked(Order, body)
    figures = Figures(order.period, {name: getattr(order, name) for name in SUMS})
    test = order.mode == "test"
    content = json_body(figures.assessment(preview=False, test=test))
    return Wish(
        figures, preview=False, test=test, confirm=order.confirm or confirm, content=content
    )


def _own(call: LocalCall, inner: dict[str, Any], confirm: str) -> Wish:
    own = checked(Own, inner, "/assessment")
    figures = Figures(own.period, {name: getattr(own.data, name) for name in SUMS})
    return Wish(figures, own.preview, own.test, confirm, call.body)


def read_trial(call: LocalCall) -> Wish | Trial:
    """Read what shall be computed. Raises ``CallInvalid``, also for a body that would send."""
    body = read_json(call.body)
    if (inner := unwrapped(body, "assessment")) is None:
        return checked(Trial, body)
    wish = _own(call, inner, "")
    if not wish.preview:
        text = "must be true here: returns are sent by POST returns"
        raise CallInvalid.at("/assessment/preview", text)
    return wish


def read_period(call: LocalCall) -> Period:
    """Read a period from the query. Raises ``CallInvalid``."""
    found = {}
    for name in ("year", "month", "quarter"):
        if (text := call.parameter(name)) is not None:
            if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
                raise CallInvalid.at(f"/{name}", "must be a number")
            found[name] = int(text)
    return checked(_Periodic, found).period


_DIGITS = 4
