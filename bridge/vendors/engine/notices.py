"""Notifications from a vendor (webhooks in): checked, kept, answered, worked off later, once."""

from __future__ import annotations

import asyncio
import logging

from bridge.model.exchange import LocalAnswer, LocalCall, LocalRoute
from bridge.supervisor import sleep_or
from bridge.vendors.engine import rows
from bridge.vendors.engine.answers import json_answer
from bridge.vendors.engine.faults import RunsUnwritable, VendorAuthFailed, WebhookRefused
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.spec import Delivery, Trigger
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

_AGAIN_S = (5.0, 300.0)
"""Pause before a delivery is worked off again, growing to the second number."""


class Notices:
    """The webhook of one vendor."""

    def __init__(self, office: Office, trigger: Trigger) -> None:
        self._office = office
        self._trigger = trigger
        self._some = asyncio.Event()

    def routes(self) -> list[LocalRoute]:
        """Return the two calls of the webhook. Nobody signs in: a delivery proves itself."""
        vendor = self._office.vendor
        path = f"/v1/webhooks/{vendor.name}"
        return [
            LocalRoute(
                method="GET",
                path=path,
                id=f"{vendor.name}WebhookGreet",
                summary=f"{vendor.title} checks the address of the webhook",
                handle=self.greet,
                role=None,
                tag=vendor.title,
                answer_media="text/plain",
            ),
            LocalRoute(
                method="POST",
                path=path,
                id=f"{vendor.name}WebhookReceive",
                summary=f"{vendor.title} notifies of something",
                handle=self.receive,
                role=None,
                tag=vendor.title,
                retry="Repeat it freely: one id is worked off once.",
                body={"type": "object"},
            ),
        ]

    async def greet(self, call: LocalCall) -> LocalAnswer:
        """Answer the vendor's check of the address."""
        return self._trigger.greet(call)

    async def receive(self, call: LocalCall) -> LocalAnswer:
        """Check and keep a delivery; work it off later. Raises ``WebhookRefused``,
        ``RunsUnwritable``."""
        delivery = self._verified(call)
        now = self._office.now()
        new = await self._office.store.write(rows.deliver, self._office.name, delivery, now)
        if new:
            self._some.set()
        return json_answer(200, {"received": True, "new": new})

    async def run(self) -> None:
        """Work deliveries off in their order, for ever. One that does not work yet holds up no
        other."""
        pause, longest = _AGAIN_S
        while True:
            self._some.clear()
            if await self._work_off():
                pause = _AGAIN_S[0]
                await self._some.wait()
            else:
                await sleep_or(self._office.clock, pause, self._some)
                pause = min(pause * 2, longest)

    def _verified(self, call: LocalCall) -> Delivery:
        try:
            return self._trigger.verify(call, self._office.session)
        except Fault:
            raise
        except Exception as error:
            logger.exception("%s: a notification cannot be read", self._office.name)
            raise WebhookRefused(f"it cannot be read: {type(error).__name__}") from error

    async def _work_off(self) -> bool:
        """Return whether nothing is left."""
        try:
            waiting = await self._office.store.read(rows.unhandled, self._office.name)
            done = [await self._handled(each) for each in waiting]
        except RunsUnwritable as fault:
            logger.warning("%s: notifications wait: %s", self._office.name, fault)
            return False
        return all(done)

    async def _handled(self, delivery: Delivery) -> bool:
        try:
            await self._trigger.handle(delivery, self._office.session)
        except Fault as fault:
            logger.warning("%s: notification %s: %s", self._office.name, delivery.id, fault)
            if fault.retryable or isinstance(fault, VendorAuthFailed):
                return False
        except Exception:
            logger.exception("%s: notification %s", self._office.name, delivery.id)
        await self._office.store.write(rows.handled, self._office.name, delivery.id)
        return True
