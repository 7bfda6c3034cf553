"""The external program's webhook receiver: echo check, signature, each message once."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import OrderedDict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from simulators.cloud.refusal import Refusal, answer_refusal, body_of
from simulators.cloud.webhooks import SIGNATURE_HEADER, signature
from simulators.vendors.kit.server import HttpServer

PATH = "/webhook"
REMEMBERED = 10_000
"""Ids of messages that are kept to tell repetitions."""


class WebhookReceiver:
    """Answers at once; ``notifications`` holds what came, to be worked on later.

    ``accepted``, ``repeated`` and ``rejected`` count POSTs.
    """

    def __init__(self, secret: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.notifications: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.accepted = 0
        self.repeated = 0
        self.rejected = 0
        self._secret = secret
        self._seen: OrderedDict[str, None] = OrderedDict()
        routes = [
            Route(PATH, self._echo, methods=["GET"]),
            Route(PATH, self._take, methods=["POST"]),
        ]
        app = Starlette(routes=routes, exception_handlers={Refusal: answer_refusal})
        self._server = HttpServer(app, host, port)

    @property
    def uri(self) -> str:
        """Where webhooks are sent, once started."""
        return f"http://{self._server.host}:{self._server.port}{PATH}"

    async def start(self) -> None:
        """Listen. Raises ``OSError``."""
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()

    async def _echo(self, request: Request) -> Response:
        return PlainTextResponse(request.query_params.get("echo", ""))

    async def _take(self, request: Request) -> Response:
        raw = await body_of(request)
        given = request.headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(
            given.upper().encode(), signature(self._secret, raw).upper().encode()
        ):
            self.rejected += 1
            return Response(status_code=401)
        match _read(raw):
            case {"id": str(message), "notifications": list(notifications)}:
                self._keep(message, notifications)
                return Response(status_code=200)
        self.rejected += 1
        return Response(status_code=400)

    def _keep(self, message: str, notifications: list[Any]) -> None:
        if message in self._seen:
            self.repeated += 1
            return
        self._seen[message] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        self.accepted += 1
        for notification in notifications:
            if isinstance(notification, dict):
                self.notifications.put_nowait(notification)


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
