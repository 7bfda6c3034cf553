"""The REST side for external programs: sign in, create, park, open, discard, list, fetch."""

from __future__ import annotations

import json
import secrets
import sqlite3
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.cloud import assumed
from simulators.cloud.bodies import CreateBody, OpenBody, ParkedBody, checked
from simulators.cloud.cloud import Cloud
from simulators.cloud.documents import Documents
from simulators.cloud.parking import (
    ABORTED,
    COMPLETED,
    EXPIRED,
    OPEN,
    OPENING,
    PARKED,
    WITHDRAWN,
    Progress,
)
from simulators.cloud.polling import PollGuard
from simulators.cloud.refusal import Refusal, answer_refusal, body_of
from simulators.cloud.reports import CompletedReport
from simulators.cloud.secret_files import Login
from simulators.cloud.webhook_api import WebhookApi

LIST_LIMIT = 1000
_STATES = frozenset({PARKED, OPENING, OPEN, COMPLETED, ABORTED, WITHDRAWN, EXPIRED})


class Api:
    """``app`` is the ASGI application."""

    def __init__(self, cloud: Cloud, login: Login, guard: PollGuard) -> None:
        self._cloud = cloud
        self._documents = Documents(cloud.store, cloud.hsm, cloud.webhooks.subscriptions)
        self._login = login
        self._guard = guard
        self._tokens: dict[str, float] = {}
        webhooks = WebhookApi(cloud.store, cloud.webhooks)
        parked, receipts = assumed.PATH_PARKED, assumed.PATH_RECEIPTS
        routes = [
            Route("/token", self._sign_in, methods=["POST"]),
            *(
                Route(path, self._guarded(endpoint), methods=[method])
                for method, path, endpoint in (
                    ("POST", f"{receipts}/create", self._create),
                    ("GET", receipts, self._by_reference),
                    ("GET", f"{receipts}/{{number:int}}", self._by_number),
                    ("POST", parked, self._park),
                    ("GET", parked, self._list),
                    ("GET", f"{parked}/{{parked}}", self._read),
                    ("POST", f"{parked}/{{parked}}/open", self._open),
                    ("POST", f"{parked}/{{parked}}/discard", self._discard),
                    *webhooks.calls(),
                )
            ),
        ]
        self.app = Starlette(routes=routes, exception_handlers={Refusal: answer_refusal})

    # Signing in

    async def _sign_in(self, request: Request) -> Response:
        form = parse_qs((await body_of(request)).decode("utf-8", "replace"))
        given = {name: values[-1] for name, values in form.items()}
        if given.get("grant_type") != "password":
            raise Refusal(400, "unsupported_grant_type", "grant_type is password")
        right_user = secrets.compare_digest(
            given.get("userName", "").encode(), self._login.user.encode()
        )
        right_password = secrets.compare_digest(
            given.get("password", "").encode(), self._login.password.encode()
        )
        if not (right_user and right_password):
            raise Refusal(400, "invalid_grant", "user name or password is wrong")
        token = secrets.token_urlsafe(32)
        now = self._cloud.clock.monotonic()
        self._tokens = {known: end for known, end in self._tokens.items() if end > now}
        self._tokens[token] = now + assumed.TOKEN_LIFE_S
        return JSONResponse(
            {"access_token": token, "token_type": "bearer", "expires_in": assumed.TOKEN_LIFE_S}
        )

    def _guarded(self, endpoint: Any) -> Any:
        async def call(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            end = self._tokens.get(token, 0.0) if scheme.lower() == "bearer" else 0.0
            if end <= self._cloud.clock.monotonic():
                raise Refusal(
                    401,
                    "unauthorized",
                    "a valid bearer token is needed",
                    headers={"www-authenticate": "Bearer"},
                )
            # A created document never changes: reading it again is no polling.
            document = request.url.path.startswith(f"{assumed.PATH_RECEIPTS}/")
            if request.method == "GET" and not document:
                self._guard.check(self._login.user, str(request.url.include_query_params()))
            answer: Response = await endpoint(request)
            return answer

        return call

    def forget(self) -> None:
        """Forget who has signed in and who has read what."""
        self._tokens.clear()
        self._guard.forget()

    # Parked receipts

    async def _park(self, request: Request) -> Response:
        raw = await body_of(request)
        body = checked(ParkedBody, raw)
        self._check_register(body)
        with self._cloud.store.transaction():
            parked = self._cloud.parking.park(body.cash_register, body.reference, json.loads(raw))
        return self._shown(parked, assumed.STATUS_CREATED)

    def _check_register(self, body: ParkedBody) -> None:
        if body.cash_register not in self._cloud.registers:
            raise Refusal(
                400,
                "validation_failed",
                f"cashRegisterId: {body.cash_register} is not known",
                field="cashRegisterId",
            )

    async def _list(self, request: Request) -> Response:
        state = request.query_params.get("state")
        if state is not None and state not in _STATES:
            raise Refusal(400, "validation_failed", f"state: {state} is none", field="state")
        reference = request.query_params.get(assumed.REFERENCE)
        rows = self._cloud.parking.newest(state, reference, LIST_LIMIT)
        return JSONResponse({"items": [_parked(row) for row in rows]})

    async def _read(self, request: Request) -> Response:
        return self._shown(request.path_params["parked"])

    async def _open(self, request: Request) -> Response:
        row = self._find(request.path_params["parked"])
        wish = checked(OpenBody, await body_of(request) or b"{}")
        if row["state"] in {OPENING, OPEN}:
            return JSONResponse(_parked(row))
        if row["state"] not in {PARKED, EXPIRED}:
            raise Refusal(409, f"receipt_{row['state']}", f"the receipt is {row['state']}")
        body = checked(ParkedBody, row["body"].encode())
        box = wish.box or self._cloud.registers[body.cash_register][0]
        if self._cloud.streams.box(box) is None:
            raise Refusal(400, "validation_failed", f"box: {box} is not known", field="box")
        session = self._cloud.sessions.get(box)
        if session is None or not session.ready:
            raise Refusal(assumed.STATUS_NO_BOX, "box_not_connected", f"{box} is not connected")
        self._cloud.open_at(box, row["id"], body)
        return self._shown(row["id"])

    async def _discard(self, request: Request) -> Response:
        row = self._find(request.path_params["parked"])
        if row["state"] in {COMPLETED, ABORTED}:
            raise Refusal(409, f"receipt_{row['state']}", f"the receipt is {row['state']}")
        if row["state"] in {PARKED, EXPIRED}:
            with self._cloud.store.transaction():
                self._cloud.parking.move(row["id"], Progress(WITHDRAWN))
        elif row["state"] != WITHDRAWN:
            if not self._cloud.parking.withdrawing(row["id"]):
                self._cloud.withdraw_at(row["box"], row["id"])
            return self._shown(row["id"], 202)
        return self._shown(row["id"])

    def _find(self, parked: str) -> sqlite3.Row:
        row = self._cloud.parking.find(parked)
        if row is None:
            raise Refusal(404, "not_found", "there is no such parked receipt")
        return row

    def _shown(self, parked: str, status: int = 200) -> Response:
        return JSONResponse(_parked(self._find(parked)), status)

    # Documents

    async def _create(self, request: Request) -> Response:
        raw = await body_of(request)
        body = checked(CreateBody, raw)
        self._check_register(body)
        number = await self._documents.create(body, raw)
        return self._document(number, assumed.STATUS_CREATED)

    async def _by_number(self, request: Request) -> Response:
        return self._document(request.path_params["number"])

    def _document(self, number: int, status: int = 200) -> Response:
        row = self._cloud.parking.document(number) if number < 2**63 else None
        if row is None:
            raise Refusal(404, "not_found", "there is no such document")
        return JSONResponse(_document(row), status)

    async def _by_reference(self, request: Request) -> Response:
        reference = request.query_params.get(assumed.REFERENCE)
        if not reference:
            raise Refusal(400, "validation_failed", "reference: missing", field=assumed.REFERENCE)
        rows = self._cloud.parking.documents(reference)
        return JSONResponse({"items": [_document(row) for row in rows]})


def _parked(row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        assumed.PARKED_ID: row["id"],
        assumed.PARKED_STATE: row["state"],
        assumed.REFERENCE: row["reference"],
        assumed.PARKED_BOX: row["box"],
        assumed.PARKED_DOCUMENT: row["document"],
        assumed.PARKED_REASON: row["reason"],
        assumed.PARKED_ERROR: None if row["error"] is None else json.loads(row["error"]),
        assumed.PARKED_RECEIPT: json.loads(row["body"]),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _document(row: sqlite3.Row) -> dict[str, Any]:
    report = CompletedReport.model_validate_json(row["body"])
    total = sum(report.totals.values()) if report.total is None else report.total
    shown = {
        assumed.DOCUMENT_ID: row["id"],
        assumed.DOCUMENT_PARKED: row["parked"],
        assumed.REFERENCE: row["reference"],
        assumed.DOCUMENT_NUMBER: str(report.number),
        assumed.DOCUMENT_REGISTER: report.register_id,
        assumed.DOCUMENT_TIME: report.time,
        assumed.DOCUMENT_KIND: report.kind,
        assumed.DOCUMENT_TOTAL: total,
        assumed.DOCUMENT_TOTALS: report.totals,
        assumed.DOCUMENT_PAYMENTS: list(report.payments),
        assumed.DOCUMENT_CODE: report.code,
        assumed.DOCUMENT_RECEIPT: report.receipt_id,
        assumed.DOCUMENT_SENT: report.sent,
    }
    return {name: value for name, value in shown.items() if value is not None}
