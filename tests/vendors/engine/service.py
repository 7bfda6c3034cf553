"""A small real service, and a vendor file for it with an operation of each class.

The service keeps what it did: ``done`` counts effects by kind and id. Its faults are the kit's.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.answers import json_answer
from bridge.vendors.engine.auth import TokenLogin, text_at
from bridge.vendors.engine.faults import (
    CallInvalid,
    NeedsDecision,
    VendorBroken,
    VendorRejected,
    WebhookRefused,
)
from bridge.vendors.engine.spec import (
    Accepted,
    Delivery,
    Draft,
    Found,
    Kind,
    Limit,
    Look,
    Offline,
    Operation,
    Poll,
    Progress,
    Run,
    SecretName,
    Session,
    Settings,
    State,
    Trigger,
    Vendor,
    Verdict,
)
from bridge.vendors.engine.wire import Answer, Request, json_body, segment
from simulators.vendors.kit import SimClock

PASSWORD = "post-horn-4711"


class PostOffice:
    """A parcel service. ``parcels``, ``letters`` and ``cards`` list what arrived, in order;
    ``jobs`` tells what a job answers; ``amnesia`` lets it forget parcels when asked."""

    name = "post"

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.reset()
        self.app: ASGIApp = Router(
            [
                Route("/login", self._login, methods=["POST"]),
                Route("/rates", self._rates),
                Route("/label.pdf", self._label),
                Route("/parcels", self._parcel, methods=["POST"]),
                Route("/parcels/{id}", self._find_parcel),
                Route("/letters", self._letter, methods=["POST"]),
                Route("/letters/{id}", self._find_letter),
                Route("/cards", self._card, methods=["POST"]),
                Route("/names/{id}", self._name, methods=["PUT"]),
                Route("/lists", self._list, methods=["POST"]),
                Route("/jobs/{id}", self._job),
            ]
        )

    def reset(self) -> None:
        self.parcels: list[str] = []
        self.letters: list[str] = []
        self.cards: list[str] = []
        self.names: list[tuple[str, str]] = []
        self.lists: list[Any] = []
        self.jobs: dict[str, str] = {}
        self.amnesia = False
        self.token = 0

    def golden(self) -> None:
        self.reset()

    def forget_session(self) -> None:
        """Let the session end."""
        self.token += 1

    def _refused(self, request: HttpRequest) -> bool:
        return request.headers.get("x-token") != f"token-{self.token}-0123456789"

    async def _login(self, request: HttpRequest) -> Response:
        if (await request.json()).get("password") != PASSWORD:
            return JSONResponse({"error": "no"}, 401)
        return JSONResponse({"token": f"token-{self.token}-0123456789"})

    async def _rates(self, request: HttpRequest) -> Response:
        return self._answer(request, {"rates": [1, 2.5]})

    async def _label(self, request: HttpRequest) -> Response:
        return Response(b"%PDF-label", media_type="application/pdf")

    async def _parcel(self, request: HttpRequest) -> Response:
        return await self._take(request, self.parcels)

    async def _letter(self, request: HttpRequest) -> Response:
        return await self._take(request, self.letters)

    async def _card(self, request: HttpRequest) -> Response:
        return await self._take(request, self.cards)

    async def _take(self, request: HttpRequest, kept: list[str]) -> Response:
        if self._refused(request):
            return JSONResponse({"error": "session"}, 401)
        body = await request.json()
        if body.get("bad"):
            return JSONResponse({"error": "bad", "password": "echoed-secret"}, 422)
        kept.append(body["id"])
        return JSONResponse({"stored": body["id"]}, 201)

    async def _find_parcel(self, request: HttpRequest) -> Response:
        found = request.path_params["id"] in self.parcels and not self.amnesia
        return self._answer(request, {"known": found})

    async def _find_letter(self, request: HttpRequest) -> Response:
        return self._answer(request, {"known": request.path_params["id"] in self.letters})

    async def _name(self, request: HttpRequest) -> Response:
        if self._refused(request):
            return JSONResponse({"error": "session"}, 401)
        self.names.append((request.path_params["id"], (await request.json())["name"]))
        return Response(status_code=204)

    async def _list(self, request: HttpRequest) -> Response:
        if self._refused(request):
            return JSONResponse({"error": "session"}, 401)
        self.lists.append(await request.json())
        job = f"job-{len(self.lists)}"
        self.jobs.setdefault(job, "running")
        return JSONResponse({"job": job}, 200)

    async def _job(self, request: HttpRequest) -> Response:
        return self._answer(request, {"status": self.jobs[request.path_params["id"]]})

    def _answer(self, request: HttpRequest, value: Any) -> Response:
        if self._refused(request):
            return JSONResponse({"error": "session"}, 401)
        return JSONResponse(value)


def make(clock: SimClock) -> PostOffice:
    return PostOffice(clock)


# The vendor file


class PostSettings(Settings):
    """``slow``: work that is not finished is left waiting instead of unknown."""

    slow: bool = False


def read_body(call: LocalCall) -> dict[str, Any]:
    try:
        body = json.loads(call.body)
    except ValueError:
        raise CallInvalid.at("", "not JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise CallInvalid.at("/id", "is missing")
    return body


def _drafter(target: str, **more: Any) -> Any:
    async def build(call: LocalCall, session: Session) -> Draft:
        body = read_body(call)
        return Draft(
            request=Request(
                method="POST",
                target=target,
                content=call.body,
                content_type="application/json",
            ),
            order=body.get("order", ""),
            facts={"id": body["id"], "stop": body.get("stop", False)},
            summary={"id": body["id"]},
            offline=Offline(body["offline"]) if "offline" in body else None,
            kind=Kind(body["kind"]) if "kind" in body else None,
            warnings=({"code": "heavy", "text": "it is heavy"},) if body.get("heavy") else (),
            remember={f"chosen/{body['id']}": body["id"]},
            **more,
        )

    return build


def accept(answer: Answer, run: Run) -> Accepted:
    value = answer.json()
    if not isinstance(value, dict):
        raise VendorBroken("no object")
    if "stored" in value:
        return Accepted(values={"stored": value["stored"]}, remember={"last": value["stored"]})
    raise VendorBroken("no word of what was stored")


def _finder(where: str) -> Any:
    async def reconcile(run: Run, session: Session) -> Verdict:
        target = f"/{where}/{segment(run.draft.facts['id'])}"
        answer = await session.read(Request(method="GET", target=target))
        if not answer.ok:
            return Verdict(Found.UNCLEAR, text=f"status {answer.status}")
        if answer.json()["known"]:
            return Verdict(Found.DONE, Accepted(values={"stored": run.draft.facts["id"]}))
        return Verdict(Found.NOT_DONE, text="it is not in the list")

    return reconcile


async def before(run: Run, session: Session) -> None:
    if run.draft.facts["stop"]:
        raise NeedsDecision("the facts have changed")


async def after(run: Run, session: Session) -> None:
    ended = await session.memory.get("ended") or []
    await session.memory.put("ended", [*ended, [run.draft.facts["id"], str(run.state)]])


async def build_rates(call: LocalCall, session: Session) -> Draft:
    return Draft(request=Request(method="GET", target="/rates"))


async def build_label(call: LocalCall, session: Session) -> Draft:
    return Draft(request=Request(method="GET", target="/label.pdf"))


async def build_name(call: LocalCall, session: Session) -> Draft:
    name = call.path["id"]
    return Draft(
        request=Request(
            method="PUT",
            target=f"/names/{segment(name)}",
            content=call.body,
            content_type="application/json",
        ),
        order=f"name {name}",
        replaces=f"name {name}",
        facts={"id": name, "name": json.loads(call.body)["name"], "stop": False},
        summary={"id": name},
    )


def accept_name(answer: Answer, run: Run) -> Accepted:
    if answer.status != 204:
        raise VendorBroken(f"status {answer.status} instead of 204")
    return Accepted()


async def build_single(call: LocalCall, session: Session) -> Draft:
    body = read_body(call)
    return Draft(
        request=Request(
            method="PUT",
            target=f"/names/{segment(body['id'])}",
            content=call.body,
            content_type="application/json",
        ),
        order="names",
        facts={"record": body, "id": body["id"], "stop": False},
    )


async def merge_singles(runs: Any, session: Session) -> tuple[str, Draft]:
    records = [each.draft.facts["record"] for each in runs]
    return "send_list", Draft(
        request=Request(
            method="POST",
            target="/lists",
            content=json_body(records),
            content_type="application/json",
        ),
        facts={"id": "merged", "stop": False},
        summary={"records": len(records)},
    )


async def build_list(call: LocalCall, session: Session) -> Draft:
    return Draft(
        request=Request(
            method="POST", target="/lists", content=call.body, content_type="application/json"
        ),
        order="names",
        facts={"id": "list", "stop": False},
    )


def accept_list(answer: Answer, run: Run) -> Accepted:
    return Accepted(values={"job": answer.json()["job"]})


def look_at(answer: Answer, run: Run) -> Look:
    match answer.json()["status"]:
        case "done":
            return Look(Progress.SUCCEEDED, Accepted(values={"records": 3}, remember={"ok": True}))
        case "failed":
            return Look(Progress.FAILED, text="record 2 is wrong")
        case "refused":
            raise VendorRejected("the list is refused")
        case status:
            return Look(Progress.RUNNING, Accepted(values={"progress": status}))


def job_request(run: Run) -> Request:
    return Request(method="GET", target=f"/jobs/{run.result['job']}")


def poll(at_last: State = State.UNKNOWN) -> Poll:
    return Poll(request=job_request, read=look_at, pauses=(3, 5, 10), give_up_s=60, at_last=at_last)


async def remembered(call: LocalCall, session: Session) -> LocalAnswer:
    return json_answer(200, dict(await session.memory.named(call.parameter("prefix") or "")))


async def look(session: Session) -> None:
    answer = await session.read(Request(method="GET", target="/rates"))
    if not answer.ok:
        raise VendorRejected(f"status {answer.status}")


def greet(call: LocalCall) -> LocalAnswer:
    return LocalAnswer(body=(call.parameter("echo") or "").encode(), media_type="text/plain")


def verify(call: LocalCall, session: Session) -> Delivery:
    if call.headers.get("signature") != "genuine":
        raise WebhookRefused("no signature")
    body = json.loads(call.body)
    return Delivery(body["id"], tuple(body["notes"]))


async def handle(delivery: Delivery, session: Session) -> None:
    heard = await session.memory.get("heard") or []
    await session.memory.put("heard", [*heard, delivery.id])


def _log_in(gate: Any) -> Request:
    secret = gate.secret("password").reveal()
    return Request(
        method="POST",
        target="/login",
        content=json_body({"password": secret}),
        content_type="application/json",
    )


PARCEL = Operation(
    name="send_parcel",
    kind=Kind.KEYED,
    method="POST",
    path="/parcels",
    summary="Send a parcel",
    build=_drafter("/parcels"),
    accept=accept,
    before=before,
    reconcile=_finder("parcels"),
    after=after,
    offline=Offline.QUEUE,
)
LETTER = Operation(
    name="send_letter",
    kind=Kind.ONCE,
    method="POST",
    path="/letters",
    summary="Send a letter",
    build=_drafter("/letters"),
    accept=accept,
    before=before,
    reconcile=_finder("letters"),
    after=after,
)
CARD = Operation(
    name="send_card",
    kind=Kind.ONCE,
    method="POST",
    path="/cards",
    summary="Send a card",
    build=_drafter("/cards"),
    accept=accept,
    no_reconcile="cards leave no trace",
    after=after,
)
LIST = Operation(
    name="send_list",
    kind=Kind.UPSERT,
    method="POST",
    path="/lists",
    summary="Send all names",
    build=build_list,
    accept=accept_list,
    poll=poll(),
    after=after,
    offline=Offline.QUEUE,
)
VENDOR = Vendor(
    name="post",
    title="Post",
    settings=PostSettings,
    secrets=(SecretName("password", "of the account"),),
    auth=TokenLogin(build=_log_in, extract=lambda a: text_at(a, "token"), header="X-Token"),
    check=look,
    trigger=Trigger(greet=greet, verify=verify, handle=handle),
    max_queued=20,
    operations=(
        Operation(
            name="rates",
            kind=Kind.READ,
            method="GET",
            path="/rates",
            summary="Rates",
            build=build_rates,
            accept=lambda answer, run: Accepted(values={"count": len(answer.json()["rates"])}),
        ),
        Operation(
            name="label",
            kind=Kind.READ,
            method="GET",
            path="/label.pdf",
            summary="Label",
            build=build_label,
            accept=lambda answer, run: Accepted(media="application/pdf", content=answer.content),
        ),
        PARCEL,
        LETTER,
        CARD,
        Operation(
            name="put_name",
            kind=Kind.UPSERT,
            method="PUT",
            path="/names/{id}",
            summary="Set a name",
            build=build_name,
            accept=accept_name,
            offline=Offline.QUEUE,
        ),
        Operation(
            name="put_single",
            kind=Kind.UPSERT,
            method="PUT",
            path="/single",
            summary="Set one name",
            build=build_single,
            merge=merge_singles,
            offline=Offline.QUEUE,
            limit=Limit(per_minute=20, burst=5),
        ),
        LIST,
        Operation(
            name="remembered",
            kind=Kind.LOCAL,
            method="GET",
            path="/memory",
            summary="What is remembered",
            local=remembered,
        ),
    ),
)


def find(name: str) -> Vendor:
    assert name == "post"
    return VENDOR
