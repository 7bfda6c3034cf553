"""Canaries: no credential of a vendor, and no token that it gives out, leaves its wire."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx

from tests.flow.box import TOKEN
from tests.vendors.trial import orders
from tests.vendors.trial.mischief import troubled
from tests.vendors.trial.shop import SECRETS, TILL_TOKEN, Town, bearer, shop, town
from tests.vendors.trial.test_broken_store import acted, one_of_each, programs, tried

READS = (
    "/v1/vendors/asello/receipts/1",
    "/v1/vendors/asello/receipts?reference=trial-0",
    "/v1/vendors/dvelop/status",
    "/v1/vendors/flexi/invoices/code:FV1",
    "/v1/vendors/kassomat/accounts",
    "/v1/vendors/kassomat/returns",
    "/v1/vendors/kassomat/tenants",
    "/v1/vendors/offercube/schema/invoice",
)
SHOWN = (
    *("/v1/vendors", *(f"/v1/vendors/{name}" for name in SECRETS)),
    *("/v1/runs?limit=200", "/v1/health-board", "/v1/devices", "/metrics", "/openapi.json"),
    *("/vendors", "/status", "/"),
)

_TOKEN_HEADERS = ("authorization", "x-kassomat-auth-token", "x-authsessionid")


def given_out(there: Town) -> Iterator[str]:
    """Yield the tokens with which the box came to vendors: those that they gave out."""
    for stage in there.stages.values():
        for each in stage.log:
            for name in _TOKEN_HEADERS:
                if (value := each.header(name)) is not None:
                    yield value.rpartition(" ")[2]
            yield from re.findall(r"[?&]sid=([^&]+)", each.target)


def canaries(there: Town) -> set[str]:
    """Return all secrets in the encodings in which they travel."""
    found = {text for texts in SECRETS.values() for text in texts.values()}
    found |= {TOKEN, TILL_TOKEN, *given_out(there)}
    for vendor in SECRETS.values():
        if {"user", "password"} <= set(vendor):
            found.add(f"{vendor['user']}:{vendor['password']}")
    coded = set()
    for text in found:
        coded |= {text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
        coded.add(base64.b64encode(text.encode()).decode().rstrip("="))
    return {each for each in coded if len(each) > 4}


async def test_no_secret_is_in_log_answers_pages_or_store_even_when_everything_goes_wrong(
    tmp_path: Path,
) -> None:
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        said: dict[str, str] = {}
        async with httpx.AsyncClient(
            base_url=at.box.url, headers=bearer(), timeout=60.0, trust_env=False
        ) as client:
            for turn in range(2):
                if turn:
                    for number, stage in enumerate(there.stages.values()):
                        troubled(stage, number, 0.5)
                        stage.surface.reset()
                errands = list(one_of_each(there, since=turn))
                answers = await asyncio.gather(
                    *(client.get(path) for path in READS),
                    *(tried(program, each) for each in errands),
                )
                said[f"calls {turn}"] = "\n".join(
                    str(each) if isinstance(each, tuple) else f"{each.headers} {each.text}"
                    for each in answers
                )
                if not turn:
                    assert all(acted(there, each) for each in errands)
            for path in SHOWN:
                answer = await client.get(path)
                said[path] = f"{answer.headers} {answer.text}"
        assert await at.box.stop() == 0
        said["log"] = at.box.log.read_text(encoding="utf-8")
        data = at.box.root / "data"
        for file in data.iterdir():
            if file.is_file():
                said[file.name] = file.read_bytes().decode("latin-1")
        assert at.box.runs_file.name in said
        wanted = canaries(there)
        assert len(wanted) > 30
        leaks = [(place, each) for place, text in said.items() for each in wanted if each in text]
        assert leaks == []
        assert len(orders.requests(there)["kassomat"]) > 5
