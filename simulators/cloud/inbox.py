"""Takes a box's numbered frame: kept, and with all its effect, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from bridge.cloud.envelope import Frame, problems
from simulators.cloud.assumed import ACTION_ABORTED, ACTION_CREATED
from simulators.cloud.parking import Parking
from simulators.cloud.reports import MODELS
from simulators.cloud.store import Store
from simulators.cloud.streams import Streams, Taken
from simulators.cloud.subscriptions import Subscriptions
from simulators.cloud.switches import Switches

SEQUENCE_CONFLICT = "sequence_conflict"
"""Another frame already has this number, or this id: the journal of the box has forked, and an
acknowledgement would claim what is not known."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a frame, as the data of an ``error``."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a frame. One with a problem may have been kept all the same: what cannot be
    used must not hold up what comes after it."""

    taken: Taken
    problem: Problem | None = None


class Inbox:
    """The way of a frame from the wire to documents and webhooks."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        parking: Parking,
        subscriptions: Subscriptions,
        switches: Switches,
    ) -> None:
        self._store = store
        self._streams = streams
        self._parking = parking
        self._subscriptions = subscriptions
        self._switches = switches

    def take(self, box: str, frame: Frame) -> Receipt:
        """Take one frame; the caller's transaction makes it durable."""
        problem = None
        data = None
        model = MODELS.get(frame.type)
        if model is None:
            problem = Problem("unsupported_type", frame.type)
        else:
            try:
                data = model.model_validate(frame.data)
            except ValidationError as error:
                problem = Problem("frame_invalid", problems(error))
        parked = None if data is None else self._parking.parked_of(box, frame)
        taken, number = self._streams.take(box, frame, parked)
        if taken is Taken.REPEATED:
            return Receipt(taken)
        if taken is Taken.GAP:
            return Receipt(taken, Problem("sequence_gap", f"seq {frame.seq} prev {frame.prev}"))
        if taken is Taken.CONFLICT:
            return Receipt(taken, Problem(SEQUENCE_CONFLICT, f"seq {frame.seq}"))
        if data is not None:
            end = self._parking.apply(box, frame, data, parked, number)
            if end is not None and (end.created or not self._switches.settings.silent_abort):
                action = ACTION_CREATED if end.created else ACTION_ABORTED
                self._subscriptions.notify(action, end.id, end.reference)
        return Receipt(taken, problem)
