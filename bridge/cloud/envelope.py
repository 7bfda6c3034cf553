"""Messages between box and cloud: JSON text frames of the sub-protocol ``bonbridge.v1``.

Every frame has the same envelope; ``data`` depends on ``type``. Unknown fields are ignored,
unknown types answered with ``error`` ``unsupported_type``. What needs delivery carries ``seq``:

- cloud → box: 1, 2, 3 … per box without gap. ``ack`` (cumulative) says that everything up to a
  number is durable in the box; only then may the cloud forget it.
- box → cloud: the number of the event in the box's journal. Not every event is reported, so
  numbers rise with gaps; ``prev`` is the number of the frame before, which shows a loss. ``ack``
  by the cloud is cumulative, too.

Three answers are never merged: ``ack`` (it is on my disk), ``result`` (what became of a command,
once), and events (what happened to receipts). ``result`` and events are sent until acknowledged
and always bear the same ``id``, so a receiver tells a repetition by it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic_core import to_json

from drivers.contract.fault import Fault, Side, Text

SUBPROTOCOL = "bonbridge.v1"
"""Agreed in the WebSocket handshake, so that a wrong end-point fails early."""

VERSION = 1
"""Major version, in every frame."""

MAX_FRAME_BYTES = 256 * 1024
"""Largest frame either side sends or reads."""

MAX_IN_FLIGHT = 16
"""Commands a box takes before it has acknowledged the first of them."""

WINDOW = 100
"""Events a box sends ahead of the cloud's acknowledgement."""

# Close codes (RFC 6455 section 7.4.1; 4000-4999 are private).
CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_PROTOCOL = 1002
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_SERVER_ERROR = 1011
CLOSE_RESTART = 1012
CLOSE_TRY_LATER = 1013
CLOSE_TOKEN_EXPIRED = 4001
CLOSE_REVOKED = 4003
CLOSE_REPLACED = 4009
CLOSE_VERSION = 4010

HELLO = "hello"
WELCOME = "welcome"
ACK = "ack"
RESULT = "result"
ERROR = "error"
PING = "ping"
PONG = "pong"
SKIP = "skip"
"""A number of the cloud's stream that holds no message any more (it could not be delivered)."""

RECEIPT_OPEN = "receipt.open"
RECEIPT_WITHDRAW = "receipt.withdraw"

RECEIPT_OPENED = "receipt.opened"
RECEIPT_COMPLETED = "receipt.completed"
RECEIPT_ABORTED = "receipt.aborted"
RECEIPT_WITHDRAWN = "receipt.withdrawn"
RECEIPT_EXPIRED = "receipt.expired"
OUTAGE_BEGIN = "outage.begin"
OUTAGE_END = "outage.end"
DEVICE_CHANGED = "device.changed"
LATCH_CHANGED = "latch.changed"

DONE = "done"
REFUSED = "refused"

Id = Annotated[StrictStr, Field(min_length=1, max_length=128)]
Seq = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=64)]


class FrameInvalid(Fault):
    """A frame that is no envelope, or whose data do not fit its type."""

    code = "frame_invalid"
    side = Side.PEER
    title = Text(
        "Die Cloud hat eine unlesbare Nachricht geschickt",
        "The cloud has sent a message that cannot be read",
    )
    advice = Text(
        "Nichts wurde getan. Den Anbieter der Cloud benachrichtigen.",
        "Nothing was done. Tell the cloud's provider.",
    )


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Frame(_Wire):
    """The envelope. ``ts`` is the sender's time, ``exp`` the last moment at which a command may
    be carried out (sender's clock), ``re`` the id this answers, ``key`` the idempotency key."""

    v: StrictInt
    id: Id
    type: Name
    seq: Seq | None = None
    prev: Annotated[StrictInt, Field(ge=0)] | None = None
    re: Id | None = None
    key: Annotated[StrictStr, Field(min_length=8, max_length=128)] | None = None
    ts: AwareDatetime | None = None
    exp: AwareDatetime | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class RegisterHead(_Wire):
    """Where a register's chain stands: last number, turnover counter in cents, hash (hex) of the
    journal event of the last receipt, which covers its signature. A cloud that knows a number
    only, from a report, leaves ``chain`` empty."""

    id: Name
    number: StrictInt
    counter: StrictInt
    chain: StrictStr


class JournalHead(_Wire):
    """Where the box's journal stands. ``hash`` is hex."""

    journal_id: StrictStr
    seq: StrictInt
    hash: StrictStr
    registers: tuple[RegisterHead, ...] = ()


class OpenCommand(_Wire):
    """A parked receipt that is open in the box."""

    parked_id: StrictStr
    receipt_id: StrictStr


class Hello(_Wire):
    """First frame of the box. ``last_in`` is the last number of the cloud's stream that is durable
    with all before it; ``first_unacked``/``last_out`` bound what the box still wants to report."""

    box: StrictStr
    software: StrictStr
    boot: StrictStr
    last_in: StrictInt = 0
    first_unacked: StrictInt | None = None
    last_out: StrictInt = 0
    open: tuple[OpenCommand, ...] = ()
    max_in_flight: StrictInt = MAX_IN_FLIGHT
    journal: JournalHead | None = None


class Limits(_Wire):
    """What the cloud allows; what it does not say stays at the box's own values."""

    window: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    max_frame_bytes: Annotated[StrictInt, Field(ge=1024)] | None = None
    ping_interval_s: Annotated[float, Field(ge=5, le=600)] | None = None
    ping_timeout_s: Annotated[float, Field(ge=2, le=600)] | None = None


class Welcome(_Wire):
    """First frame of the cloud: ``last_out`` is the last number of the box's stream that it has
    with all before it, ``time`` its clock, ``journal`` the last head of the journal it knows."""

    last_out: Annotated[StrictInt, Field(ge=0)] = 0
    time: AwareDatetime
    limits: Limits = Limits()
    token: StrictStr | None = None
    journal: JournalHead | None = None


class OpenLine(_Wire):
    """A line of a pushed receipt; ``unit_cents`` is gross, ``quantity`` text like ``"1.000"``."""

    text: StrictStr
    quantity: StrictStr = "1"
    unit_cents: StrictInt
    rate: StrictStr
    article: StrictStr | None = None


class Customer(_Wire):
    """For whom a receipt is."""

    name: StrictStr = ""
    address: tuple[StrictStr, ...] = ()
    uid: StrictStr | None = None


class ReceiptOpen(_Wire):
    """Open a receipt at the counter."""

    parked_id: Name
    reference: Name | None = None
    register_id: Annotated[Name | None, Field(alias="register")] = None
    lines: Annotated[tuple[OpenLine, ...], Field(max_length=999)] = ()
    note: StrictStr | None = None
    customer: Customer | None = None


class ReceiptWithdraw(_Wire):
    """Take a parked receipt back."""

    parked_id: Name


class Result(_Wire):
    """What became of the command ``re``. ``code`` is the fault's when it was refused."""

    state: Literal["done", "refused"]
    code: StrictStr | None = None
    detail: StrictStr | None = None
    retryable: StrictBool | None = None


class Ack(_Wire):
    """Everything up to ``seq`` of the other side's stream is durable here."""

    seq: Annotated[StrictInt, Field(ge=0)]


class ErrorData(_Wire):
    """A frame that could not be used; the link goes on."""

    code: StrictStr
    detail: StrictStr = ""


def parse_frame(raw: str | bytes) -> Frame:
    """Read a frame. Raises ``FrameInvalid`` naming what is wrong, never its content."""
    try:
        frame = Frame.model_validate_json(raw)
    except ValidationError as error:
        raise FrameInvalid(problems(error)) from None
    if frame.v != VERSION:
        message = f"version {frame.v}, this side speaks {VERSION}"
        raise FrameInvalid(message)
    return frame


def problems(error: ValidationError) -> str:
    """Return the names of the wrong fields and what is wrong with them, without their values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'frame'}: {each['msg']}" for each in found
    )


def write_frame(
    message_type: str, message_id: str, sent: datetime, data: dict[str, Any], **envelope: Any
) -> str:
    """Return a frame as text. ``envelope`` takes ``seq``, ``prev``, ``re``, ``key``, ``exp``."""
    frame: dict[str, Any] = {"v": VERSION, "id": message_id, "type": message_type, "ts": sent}
    frame.update((name, value) for name, value in envelope.items() if value is not None)
    frame["data"] = data
    return to_json(frame).decode()
