"""One event becomes at most one frame, of the same content each time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.cloud import envelope
from bridge.cloud.outbox import Peer, Sources, report
from bridge.journal.event import GENESIS, Event
from bridge.model import events

PEER = Peer("asello", ("K1",), frozenset({"other"}))
NAMES = {"parked_id": "P-1", "reference": "R-1"}
COMPLETED: dict[str, Any] = {
    "kind": "sale",
    "belegnummer": "A7",
    "time": "2026-11-21T10:00:00",
    "totals": {"normal": 120},
    "total": 120,
    "payments": [{"n": 2, "kind": "cash", "cents": 120, "given_cents": 200}],
    "lines": [],
}


def event(kind: str, body: dict[str, Any], register: str | None = "K1") -> Event:
    packed = json.dumps(body, separators=(",", ":")).encode()
    return Event(9, kind, 0, packed, register, "receipt-1", 7, "jws", GENESIS, GENESIS)


def sources(origin: str | None = "asello") -> Sources:
    return Sources(lambda _: origin, lambda jws: f"code of {jws}")


@pytest.mark.parametrize("origin", [None, "asello", "operator", "demo"])
def test_a_completed_receipt_is_reported_whoever_opened_it(origin: str | None) -> None:
    body = COMPLETED if origin is None else COMPLETED | {"origin": origin}
    found = report(event(events.COMPLETED, body), PEER, sources())
    assert found is not None
    assert found.type == envelope.RECEIPT_COMPLETED
    assert "parked_id" not in found.data
    assert found.data["code"] == "code of jws"
    assert found.data["payments"] == [{"kind": "cash", "cents": 120}]
    assert (found.data["number"], found.data["belegnummer"]) == (7, "A7")


def test_a_receipt_of_another_cloud_or_register_is_none_of_its_business() -> None:
    foreign = event(events.COMPLETED, COMPLETED | {"origin": "other"})
    assert report(foreign, PEER, sources()) is None
    assert report(event(events.COMPLETED, COMPLETED, "K2"), PEER, sources()) is None


def test_a_receipt_that_it_parked_is_reported_from_any_register() -> None:
    body = COMPLETED | {"origin": "asello", **NAMES}
    found = report(event(events.COMPLETED, body, "K2"), PEER, sources())
    assert found is not None
    assert (found.data["parked_id"], found.data["reference"]) == ("P-1", "R-1")


@pytest.mark.parametrize(
    "kind", [events.ABORTED, events.WITHDRAWN, events.EXPIRED], ids=lambda kind: kind
)
def test_the_end_of_a_parked_receipt_is_told_to_who_parked_it(kind: str) -> None:
    parked = event(kind, {"rev": 2, **NAMES})
    found = report(parked, PEER, sources())
    assert found is not None
    assert found.type == kind
    assert report(parked, PEER, sources("other")) is None
    assert report(parked, PEER, sources(None)) is None
    assert report(event(kind, {"rev": 2}), PEER, sources()) is None


def test_a_reason_that_looks_like_a_parked_receipt_is_none() -> None:
    trap = event(events.ABORTED, {"reason": '"parked_id":', "nested": {"parked_id": "P-1"}})
    assert report(trap, PEER, sources()) is None


def test_what_became_of_a_command_is_told_to_its_sender_only() -> None:
    body = {"peer": "asello", "seq": 1, "id": "m-1", "type": "skip", "state": "done"}
    found = report(event(events.CLOUD_TAKEN, body, None), PEER, sources())
    assert found is not None
    assert (found.type, found.re, found.data) == (envelope.RESULT, "m-1", {"state": "done"})
    assert report(event(events.CLOUD_TAKEN, body | {"peer": "other"}), PEER, sources()) is None


@pytest.mark.parametrize(
    "kind",
    [
        events.LINE_ADDED,
        events.PAID,
        events.PAPER_PRINTED,
        events.UNIT_RECORDED,
        events.PIN_REFUSED,
        events.CLOUD_JOINED,
        events.REPRINT_WANTED,
    ],
)
def test_everything_else_is_the_boxes_own(kind: str) -> None:
    body = {"peer": "asello", "mark": "secret", **NAMES}
    assert report(event(kind, body), PEER, sources()) is None
