"""A cloud's messages as commands of the till."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bridge.cloud.envelope import Frame, FrameInvalid, ReceiptOpen, problems
from bridge.cloud.outbox import Peer
from bridge.cloud.reading import Message
from bridge.model import commands
from bridge.model.faults import CommandInvalid
from bridge.till.faults import RegisterUnknown
from drivers.contract.clock import Clock

KEY_LENGTH = range(8, 129)
"""Characters that an idempotency key of the till may have."""

FARTHEST_S = 10 * 366 * 86_400.0
"""Seconds: an expiry farther away is taken as this far away. What a date can hold ends in 9999."""

Model = TypeVar("Model", bound=BaseModel)


class CloudTime:
    """What the cloud's clock says, estimated from ``welcome``.

    Its time went on by the box's monotonic clock since, so a box whose wall clock is wrong, or is
    set meanwhile, still tells rightly whether a command has expired.
    """

    def __init__(self, clock: Clock, stamped: datetime, round_trip_s: float) -> None:
        """``stamped`` is the cloud's time when it answered, half a round trip ago."""
        self._clock = clock
        self._at_welcome = stamped + timedelta(seconds=round_trip_s / 2)
        self._received = clock.monotonic()

    @property
    def offset_s(self) -> float:
        """Seconds by which the cloud's clock is ahead of the box's."""
        return (self._now() - self._clock.now()).total_seconds()

    def to_box(self, moment: datetime) -> datetime:
        """Return a moment of the cloud's clock as the box's clock will show it."""
        left = (moment - self._now()).total_seconds()
        left = min(max(left, -FARTHEST_S), FARTHEST_S)
        return self._clock.now() + timedelta(seconds=left)

    def _now(self) -> datetime:
        return self._at_welcome + timedelta(seconds=self._clock.monotonic() - self._received)


def data_of(frame: Frame, model: type[Model]) -> Model:
    """Read a frame's data. Raises ``FrameInvalid``."""
    try:
        return model.model_validate(frame.data)
    except ValidationError as error:
        raise FrameInvalid(problems(error)) from None


def parked_id_of(message: Message) -> str | None:
    """Return the parked receipt that a message is about: such messages keep their order."""
    if message.frame is None:
        return None
    found = message.frame.data.get("parked_id")
    return found if isinstance(found, str) else None


def open_receipt(frame: Frame, data: ReceiptOpen, expires: datetime, peer: Peer) -> commands.Open:
    """Return the command to open a receipt.

    Raises ``RegisterUnknown`` (also for a register that is not the peer's) and ``CommandInvalid``.
    """
    register = data.register_id or next(iter(peer.registers), "")
    if register not in peer.registers:
        raise RegisterUnknown(register)
    try:
        return commands.Open(
            key=key_of(frame, peer),
            expires=expires,
            register_id=register,
            origin=peer.name,
            parked_id=data.parked_id,
            reference=data.reference,
            note=data.note,
            customer=_customer(data),
            lines=tuple(
                commands.LineData(
                    text=line.text,
                    quantity=line.quantity,
                    unit_cents=line.unit_cents,
                    rate=line.rate,
                    article=line.article,
                )
                for line in data.lines
            ),
        )
    except ValidationError as error:
        raise CommandInvalid.of(error) from None


def withdraw_receipt(
    frame: Frame, receipt: str, expires: datetime, peer: Peer
) -> commands.Withdraw:
    """Return the command to withdraw ``receipt``. Raises ``CommandInvalid``."""
    try:
        return commands.Withdraw(key=key_of(frame, peer), expires=expires, receipt=receipt)
    except ValidationError as error:
        raise CommandInvalid.of(error) from None


def key_of(frame: Frame, peer: Peer) -> str:
    """Return the till's idempotency key: the peer's own, marked as the peer's."""
    key = f"{peer.name}:{frame.key or frame.id}"
    if len(key) in KEY_LENGTH:
        return key
    return f"{peer.name}:{hashlib.sha256(key.encode()).hexdigest()}"


def _customer(data: ReceiptOpen) -> commands.PersonData | None:
    if data.customer is None:
        return None
    return commands.PersonData(
        name=data.customer.name, address=data.customer.address, uid=data.customer.uid or None
    )
