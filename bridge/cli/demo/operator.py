"""The demo's operator: works on the counter through the box's local API, as a tablet does.

Every request with an effect carries a key that follows from the receipt, so that a request whose
answer was lost is simply sent again, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from bridge.cli.demo.faults import BoxAnswersNot
from bridge.cli.demo.shop import REGISTER, Errand

PATIENCE_S = 60.0
"""Seconds for which a box that does not answer is asked again: it may be starting anew."""

AGAIN_S = 0.05
"""Seconds between such requests."""

View = dict[str, Any]
"""A receipt as the local API shows it."""


class Operator:
    """Serves one box. ``acknowledged`` is called with each answer that ends a receipt.

    At the counter no token is needed in the demo; what a technician does goes with ``token``.
    """

    def __init__(
        self,
        api: httpx.AsyncClient,
        token: str,
        seed: str,
        acknowledged: Callable[[str, View], None],
    ) -> None:
        self._api = api
        self._technician = {"Authorization": f"Bearer {token}"}
        self._seed = seed
        self._acknowledged = acknowledged

    async def connect_now(self) -> None:
        """Have the box connect to its cloud at once: somebody is waiting."""
        await self._ask("POST", "/v1/links/connect", {}, self._technician)

    async def start_register(self) -> None:
        """Make the Startbeleg."""
        await self.own_receipt("start")

    async def own_receipt(self, kind: str) -> None:
        """Make a receipt of the register's own: Startbeleg, Nullbeleg."""
        made = await self._change(
            "POST", f"/v1/registers/{REGISTER}/receipts", {"kind": kind}, kind, self._technician
        )
        self._acknowledged("completed", made)

    async def open_receipts(self) -> list[View]:
        """Return the receipts that wait at the counter."""
        answer = await self._ask("GET", "/v1/receipts?state=open")
        found: list[View] = answer["receipts"]
        return found

    async def card_is_back(self) -> None:
        """Wait until the box's health board says that the signature card works again.

        Raises ``BoxAnswersNot`` when it does not come back.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    if await self._card_works():
                        return
                    await asyncio.sleep(AGAIN_S)
        except TimeoutError:
            raise BoxAnswersNot("the signature card did not come back") from None

    async def _card_works(self) -> bool:
        board = await self._ask("GET", "/v1/health-board", None, self._technician)
        levels = {part["part"]: part["level"] for part in board["parts"]}
        return levels.get("unit:card") == "ok"

    async def open_own(self, errand: Errand) -> View:
        """Open a receipt at the counter itself."""
        return await self._change("POST", "/v1/receipts", errand.opening, key=f"{errand.name}-open")

    async def serve(self, receipt_id: str, errand: Errand) -> View:
        """Edit, and complete or abort one receipt; go on where it was left."""
        path = f"/v1/receipts/{receipt_id}"
        receipt: View = await self._ask("GET", path)
        while receipt["state"] in ("open", "paying") and receipt["rev"] <= len(errand.edits):
            edit = errand.edits[receipt["rev"] - 1]
            receipt = await self._edit(path, receipt["rev"], edit)
        if receipt["state"] not in ("completed", "aborted"):
            receipt = await self._end(path, errand, receipt)
        if errand.cancelled and receipt["state"] == "completed":
            cancelled = await self._change(
                "POST", f"{path}/storno", {}, key=f"{errand.name}-storno"
            )
            self._acknowledged("completed", cancelled)
        return receipt

    async def _edit(self, path: str, rev: int, edit: dict[str, Any]) -> View:
        method, place, body = edit["method"], edit["place"], edit["body"]
        return await self._change(method, f"{path}/{place}", {**body, "rev": rev})

    async def _end(self, path: str, errand: Errand, receipt: View) -> View:
        base: dict[str, Any] = {"rev": receipt["rev"]}
        if errand.abort_reason is not None:
            body = {**base, "reason": errand.abort_reason}
            ended = await self._change("POST", f"{path}/abort", body, key=f"{errand.name}-abort")
            self._acknowledged("aborted", ended)
            return ended
        total = receipt["total"]
        payment: dict[str, Any] = {"kind": "cash"}
        if errand.round_up_to:
            steps = -(-total // errand.round_up_to)
            payment["given_cents"] = steps * errand.round_up_to
        body = {**base, "payments": [payment], "total_cents": total}
        ended = await self._change("POST", f"{path}/complete", body, key=f"{errand.name}-complete")
        self._acknowledged("completed", ended)
        return ended

    async def _change(
        self,
        method: str,
        path: str,
        body: dict[str, Any],
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> View:
        """Send a change until it is answered. Without a key a change may have happened before:
        its ``rev`` tells, and the present state is the answer."""
        headers = dict(headers or {})
        if key is not None:
            headers["Idempotency-Key"] = f"demo-{self._seed}-{key}"
        changed: View = await self._ask(method, path, body, headers)
        return changed

    async def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._ask_on(method, path, body, headers)
        except TimeoutError:
            message = f"{method} {path}: no usable answer for {PATIENCE_S:.0f} s"
            raise BoxAnswersNot(message) from None

    async def _ask_on(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        headers: dict[str, str] | None,
    ) -> Any:
        while True:
            try:
                answer = await self._api.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(AGAIN_S)
                continue
            if answer.is_success:
                return answer.json()
            problem = answer.json()
            if problem.get("code") == "receipt_changed":
                # The same change before, whose answer was lost.
                return await self._ask_on("GET", "/".join(path.split("/")[:4]), None, None)
            if not problem.get("retryable"):
                message = f"{method} {path}: {answer.status_code} {problem}"
                raise BoxAnswersNot(message)
            await asyncio.sleep(AGAIN_S)
