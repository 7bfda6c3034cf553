"""The REST calls that manage webhook subscriptions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.cloud.assumed import PATH_WEBHOOKS
from simulators.cloud.bodies import WebhookBody, checked
from simulators.cloud.refusal import Refusal, body_of
from simulators.cloud.store import Store
from simulators.cloud.webhooks import WebhookSender

Endpoint = Callable[[Request], Awaitable[Response]]
_ONE = f"{PATH_WEBHOOKS}/{{webhook}}"


class WebhookApi:
    """A receiver is checked by an echo before it is told anything; secrets are never shown."""

    def __init__(self, store: Store, sender: WebhookSender) -> None:
        self._store = store
        self._sender = sender

    def calls(self) -> tuple[tuple[str, str, Endpoint], ...]:
        """Return method, path and function of each call."""
        return (
            ("POST", PATH_WEBHOOKS, self._add),
            ("GET", PATH_WEBHOOKS, self._list),
            ("GET", _ONE, self._read),
            ("PUT", _ONE, self._change),
            ("DELETE", _ONE, self._remove),
        )

    async def _add(self, request: Request) -> Response:
        fields = await self._wanted(request)
        with self._store.transaction():
            number = self._sender.subscriptions.add(fields)
        return self._shown(number, 201)

    async def _list(self, _request: Request) -> Response:
        rows = self._sender.subscriptions.all()
        return JSONResponse({"items": [_webhook(row) for row in rows]})

    async def _read(self, request: Request) -> Response:
        return self._shown(request.path_params["webhook"])

    async def _change(self, request: Request) -> Response:
        number = self._find(request.path_params["webhook"])["id"]
        fields = await self._wanted(request)
        with self._store.transaction():
            self._sender.subscriptions.change(number, fields)
        return self._shown(number)

    async def _remove(self, request: Request) -> Response:
        number = self._find(request.path_params["webhook"])["id"]
        with self._store.transaction():
            self._sender.subscriptions.remove(number)
        return Response(status_code=204)

    async def _wanted(self, request: Request) -> dict[str, Any]:
        fields = checked(WebhookBody, await body_of(request)).model_dump()
        if not await self._sender.echoes(fields["uri"]):
            raise Refusal(
                400,
                "echo_failed",
                "uri: GET with ?echo= was not answered by the echo as text/plain",
                field="uri",
            )
        return fields

    def _find(self, number: str) -> sqlite3.Row:
        row = self._sender.subscriptions.find(number)
        if row is None:
            raise Refusal(404, "not_found", "there is no such webhook")
        return row

    def _shown(self, number: str, status: int = 200) -> Response:
        return JSONResponse(_webhook(self._find(number)), status)


def _webhook(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "description": row["description"],
        "uri": row["uri"],
        "events": json.loads(row["events"]),
        "paused": bool(row["paused"]),
    }
