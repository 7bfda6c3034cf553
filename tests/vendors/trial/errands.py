"""Orders of programs in the shop: each is repeated under its one key until a final word comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulators.vendors.kit import Logged
from tests.flow.waiting import LONGEST_S
from tests.vendors.trial.shop import bearer

SUCCEEDED, FAILED, UNKNOWN = "succeeded", "failed", "unknown"
OVER = (SUCCEEDED, FAILED, UNKNOWN)

AGAIN_S = 0.2
"""Seconds before a program asks again."""


@dataclass
class Errand:
    """``effects`` counts in the vendor's books what this order has done there; ``acts`` tells its
    own requests among all that the vendor has received. ``runs`` are the numbers the box has given
    for it, ``word`` its final one and ``last`` the answer with it."""

    vendor: str
    path: str
    body: Any
    key: str
    effects: Callable[[], int]
    acts: Callable[[Logged], bool]
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    runs: list[str] = field(default_factory=list)
    word: str = ""
    last: Any = None

    def __str__(self) -> str:
        return f"{self.vendor} {self.path} {self.key}: {self.word} {self.last} runs {self.runs}"


class Program:
    """A program in the shop that does not give up while the box is down; after ``patience_s`` for
    one order the test has failed."""

    def __init__(self, url: str, patience_s: float = LONGEST_S) -> None:
        self._patience_s = patience_s
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=bearer(),
            timeout=LONGEST_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=12),
        )

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def answered(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return an answer of the box, however often it is away."""
        async with asyncio.timeout(self._patience_s):
            while True:
                try:
                    return await self._client.request(method, path, **more)
                except httpx.TransportError:
                    await asyncio.sleep(AGAIN_S)

    async def run(self, run: str) -> dict[str, Any]:
        """Return a run, which must be there."""
        answer = await self.answered("GET", f"/v1/runs/{run}")
        assert answer.status_code == 200, f"the box has lost run {run}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def ended(self, run: str) -> dict[str, Any]:
        """Return a run when it is over."""
        async with asyncio.timeout(self._patience_s):
            while (found := await self.run(run))["state"] not in OVER:  # noqa: ASYNC110 - another process
                await asyncio.sleep(AGAIN_S)
        return found

    async def get_done(self, errand: Errand) -> None:
        """Order something until there is a final word."""
        content = errand.body
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": errand.key,
            **errand.headers,
        }
        url = f"/v1/vendors/{errand.vendor}{errand.path}"
        async with asyncio.timeout(self._patience_s):
            while not errand.word:
                answer = await self.answered(
                    errand.method, url, content=content, headers=headers, params=errand.query
                )
                await self._hear(errand, answer)

    async def _hear(self, errand: Errand, answer: httpx.Response) -> None:
        errand.last = body = answer.json() if answer.content else {}
        run = body.get("run")
        if run is not None and run not in errand.runs:
            errand.runs.append(run)
        status, code = answer.status_code, body.get("code")
        if status == 202 or code == "in_progress":
            assert run is not None, body
            found = await self.ended(run)
            errand.last = found
            if found["state"] != FAILED:
                errand.word = found["state"]
                return
            body = found["problem"]
            code = body["code"]
        elif answer.is_success:
            errand.word = SUCCEEDED
            return
        if code == "outcome_unknown":
            errand.word = UNKNOWN
        elif body["retryable"] and "idempotent-replayed" not in answer.headers:
            await asyncio.sleep(AGAIN_S)
        else:
            errand.word = FAILED


def judge(errand: Errand, log: list[Logged]) -> list[str]:
    """Return what is wrong with what became of an order, by the vendor's books and log."""
    wrong = []
    effects = errand.effects()
    acted = [each for each in log if errand.acts(each)]
    if effects > 1 and not errand.repeatable:
        wrong.append(f"done {effects} times")
    if errand.word == SUCCEEDED and not effects:
        wrong.append("succeeded, and nothing was done")
    if errand.word == FAILED and effects and not errand.repeatable:
        wrong.append("failed, and it was done")
    return [f"{errand}: {each}; {[_told(each) for each in acted]}" for each in wrong]


def sent_twice(errand: Errand, log: list[Logged]) -> list[str]:
    """Return whether an order that acts each time was sent again when nobody knew what became of
    it. An answer 429 says that nothing was done."""
    sent = [each for each in log if errand.acts(each) and each.status != 429]
    return [f"{errand}: sent {[_told(each) for each in sent]}"] if len(sent) > 1 else []


def _told(each: Logged) -> str:
    became = f"{each.fault or 'well'} {each.status}/{each.done}"
    return f"{each.method} {each.path} {became} {each.at:%T.%f}"
