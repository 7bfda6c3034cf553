"""Webhooks: checked, signed, sent again until the receiver has them, also after a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from simulators.vendors.kit.server import HttpServer
from tests.cloud_sim.world import RawBox, World, cloud, completed, until

SECRET = "webhook-secret"
EVENTS = ["receipt.created", "receipt.aborted"]


@dataclass
class Receiver:
    """Takes what comes. ``answers`` are the status codes of the next POSTs, then 200."""

    server: HttpServer
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    echo: str | None = None
    echoes: list[str] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/hook?shop=1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for _, raw in self.posts]

    async def got(self, count: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.posts) >= count)
        return self.bodies


@asynccontextmanager
async def receiver(port: int = 0) -> AsyncIterator[Receiver]:
    async def get(request: Request) -> Response:
        found.echoes.append(request.query_params["echo"])
        assert request.query_params["shop"] == "1"
        return PlainTextResponse(found.echoes[-1] if found.echo is None else found.echo)

    async def post(request: Request) -> Response:
        found.posts.append((dict(request.headers), await request.body()))
        return Response(status_code=found.answers.pop(0) if found.answers else 200)

    app = Starlette(
        routes=[Route("/hook", get, methods=["GET"]), Route("/hook", post, methods=["POST"])]
    )
    found = Receiver(HttpServer(app, port=port))
    await found.server.start()
    try:
        yield found
    finally:
        await found.server.stop()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with cloud(tmp_path / "cloud") as world:
        yield world


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as found:
        yield found


async def subscribe(world: World, hook: Receiver, **changes: Any) -> str:
    body = {"description": "d", "uri": hook.uri, "secret": SECRET, "events": EVENTS, **changes}
    answer = await world.rest.post("/api/v2/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def sell(box: RawBox, number: int = 1, **changes: Any) -> None:
    """Report a receipt that was made at the till."""
    data = completed(number=number, receipt_id=f"r-{number}", **changes)
    await box.report("receipt.completed", data)


async def test_the_echo_check_comes_before_the_subscription(world: World, hook: Receiver) -> None:
    await subscribe(world, hook)
    (echo,) = hook.echoes
    assert len(echo) == 32
    assert int(echo, 16) >= 0


async def test_a_receiver_that_does_not_echo_is_not_subscribed(
    world: World, hook: Receiver
) -> None:
    body = {"uri": hook.uri, "secret": SECRET, "events": EVENTS}
    for echo in ("", "4acbe33406244d109888260d2c61b844"):
        hook.echo = echo
        answer = await world.rest.post("/api/v2/webhooks", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "echo_failed")
    assert (await world.rest.get("/api/v2/webhooks")).json() == {"items": []}


async def test_a_subscription_that_cannot_be_is_refused_naming_the_field(
    world: World, hook: Receiver
) -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"uri": "ftp://x"}, "uri"),
        ({"uri": "http://127.0.0.1:1/nobody"}, "uri"),
        ({"uri": "http://[bad"}, "uri"),
        ({"secret": "short"}, "secret"),
        ({"events": []}, "events"),
        ({"events": ["receipt.opened"]}, "events.0"),
        ({"paused": "no"}, "paused"),
    )
    for changes, wrong in cases:
        body = {"uri": hook.uri, "secret": SECRET, "events": EVENTS, **changes}
        answer = await world.rest.post("/api/v2/webhooks", json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, wrong), changes


async def test_a_completed_receipt_is_told_once_signed_over_the_raw_body(
    world: World, hook: Receiver
) -> None:
    await subscribe(world, hook)
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.opened", {"parked_id": parked})
        await world.becomes(parked, "open")
        assert not hook.posts
        await box.report("receipt.completed", completed(parked))
        (body,) = await hook.got(1)
        found = await world.becomes(parked, "completed")
    (headers, raw) = hook.posts[0]
    digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest().upper()
    assert headers["signature"] == f"sha256={digest}"
    assert headers["request-id"].startswith("|")
    assert len(body.pop("id")) == 32
    assert body == {
        "attempt": 1,
        "properties": {},
        "notifications": [
            {"action": "receipt.created", "id": found["documentId"], "reference": "R001"}
        ],
    }


async def test_an_abort_creates_nothing_and_is_told_as_such(world: World, hook: Receiver) -> None:
    await subscribe(world, hook)
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        for _ in range(2):
            await box.report("receipt.aborted", {"parked_id": parked})
        await sell(box)
        bodies = await hook.got(2)
    told = [each["notifications"][0] for each in bodies]
    assert {"action": "receipt.aborted", "id": parked, "reference": "R001"} in told
    assert [each["action"] for each in told].count("receipt.created") == 1
    assert len(told) == 2


async def test_receipts_made_at_the_till_are_told_too(world: World, hook: Receiver) -> None:
    await subscribe(world, hook)
    async with world.box() as box:
        await sell(box)
        (body,) = await hook.got(1)
    assert body["notifications"][0]["reference"] is None


async def test_only_wanted_events_are_told(world: World, hook: Receiver) -> None:
    await subscribe(world, hook, events=["receipt.created"])
    async with world.box() as box:
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.aborted", {"parked_id": parked})
        await sell(box)
        (body,) = await hook.got(1)
    assert body["notifications"][0]["action"] == "receipt.created"


async def test_what_is_refused_comes_again_with_the_same_id_and_a_growing_attempt(
    world: World, hook: Receiver
) -> None:
    hook.answers = [500, 404, 302]
    await subscribe(world, hook)
    async with world.box() as box:
        await sell(box)
        bodies = await hook.got(4)
    assert [each["attempt"] for each in bodies] == [1, 2, 3, 4]
    assert len({each["id"] for each in bodies}) == 1
    async with asyncio.timeout(30):
        while (await world.state())["deliveries"] != {"waiting": 0, "delivered": 1}:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)


async def test_a_slow_or_dead_receiver_holds_up_no_other(world: World, hook: Receiver) -> None:
    async with receiver() as dead:
        await subscribe(world, dead)
    await subscribe(world, hook)
    async with world.box() as box:
        for number in range(1, 6):
            await sell(box, number)
        assert len(await hook.got(5)) == 5
    assert (await world.state())["deliveries"]["waiting"] == 5


async def test_what_is_undelivered_is_sent_after_a_restart_under_the_same_id(
    tmp_path: Path,
) -> None:
    async with receiver() as hook:
        port = hook.server.port
        hook.answers = [500] * 1000
        async with cloud(tmp_path) as world:
            await subscribe(world, hook)
            async with world.box() as box:
                await sell(box)
                first = (await hook.got(1))[0]
    async with receiver(port) as hook, cloud(tmp_path):
        (again,) = await hook.got(1)
    assert again["id"] == first["id"]
    assert again["attempt"] > first["attempt"]


async def test_a_paused_subscription_is_told_after_the_pause(world: World, hook: Receiver) -> None:
    number = await subscribe(world, hook, paused=True)
    async with world.box() as box:
        await sell(box)
        await box.acked(2)
        await sell(box, 2)
        await box.acked(4)
        assert not hook.posts
        body = {"uri": hook.uri, "secret": "another-secret", "events": EVENTS}
        answer = await world.rest.put(f"/api/v2/webhooks/{number}", json=body)
        assert answer.json() == {
            "id": number,
            "description": "",
            "uri": hook.uri,
            "events": EVENTS,
            "paused": False,
        }
        await hook.got(2)
    headers, raw = hook.posts[0]
    digest = hmac.new(b"another-secret", raw, hashlib.sha256).hexdigest().upper()
    assert headers["signature"] == f"sha256={digest}"


async def test_a_removed_subscription_is_told_nothing_more(world: World, hook: Receiver) -> None:
    async with receiver() as gone:
        number = await subscribe(world, gone)
        await subscribe(world, hook)
        gone.answers = [500] * 1000
        async with world.box() as box:
            await sell(box)
            await gone.got(1)
            assert (await world.rest.delete(f"/api/v2/webhooks/{number}")).status_code == 204
            before = len(gone.posts)
            await sell(box, 2)
            await hook.got(2)
        assert len(gone.posts) <= before + 1  # one may have been on its way
    assert (await world.rest.get(f"/api/v2/webhooks/{number}")).status_code == 404
    assert (await world.state())["deliveries"] == {"waiting": 0, "delivered": 2}


async def test_secrets_of_webhooks_are_never_shown(world: World, hook: Receiver) -> None:
    number = await subscribe(world, hook)
    for path in ("/api/v2/webhooks", f"/api/v2/webhooks/{number}"):
        assert SECRET not in (await world.rest.get(path)).text
    assert SECRET not in json.dumps(await world.state())


async def test_switches_spoil_what_is_sent(world: World, hook: Receiver) -> None:
    await subscribe(world, hook)
    async with world.box() as box:
        await world.control(set={"omit_reference": True})
        await sell(box, 1)
        (body,) = await hook.got(1)
        assert "reference" not in body["notifications"][0]
        await world.control(set={"omit_reference": False, "webhook_bad_signature": 1})
        await sell(box, 2)
        await hook.got(2)
        headers, raw = hook.posts[1]
        digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest().upper()
        assert headers["signature"] != f"sha256={digest}"
        await world.control(set={"webhook_twice": 1})
        await sell(box, 3)
        twice = (await hook.got(4))[2:]
        assert twice[0]["id"] == twice[1]["id"]
        assert [each["attempt"] for each in twice] == [1, 2]
        await world.control(set={"silent_abort": True})
        parked, command = await world.opened(box)
        await box.done(command)
        await box.report("receipt.aborted", {"parked_id": parked})
        await sell(box, 4)
        last = (await hook.got(5))[4]
        assert last["notifications"][0]["action"] == "receipt.created"


@pytest.mark.covers("A-42")
async def test_every_documented_event_can_be_subscribed_to(world: World, hook: Receiver) -> None:
    kinds = ("document", "receipt", "invoice", "deliverynote", "order", "deliveryorder")
    documented = [f"{kind}.{change}" for kind in kinds for change in ("created", "updated")]
    documented += [f"contact.{change}" for change in ("created", "updated", "deleted")]
    for event in documented:
        await subscribe(world, hook, events=[event])
    listed = (await world.rest.get("/api/v2/webhooks")).json()["items"]
    assert [each["events"] for each in listed] == [[event] for event in documented]
