"""The external program: asello's customer, which parks receipts and hears how they ended."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from drivers.contract.clock import Clock, SystemClock
from simulators.cloud import assumed
from simulators.cloud.parking import ABORTED, COMPLETED, EXPIRED, WITHDRAWN
from simulators.cloud.program_faults import CloudNotReached, CloudRefused
from simulators.cloud.receiver import WebhookReceiver
from simulators.cloud.refusal import ERROR_DESCRIPTION
from simulators.cloud.secret_files import Login
from simulators.cloud.trust import system_trust

logger = logging.getLogger(__name__)

POLL_S = 10.0
"""Seconds before a receipt is asked after for the first time; doubles with each question."""
LONGEST_POLL_S = 300.0
_ENDS = frozenset({COMPLETED, ABORTED, WITHDRAWN, EXPIRED})


@dataclass(frozen=True, slots=True)
class Item:
    """A position: gross unit price in cents, quantity as text (``"1.5"``), VAT code (A: 20 %)."""

    name: str
    cents: int
    vatcode: str = "A"
    quantity: str = "1"
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A receipt to park. ``reference`` is the program's own number for it."""

    items: tuple[Item, ...]
    reference: str | None = None
    annotation: str | None = None
    cash_register: int = assumed.DEFAULT_CASH_REGISTER

    def as_body(self) -> dict[str, Any]:
        """Return the body of the parking call."""
        body: dict[str, Any] = {
            "cashRegisterId": self.cash_register,
            "items": [
                {
                    "name": item.name,
                    "quantity": item.quantity,
                    assumed.ITEM_PRICE: f"{item.cents / 100:.2f}",
                    "vatcode": item.vatcode,
                    **({} if item.article is None else {"articlenumber": item.article}),
                }
                for item in self.items
            ],
        }
        if self.reference is not None:
            body[assumed.REFERENCE] = self.reference
        if self.annotation is not None:
            body["annotation"] = self.annotation
        return body


@dataclass(frozen=True, slots=True)
class Ended:
    """How a parked receipt ended: completed, aborted, withdrawn or expired. ``document`` is the
    number to fetch what was created; ``by_webhook`` says how the program came to know."""

    state: str
    document: int | None = None
    by_webhook: bool = False


class ExternalProgram:
    """``async with ExternalProgram(url, login) as program``: signed in, receiving webhooks.

    ``name`` tells its webhook from others; a later run of the same name takes over what is still
    to be delivered. Calls raise ``CloudNotReached`` or ``CloudRefused``.
    """

    def __init__(
        self,
        url: str,
        login: Login,
        *,
        name: str = "external program",
        clock: Clock | None = None,
        poll_s: float = POLL_S,
        heard: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """``heard`` is called with every notification, whosever receipt it is about."""
        self.receiver = WebhookReceiver(secret := secrets.token_urlsafe(32))
        self._secret = secret
        self._login = login
        self._name = name
        self._clock = clock or SystemClock()
        self._poll_s = poll_s
        self._heard_of = heard
        self._client = httpx.AsyncClient(
            base_url=url, timeout=10.0, trust_env=False, verify=system_trust()
        )
        self._token: str | None = None
        self._references: dict[str, str | None] = {}
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        self._working: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sign in, listen for webhooks and subscribe."""
        await self.receiver.start()
        self._working = asyncio.create_task(self._work())
        await self._subscribe()

    async def stop(self) -> None:
        """Stop listening; the subscription stays, so that nothing is lost meanwhile."""
        await self.receiver.stop()
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        await self._client.aclose()

    async def park(self, order: Order) -> str:
        """Park a receipt; nothing is opened yet. Return its id."""
        answer = await self._call("POST", assumed.PATH_PARKED, order.as_body())
        parked = str(answer[assumed.PARKED_ID])
        self._watch(parked, order.reference)
        return parked

    async def open(self, parked: str, box: str | None = None) -> str:
        """Have a parked receipt opened, at a box or at that of its cash register. Return its
        state."""
        body = {} if box is None else {"box": box}
        answer = await self._call("POST", f"{assumed.PATH_PARKED}/{parked}/open", body)
        return str(answer[assumed.PARKED_STATE])

    async def discard(self, parked: str) -> str:
        """Take a parked receipt back, or ask the box for it. Return its state."""
        answer = await self._call("POST", f"{assumed.PATH_PARKED}/{parked}/discard", {})
        state = str(answer[assumed.PARKED_STATE])
        if state == WITHDRAWN:
            self._ended(parked, Ended(WITHDRAWN))
        return state

    async def parked(self, parked: str) -> dict[str, Any]:
        """Return a parked receipt as the cloud has it."""
        return await self._call("GET", f"{assumed.PATH_PARKED}/{parked}")

    async def fetch(self, document: int) -> dict[str, Any]:
        """Return a created document."""
        return await self._call("GET", f"{assumed.PATH_RECEIPTS}/{document}")

    async def fetch_by_reference(self, reference: str) -> dict[str, Any] | None:
        """Return the newest document with a reference, ``None`` if there is none."""
        found = await self._call(
            "GET", assumed.PATH_RECEIPTS, params={assumed.REFERENCE: reference}
        )
        items: list[dict[str, Any]] = found["items"]
        return items[-1] if items else None

    async def ended(self, parked: str) -> Ended:
        """Wait for the end of a parked receipt: by webhook, else by asking now and then.

        A receipt that the box refused to open is parked again and has not ended: ``parked`` tells
        its ``lastError``.
        """
        pause = self._poll_s if parked in self._references else 0.0
        end = self._watch(parked, self._references.get(parked))
        while not await self._heard(end, pause):
            pause = min(LONGEST_POLL_S, max(self._poll_s, pause * 2))
            try:
                found = await self.parked(parked)
            except CloudNotReached:
                continue
            except CloudRefused as refused:
                if not refused.facts.get("wait_s"):
                    raise
                pause = max(pause, refused.facts["wait_s"])
                continue
            if found[assumed.PARKED_STATE] in _ENDS and not end.done():
                document = found.get(assumed.PARKED_DOCUMENT)
                end.set_result(Ended(found[assumed.PARKED_STATE], document))
        self._references.pop(parked, None)
        self._ends.pop(parked, None)
        return end.result()

    async def _heard(self, end: asyncio.Future[Ended], pause: float) -> bool:
        """Wait for the end, no longer than ``pause`` seconds."""
        asking = asyncio.ensure_future(self._clock.sleep(pause))
        waiting: set[asyncio.Future[Any]] = {asking, end}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
        return end.done()

    def _watch(self, parked: str, reference: str | None) -> asyncio.Future[Ended]:
        self._references[parked] = reference
        if parked not in self._ends:
            self._ends[parked] = asyncio.get_running_loop().create_future()
        return self._ends[parked]

    async def _work(self) -> None:
        """Work on notifications; what fails here is found by asking."""
        while True:
            notification = await self.receiver.notifications.get()
            if self._heard_of is not None:
                self._heard_of(notification)
            try:
                await self._notified(notification)
            except (CloudNotReached, CloudRefused) as fault:
                logger.warning("notification not worked on: %s", fault)

    async def _notified(self, notification: dict[str, Any]) -> None:
        action, subject = notification.get("action"), notification.get("id")
        if action == assumed.ACTION_ABORTED and isinstance(subject, str):
            self._ended(subject, Ended(ABORTED, by_webhook=True))
        elif action == assumed.ACTION_CREATED and isinstance(subject, int):
            if assumed.REFERENCE in notification and not self._may_be_mine(notification):
                return
            document = await self.fetch(subject)
            parked = document.get(assumed.DOCUMENT_PARKED)
            if isinstance(parked, str):
                self._ended(parked, Ended(COMPLETED, subject, by_webhook=True))

    def _may_be_mine(self, notification: dict[str, Any]) -> bool:
        return notification[assumed.REFERENCE] in self._references.values()

    def _ended(self, parked: str, ended: Ended) -> None:
        end = self._ends.get(parked)
        if end is not None and not end.done():
            end.set_result(ended)

    async def _subscribe(self) -> None:
        wanted = {
            "description": self._name,
            "uri": self.receiver.uri,
            "secret": self._secret,
            "events": [assumed.ACTION_CREATED, assumed.ACTION_ABORTED],
        }
        known = await self._call("GET", assumed.PATH_WEBHOOKS)
        mine = [each["id"] for each in known["items"] if each["description"] == self._name]
        if mine:
            await self._call("PUT", f"{assumed.PATH_WEBHOOKS}/{mine[0]}", wanted)
        else:
            await self._call("POST", assumed.PATH_WEBHOOKS, wanted)

    async def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        params: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        if self._token is None:
            await self._sign_in()
        answer = await self._send(method, path, body, params)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            await self._sign_in()
            answer = await self._send(method, path, body, params)
        return _content(answer, f"{method} {path}")

    async def _sign_in(self) -> None:
        form = {
            "userName": self._login.user,
            "password": self._login.password,
            "grant_type": "password",
        }
        try:
            answer = await self._client.post("/token", data=form)
        except httpx.HTTPError as error:
            raise CloudNotReached(f"POST /token: {type(error).__name__}") from None
        self._token = str(_content(answer, "POST /token")["access_token"])

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, str] | None
    ) -> httpx.Response:
        try:
            return await self._client.request(
                method,
                path,
                content=None if body is None else json.dumps(body),
                params=params,
                headers={"authorization": f"Bearer {self._token}"},
            )
        except httpx.HTTPError as error:
            raise CloudNotReached(f"{method} {path}: {type(error).__name__}") from None


def _content(answer: httpx.Response, call: str) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    content = content if isinstance(content, dict) else {}
    if answer.is_success:
        return content
    wait = answer.headers.get("retry-after", "")
    raise CloudRefused(
        f"{call}: {answer.status_code} {content.get(ERROR_DESCRIPTION, '')}",
        status=answer.status_code,
        error=content.get(assumed.ERROR),
        wait_s=int(wait) if wait.isdecimal() else None,
    )
