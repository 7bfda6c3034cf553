"""Sends what is owed to subscribers: echo check, signed POST, again until the receiver has it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import sqlite3
from typing import Any

import httpx

from drivers.contract.clock import Clock
from simulators.cloud.assumed import (
    REDELIVERY_FIRST_S,
    REDELIVERY_LONGEST_S,
    REFERENCE,
    WEBHOOK_TIMEOUT_S,
)
from simulators.cloud.ids import ECHO, REQUEST, Ids
from simulators.cloud.store import Store
from simulators.cloud.subscriptions import Subscriptions
from simulators.cloud.switches import Switches
from simulators.cloud.trust import system_trust

SIGNATURE_HEADER = "signature"
REQUEST_HEADER = "request-id"
POSTS_AT_ONCE = 16


def signature(secret: str, body: bytes) -> str:
    """Return the header's value: HMAC-SHA256 over the raw body, upper-case hex."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest.upper()}"


class WebhookSender:
    """Keeps deliveries going. ``first_pause_s`` doubles with each attempt that failed."""

    def __init__(
        self,
        store: Store,
        switches: Switches,
        clock: Clock,
        *,
        first_pause_s: float = REDELIVERY_FIRST_S,
        timeout_s: float = WEBHOOK_TIMEOUT_S,
    ) -> None:
        self.ids = Ids()
        self.subscriptions = Subscriptions(store, self.ids, self.wake)
        self._store = store
        self._switches = switches
        self._clock = clock
        self._first_pause_s = first_pause_s
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=system_trust())
        self._posting = asyncio.Semaphore(POSTS_AT_ONCE)
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Something may be to deliver, or a subscription has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Deliver for ever, beginning with what an earlier run left."""
        seen = 0
        async with self._client, asyncio.TaskGroup() as group:
            while True:
                changed = self._changed
                for row in self.subscriptions.waiting(seen):
                    seen = row["n"]
                    group.create_task(self._deliver(row["id"]))
                await changed.wait()

    async def echoes(self, uri: str) -> bool:
        """Whether a receiver answers the check that goes before every activation."""
        echo = self.ids.take(ECHO)
        try:
            asked = httpx.URL(uri).copy_merge_params({"echo": echo})
            answer = await self._client.get(asked)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        plain = answer.headers.get("content-type", "").partition(";")[0].strip() == "text/plain"
        return answer.status_code == httpx.codes.OK and plain and answer.text == echo

    async def _deliver(self, delivery: str) -> None:
        while True:
            changed = self._changed
            row = self.subscriptions.delivery(delivery)
            if row is None:
                return
            if row["paused"]:
                await changed.wait()
                continue
            async with self._posting:
                if await self._attempt(row):
                    return
            pause = self._first_pause_s * 2 ** min(row["attempt"], 16)
            await self._clock.sleep(min(pause, REDELIVERY_LONGEST_S))

    async def _attempt(self, row: sqlite3.Row) -> bool:
        with self._store.transaction():
            attempt = self.subscriptions.begin(row["id"])
        twice = self._switches.count_down("webhook_twice")
        if not await self._post(row, attempt):
            return False
        if twice:
            await self._post(row, attempt + 1)
        with self._store.transaction():
            self.subscriptions.delivered(row["id"])
        return True

    async def _post(self, row: sqlite3.Row, attempt: int) -> bool:
        notifications: list[dict[str, Any]] = json.loads(row["notifications"])
        if self._switches.settings.omit_reference:
            for each in notifications:
                each.pop(REFERENCE, None)
        body = json.dumps(
            {
                "id": row["id"],
                "attempt": attempt,
                "properties": {},
                "notifications": notifications,
            }
        ).encode()
        spoiled = self._switches.count_down("webhook_bad_signature")
        headers = {
            "content-type": "application/json",
            SIGNATURE_HEADER: signature("wrong" if spoiled else row["secret"], body),
            REQUEST_HEADER: self.ids.take(
                REQUEST, f"|{secrets.token_hex(16)}.{secrets.token_hex(4)}_"
            ),
        }
        try:
            answer = await self._client.post(row["uri"], content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.is_success
