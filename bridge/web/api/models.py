"""What the local API answers, for its description (OpenAPI).

Answers are not built from these classes (that would cost each receipt as much as the rest of the
framework); the tests hold every answer against them.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bridge.health import Level
from bridge.model.receipt import Kind, State
from bridge.web.api.faults import RequestInvalid
from drivers.contract.fault import Side

_MS = "UTC milliseconds"
_CENTS = "integer gross cents"


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """Why a request was refused (RFC 9457, `application/problem+json`). `code` is stable, the texts
    follow `Accept-Language` (de, en). Some codes have further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int | None = None
    detail: str = Field(description="the facts of this case, in English")
    code: str = Field(examples=[RequestInvalid.code])
    side: Side = Field(description="who has to act")
    retryable: bool = Field(description="whether the same request can succeed later")
    advice: str = Field(description="what to do, in plain words")


class SettlesView(Answer):
    """The open invoice of a vendor that a line is the payment of."""

    vendor: str
    invoice: str
    kind: str


class LineView(Answer):
    """A line of a receipt."""

    n: int = Field(description="its number; never reused within the receipt")
    text: str
    quantity: int = Field(description="thousandths: 1000 is one piece")
    unit_cents: int = Field(description=_CENTS)
    rate: str = Field(description="name of the tax rate")
    cents: int = Field(description="rounded gross, discount of the line taken off")
    discount: int = Field(description="discount of the line in hundredths of a percent")
    article: str | None
    cancels: int | None = Field(description="in a storno: the line of the original")
    settles: SettlesView | None


class PaymentView(Answer):
    """A payment. `cents` count towards the total; `change_cents` were given back."""

    n: int
    kind: str
    cents: int
    given_cents: int | None
    change_cents: int


class DiscountView(Answer):
    """Discount on the whole receipt: hundredths of a percent or cents, and what it comes to."""

    percent: int
    cents: int
    off_cents: int | None


class PersonView(Answer):
    """Operator or customer; what is not known is empty."""

    id: str
    name: str
    address: list[str]
    uid: str


class TaxView(Answer):
    """Gross, net and tax of one rate, as on the paper."""

    rate: str
    label: str
    permille: int
    gross: int
    net: int
    tax: int


class StornoOf(Answer):
    """The earlier receipt that a storno cancels: its printed number, and its id if it is here."""

    number: str
    receipt: str | None


class OutageView(Answer):
    """Receipts made while no signing unit worked."""

    since: str = Field(description="local time")
    first_number: int
    last_number: int


class EndedOutageView(OutageView):
    """The outage that a Sammelbeleg ends, with the printed numbers."""

    first: str
    last: str


class PaperView(Answer):
    """A paper: `due`, `sending`, `printed`, `not_printed` (tried again) or `unknown`: the printer
    could not say, a person has to look. `time` is when that became known (UTC ms)."""

    paper: str
    state: str
    copy_: bool = Field(alias="copy", description="whether it is marked as copy")
    time: int


class ReceiptCommon(Answer):
    """What lists and full views have in common."""

    id: str
    rev: int = Field(description="counts changes; goes into `If-Match` of the next change")
    state: State
    kind: Kind
    register_: str = Field(alias="register", description="id of the register")
    origin: str = Field(description="`operator`, a cloud's name, or `api:` and a token's name")
    parked_id: str | None
    reference: str | None
    note: str | None
    opened: int = Field(description=_MS)
    ended: int | None = Field(description=_MS)
    reason: str | None = Field(description="why it was aborted")
    number: int | None = Field(description="place in the register's chain")
    belegnummer: str | None = Field(description="the number on the paper")
    time: str | None = Field(description="local time on the paper")
    signed: bool | None = Field(description="false: made while no signing unit worked")
    total: int | None = Field(description=_CENTS)
    paid: int | None = Field(description=_CENTS)


class ReceiptSummary(ReceiptCommon):
    """A receipt in a list."""

    line_count: int | None


class ReceiptView(ReceiptCommon):
    """A receipt, the same while it is open and after its end. Once completed, the lines include
    those of the receipt's discount."""

    expires: int | None = Field(description=f"{_MS}: a parked receipt nobody touched ends then")
    lines: list[LineView]
    discount: DiscountView | None
    customer: PersonView | None
    operator: PersonView
    payments: list[PaymentView]
    totals: dict[str, int] = Field(description="gross cents by rate")
    taxes: list[TaxView]
    due: int | None = Field(description="what is left to pay")
    outage: OutageView | None
    ended_outage: EndedOutageView | None
    code: str | None = Field(description="text of the QR code")
    storno_of: StornoOf | None
    papers: list[PaperView]
    fault: dict[str, Any] | None = Field(description="why it cannot be worked out, as a problem")


class ReceiptList(Answer):
    """A page of receipts. `next` goes into `before` of the next page."""

    receipts: list[ReceiptSummary]
    next: int | None


class RateView(Answer):
    """A tax rate that is valid today."""

    name: str
    label: str
    permille: int


class RegisterView(Answer):
    """A register. `latch` says why nothing may be signed, `null` when it may."""

    id: str
    kassen_id: str
    country: str
    state: str = Field(description="`not_started`, `started`, `closed` or `latched`")
    latch: str | None
    last_number: int
    last_belegnummer: str | None
    last_time: str | None = Field(description="local time of the last receipt")
    outage: OutageView | None
    open: int = Field(description="receipts that are open")
    printer: str | None
    rates: list[RateView]


class RegisterList(Answer):
    """All registers of the box."""

    registers: list[RegisterView]


class PartView(Answer):
    """What one part of the box says of itself. `since` is UTC ms."""

    part: str
    level: Level
    phase: str
    since: int
    facts: dict[str, Any]
    fault: Problem | None = None


class BoardView(Answer):
    """The health board. `level` is that of the worst part, `time` UTC ms."""

    version: str
    box: str
    time: int
    last_seq: int = Field(description="last event of the journal")
    level: Level
    parts: list[PartView]


class DeviceView(Answer):
    """A configured device, and which tests it knows."""

    name: str
    kind: str
    address: str
    tests: list[str]
    health: PartView | None


class DeviceList(Answer):
    """All configured devices."""

    devices: list[DeviceView]


class Rebuilt(Answer):
    """How many events the derived state was built from."""

    events: int


class Found(BaseModel):
    """What a device's test found."""

    model_config = ConfigDict(extra="allow")


class Nothing(Answer):
    """An empty object: the request was taken."""


class VendorSummary(Answer):
    """A vendor's service. `queued` runs wait to be sent or to be finished by the vendor, `unknown`
    ones wait for a person's decision. `since` is UTC ms."""

    name: str
    title: str
    level: Level
    phase: str
    since: int
    queued: int
    unknown: int
    fault: Problem | None
    facts: dict[str, Any]


class VendorList(Answer):
    """All vendors' services that are set up."""

    vendors: list[VendorSummary]


class VendorCall(BaseModel):
    """A call that a vendor adds to the local API; described in full under its own path. `class`
    says what a repetition does: `read`, `upsert`, `keyed`, `once`, `local`."""

    model_config = ConfigDict(extra="allow")

    name: str
    class_: str = Field(alias="class")
    method: str
    path: str
    summary: str


class VendorDetail(VendorSummary):
    """A vendor's service and its calls."""

    operations: list[VendorCall]


class RunView(Answer):
    """A run of a vendor's flow. Times are UTC ms; what is not known yet is left out."""

    run: str
    vendor: str
    operation: str
    class_: str = Field(alias="class", description="`upsert`, `keyed` or `once`")
    state: str = Field(
        description="`queued`, `sending`, `waiting` (the vendor works on it), `succeeded`, "
        "`failed`, or `unknown`: nobody knows whether it happened, a person decides"
    )
    created: int
    changed: int
    tries: int
    key: str | None = Field(None, description="the `Idempotency-Key` it was ordered with")
    order: str | None = Field(None, description="runs of one order go one after the other")
    due: int | None = Field(None, description="when it is tried next")
    result: dict[str, Any] | None = None
    problem: Problem | None = None
    resolved: dict[str, Any] | None = Field(None, description="who decided what, and when")
    summary: dict[str, Any] | None = Field(None, description="what it is about")
    warnings: list[dict[str, Any]] | None = None


class RunList(Answer):
    """Runs, the newest first."""

    runs: list[RunView]
