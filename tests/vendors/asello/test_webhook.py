"""asello's notifications to the box: only genuine ones, each once, only about its own receipts."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.asello.desk import World, world
from tests.vendors.asello.samples import SECRETS
from tests.vendors.harness import Reply

EXAMPLE = {
    "id": "642f2a88afc54fb5b3dc5e93a48dad6a",
    "attempt": 1,
    "properties": {},
    "notifications": [{"action": "document.created", "id": 9420657}],
}
"""The documented body."""


def message(number: str, *notifications: dict[str, Any], attempt: int = 1) -> bytes:
    body = {**EXAMPLE, "id": number, "attempt": attempt, "notifications": list(notifications)}
    return json.dumps(body).encode()


def signature(body: bytes, secret: str = SECRETS["webhook_secret"]) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().upper()}"


async def told(w: World, body: bytes, given: str | None = None) -> Reply:
    headers = {"signature": signature(body) if given is None else given}
    headers["request-id"] = "|4ec68e80deb0ed459e52320821cc4d63.b25b135c_b25b135d_21."
    reply = await w.counter.webhook(body=body, headers=headers)
    await w.counter.settle()
    return reply


async def parked(w: World, key: str = "p-1", **more: Any) -> str:
    reply = await w.park(key, **more)
    assert reply.status == 201
    return str(reply.json()["parked_id"])


async def state(w: World, parked_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await w.state(parked_id)).json()
    return found


def completed_at_asello(w: World, parked_id: str, document: str) -> None:
    store = w.surface.cloud.store
    store.do("UPDATE document SET parked = ? WHERE id = ?", parked_id, document)
    store.do("UPDATE parked SET state = 'completed' WHERE id = ?", parked_id)


async def test_the_echo_is_answered_verbatim_as_text(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        echo = "4acbe33406244d109888260d2c61b844"
        reply = await w.counter.webhook("GET", query={"echo": echo})
        assert (reply.status, reply.media_type) == (200, "text/plain")
        assert reply.body == echo.encode()
        for wrong in ("", "4acbe", "<script>alert(1)</script>", echo + "0", "ä" * 32):
            assert (await w.counter.webhook("GET", query={"echo": wrong})).status == 422
        assert (await w.counter.webhook("GET")).status == 422


async def test_the_documented_example_is_taken(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        body = json.dumps(EXAMPLE).encode()
        assert (await told(w, body)).status == 200
        assert (await told(w, body, signature(body).lower())).json()["new"] is False


async def test_a_wrong_signature_changes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        body = message("m-1", {"action": "receipt.aborted", "id": mine, "reference": "R001"})
        right = signature(body)
        for wrong in (
            "",
            "sha256=",
            right.removeprefix("sha256="),
            right[:-1],
            right + "0",
            right.replace("sha256", "sha1"),
            signature(body + b" "),
            signature(body, "another secret"),
        ):
            reply = await told(w, body, wrong)
            assert (reply.status, reply.json()["code"]) == (401, "webhook_refused"), wrong
        assert (await w.counter.webhook(body=body)).status == 401
        assert (await state(w, mine))["state"] == "parked"
        assert (await told(w, body)).status == 200
        assert (await state(w, mine))["state"] == "aborted"


@pytest.mark.covers("A-30", "A-31", "A-32", "A-33")
async def test_an_abort_and_a_completion_are_told_by_id_reference_and_action(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        first, second = await parked(w), await parked(w, "p-2", reference="R002")
        document = (await w.create(reference="doc")).json()
        completed_at_asello(w, second, document["document"])
        looks = len(w.looks(first)) + len(w.looks(second))
        body = message(
            "m-1",
            {"action": "receipt.aborted", "id": first, "reference": "R001"},
            {
                "action": "receipt.created",
                "id": int(document["document"]),
                "reference": "R002",
            },
        )
        assert (await told(w, body)).status == 200
        assert (await state(w, first))["state"] == "aborted"
        shown = await state(w, second)
        assert (shown["state"], shown["number"]) == ("completed", document["number"])
        assert (shown["register"], shown["code"]) == (document["register"], document["code"])
        assert len(w.looks(first)) + len(w.looks(second)) == looks, "nobody had to ask"


async def test_without_a_reference_the_document_itself_tells_whose_it_is(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        document = (await w.create(reference="doc")).json()
        completed_at_asello(w, mine, document["document"])
        number = int(document["document"])
        await told(w, message("m-1", {"action": "document.created", "id": number}))
        assert (await state(w, mine))["state"] == "completed"


@pytest.mark.covers("A-53")
async def test_receipts_of_others_are_left_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        await w.create(reference="other")
        before = len(w.stage.log)
        notes: tuple[dict[str, Any], ...] = (
            {"action": "receipt.created", "id": 1, "reference": "R999"},
            {"action": "receipt.aborted", "id": "somebody-elses", "reference": "R998"},
            {"action": "invoice.created", "id": 1, "reference": "R001"},
            {"action": "contact.deleted", "id": 3},
            {"action": "receipt.created", "id": True},
            {"action": 7, "id": None},
            {},
        )
        assert (await told(w, message("m-1", *notes))).status == 200
        assert len(w.stage.log) == before, "the reference alone tells that they are others'"
        assert (await state(w, mine))["state"] == "parked"
        # Two that cannot be told apart without asking, and are nobody's.
        note = {"action": "receipt.created", "id": 1}
        missing = {"action": "receipt.created", "id": 77}
        await told(w, message("m-2", note, missing))
        assert (await state(w, mine))["state"] == "parked"


async def test_a_repetition_is_worked_off_once_also_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        note = {"action": "receipt.created", "id": 1, "reference": "R001"}
        document = (await w.create(reference="doc")).json()
        completed_at_asello(w, mine, document["document"])
        assert (await told(w, message("m-1", note))).json()["new"] is True
        fetched = len(w.stage.calls("GET", "/api/v2/receipts/1"))
        assert fetched == 1
        assert (await told(w, message("m-1", note, attempt=2))).json()["new"] is False
        await w.counter.restart()
        assert (await told(w, message("m-1", note, attempt=3))).json()["new"] is False
        assert len(w.stage.calls("GET", "/api/v2/receipts/1")) == fetched


async def test_what_cannot_be_worked_off_now_is_worked_off_later(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        document = (await w.create(reference="doc")).json()
        completed_at_asello(w, mine, document["document"])
        w.stage.fault("status", status=503, path="/api/v2/receipts/", times=20)
        note = {"action": "receipt.created", "id": 1, "reference": "R001"}
        assert (await told(w, message("m-1", note))).status == 200, "answered at once"
        for _ in range(40):
            await w.advance(60)
            if not w.stage.front.faults.waiting():
                break
        for _ in range(20):
            await w.advance(300)
        known = await w.counter.desk._engaged["asello"].office.session.memory.get(f"parked/{mine}")
        assert known["state"] == "completed"


async def test_an_abort_that_is_told_late_does_not_undo_a_completion(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        mine = await parked(w)
        document = (await w.create(reference="doc")).json()
        completed_at_asello(w, mine, document["document"])
        note = {"action": "receipt.created", "id": 1, "reference": "R001"}
        await told(w, message("m-1", note))
        await told(w, message("m-2", {"action": "receipt.aborted", "id": mine}))
        assert (await state(w, mine))["state"] == "completed"


async def test_a_genuine_message_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for body in (b"", b"{", b"[]", b'{"id": 7}', b'{"id": "", "notifications": []}', b"\xff"):
            assert (await told(w, body)).status == 422
        deep = b"[" * 100_000
        assert (await told(w, deep)).status == 422


async def test_without_a_secret_nothing_is_believed(tmp_path: Path) -> None:
    from simulators.vendors.kit.clock import SimClock
    from simulators.vendors.kit.stage import Stage
    from tests.vendors.asello.samples import make_simulator
    from tests.vendors.harness import counter

    clock = SimClock()
    secrets = {name: text for name, text in SECRETS.items() if name != "webhook_secret"}
    async with (
        Stage(make_simulator(clock), clock) as stage,
        counter(tmp_path, "asello", stage, secrets=secrets) as c,
    ):
        body = message("m-1")
        reply = await c.webhook(body=body, headers={"signature": signature(body)})
        assert (reply.status, reply.json()["code"]) == (424, "vendor_not_configured")
