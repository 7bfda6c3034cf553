"""What a cloud is told of the journal: a function from an event to at most one frame.

There is no outbox table. The journal's sequence is the outbox; all that is kept is how far the
cloud has acknowledged. A frame's id is made of the journal's id and the event's number, so it is
the same however often it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.cloud import envelope
from bridge.journal.event import Event
from bridge.model import events

_ENDS = {
    events.ABORTED: envelope.RECEIPT_ABORTED,
    events.WITHDRAWN: envelope.RECEIPT_WITHDRAWN,
    events.EXPIRED: envelope.RECEIPT_EXPIRED,
}
_OUTAGE = {
    events.OUTAGE_BEGIN: envelope.OUTAGE_BEGIN,
    events.OUTAGE_END: envelope.OUTAGE_END,
}
_RESULT_FIELDS = ("state", "code", "detail", "retryable")


@dataclass(frozen=True, slots=True)
class Peer:
    """A cloud as the box sees it: its name, the registers granted to it, the other clouds."""

    name: str
    registers: tuple[str, ...]
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """The content of a frame that an event becomes. ``re`` is the id it answers."""

    type: str
    data: dict[str, Any]
    re: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What a report needs beside the event.

    ``origin_of`` returns who asked for a receipt (its end does not say), ``code_of`` the text of
    the machine-readable code of a signed receipt (JWS).
    """

    origin_of: Callable[[str], str | None]
    code_of: Callable[[str], str]


def report(event: Event, peer: Peer, sources: Sources) -> Report | None:
    """Return what a peer is told of an event, or ``None`` when it is not concerned."""
    kind = event.kind
    if kind == events.COMPLETED:
        return _completed(event, peer, sources)
    if kind == events.OPENED:
        return _opened(event, peer)
    if kind in _ENDS:
        return _ended(event, peer, sources)
    if kind == events.CLOUD_TAKEN:
        return _result(event, peer)
    if kind in _OUTAGE and event.register in peer.registers:
        return Report(_OUTAGE[kind], {"register": event.register, **event.data()})
    return None


def _opened(event: Event, peer: Peer) -> Report | None:
    if not _parked(event):
        return None
    body = event.data()
    if body.get("origin") != peer.name or "parked_id" not in body:
        return None
    return Report(envelope.RECEIPT_OPENED, {**_names(body), **_place(event)})


def _ended(event: Event, peer: Peer, sources: Sources) -> Report | None:
    if not _parked(event) or event.receipt is None:
        return None
    body = event.data()
    if "parked_id" not in body or sources.origin_of(event.receipt) != peer.name:
        return None
    data = {**_names(body), **_place(event)}
    if "reason" in body:
        data["reason"] = body["reason"]
    return Report(_ENDS[event.kind], data)


def _completed(event: Event, peer: Peer, sources: Sources) -> Report | None:
    body = event.data()
    origin = body.get("origin")
    if origin in peer.others or (origin != peer.name and event.register not in peer.registers):
        return None
    data = {
        **_names(body),
        **_place(event),
        "kind": body["kind"],
        "number": event.number,
        "belegnummer": body["belegnummer"],
        "time": body["time"],
        "totals": body["totals"],
        "total": body["total"],
        "payments": [
            {"kind": payment["kind"], "cents": payment["cents"]} for payment in body["payments"]
        ],
        "code": sources.code_of(event.jws or ""),
    }
    return Report(envelope.RECEIPT_COMPLETED, data)


def _result(event: Event, peer: Peer) -> Report | None:
    body = event.data()
    if body["peer"] != peer.name:
        return None
    data = {name: body[name] for name in _RESULT_FIELDS if name in body}
    return Report(envelope.RESULT, data, re=body["id"])


def _parked(event: Event) -> bool:
    # A quotation mark inside a text is escaped, so only a key can look like this.
    return b'"parked_id":' in event.body


def _names(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("parked_id", "reference") if name in body}


def _place(event: Event) -> dict[str, Any]:
    return {"receipt_id": event.receipt, "register": event.register}
