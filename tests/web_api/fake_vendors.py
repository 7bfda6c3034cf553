"""Vendors for tests of the web room: what is asked of them is noted, what they answer is set."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bridge.model.exchange import (
    LocalAnswer,
    LocalCall,
    LocalRoute,
    Parameter,
    RunView,
    VendorView,
)
from bridge.model.roles import Role
from bridge.vendors.engine.faults import (
    OutcomeUnknown,
    RunNotOpen,
    RunUnknown,
    VendorAuthFailed,
)
from drivers.contract.fault import Fault

NOON = 1_795_258_800_000
"""21 November 2026, 12:00 in Vienna (UTC ms)."""

XML = "application/xml"

KEY = Parameter("Idempotency-Key", "new for each command", required=True)

BODY = {
    "type": "object",
    "required": ["invoice"],
    "properties": {"invoice": {"type": "string"}, "amount": {"$ref": "#/$defs/Amount"}},
    "$defs": {"Amount": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"}},
}


class FakeVendors:
    """A room of vendors. ``calls`` are those that came through; ``answer`` is what they get, or
    the fault they are refused with."""

    def __init__(self) -> None:
        self.calls: list[LocalCall] = []
        self.answer: LocalAnswer | Fault | Callable[[LocalCall], Awaitable[LocalAnswer]] = (
            LocalAnswer(body=b'{"vendor_status":200}')
        )
        self.views: dict[str, VendorView] = {
            "flexi": VendorView(
                name="flexi",
                title="ABRA Flexi",
                level="ok",
                phase="ready",
                since=NOON,
                operations=(
                    {
                        "name": "pay",
                        "class": "keyed",
                        "method": "POST",
                        "path": "/v1/vendors/flexi/cash-payments",
                        "role": "till",
                        "summary": "Pay an invoice in cash",
                        "schema": BODY,
                    },
                ),
            )
        }
        self.known: dict[str, RunView] = {}
        self.asked: list[dict[str, Any]] = []
        self.resolved: list[dict[str, Any]] = []
        self.withdrawn: list[str] = []

    def routes(self) -> Sequence[LocalRoute]:
        base = "/v1/vendors/flexi"
        shared: dict[str, Any] = {"handle": self._handle, "tag": "ABRA Flexi"}
        keyed: dict[str, Any] = {
            **shared,
            "kind": "keyed",
            "retry": "repeat it with the same Idempotency-Key: it has its effect once",
        }
        read: dict[str, Any] = {**shared, "kind": "read", "retry": "changes nothing"}
        return (
            LocalRoute(
                method="POST",
                path=f"{base}/cash-payments",
                id="flexiPay",
                summary="Pay an invoice in cash",
                body=BODY,
                headers=(KEY,),
                **keyed,
            ),
            LocalRoute(
                method="GET",
                path=f"{base}/invoices/{{id}}",
                id="flexiInvoice",
                summary="Read an invoice",
                query=(Parameter("kind", "whose", {"type": "string", "enum": ["issued"]}),),
                **read,
            ),
            LocalRoute(
                method="GET",
                path=f"{base}/invoices/overdue",
                id="flexiOverdue",
                summary="Read all invoices that are overdue",
                role=Role.BACKOFFICE,
                **read,
            ),
            LocalRoute(
                method="POST",
                path=f"{base}/xml/{{evidence}}",
                id="flexiXml",
                summary="Send XML as it is",
                role=Role.TECHNICIAN,
                body={"type": "string"},
                media=XML,
                max_body=5_000_000,
                headers=(KEY, Parameter("X-Allow-Duplicate", "renounce an id of one's own")),
                **keyed,
            ),
            LocalRoute(
                method="GET",
                path=f"{base}/returns/{{id}}/pdf",
                id="flexiPdf",
                summary="Fetch a file",
                answer_media="application/pdf",
                **read,
            ),
            LocalRoute(
                method="POST",
                path="/v1/webhooks/asello",
                id="aselloWebhook",
                summary="Take a notification",
                role=None,
                retry="each notification counts once",
                body={"type": "object"},
                max_body=10_000,
                handle=self._handle,
            ),
            LocalRoute(
                method="POST",
                path="/v1/vendors/broken/{rest:path}",
                id="brokenDisabledPost",
                summary="broken is disabled",
                handle=self._handle,
            ),
            LocalRoute(
                method="GET",
                path="/v1/webhooks/asello",
                id="aselloGreet",
                summary="Answer the vendor's test",
                role=None,
                retry="changes nothing",
                answer_media="text/plain",
                query=(Parameter("echo"),),
                handle=self._handle,
            ),
        )

    async def _handle(self, call: LocalCall) -> LocalAnswer:
        self.calls.append(call)
        if isinstance(self.answer, Fault):
            raise self.answer
        if isinstance(self.answer, LocalAnswer):
            return self.answer
        return await self.answer(call)

    def vendors(self, language: str) -> Sequence[VendorView]:
        return tuple(self.views.values())

    async def runs(
        self, *, vendor: str | None, state: str | None, limit: int, language: str
    ) -> Sequence[RunView]:
        self.asked.append({"vendor": vendor, "state": state, "limit": limit, "language": language})
        found = sorted(self.known.values(), key=lambda each: each.created, reverse=True)
        return [
            each for each in found if vendor in (None, each.vendor) and state in (None, each.state)
        ][:limit]

    async def run(self, run: str, language: str) -> RunView:
        if run not in self.known:
            raise RunUnknown(run)
        return self.known[run]

    async def resolve(self, run: str, *, done: bool, note: str, by: str) -> RunView:
        before = await self.run(run, "en")
        if before.state != "unknown":
            raise RunNotOpen(f"it is {before.state}", state=before.state)
        self.resolved.append({"run": run, "done": done, "note": note, "by": by})
        outcome = "done" if done else "not_done"
        after = dataclasses.replace(
            before,
            state="succeeded" if done else "failed",
            changed=NOON + 60_000,
            resolved={"outcome": outcome, "note": note, "by": by, "time": NOON + 60_000},
        )
        self.known[run] = after
        return after

    async def withdraw(self, run: str) -> None:
        before = await self.run(run, "en")
        if before.state != "queued":
            raise RunNotOpen(f"it is {before.state}", state=before.state)
        self.withdrawn.append(run)
        del self.known[run]


def unknown_run(name: str = "run-1", **more: Any) -> RunView:
    """Return a payment of which nobody knows whether it happened."""
    fields: dict[str, Any] = {
        "id": name,
        "vendor": "flexi",
        "operation": "pay",
        "kind": "keyed",
        "state": "unknown",
        "created": NOON,
        "changed": NOON + 30_000,
        "key": "till-1-0042",
        "order": "FV1/2024",
        "tries": 1,
        "summary": {"invoice": "FV1/2024", "amount": "120.50", "currency": "EUR"},
        "problem": OutcomeUnknown("no answer to the question either").as_problem("en"),
        **more,
    }
    return RunView(**fields)


def failing_view() -> VendorView:
    """Return a vendor that refuses to log the box in."""
    return VendorView(
        name="kassomat",
        title="kassomat",
        level="failed",
        phase="waiting",
        since=NOON,
        fault=VendorAuthFailed("status 401").as_problem("en"),
    )
