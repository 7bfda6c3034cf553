"""A vendor's door with a log-in, without a network: what keeper and components are tested on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from bridge.config import Secret
from bridge.vendors.engine.spec import Memory
from bridge.vendors.engine.wire import Answer, Request

Reply = Callable[[Request], Answer | Exception]


class ScriptedGate:
    """``reply`` answers each request; ``sent`` keeps them. While ``open`` is not set answers are
    held back."""

    settings: Any = None
    base_url = "https://vendor.example"
    memory: Memory

    def __init__(self, reply: Reply, secrets: Mapping[str, str] | None = None) -> None:
        self.reply = reply
        self.sent: list[Request] = []
        self.open = asyncio.Event()
        self.open.set()
        self._secrets = {name: Secret(value) for name, value in (secrets or {}).items()}

    def secret(self, name: str) -> Secret | None:
        return self._secrets.get(name)

    async def send(self, request: Request) -> Answer:
        self.sent.append(request)
        await self.open.wait()
        answer = self.reply(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def to(self, target: str) -> list[Request]:
        """Return the requests to a target."""
        return [each for each in self.sent if each.target == target]


def proof(request: Request, name: str = "authorization") -> str | None:
    """Return a header of a request."""
    return next((value for key, value in request.headers if key.lower() == name), None)
